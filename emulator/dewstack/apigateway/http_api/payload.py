"""What both payload formats of the Lambda proxy integration have in common, in either direction."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.cors import RESPONSE_HEADERS as CORS_HEADERS
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.responses import canonical, header_value
from dewstack.apigateway.v2.model import Api, Stage
from dewstack.arn import Arn
from dewstack.http import Headers, Response

TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})
DEFAULT_CONTENT_TYPE = (b"Content-Type", b"text/plain; charset=utf-8")
NOT_FROM_FUNCTION = frozenset(
    {
        b"Apigw-Requestid",
        b"Connection",
        b"Content-Length",
        b"Date",
        b"Keep-Alive",
        b"Proxy-Authenticate",
        b"Proxy-Connection",
        b"Te",
        b"Trailer",
        b"Transfer-Encoding",
        b"Upgrade",
    }
)
"""Response headers that are the gateway's own business."""


class Identity(Struct, frozen=True):
    """What an authorizer found out about the caller. `kind` is `jwt`, `lambda` or `iam`."""

    kind: str
    facts: Mapping[str, Any] | None


class PayloadFormat(Protocol):
    """One payload format, for one route of one stage."""

    def event(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> bytes:
        """The JSON event for a request. `identity` is what the route's authorizer found out."""

    def authorizer_event(
        self,
        exchange: Exchange,
        parameters: Mapping[str, str] | None,
        route_arn: str,
        identity: tuple[str, ...],
    ) -> bytes:
        """The JSON event for the function of a Lambda authorizer. `identity` are its identity sources' values."""

    def response(self, payload: bytes) -> Response:
        """The response that a function's payload means. Raises GatewayResponse when it means none."""


class Constants:
    """What the events of a route have in common, and which of a function's headers never leave."""

    __slots__ = (
        "account_id",
        "api_id",
        "arn",
        "dropped",
        "path",
        "route_key",
        "source_arn",
        "stage",
        "stage_variables",
    )

    def __init__(self, api: Api, stage: Stage, route_key: str, path: str, overrides_cors: bool) -> None:
        self.account_id = api.account_id
        self.api_id = api.api_id
        self.stage = stage.stage_name
        self.arn = str(Arn("execute-api", api.region, api.account_id, f"{api.api_id}/{stage.stage_name}"))
        self.source_arn = f"{self.arn}/{route_key.replace(' /', '/', 1)}"
        self.stage_variables = stage.stage_variables or None
        self.route_key = route_key
        self.path = path
        self.dropped = NOT_FROM_FUNCTION | CORS_HEADERS if overrides_cors else NOT_FROM_FUNCTION


@lru_cache(maxsize=512)
def is_text(content_type: str) -> bool:
    """Whether a body of this type is put into the event as it is. A body without a type is taken for text; a
    form (`application/x-www-form-urlencoded`) is not, on AWS too."""
    media_type = content_type.partition(";")[0].strip().lower()
    return (
        not media_type
        or media_type in TEXT_TYPES
        or media_type.startswith("text/")
        or media_type.endswith(("+json", "+xml"))
    )


def event_body(exchange: Exchange) -> tuple[str | None, bool]:
    """A request's body for the event and whether it is base64: what is not text by its type or its bytes."""
    body = exchange.request.body
    if not body:
        return None, False
    headers = exchange.headers
    if is_text(headers.get("content-type", "")) and "content-encoding" not in headers:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def malformed(why: str = "") -> GatewayResponse:
    """The answer to a function that didn't answer as it should; `why` tells the log what is wrong."""
    return GatewayResponse(responses.INTERNAL_SERVER_ERROR, why=why)


def decode(payload: bytes) -> Any:
    """A function's payload. Raises GatewayResponse if it isn't JSON."""
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise malformed("it is not JSON") from None


def response_status(status: Any) -> int:
    """The status of a response: a whole number or its digits, from 200 to 599. Raises GatewayResponse."""
    if (isinstance(status, str) and status.isascii() and status.isdigit() and len(status) == 3) or (
        isinstance(status, float) and status.is_integer()
    ):
        status = int(status)
    if type(status) is not int or not 200 <= status <= 599:
        raise malformed("statusCode is no whole number from 200 to 599")
    return status


def response_body(output: Mapping[str, Any]) -> bytes:
    """The bytes of a response's body; what isn't a string becomes JSON. Raises GatewayResponse for bad
    base64."""
    body = output.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return msgspec.json.encode(body)
    if output.get("isBase64Encoded") in (True, "true"):
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise malformed("isBase64Encoded is true, and body is not base64") from None
    return body.encode()


def header_text(value: Any) -> bytes:
    """One header value of whatever JSON type."""
    if isinstance(value, str):
        return header_value(value)
    return msgspec.json.encode(value)


def response_headers(pairs: Iterable[tuple[str, Any]], dropped: frozenset[bytes]) -> Headers:
    """A function's headers as they leave: Go-style names; null values, impossible names and the gateway's own
    headers left out; a content type if there is none."""
    headers: Headers = []
    typed = False
    for name, value in pairs:
        key = canonical(name)
        if key is None or key in dropped or value is None:
            continue
        typed = typed or key == b"Content-Type"
        headers.append((key, header_text(value)))
    if not typed:
        headers.append(DEFAULT_CONTENT_TYPE)
    return headers


def mapping(output: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object `name` of a function's output, empty where it is null or absent. Raises GatewayResponse if
    it is anything else."""
    value = output.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise malformed(f"{name} is no object")
    return value
