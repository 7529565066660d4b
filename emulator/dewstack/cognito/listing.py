"""ListUsers: pages of users, filtered by one attribute that equals a value or begins with it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.directory import INDEXED, Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.paging import key_of, token_of
from dewstack.cognito.shapes import describe_user
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

MOST = 60
CHUNK = 500
FILTER = re.compile(r'\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*')

SEARCHABLE: dict[str, Callable[[User], str | None]] = {
    "username": lambda user: user.username,
    "sub": lambda user: user.sub,
    "cognito:user_status": lambda user: user.status,
    "status": lambda user: "Enabled" if user.enabled else "Disabled",
    **{
        name: (lambda user, name=name: user.attributes.get(name))  # type: ignore[misc]
        for name in ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")
    },
}


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

    def holds(self, pool: UserPool, user: User) -> bool:
        """Whether the user is one that is looked for. Status is compared in any case."""
        value = SEARCHABLE[self.attribute](user)
        if value is None:
            return False
        fold = str.lower if self.attribute in ("status", "cognito:user_status") else pool.fold
        return fold(value).startswith(fold(self.value)) if self.prefix else fold(value) == fold(self.value)


class Listing:
    """ListUsers."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @operation("ListUsers")
    def list_users(self, caller: Caller, params: Params) -> Params:
        """One page of users, by username, those that match Filter."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        wanted = params.get("AttributesToGet")
        if any(pool.attribute(name) is None for name in wanted or []):
            raise errors.InvalidParameterException("One or more requested attributes do not exist.")
        condition = Filter.parse(params["Filter"]) if (params.get("Filter") or "").strip() else None
        limit = params.get("Limit") or MOST
        found: list[tuple[str, User]] = []
        chunk = CHUNK if condition else limit + 1
        for key, user in self._candidates(pool, condition, key_of(params.get("PaginationToken")), chunk):
            if condition is None or condition.holds(pool, user):
                found.append((key, user))
                if len(found) > limit:
                    break
        output: Params = {"Users": [describe_user(user, wanted) for _, user in found[:limit]]}
        if len(found) > limit:
            output["PaginationToken"] = token_of(found[limit - 1][0])
        return output

    def _candidates(
        self, pool: UserPool, condition: Filter | None, after: str | None, chunk: int
    ) -> Iterator[tuple[str, User]]:
        """Users in key order beyond `after`: by index for an exact match where there is one, else all, read
        `chunk` at a time."""
        if condition and not condition.prefix and condition.attribute in (*INDEXED, "username"):
            if condition.attribute == "username":
                named = self._directory.user_by_key(pool, pool.fold(condition.value))
                users = [named] if named else []
            else:
                users = self._directory.having(pool, condition.attribute, condition.value)
            keyed = [(pool.fold(user.username), user) for user in users]
            yield from (entry for entry in keyed if after is None or entry[0] > after)
            return
        while True:
            start = (*pool.key, after) if after is not None else None
            entries = self._directory.users.items(*pool.key, after=start, limit=chunk)
            yield from ((key[-1], user) for key, user in entries)
            if len(entries) < chunk:
                return
            after = entries[-1][0][-1]
