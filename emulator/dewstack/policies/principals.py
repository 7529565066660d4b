"""The principals of resource-based policies: whom a statement is about."""

from collections.abc import Collection, Mapping
from typing import Any

from dewstack.policies.documents import Statement

EVERYBODY = "*"


def names_principal(statement: Statement, names: Collection[str], *, kind: str = "AWS") -> bool:
    """Whether a statement is about a caller of these `names`: ARNs and the account's id, or a service's host name
    with the `kind` `Service`. Nobody's name (no `names`) is only among everybody."""
    if statement.not_principal is not None:
        return not _among(statement.not_principal, names, kind)
    return _among(statement.principal, names, kind)


def _among(principal: Any, names: Collection[str], kind: str) -> bool:
    if isinstance(principal, Mapping):
        listed = principal.get(kind, ())
        return any(
            one == EVERYBODY or one in names for one in ([listed] if isinstance(listed, str) else listed)
        )
    return bool(principal == EVERYBODY)
