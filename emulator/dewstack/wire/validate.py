"""Params against the constraints of the model, in the words of AWS's own framework.

1 validation error detected: Value 'x' at 'userPoolId' failed to satisfy constraint: Member must ...
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dewstack.wire.model import Shape

_NOT_NULL = "Member must not be null"
_WORDED_BY_THE_SERVICE = frozenset({("lambda", "Runtime"), ("cognito-idp", "DomainType")})
"""Enums and patterns that a service checks by itself, with its own code and wording."""


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


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of `shape` that `value` breaks."""
    if shape.constraints and (shape.model.name, shape.name) not in _WORDED_BY_THE_SERVICE:
        for constraint in shape.constraints:
            if not constraint.holds(value):
                yield constraint.text


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


def _elements(shape: Shape, value: Any) -> Iterator[tuple[str, Shape, list[tuple[str, Any]]]]:
    """The parts of a list or map: how AWS calls them, their shape, and each with its path."""
    if shape.type == "list":
        yield "Member", shape.member.shape, [(f"{i}.member", item) for i, item in enumerate(value, 1)]
    else:
        yield "Map keys", shape.key.shape, [(f"{key}.key", key) for key in value]
        yield "Map value", shape.value.shape, [(f"{key}.value", item) for key, item in value.items()]


def _check_elements(shape: Shape, path: str, value: Any) -> Iterator[str]:
    """Lists and maps of scalars: one sentence for the whole, listing what each element must satisfy."""
    for word, element, items in _elements(shape, value):
        if element.type in ("structure", "list", "map"):
            for where, item in items:
                yield from _check(element, f"{path}.{where}", item)
        elif any(True for _, item in items for _ in _broken(element, item)):
            asked = [constraint.text for constraint in element.constraints]
            if shape.model.name == "lambda":
                asked.append(_NOT_NULL)
            yield _sentence(shape, path, value, f"{word} must satisfy constraint: [{', '.join(asked)}]")


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
