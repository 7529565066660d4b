"""Params against the constraints of the model, in the words of AWS's own framework.

1 validation error detected: Value 'x' at 'userPoolId' failed to satisfy constraint: Member must ...
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dewstack.wire.model import Shape
from dewstack.wire.patterns import matches

_NOT_NULL = "Member must not be null"
_NUMBERS = ("integer", "long", "float", "double")
_WORDED_BY_THE_SERVICE = frozenset({("lambda", "Runtime")})
"""Enums that a service checks by itself, with its own code and wording."""


def _shown(value: Any) -> str:
    """A value as Java prints it: lists in brackets, maps in braces, structures by their members."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, bytes):
        return "java.nio.HeapByteBuffer"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _constraints(shape: Shape) -> Iterator[str]:
    """All that `shape` asks of a value, in AWS's order."""
    traits = shape.traits
    if "enum" in traits:
        yield f"Member must satisfy enum value set: [{', '.join(traits['enum'])}]"
    noun = "value" if shape.type in _NUMBERS else "length"
    if "max" in traits:
        yield f"Member must have {noun} less than or equal to {_number(traits['max'])}"
    if "min" in traits:
        yield f"Member must have {noun} greater than or equal to {_number(traits['min'])}"
    if "pattern" in traits:
        yield f"Member must satisfy regular expression pattern: {traits['pattern']}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of `shape` that `value` breaks."""
    traits = shape.traits
    checked = (shape.model.name, shape.name) not in _WORDED_BY_THE_SERVICE
    if "enum" in traits and checked and value not in traits["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(traits['enum'])}]"
    size = value if shape.type in _NUMBERS else len(value) if hasattr(value, "__len__") else None
    noun = "value" if shape.type in _NUMBERS else "length"
    if size is not None and "max" in traits and size > traits["max"]:
        yield f"Member must have {noun} less than or equal to {_number(traits['max'])}"
    if size is not None and "min" in traits and size < traits["min"]:
        yield f"Member must have {noun} greater than or equal to {_number(traits['min'])}"
    if "pattern" in traits and isinstance(value, str) and not matches(traits["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {traits['pattern']}"


def _hides(shape: Shape) -> bool:
    """Whether a value of `shape` holds anything that must not be echoed."""
    if shape.type == "list":
        return shape.sensitive or _hides(shape.member.shape)
    if shape.type == "map":
        return shape.sensitive or _hides(shape.value.shape) or _hides(shape.key.shape)
    return shape.sensitive or shape.type == "structure"


def _sentence(shape: Shape, path: str, value: Any, constraint: str) -> str:
    subject = "Value" if _hides(shape) else f"Value '{_shown(value)}'"
    return f"{subject} at '{path}' failed to satisfy constraint: {constraint}"


def _check_elements(shape: Shape, path: str, value: Any) -> Iterator[str]:
    """Lists and maps of scalars: one sentence for the whole, listing what each element must satisfy."""
    parts = {"list": ("member",), "map": ("key", "value")}[shape.type]
    words = {"member": "Member", "key": "Map keys", "value": "Map value"}
    for part in parts:
        element: Shape = getattr(shape, part).shape
        items = value if part == "member" else value.keys() if part == "key" else value.values()
        if element.type in ("structure", "list", "map"):
            for index, item in enumerate(items, 1):
                where = (
                    f"{path}.{index}.member"
                    if part == "member"
                    else f"{path}.{list(value)[index - 1]}.{part}"
                )
                yield from _check(element, where, item)
        elif any(True for item in items for _ in _broken(element, item)):
            asked = list(_constraints(element))
            if shape.model.name == "lambda":
                asked.append(_NOT_NULL)
            constraint = f"{words[part]} must satisfy constraint: [{', '.join(asked)}]"
            yield _sentence(shape, path, value, constraint)


def _check(shape: Shape, path: str, value: Any) -> Iterator[str]:
    for constraint in _broken(shape, value):
        yield _sentence(shape, path, value, constraint)
    if shape.type == "structure" and isinstance(value, dict):
        yield from violations(shape, value, f"{path}.")
    elif shape.type in ("list", "map"):
        yield from _check_elements(shape, path, value)


def violations(shape: Shape, params: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """One sentence for each constraint of the structure `shape` that `params` break."""
    for name, member in shape.members.items():
        path = prefix + member.path_name
        value = params.get(name)
        if value is not None:
            yield from _check(member.shape, path, value)
        elif name in shape.required:
            subject = "Value" if member.shape.sensitive else "Value null"
            yield f"{subject} at '{path}' failed to satisfy constraint: {_NOT_NULL}"


def describe(sentences: list[str]) -> str:
    """The message of the error that carries `sentences`."""
    noun = "error" if len(sentences) == 1 else "errors"
    return f"{len(sentences)} validation {noun} detected: {'; '.join(sentences)}"
