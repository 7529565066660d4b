"""The responses that a REST API gives by itself: AWS's response types, statuses, error types and texts.

A `GatewayResponse` of the API may give each of them another status, other headers and another body.
"""

import msgspec
from msgspec import Struct


class Refusal(Struct, frozen=True):
    """One of the gateway's own answers. Without a `body` it is `{"message": …}` in its shortest form."""

    response_type: str
    status: int
    error_type: str
    message: str | None
    body: bytes | None = None

    def default_body(self) -> bytes:
        """The body where the API says nothing else."""
        return msgspec.json.encode({"message": self.message}) if self.body is None else self.body


class Refused(Exception):
    """Ends a request with one of the gateway's own answers. `why` is for the log."""

    def __init__(self, refusal: Refusal, why: str = "") -> None:
        super().__init__(refusal.response_type)
        self.refusal = refusal
        self.why = why


def _integration(
    response_type: str, status: int, message: str, error_type: str = "InternalServerErrorException"
) -> Refusal:
    """What goes wrong at an integration is told with a space after the colon."""
    body = b'{"message": "%b"}' % message.encode()
    return Refusal(response_type, status, error_type, message, body)


def _denied(message: str) -> Refusal:
    """What a policy denies is told with a capital M."""
    body = msgspec.json.encode({"Message": message})
    return Refusal("ACCESS_DENIED", 403, "AccessDeniedException", message, body)


FORBIDDEN = Refusal("INVALID_API_KEY", 403, "ForbiddenException", "Forbidden")
UNAUTHORIZED = Refusal("UNAUTHORIZED", 401, "UnauthorizedException", "Unauthorized")
TOKEN_EXPIRED = Refusal("UNAUTHORIZED", 401, "UnauthorizedException", "The incoming token has expired")
NOT_AUTHORIZED = "User is not authorized to access this resource"
DENIED = _denied(NOT_AUTHORIZED)
DENIED_EXPLICITLY = _denied(f"{NOT_AUTHORIZED} with an explicit deny")
AUTHORIZER_CONFIGURATION_ERROR = Refusal(
    "AUTHORIZER_CONFIGURATION_ERROR", 500, "AuthorizerConfigurationException", None
)
MISSING_AUTHENTICATION_TOKEN = Refusal(
    "MISSING_AUTHENTICATION_TOKEN", 403, "MissingAuthenticationTokenException", "Missing Authentication Token"
)
TOO_MANY_REQUESTS = Refusal("THROTTLED", 429, "TooManyRequestsException", "Too Many Requests")
LIMIT_EXCEEDED = Refusal("QUOTA_EXCEEDED", 429, "LimitExceededException", "Limit Exceeded")
UNSUPPORTED_MEDIA_TYPE = Refusal(
    "UNSUPPORTED_MEDIA_TYPE", 415, "BadRequestException", "Unsupported Media Type"
)
REQUEST_TOO_LONG = _integration("REQUEST_TOO_LARGE", 413, "Request Too Long", "BadRequestException")
INTERNAL_SERVER_ERROR = _integration("DEFAULT_5XX", 500, "Internal server error")
BAD_GATEWAY = _integration("DEFAULT_5XX", 502, "Internal server error")
API_CONFIGURATION_ERROR = _integration("API_CONFIGURATION_ERROR", 500, "Internal server error")
NETWORK_ERROR = _integration("INTEGRATION_FAILURE", 504, "Network error communicating with endpoint")
INTEGRATION_TIMEOUT = _integration("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out")


def bad_parameters(names: list[str]) -> Refusal:
    """Required parameters that a request lacks."""
    message = f"Missing required request parameters: [{', '.join(names)}]"
    return Refusal("BAD_REQUEST_PARAMETERS", 400, "BadRequestException", message)


def unreadable_request(why: str) -> Refusal:
    """A body that Lambda doesn't take for an event."""
    return Refusal(
        "DEFAULT_4XX", 400, "BadRequestException", f"Could not parse request body into json: {why}"
    )


def invalid_signature(message: str) -> Refusal:
    """A signature that isn't of the request, or of another time."""
    return Refusal("INVALID_SIGNATURE", 403, "InvalidSignatureException", message)


def unrecognized_client(message: str) -> Refusal:
    """A key that nobody holds."""
    return Refusal("DEFAULT_4XX", 403, "UnrecognizedClientException", message)


def expired_token(message: str) -> Refusal:
    """A session that has ended."""
    return Refusal("EXPIRED_TOKEN", 403, "ExpiredTokenException", message)


def denied(message: str) -> Refusal:
    """What policies don't allow to whoever has signed."""
    return _denied(message)


def masked(arn: str) -> str:
    """An ARN as AWS shows it to strangers: but the end of the account's id."""
    parts = arn.split(":", 5)
    parts[4] = f"********{parts[4][-4:]}"
    return ":".join(parts)


def denied_by_policy(arn: str, *, explicitly: bool) -> Refusal:
    """What the API's own resource policy keeps out."""
    tail = " with an explicit deny" if explicitly else ""
    return _denied(
        f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {masked(arn)}{tail}"
    )


BAD_REQUEST_BODY = Refusal("BAD_REQUEST_BODY", 400, "BadRequestException", "Invalid request body")


def incomplete_signature(message: str) -> Refusal:
    """An `Authorization` header where no route is, read as AWS Signature Version 4 and found wanting."""
    return Refusal("INVALID_SIGNATURE", 403, "IncompleteSignatureException", message)


WRONG_SIGNATURE = Refusal(
    "INVALID_SIGNATURE",
    403,
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method. Consult the service documentation for details.",
)
