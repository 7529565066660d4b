"""What the AWS protocols have in common, and the `json` protocol (Cognito, CloudWatch Logs, DynamoDB)."""

from typing import Any, Protocol

from dewstack.errors import AwsError
from dewstack.http import Headers, Request, Response
from dewstack.wire import documents
from dewstack.wire.errors import (
    IncompleteSignature,
    MissingAuthenticationToken,
    SerializationException,
    not_emulated,
)
from dewstack.wire.model import Operation, ServiceModel, Shape

Labels = dict[str, str]
"""The parts of a REST path that carry members, decoded, by name."""


class WireProtocol(Protocol):
    """One AWS protocol, both ways. Requests and params are values; nothing here does I/O."""

    missing_token: type[MissingAuthenticationToken]
    missing_token_message: str
    incomplete_signature: type[IncompleteSignature]

    def locate(self, model: ServiceModel, request: Request) -> tuple[Operation, Labels]:
        """The operation that `request` asks for. Raises NotEmulated naming one that does not exist."""
        ...

    def parse(self, operation: Operation, request: Request, labels: Labels) -> dict[str, Any]:
        """The params of `request`. Raises SerializationException when they cannot be read."""
        ...

    def answer(self, operation: Operation, output: dict[str, Any], request_id: str) -> Response:
        """The response that carries `output`."""
        ...

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """The response that carries `error`, as its modelled shape spells it."""
        ...


def header_value(text: str) -> bytes:
    """`text` fit for a header: no line breaks, Latin-1."""
    return " ".join(text.splitlines()).encode("latin-1", "replace")


def error_members(shape: Shape | None, error: AwsError, default_name: str) -> dict[str, Any]:
    """The body of an error: the message under the name that the model spells, then the further fields."""
    if shape is None:
        return {default_name: error.message, **error.fields}
    body: dict[str, Any] = {}
    for member in shape.members.values():
        if member.location is None and member.name.lower() == "message":
            body[member.wire_name] = error.message
    if not body:
        body[default_name] = error.message
    known = {name: value for name, value in error.fields.items() if name in shape.members}
    body.update(documents.write_members(shape, known))
    body.update({name: value for name, value in error.fields.items() if name not in known})
    return body


class JsonProtocol:
    """`application/x-amz-json-1.0` and `1.1`: all in one JSON body, the operation in `X-Amz-Target`."""

    missing_token: type[MissingAuthenticationToken] = MissingAuthenticationToken
    missing_token_message = "Missing Authentication Token"
    incomplete_signature: type[IncompleteSignature] = IncompleteSignature

    def locate(self, model: ServiceModel, request: Request) -> tuple[Operation, Labels]:
        """By the part of `X-Amz-Target` after its last dot."""
        name = (request.header("x-amz-target") or "").rpartition(".")[2]
        operation = model.operation(name)
        if operation is None:
            raise not_emulated(model.name, name or f"{request.method} {request.raw_path}")
        return operation, {}

    def parse(self, operation: Operation, request: Request, labels: Labels) -> dict[str, Any]:
        """The JSON object in the body."""
        document = documents.decode_object(request.body)
        return documents.read_members(operation.input, document) if operation.input else {}

    def answer(self, operation: Operation, output: dict[str, Any], request_id: str) -> Response:
        """A JSON object; an operation without output answers an empty body, as AWS does."""
        body = (
            documents.encode_json(documents.write_members(operation.output, output))
            if operation.output
            else b""
        )
        return Response(200, body, self._headers(operation.model, request_id))

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """`{"__type": code, "message": ...}`; `Message` where AWS's framework cannot read the body."""
        if isinstance(error, SerializationException):
            members = {"Message": error.message} if error.message else {}
        else:
            members = error_members(model.error_shape(error.code) if model else None, error, "message")
        headers = self._headers(model, request_id)
        headers.append((b"x-amzn-ErrorType", header_value(error.code)))
        headers.append((b"x-amzn-ErrorMessage", header_value(error.message)))
        return Response(error.status, documents.encode_json({"__type": error.code, **members}), headers)

    @staticmethod
    def _headers(model: ServiceModel | None, request_id: str) -> Headers:
        version = model.metadata.get("jsonVersion", "1.1") if model else "1.1"
        return [
            (b"Content-Type", f"application/x-amz-json-{version}".encode()),
            (b"x-amzn-RequestId", request_id.encode()),
        ]
