"""The `rest-json` protocol (Lambda, API Gateway): members in the path, the query, headers and a JSON body."""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from dewstack.errors import AwsError
from dewstack.http import Headers, Request, Response
from dewstack.wire import documents, timestamps
from dewstack.wire.errors import (
    IncompleteSignature,
    MissingAuthenticationToken,
    RestIncompleteSignature,
    RestMissingAuthenticationToken,
    SerializationException,
    not_emulated,
)
from dewstack.wire.model import Member, Operation, ServiceModel, Shape
from dewstack.wire.protocol import Labels, error_members, header_value
from dewstack.wire.routing import Router


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_TEXT_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": _boolean,
}
_TEXT_TIMESTAMPS = {"header": "rfc822", "querystring": "iso8601", "uri": "iso8601"}


def read_text(member: Member, text: str) -> Any:
    """A scalar out of the path, the query or a header. Raises SerializationException on a wrong type."""
    try:
        if member.trait("jsonvalue"):
            return documents.decode_json(base64.b64decode(text, validate=True))
        if member.shape.type == "timestamp":
            default = _TEXT_TIMESTAMPS.get(member.location or "", "iso8601")
            return timestamps.parse(text, member.trait("timestampFormat") or default)
        return _TEXT_READERS.get(member.shape.type, str)(text)
    except (ValueError, binascii.Error) as error:
        raise SerializationException(f"'{text}' can not be converted to a {member.shape.type}") from error


def write_text(member: Member, value: Any) -> str:
    """A scalar as a header carries it."""
    if member.trait("jsonvalue"):
        return base64.b64encode(documents.encode_json(value)).decode("ascii")
    if member.shape.type == "timestamp":
        return str(timestamps.serialize(value, member.trait("timestampFormat") or "rfc822"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return str(value)


Query = list[tuple[str, str]]


def _label(member: Member, request: Request, labels: Labels, query: Query) -> Any:
    return read_text(member, labels[member.wire_name]) if member.wire_name in labels else None


def _header(member: Member, request: Request, labels: Labels, query: Query) -> Any:
    text = request.header(member.wire_name)
    if text is not None and member.shape.type == "list" and not member.trait("jsonvalue"):
        return [read_text(member.shape.member, part.strip()) for part in text.split(",")]
    return None if text is None else read_text(member, text)


def _headers(member: Member, request: Request, labels: Labels, query: Query) -> Any:
    prefix = member.wire_name.lower()
    named = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
    return {name[len(prefix) :]: value for name, value in named if name.lower().startswith(prefix)} or None


def _parameter(member: Member, request: Request, labels: Labels, query: Query) -> Any:
    if member.shape.type == "map":
        return _parameters(member, query) or None
    values = [value for name, value in query if name == member.wire_name]
    if member.shape.type == "list":
        return [read_text(member.shape.member, value) for value in values] or None
    return read_text(member, values[-1]) if values else None


def _parameters(member: Member, query: Query) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in query:
        if name.startswith("X-Amz-"):
            continue
        if member.shape.value.shape.type == "list":
            values.setdefault(name, []).append(text)
        else:
            values[name] = text
    return values


_PARTS: dict[str, Callable[[Member, Request, Labels, Query], Any]] = {
    "uri": _label,
    "header": _header,
    "headers": _headers,
    "querystring": _parameter,
}


class RestJsonProtocol:
    """`rest-json`: the operation is told by method and path."""

    missing_token: type[MissingAuthenticationToken] = RestMissingAuthenticationToken
    missing_token_message = "Missing Authentication Token"
    incomplete_signature: type[IncompleteSignature] = RestIncompleteSignature

    def __init__(self) -> None:
        self._routers: dict[str, Router] = {}

    def locate(self, model: ServiceModel, request: Request) -> tuple[Operation, Labels]:
        """By method and path."""
        if model.name not in self._routers:
            self._routers[model.name] = Router(model)
        found = self._routers[model.name].match(request.method, request.raw_path, request.query)
        operation = model.operation(found[0]) if found else None
        if found is None or operation is None:
            raise not_emulated(model.name, f"{request.method} {request.raw_path}")
        return operation, found[1]

    def parse(self, operation: Operation, request: Request, labels: Labels) -> dict[str, Any]:
        """Members of every location."""
        if operation.input is None:
            return {}
        query = parse_qsl(request.query, keep_blank_values=True)
        params = self._parse_body(operation.input, request)
        for name, member in operation.input.members.items():
            if member.location is None:
                continue
            value = _PARTS[member.location](member, request, labels, query)
            if value is not None:
                params[name] = value
        return params

    @staticmethod
    def _parse_body(shape: Shape, request: Request) -> dict[str, Any]:
        payload = shape.payload
        if payload is None:
            if not any(member.location is None for member in shape.members.values()):
                return {}
            return documents.read_members(shape, documents.decode_object(request.body or b"{}"))
        if payload.shape.type == "blob":
            return {payload.name: request.body} if request.body else {}
        if payload.shape.type == "string":
            return {payload.name: request.body.decode("utf-8", "replace")} if request.body else {}
        return (
            {payload.name: documents.read(payload, documents.decode_json(request.body))}
            if request.body
            else {}
        )

    def answer(self, operation: Operation, output: dict[str, Any], request_id: str) -> Response:
        """Status, headers and body as the output shape places them."""
        headers: Headers = [(b"x-amzn-RequestId", request_id.encode())]
        status, body = operation.status, b""
        shape = operation.output
        if shape is None:
            return Response(status, body, headers)
        for member in shape.members.values():
            value = output.get(member.name)
            if member.location == "statusCode" and value is not None:
                status = int(value)
            elif value is not None:
                headers += _headers_of(member, value)
        events = output.get(shape.payload.name) if shape.payload is not None else None
        if events is not None and shape.payload is not None and shape.payload.shape.traits.get("eventstream"):
            from dewstack.wire.event_stream import CONTENT_TYPE, EncodedEvents

            headers.append((b"Content-Type", CONTENT_TYPE))
            return Response(status, b"", headers, EncodedEvents(shape.payload.shape, events))
        body, content_type = self._body(shape, output)
        told = any(name.lower() == b"content-type" for name, _ in headers)
        if status != 204 and not told:
            headers.insert(0, (b"Content-Type", content_type))
        return Response(status, body if status != 204 else b"", headers)

    @staticmethod
    def _body(shape: Shape, output: dict[str, Any]) -> tuple[bytes, bytes]:
        payload = shape.payload
        if payload is None:
            return documents.encode_json(documents.write_members(shape, output)), b"application/json"
        value = output.get(payload.name)
        if payload.shape.type in ("blob", "string"):
            raw: Any = value if value is not None else b""
            if hasattr(raw, "read"):
                raw = raw.read()
            content_type = str(output.get("ContentType") or output.get("contentType") or "application/json")
            return raw.encode() if isinstance(raw, str) else bytes(raw), header_value(content_type)
        document = documents.write(payload, value) if value is not None else {}
        return documents.encode_json(document), b"application/json"

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """`{"message": ...}`, or `Message` where the model has it so; the code is in a header."""
        shape = model.error_shape(error.code) if model else None
        headers: Headers = [
            (b"Content-Type", b"application/json"),
            (b"x-amzn-RequestId", request_id.encode()),
            (b"x-amzn-ErrorType", header_value(error.code)),
        ]
        located = [
            member
            for member in (shape.members.values() if shape else ())
            if member.location == "header" and error.fields.get(member.name) is not None
        ]
        for member in located:
            value = write_text(member, error.fields[member.name])
            headers.append((member.wire_name.encode(), header_value(value)))
        body = error_members(shape, error, "message")
        return Response(error.status, documents.encode_json(body), headers)


def _headers_of(member: Member, value: Any) -> Headers:
    """The headers that carry a member, if it is carried by headers."""
    if member.location == "header":
        return [(member.wire_name.encode(), header_value(write_text(member, value)))]
    if member.location == "headers":
        return [((member.wire_name + key).encode(), header_value(text)) for key, text in value.items()]
    return []
