"""Lists in pages: a token is the key of the last entry that was given, in base64."""

import base64
from typing import TypeVar

import msgspec

from dewstack.cognito.errors import InvalidParameterException

T = TypeVar("T")


def token_of(key: str) -> str:
    """The token that continues after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def key_of(token: str | None) -> str | None:
    """The key that a token continues after. Raises InvalidParameterException for what is no token."""
    if token is None:
        return None
    try:
        key = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise InvalidParameterException("Invalid pagination token") from error
    if "\0" in key:
        raise InvalidParameterException("Invalid pagination token")
    return key


def token_of_place(place: tuple[str, ...]) -> str:
    """The token that continues after a place of several parts."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place_of(token: str | None, parts: int) -> tuple[str, ...] | None:
    """The place of so many parts that a token continues after. Raises InvalidParameterException for what is no token,
    or another list's."""
    if token is None:
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        place = msgspec.json.decode(raw, type=tuple[str, ...])
    except (ValueError, RecursionError) as error:
        raise InvalidParameterException("Invalid pagination token") from error
    if len(place) != parts or any("\0" in part for part in place):
        raise InvalidParameterException("Invalid pagination token")
    return place


def page(entries: list[tuple[str, T]], limit: int, token: str | None) -> tuple[list[T], str | None]:
    """One page of `entries` (keys in order, values) and the token of the next, or None."""
    after = key_of(token)
    rest = [(key, value) for key, value in entries if after is None or key > after]
    values = [value for _, value in rest[:limit]]
    return values, token_of(rest[limit - 1][0]) if len(rest) > limit else None
