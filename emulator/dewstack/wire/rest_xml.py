"""The `rest-xml` protocol (S3): none of its operations is emulated, and it says so in its own language."""

from typing import Any

from dewstack.errors import AwsError
from dewstack.http import Request, Response
from dewstack.wire.errors import (
    IncompleteSignature,
    MissingAuthenticationToken,
    RestIncompleteSignature,
    RestMissingAuthenticationToken,
    not_emulated,
)
from dewstack.wire.model import Operation, ServiceModel
from dewstack.wire.query import xml_text


class RestXmlProtocol:
    """`rest-xml`: errors only."""

    missing_token: type[MissingAuthenticationToken] = RestMissingAuthenticationToken
    missing_token_message = "Missing Authentication Token"
    incomplete_signature: type[IncompleteSignature] = RestIncompleteSignature

    def locate(self, model: ServiceModel, request: Request) -> Operation:
        """Always raises NotEmulated, naming method and path."""
        raise not_emulated(model.name, f"{request.method} {request.raw_path}")

    def parse(self, operation: Operation, request: Request) -> dict[str, Any]:
        """Always raises NotEmulated."""
        raise not_emulated(operation.model.name, operation.name)

    def answer(self, operation: Operation, output: dict[str, Any], request_id: str) -> Response:
        """Always raises NotEmulated."""
        raise not_emulated(operation.model.name, operation.name)

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """`<Error><Code>…</Code><Message>…</Message><RequestId>…</Error>`."""
        document = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{xml_text(error.code)}</Code>'
            f"<Message>{xml_text(error.message)}</Message><RequestId>{request_id}</RequestId></Error>"
        )
        headers = [(b"Content-Type", b"application/xml"), (b"x-amz-request-id", request_id.encode())]
        return Response(error.status, document.encode(), headers)
