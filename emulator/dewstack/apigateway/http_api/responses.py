"""The responses that an HTTP API gives by itself, with AWS's exact bodies, and what is added to every
response."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from dewstack.apigateway.responses import CONTENT_TYPE_JSON, frame
from dewstack.http import Request, Response


class Refusal(Struct, frozen=True):
    """One of the gateway's own answers."""

    status: int
    body: bytes

    @property
    def message(self) -> str:
        """What it says."""
        return str(msgspec.json.decode(self.body)["message"])


BAD_REQUEST = Refusal(400, b'{"message":"Bad Request"}')
UNAUTHORIZED = Refusal(401, b'{"message":"Unauthorized"}')
FORBIDDEN = Refusal(403, b'{"message":"Forbidden"}')
NOT_FOUND = Refusal(404, b'{"message":"Not Found"}')
REQUEST_ENTITY_TOO_LARGE = Refusal(413, b'{"message":"Request Entity Too Large"}')
TOO_MANY_REQUESTS = Refusal(429, b'{"message":"Too Many Requests"}')
HEADERS_TOO_LARGE = Refusal(431, b'{"message":"Request Header Fields Too Large"}')
INTERNAL_SERVER_ERROR = Refusal(500, b'{"message":"Internal Server Error"}')
SERVICE_UNAVAILABLE = Refusal(503, b'{"message":"Service Unavailable"}')

FOR_LAMBDA_ERROR: Mapping[str, Refusal] = {
    "RequestTooLargeException": REQUEST_ENTITY_TOO_LARGE,
    "TooManyRequestsException": SERVICE_UNAVAILABLE,
    "ServiceException": SERVICE_UNAVAILABLE,
}


class GatewayResponse(Exception):
    """Ends a request with one of the gateway's own answers, and perhaps further headers. `why` is for the log."""

    def __init__(self, refusal: Refusal, *headers: tuple[bytes, bytes], why: str = "") -> None:
        super().__init__(refusal.status)
        self.refusal = refusal
        self.headers = headers
        self.why = why

    def response(self) -> Response:
        """The answer itself."""
        return Response(self.refusal.status, self.refusal.body, [CONTENT_TYPE_JSON, *self.headers])


def finish(response: Response, request: Request, request_id: str, http_date: bytes) -> Response:
    """Add what every response of an API has: the request's id."""
    frame(response, request, http_date).headers.append((b"Apigw-Requestid", request_id.encode()))
    return response
