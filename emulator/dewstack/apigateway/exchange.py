"""One request on its way through an HTTP API: read once, so that each later step only picks."""

from collections.abc import Mapping
from functools import lru_cache
from os import urandom
from urllib.parse import unquote, unquote_plus

from dewstack.apigateway import responses
from dewstack.apigateway.responses import GatewayResponse
from dewstack.http import Request
from dewstack.ids import extended_request_id

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


def printable(text: str) -> str:
    """`text` as valid Unicode: raw bytes that a client put into its request line are read as UTF-8."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()


def host_name(host: str) -> str:
    """A Host header without its port; an IPv6 address keeps its brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The decoded names and values of a query string in their order: `+` is a space, a lone name has value
    ''."""
    pairs = []
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if "%" in pair or "+" in pair:
                name, value = unquote_plus(name), unquote_plus(value)
            pairs.append((name, value))
    return pairs


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
        "headers",
        "path",
        "query",
        "raw_path",
        "request",
        "request_id",
        "request_time",
        "route_path",
        "time",
    )

    def __init__(
        self, request: Request, route_path: str, request_id: str, time: float, request_time: str
    ) -> None:
        self.request = request
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
        headers["x-amzn-trace-id"] = self._trace_id(headers)
        headers["x-forwarded-for"] = f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip
        headers["x-forwarded-port"] = "443"
        headers["x-forwarded-proto"] = "https"
        self.headers = headers

    def lines(self) -> list[tuple[str, str]]:
        """The client's headers one by one, with lower-case names, without hop-by-hop ones."""
        named = ((header_name(key), raw) for key, raw in self.request.headers)
        return [(name, raw.decode("utf-8", "replace")) for name, raw in named if name]

    def _trace_id(self, headers: Mapping[str, str]) -> str:
        given = headers.get("x-amzn-trace-id", "")
        return given if given.startswith("Root=") else f"Root=1-{int(self.time):08x}-{urandom(12).hex()}"


def new_request_id() -> str:
    """The `Apigw-Requestid` of a request."""
    return extended_request_id()
