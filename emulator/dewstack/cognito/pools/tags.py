"""A pool's tags."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from dewstack.arn import Arn
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

MOST = 50
"""Tags of a pool, without AWS's own."""
RESERVED = "aws:"


class Tags:
    """The operations on tags."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    @operation("TagResource")
    def tag_resource(self, caller: Caller, params: Params) -> Params:
        """Add or change tags of a pool. Raises InvalidParameterException for AWS's own, and for too many."""
        _check_keys(params["Tags"])
        with self._directory.transaction():
            pool = self._tagged(caller, params)
            tags = {**self._tags(pool), **params["Tags"]}
            if sum(not key.startswith(RESERVED) for key in tags) > MOST:
                raise errors.InvalidParameterException(f"A user pool can have at most {MOST} tags.")
            self._set(pool, "UserPoolTags", tags)
        return {}

    @operation("UntagResource")
    def untag_resource(self, caller: Caller, params: Params) -> Params:
        """Remove tags of a pool."""
        _check_keys(params["TagKeys"])
        with self._directory.transaction():
            pool = self._tagged(caller, params)
            tags = {key: value for key, value in self._tags(pool).items() if key not in params["TagKeys"]}
            self._set(pool, "UserPoolTags", tags)
        return {}

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, caller: Caller, params: Params) -> Params:
        """The tags of a pool."""
        return {"Tags": self._tags(self._tagged(caller, params))}

    def _tagged(self, caller: Caller, params: Params) -> UserPool:
        try:
            arn = Arn.parse(params["ResourceArn"])
        except ValueError as error:
            raise errors.InvalidParameterException("Invalid resource ARN") from error
        kind, _, pool_id = arn.resource.partition("/")
        if arn.service != "cognito-idp" or kind != "userpool" or arn.region != caller.region:
            raise errors.ResourceNotFoundException(f"Resource {arn} does not exist.")
        return self._directory.pool(caller, pool_id)

    def _tags(self, pool: UserPool) -> dict[str, str]:
        return dict(pool.settings.get("UserPoolTags") or {})

    def _set(self, pool: UserPool, member: str, value: Any) -> None:
        pool = replace(pool, settings={**pool.settings, member: value}, modified=self._clock.time())
        self._directory.pools.put(pool, *pool.key)


def _check_keys(keys: Iterable[str]) -> None:
    if any(key.lower().startswith(RESERVED) for key in keys):
        raise errors.InvalidParameterException(
            "aws: prefixed tag key names are not allowed for external use."
        )
