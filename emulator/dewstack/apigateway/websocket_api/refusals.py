"""How API Gateway refuses a handshake or a message: by the same words, in a response or in a frame."""

import msgspec
from msgspec import Struct

from dewstack.apigateway.responses import CONTENT_TYPE_JSON
from dewstack.apigateway.websocket_api.exchange import Exchange
from dewstack.http import Response


class Refusal(Struct, frozen=True):
    """One way of refusing. `error_type` is the response's `x-amzn-ErrorType`."""

    status: int
    message: str
    error_type: str


UNAUTHORIZED = Refusal(401, "Unauthorized", "UnauthorizedException")
FORBIDDEN = Refusal(403, "Forbidden", "ForbiddenException")
DENIED = Refusal(403, "User is not authorized to access this resource", "AccessDeniedException")
DENIED_EXPLICITLY = Refusal(
    403, "User is not authorized to access this resource with an explicit deny", "AccessDeniedException"
)
BAD_REQUEST_BODY = Refusal(400, "Invalid request body", "BadRequestException")
TOO_LARGE = Refusal(413, "Request Too Long", "RequestTooLongException")
UNSUPPORTED_MEDIA_TYPE = Refusal(415, "Unsupported Media Type", "BadRequestException")
TOO_MANY_REQUESTS = Refusal(429, "Too Many Requests", "TooManyRequestsException")
AUTHORIZER_FAILURE = Refusal(500, "Internal server error", "AuthorizerConfigurationException")
INTERNAL_SERVER_ERROR = Refusal(500, "Internal server error", "InternalServerErrorException")
BAD_GATEWAY = Refusal(502, "Internal server error", "InternalServerErrorException")
TIMED_OUT = Refusal(504, "Endpoint request timed out", "InternalServerErrorException")


def missing(names: list[str]) -> Refusal:
    """How a handshake is refused that lacks parameters."""
    told = f"Missing required request parameters: [{', '.join(names)}]"
    return Refusal(400, told, "BadRequestException")


class Refused(Exception):
    """Ends an exchange; `refusal` says how."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def frame(refusal: Refusal, exchange: Exchange) -> bytes:
    """What the client of a message is told."""
    return msgspec.json.encode(
        {
            "message": refusal.message,
            "connectionId": exchange.connection.id,
            "requestId": exchange.request_id,
        }
    )


def response(refusal: Refusal, exchange: Exchange) -> Response:
    """What the client of a handshake is told."""
    headers = [
        CONTENT_TYPE_JSON,
        (b"x-amzn-RequestId", exchange.request_id.encode()),
        (b"x-amzn-ErrorType", refusal.error_type.encode()),
    ]
    return Response(refusal.status, frame(refusal, exchange), headers)
