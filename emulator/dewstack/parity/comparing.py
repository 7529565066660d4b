"""Two answers to one request, compared field by field."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

ABSENT = "(absent)"
"""The value of a field that one of them hasn't."""


class Difference(Struct, frozen=True):
    """One field of one answer that two targets do not agree on."""

    request: str
    field: str
    first: str
    """The name of the target that the other one is compared with."""
    other: str
    values: tuple[Any, Any]
    """What each of them has."""
    reason: str = ""
    """Why that is so, where it is known."""


def compare(
    request: str, first: tuple[str, Mapping[str, Any]], other: tuple[str, Mapping[str, Any]]
) -> list[Difference]:
    """The fields that two answers differ in; each is given with the name of its target. Where the states differ, the
    rest of the answers isn't compared: they are answers to different things."""
    (one, fields), (two, others) = first, other
    names = sorted(fields.keys() | others.keys())
    for decisive in ("failed", "status"):
        if fields.get(decisive) != others.get(decisive):
            names = [decisive, *(name for name in names if name in ("body.message", "body"))]
            break
    pairs = ((name, (fields.get(name, ABSENT), others.get(name, ABSENT))) for name in names)
    return [Difference(request, name, one, two, values) for name, values in pairs if not _same(*values)]


def _same(one: Any, two: Any) -> bool:
    """Equal as JSON has it, where 1 is not true."""
    return type(one) is type(two) and bool(one == two)
