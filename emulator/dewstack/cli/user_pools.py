"""Which user pool a command is about."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dewstack.cli.control import ControlApi
from dewstack.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])
PAGE = 60


def pool_option(command: F) -> F:
    """Add `--pool`, needed when there is more than one."""
    return click.option("--pool", default="", help="The user pool, by name or id. Default: the only one.")(
        command
    )


def pool_id(api: ControlApi, wanted: str) -> str:
    """The id of the pool that `wanted` names; the only pool when it is empty. Raises UserError otherwise."""
    pools = api.call("cognito-idp", "ListUserPools", MaxResults=PAGE)["UserPools"]
    meant = [pool for pool in pools if not wanted or wanted in (pool["Id"], pool["Name"])]
    if len(meant) == 1:
        return str(meant[0]["Id"])
    if not pools:
        raise UserError(
            "There is no user pool.", hint="The map makes one as an AWS::Cognito::UserPool resource."
        )
    listed = ", ".join(f"{pool['Name']} ({pool['Id']})" for pool in pools)
    said = f"There is no user pool {wanted!r}." if not meant else "There are several user pools."
    raise UserError(said, hint=f"Name one with --pool: {listed}")
