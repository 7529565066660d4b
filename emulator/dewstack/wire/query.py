"""The `query` protocol (CloudFormation, STS, IAM): a form with dotted names in, XML out."""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from dewstack.errors import AwsError
from dewstack.http import Headers, Request, Response
from dewstack.wire import timestamps
from dewstack.wire.errors import (
    IncompleteSignature,
    MissingAuthenticationToken,
    QueryIncompleteSignature,
    QueryMissingAuthenticationToken,
    SerializationException,
    not_emulated,
)
from dewstack.wire.model import Member, Operation, ServiceModel, Shape
from dewstack.wire.protocol import Labels

_ESCAPES = str.maketrans(
    {
        **dict.fromkeys(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]), "\ufffd"),
        **{"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"},
    }
)


def form_of(request: Request) -> dict[str, str]:
    """The parameters of a query request, of its query string and its form body."""
    try:
        body = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SerializationException("The request body is not UTF-8") from error
    pairs = parse_qsl(request.query, keep_blank_values=True)
    if request.method == "POST":
        pairs += parse_qsl(body, keep_blank_values=True)
    return dict(pairs)


class Form:
    """Dotted names as a tree: `Tags.member.1.Key=a` is `{"Tags": {"member": {"1": {"Key": "a"}}}}`."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.children: dict[str, Form] = {}

    @classmethod
    def build(cls, pairs: dict[str, str]) -> "Form":
        """The tree of `pairs`."""
        root = cls()
        for name, text in pairs.items():
            node = root
            for part in name.split("."):
                node = node.children.setdefault(part, cls())
            node.text = text
        return root

    def numbered(self) -> list["Form"]:
        """The children whose names are numbers, in order."""
        return [self.children[key] for key in sorted(filter(str.isdecimal, self.children), key=int)]


# --- reading ---


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _blob(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_SCALARS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": _boolean,
    "blob": _blob,
}


def _read_scalar(member: Member, node: Form) -> Any:
    if node.text is None:
        raise SerializationException(f"Unexpected complex element {'.'.join(node.children)}")
    try:
        if member.shape.type == "timestamp":
            return timestamps.parse(node.text, member.trait("timestampFormat") or "iso8601")
        return _SCALARS.get(member.shape.type, str)(node.text)
    except (ValueError, binascii.Error) as error:
        raise SerializationException(f"'{node.text}' is not a valid {member.shape.type}") from error


def _read_list(member: Member, node: Form) -> Any:
    element = member.shape.member
    flattened = member.trait("flattened")
    inner = node if flattened else node.children.get(element.traits.get("locationName", "member"), node)
    return [_read(element, item) for item in inner.numbered()]


def _read_map(member: Member, node: Form) -> Any:
    key, value = member.shape.key, member.shape.value
    inner = node if member.trait("flattened") else node.children.get("entry", node)
    entries = {}
    for entry in inner.numbered():
        name = entry.children.get(key.traits.get("locationName", "key"))
        content = entry.children.get(value.traits.get("locationName", "value"))
        if name is not None and content is not None:
            entries[_read(key, name)] = _read(value, content)
    return entries


def _read_structure(member: Member, node: Form) -> Any:
    return _read_members(member.shape, node)


_READERS: dict[str, Callable[[Member, Form], Any]] = {
    "list": _read_list,
    "map": _read_map,
    "structure": _read_structure,
}


def _read(member: Member, node: Form) -> Any:
    return _READERS.get(member.shape.type, _read_scalar)(member, node)


def _names(member: Member) -> tuple[str, ...]:
    """The names a member may come under: a flattened list takes its element's name over its own."""
    if member.shape.type == "list" and member.trait("flattened"):
        return (member.shape.member.traits.get("locationName", member.wire_name), member.wire_name)
    return (member.wire_name,)


def _read_members(shape: Shape, form: Form) -> dict[str, Any]:
    params = {}
    for name, member in shape.members.items():
        for wire_name in _names(member):
            if wire_name in form.children:
                params[name] = _read(member, form.children[wire_name])
                break
    return params


# --- writing ---


def xml_text(value: Any) -> str:
    """A scalar as XML text; characters that XML cannot hold become U+FFFD."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).translate(_ESCAPES)


def _scalar_text(member: Member, value: Any) -> str:
    if member.shape.type == "timestamp":
        return str(timestamps.serialize(value, member.trait("timestampFormat") or "iso8601"))
    if member.shape.type == "blob":
        return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")
    return xml_text(value)


def _write_scalar(member: Member, value: Any, tag: str) -> str:
    return f"<{tag}>{_scalar_text(member, value)}</{tag}>"


def _write_list(member: Member, value: Any, tag: str) -> str:
    element = member.shape.member
    inner = element.traits.get("locationName")
    if member.trait("flattened"):
        return "".join(_write(element, item, inner or tag) for item in value)
    return f"<{tag}>{''.join(_write(element, item, inner or 'member') for item in value)}</{tag}>"


def _write_map(member: Member, value: Any, tag: str) -> str:
    key_member, value_member = member.shape.key, member.shape.value
    entry = tag if member.trait("flattened") else "entry"
    entries = "".join(
        f"<{entry}>{_write(key_member, key, key_member.traits.get('locationName', 'key'))}"
        f"{_write(value_member, item, value_member.traits.get('locationName', 'value'))}</{entry}>"
        for key, item in value.items()
        if item is not None
    )
    return entries if member.trait("flattened") else f"<{tag}>{entries}</{tag}>"


def _write_structure(member: Member, value: Any, tag: str) -> str:
    return f"<{tag}>{_write_members(member.shape, value)}</{tag}>"


_WRITERS: dict[str, Callable[[Member, Any, str], str]] = {
    "list": _write_list,
    "map": _write_map,
    "structure": _write_structure,
}


def _write(member: Member, value: Any, tag: str) -> str:
    return _WRITERS.get(member.shape.type, _write_scalar)(member, value, tag)


def _write_members(shape: Shape, values: dict[str, Any]) -> str:
    return "".join(
        _write(member, values[name], member.wire_name)
        for name, member in shape.members.items()
        if values.get(name) is not None
    )


def _namespace(model: ServiceModel | None) -> str:
    return xml_text(model.metadata.get("xmlNamespace", "")) if model else ""


class QueryProtocol:
    """`query`: the operation is the form's `Action`."""

    missing_token: type[MissingAuthenticationToken] = QueryMissingAuthenticationToken
    missing_token_message = "Request is missing Authentication Token"
    incomplete_signature: type[IncompleteSignature] = QueryIncompleteSignature

    def locate(self, model: ServiceModel, request: Request) -> tuple[Operation, Labels]:
        """By the `Action` parameter."""
        name = form_of(request).get("Action", "")
        operation = model.operation(name)
        if operation is None:
            raise not_emulated(model.name, name or f"{request.method} {request.raw_path}")
        return operation, {}

    def parse(self, operation: Operation, request: Request, labels: Labels) -> dict[str, Any]:
        """The dotted parameters."""
        return _read_members(operation.input, Form.build(form_of(request))) if operation.input else {}

    def answer(self, operation: Operation, output: dict[str, Any], request_id: str) -> Response:
        """`<XResponse><XResult>…</XResult><ResponseMetadata>…</XResponse>`."""
        namespace = _namespace(operation.model)
        content = _write_members(operation.output, output) if operation.output else ""
        if operation.result_wrapper:
            content = f"<{operation.result_wrapper}>{content}</{operation.result_wrapper}>"
        metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        document = (
            f'<{operation.name}Response xmlns="{namespace}">{content}{metadata}</{operation.name}Response>'
        )
        return Response(200, document.encode(errors="replace"), self._headers(request_id))

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """`<ErrorResponse><Error>…</Error><RequestId>…`."""
        side = "Sender" if error.status < 500 else "Receiver"
        fields = "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in error.fields.items())
        document = (
            f'<ErrorResponse xmlns="{_namespace(model)}">'
            f"<Error><Type>{side}</Type><Code>{xml_text(error.code)}</Code>"
            f"<Message>{xml_text(error.message)}</Message>{fields}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Response(error.status, document.encode(errors="replace"), self._headers(request_id))

    @staticmethod
    def _headers(request_id: str) -> Headers:
        return [(b"Content-Type", b"text/xml"), (b"x-amzn-RequestId", request_id.encode())]
