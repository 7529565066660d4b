"""JSONPath as mapping templates use it: `$.a.b`, `$['a']`, `$.a[0]`, `$.a[*].b`, `$..b`, `$.a[1:3]`.

Filters (`[?(…)]`) are not emulated and refused by name. What isn't there is nothing, not an error.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

STEP = re.compile(
    r"""\.\.(?P<deep>[\w-]+|\*)
      | \.(?P<name>[^.\[\]()*?@$'"\s]+)
      | (?P<each>\.\*|\[\*\])
      | \[\s*(?P<quote>['"])(?P<quoted>[^'"]*)(?P=quote)\s*\]
      | \[\s*(?P<index>-?\d{1,9})\s*\]
      | \[\s*(?P<start>-?\d{1,9})?\s*:\s*(?P<stop>-?\d{1,9})?\s*\]""",
    re.VERBOSE,
)
FOUND_LIMIT = 100_000


class BadPath(ValueError):
    """A path that cannot be read or is not emulated."""


class _Step(Struct, frozen=True):
    """Where a value leads next; `definite` if that is one place at most."""

    find: Callable[[Any], Iterator[Any]]
    definite: bool


def find(value: Any, path: str) -> Any:
    """What `path` finds in a JSON value: for a definite path the value there or None, else a list. Raises BadPath."""
    steps = _steps(path)
    found = [value]
    for step in steps:
        found = [each for one in found for each in step.find(one)]
        if len(found) > FOUND_LIMIT:
            raise BadPath(f"{path!r} finds more than {FOUND_LIMIT} values")
    if all(step.definite for step in steps):
        return found[0] if found else None
    return found


@lru_cache(maxsize=512)
def _steps(path: str) -> tuple[_Step, ...]:
    if not path.startswith("$"):
        path = f"$.{path}"
    steps, at = [], 1
    while at < len(path):
        match = STEP.match(path, at)
        if match is None:
            raise BadPath(f"the JSONPath {path[:100]!r} is not emulated from {path[at : at + 20]!r} on")
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> _Step:
    part = match.groupdict()
    if part["deep"] is not None:
        return _Step(lambda value: _deep(value, part["deep"]), False)
    if part["each"]:
        return _Step(_each, False)
    if part["index"] is not None:
        return _Step(lambda value: _index(value, int(part["index"])), True)
    name = part["name"] if part["name"] is not None else part["quoted"]
    if name is not None:
        return _Step(lambda value: _name(value, name), True)
    bounds = slice(*(int(bound) if bound else None for bound in (part["start"], part["stop"])))
    return _Step(lambda value: iter(value[bounds] if isinstance(value, list) else ()), False)


def _name(value: Any, name: str) -> Iterator[Any]:
    if isinstance(value, dict) and name in value:
        yield value[name]
    elif isinstance(value, list) and name == "length()":
        yield len(value)


def _index(value: Any, index: int) -> Iterator[Any]:
    if isinstance(value, list) and -len(value) <= index < len(value):
        yield value[index]


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        yield from value.values() if isinstance(value, dict) else value


def _deep(value: Any, name: str) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        one = waiting.pop(0) if len(waiting) < 100 else waiting.pop()
        yield from _each(one) if name == "*" else _name(one, name)
        waiting.extend(each for each in _each(one) if isinstance(each, (dict, list)))
