"""Pagination by tokens that name a position, so that what arrives meanwhile repeats no event."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from dewstack.logs.entry import Entry
from dewstack.logs.errors import InvalidParameterException

T = TypeVar("T")
Position = tuple[int, int]
"""An event's time in milliseconds and its sequence number."""

ReadEvent = tuple[Entry, str]
"""An event and its message, formatted."""

_DESCRIBE_LIMIT = 50
_MAX_PAGE_BYTES = 1024 * 1024
_EVENT_OVERHEAD = 26
_TOKEN = re.compile(r"([fb])/(\d{20})(\d{36})/s")


def invalid_token() -> InvalidParameterException:
    """What AWS says of a token it did not give."""
    return InvalidParameterException("The specified nextToken is invalid.")


def page(items: Sequence[T], limit: int | None, token: str | None) -> tuple[Sequence[T], str | None]:
    """The items from the offset `token` on, at most `limit` (50), and the next token or None."""
    if token is not None and not token.isdecimal():
        raise invalid_token()
    start = int(token or 0)
    end = start + (limit or _DESCRIBE_LIMIT)
    return items[start:end], str(end) if end < len(items) else None


def write_token(direction: str, position: Position) -> str:
    """A token of GetLogEvents or FilterLogEvents: `f/` reads on after `position`, `b/` back before it."""
    return f"{direction}/{position[0]:020d}{position[1]:036d}/s"


def read_token(token: str) -> tuple[str, Position]:
    """The direction and position of `token`. Raises InvalidParameterException."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise invalid_token()
    return found[1], (int(found[2]), int(found[3]))


def position_of(entry: Entry) -> Position:
    """Where `entry` stands."""
    return entry.timestamp_ms, entry.sequence


def take(events: Iterable[ReadEvent], limit: int) -> tuple[list[ReadEvent], bool]:
    """The first of `events` that make a page, at most `limit` and a megabyte, and whether there are more.

    Looks no further than it must, so that messages which nobody will see stay unformatted.
    """
    chosen: list[ReadEvent] = []
    size = 0
    for event in events:
        size += len(event[1]) + _EVENT_OVERHEAD
        if len(chosen) == limit or (chosen and size > _MAX_PAGE_BYTES):
            return chosen, True
        chosen.append(event)
    return chosen, False
