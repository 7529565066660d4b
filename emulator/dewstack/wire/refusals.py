"""The protocols of services that are not emulated, so that even the refusal is in the client's language."""

import struct
from typing import Any

from dewstack.errors import AwsError
from dewstack.http import Headers, Request, Response
from dewstack.wire.errors import (
    IncompleteSignature,
    MissingAuthenticationToken,
    RestIncompleteSignature,
    RestMissingAuthenticationToken,
    not_emulated,
)
from dewstack.wire.model import Operation, ServiceModel
from dewstack.wire.protocol import Labels
from dewstack.wire.query import form_of, xml_text


class Refusal:
    """A protocol of which only the errors are spoken."""

    missing_token: type[MissingAuthenticationToken] = RestMissingAuthenticationToken
    missing_token_message = "Missing Authentication Token"
    incomplete_signature: type[IncompleteSignature] = RestIncompleteSignature

    def action(self, request: Request) -> str:
        """What `request` asks for, as well as it can be told."""
        return f"{request.method} {request.raw_path}"

    def locate(self, model: ServiceModel, request: Request) -> tuple[Operation, Labels]:
        """Always raises NotEmulated, naming the action."""
        raise not_emulated(model.name, self.action(request))

    def parse(self, operation: Operation, request: Request, labels: Labels) -> dict[str, Any]:
        """Always raises NotEmulated."""
        raise not_emulated(operation.model.name, operation.name)

    def answer(self, operation: Operation, output: dict[str, Any], request_id: str) -> Response:
        """Always raises NotEmulated."""
        raise not_emulated(operation.model.name, operation.name)

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """The refusal as the protocol has errors."""
        raise NotImplementedError


class RestXmlRefusal(Refusal):
    """`rest-xml`: S3, CloudFront, Route 53."""

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """`<Error>`, as S3 has it, inside `<ErrorResponse>` elsewhere."""
        content = f"<Code>{xml_text(error.code)}</Code><Message>{xml_text(error.message)}</Message>"
        document = f"<Error>{content}<RequestId>{request_id}</RequestId></Error>"
        if model is None or model.name != "s3":
            document = (
                f"<ErrorResponse><Error>{content}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        headers: Headers = [(b"Content-Type", b"application/xml"), (b"x-amz-request-id", request_id.encode())]
        return Response(error.status, f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode(), headers)


class Ec2Refusal(Refusal):
    """`ec2`: the query protocol with errors of its own."""

    def action(self, request: Request) -> str:
        """The form's `Action`."""
        return form_of(request).get("Action") or super().action(request)

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """`<Response><Errors><Error>`."""
        content = f"<Code>{xml_text(error.code)}</Code><Message>{xml_text(error.message)}</Message>"
        document = f"<Response><Errors><Error>{content}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        headers: Headers = [(b"Content-Type", b"text/xml"), (b"x-amzn-RequestId", request_id.encode())]
        return Response(error.status, document.encode(), headers)


class CborRefusal(Refusal):
    """`smithy-rpc-v2-cbor`: CloudWatch's metrics and others."""

    def action(self, request: Request) -> str:
        """The last part of `/service/…/operation/…`."""
        return request.raw_path.rpartition("/operation/")[2] or super().action(request)

    def error(self, model: ServiceModel | None, error: AwsError, request_id: str) -> Response:
        """A CBOR map of `__type` and `message`."""
        headers: Headers = [
            (b"Content-Type", b"application/cbor"),
            (b"smithy-protocol", b"rpc-v2-cbor"),
            (b"x-amzn-RequestId", request_id.encode()),
        ]
        pairs = ("__type", error.code, "message", error.message)
        return Response(error.status, b"\xa2" + b"".join(map(_cbor_text, pairs)), headers)


def _cbor_text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">BI", 0x7A, len(encoded)) + encoded
