"""Answers of AWS's query protocol in JSON, which is what API Gateway gets of them: `{"SendMessageResponse": {…}}`.

What the operation could have given and didn't is null.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree

import msgspec

from dewstack.wire.model import ServiceModel, Shape

log = logging.getLogger(__name__)

Element = ElementTree.Element


class QueryAnswers:
    """The answers of one service."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model

    def as_json(self, document: bytes) -> bytes:
        """The JSON of an answer in XML; what isn't XML stays as it is."""
        try:
            root = ElementTree.fromstring(document)
        except ElementTree.ParseError as error:
            log.warning("%s answered no XML: %s", self._model.name, error)
            return document
        name = _tag(root)
        if name == "ErrorResponse":
            return msgspec.json.encode(_untyped(root))
        action = name.removesuffix("Response")
        operation = self._model.operation(action)
        shape = operation.output if operation else None
        answer: dict[str, Any] = {}
        for child in root:
            typed = _tag(child) == f"{action}Result" and shape is not None
            answer[_tag(child)] = _structure(child, shape) if typed and shape else _untyped(child)
        if shape is not None and shape.members and f"{action}Result" not in answer:
            answer[f"{action}Result"] = dict.fromkeys(shape.members)
        return msgspec.json.encode({name: answer})


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _untyped(element: Element) -> Any:
    return {_tag(child): _untyped(child) for child in element} if len(element) else element.text or ""


def _structure(element: Element, shape: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        names = {name, member.wire_name}
        if member.shape.type in ("list", "map"):
            names |= {member.shape.traits.get("member", {}).get("locationName", name), name.removesuffix("s")}
        given = [child for child in element if _tag(child) in names]
        found[name] = _value(given, member.shape) if given else None
    return found


def _value(given: list[Element], shape: Shape) -> Any:
    if shape.type == "structure":
        return _structure(given[0], shape)
    if shape.type == "list":
        return [_value([item], shape.member.shape) for item in _items(given, "member")]
    if shape.type == "map":
        return dict(_entry(item, shape) for item in _items(given, "entry"))
    return SCALARS.get(shape.type, str)(given[0].text or "")


def _items(given: list[Element], wrapper: str) -> Iterable[Element]:
    """The elements of a list or map: in a wrapper, or side by side."""
    if len(given) == 1 and all(_tag(child) == wrapper for child in given[0]):
        return list(given[0])
    return given


def _entry(item: Element, shape: Shape) -> tuple[str, Any]:
    """The key and the value of an entry, whatever the service calls them."""
    key, value = item[0], item[1]
    return key.text or "", _value([value], shape.value.shape)


SCALARS: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "true",
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
}
