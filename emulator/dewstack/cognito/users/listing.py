"""ListUsers: pages of users, filtered by one attribute that equals a value or begins with it."""

import re
from typing import Any

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.paging import place_of, token_of_place
from dewstack.cognito.shapes import describe_user
from dewstack.cognito.users.user_index import ATTRIBUTES, STATES, Place
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

MOST = 60
FILTER = re.compile(r'\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*')

SEARCHABLE = frozenset({"username", "sub", *ATTRIBUTES, *STATES})


class Filter(Struct, frozen=True):
    """`attribute = "value"` or, as a prefix, `attribute ^= "value"`."""

    attribute: str
    value: str
    prefix: bool

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Read a filter. Raises InvalidParameterException."""
        match = FILTER.fullmatch(text)
        if match is None:
            raise errors.InvalidParameterException("Error while parsing filter")
        attribute, operator, value = match.groups()
        if attribute not in SEARCHABLE:
            raise errors.InvalidParameterException(f"Users cannot be searched by attribute {attribute}.")
        return cls(attribute, re.sub(r"\\(.)", r"\1", value), operator == "^=")


class Listing:
    """ListUsers."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @operation("ListUsers")
    def list_users(self, caller: Caller, params: Params) -> Params:
        """One page of users: all by username, those that match Filter by what is searched."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        wanted = params.get("AttributesToGet")
        if any(pool.attribute(name) is None for name in wanted or []):
            raise errors.InvalidParameterException("One or more requested attributes do not exist.")
        condition = Filter.parse(params["Filter"]) if (params.get("Filter") or "").strip() else None
        limit = params.get("Limit") or MOST
        token = params.get("PaginationToken")
        if condition is None or condition.attribute == "username":
            found = self._by_username(pool, condition, place_of(token, 1), limit + 1)
        else:
            found = self._by_index(pool, condition, place_of(token, 2), limit + 1)
        output: Params = {"Users": [describe_user(user, wanted) for _, user in found[:limit]]}
        if len(found) > limit:
            output["PaginationToken"] = token_of_place(found[limit - 1][0])
        return output

    def _by_username(
        self, pool: UserPool, condition: Filter | None, after: Place | None, limit: int
    ) -> list[tuple[Place, User]]:
        start = (*pool.key, *after) if after is not None else None
        name = pool.fold(condition.value) if condition else ""
        if "\0" in name:
            return []
        if condition and not condition.prefix:
            user = self._directory.user_by_key(pool, name)
            return [((name,), user)] if user and (after is None or name > after[0]) else []
        users = self._directory.users.items(*pool.key, begins=name, after=start, limit=limit)
        return [(key[-1:], user) for key, user in users]

    def _by_index(
        self, pool: UserPool, condition: Filter, after: Place | None, limit: int
    ) -> list[tuple[Place, User]]:
        index, users = self._directory.index, self._directory.users
        found = index.search(
            pool, condition.attribute, condition.value, prefix=condition.prefix, after=after, limit=limit
        )
        return [(place, user) for place, key in found if (user := users.get(*pool.key, key))]
