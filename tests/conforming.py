"""Whether an answer is what the service's model says its operation gives."""

from collections.abc import Callable, Iterator
from typing import Any

from dewstack.wire.model import Shape

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float),
}
"""What each plain type is in JSON."""


def departures(shape: Shape, value: Any, path: str = "answer") -> Iterator[str]:
    """What of `value`, as it is in a JSON body, the model doesn't know, has otherwise or misses."""
    if shape.traits.get("document"):
        return  # anything
    if nested := _NESTED.get(shape.type):
        yield from nested(shape, value, path)
    elif not isinstance(value, TYPES[shape.type]) or isinstance(value, bool) != (shape.type == "boolean"):
        yield f"{path}: {value!r} is no {shape.type}"
    elif (enum := shape.traits.get("enum")) and value not in enum:
        yield f"{path}: {value!r} is none of {enum}"


def _structure(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no structure"
        return
    yield from (f"{path}.{name}: is missing" for name in shape.required if name not in value)
    members = {member.wire_name: member.shape for member in shape.members.values()}
    for name, inner in value.items():
        if name in members:
            yield from departures(members[name], inner, f"{path}.{name}")
        else:
            yield f"{path}.{name}: is unknown"


def _list(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for index, inner in enumerate(value):
        yield from departures(shape.member.shape, inner, f"{path}[{index}]")


def _map(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no map"
        return
    for key, inner in value.items():
        yield from departures(shape.value.shape, inner, f"{path}[{key!r}]")


_NESTED: dict[str, Callable[[Shape, Any, str], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
