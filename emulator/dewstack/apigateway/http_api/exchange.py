"""One request on its way through an HTTP API: read once, so that each later step only picks."""

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.reading import HEADER_LINES, host_name, printable, trace_id
from dewstack.http import Request
from dewstack.ids import extended_request_id

if TYPE_CHECKING:
    from dewstack.apigateway.http_api.execute import CompiledRoute
    from dewstack.apigateway.http_api.payload import Identity

BODY_LIMIT = 10 * 1024 * 1024
HEADER_LIMIT = 10_240
"""Bytes of the request line and all header values together, as the quotas of HTTP APIs count them."""

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@lru_cache(maxsize=2048)
def header_name(key: bytes) -> str:
    """A header's name in lower case; '' for one that concerns only the connection."""
    name = key.decode("latin-1").lower()
    return "" if name in HOP_BY_HOP else name


class Exchange:
    """A request with what every step needs of it.

    `headers` have lower-case names, repeated lines joined by commas, hop-by-hop lines left out and the
    gateway's own added. `path` is decoded, `raw_path` as sent, `route_path` what follows the stage. `time` is
    in seconds. Raises GatewayResponse if the request is larger than the gateway takes.
    """

    __slots__ = (
        "domain_name",
        "domain_prefix",
        "event",
        "headers",
        "identity",
        "integration_ms",
        "path",
        "query",
        "raw_path",
        "request",
        "request_id",
        "request_time",
        "route",
        "route_path",
        "target_path",
        "time",
    )

    def __init__(
        self, request: Request, route_path: str, request_id: str, time: float, request_time: str
    ) -> None:
        self.request = request
        self.route: CompiledRoute | None = None
        """Its route, once that is known."""
        self.identity: Identity | None = None
        """What the route's authorizer found out about the caller."""
        self.event: bytes | None = None
        """What the function got."""
        self.target_path = ""
        """The path that a mapping has given the request."""
        self.integration_ms = -1.0
        """How long the integration took, once it has answered."""
        self.route_path = route_path
        self.request_id = request_id
        self.time = time
        self.request_time = request_time
        self.raw_path = raw_path = printable(request.raw_path)
        self.query = printable(request.query)
        self.path = unquote(raw_path) if "%" in raw_path else raw_path
        self._read_headers(request)
        if len(request.body) > BODY_LIMIT:
            raise GatewayResponse(responses.REQUEST_ENTITY_TOO_LARGE)
        self.domain_name: str = host_name(self.headers.get("host", ""))
        self.domain_prefix: str = self.domain_name.partition(".")[0]

    def _read_headers(self, request: Request) -> None:
        size = len(request.method) + len(request.raw_path) + len(request.query) + len(request.protocol)
        if len(request.headers) > HEADER_LINES:
            raise GatewayResponse(responses.HEADERS_TOO_LARGE)
        headers: dict[str, str] = {}
        for key, raw in request.headers:
            size += len(raw)
            name = header_name(key)
            if name:
                value = raw.decode("utf-8", "replace")
                headers[name] = f"{headers[name]},{value}" if name in headers else value
        if size > HEADER_LIMIT:
            raise GatewayResponse(responses.HEADERS_TOO_LARGE)
        forwarded = headers.get("x-forwarded-for")
        headers["content-length"] = str(len(request.body))
        headers["x-amzn-trace-id"] = trace_id(headers.get("x-amzn-trace-id", ""), self.time)
        headers["x-forwarded-for"] = f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip
        headers["x-forwarded-port"] = "443"
        headers["x-forwarded-proto"] = "https"
        self.headers = headers

    def lines(self) -> list[tuple[str, str]]:
        """The client's headers one by one, with lower-case names, without hop-by-hop ones."""
        named = ((header_name(key), raw) for key, raw in self.request.headers)
        return [(name, raw.decode("utf-8", "replace")) for name, raw in named if name]


def new_request_id() -> str:
    """The `Apigw-Requestid` of a request."""
    return extended_request_id()
