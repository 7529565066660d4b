"""Which pages may call AWS operations: any page those that need no signature, this machine's own pages the rest."""

import re
from urllib.parse import urlsplit

from dewstack.http import Request, Response
from dewstack.wire.errors import ForeignOrigin
from dewstack.wire.protocol import header_value

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_NAMES = (".localhost", ".localstack.cloud", ".amazonaws.com", ".internal", ".local", ".test")
"""How names end that lead here by design, and that nobody else can register."""
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_COGNITO_HEADERS = (
    b"content-type,x-amz-target,x-amz-user-agent,amz-sdk-invocation-id,amz-sdk-request,cache-control"
)
CORS_HEADERS = [
    (b"Access-Control-Allow-Origin", b"*"),
    (b"Access-Control-Expose-Headers", b"x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"),
]


def refuse_strangers(request: Request, listening: str, *, linked: bool = False) -> None:
    """Refuse pages of other sites, by their origin and, where the emulator is `listening` to this machine alone, by a
    name of theirs for it (DNS rebinding). A browser names no origin for what a page links to or shows, which may be an
    operation in a URL: only what may be `linked` is answered then. Raises ForeignOrigin."""
    origin, host = request.header("origin"), request.header("host") or ""
    if origin is None and not linked and request.header("sec-fetch-site") == "cross-site":
        raise ForeignOrigin("a page of another site may not call operations that need a signature")
    if origin and not _is_loopback(origin):
        raise ForeignOrigin(f"{origin} may not call operations that need a signature on this machine")
    if listening in _LOOPBACK and not _is_own_name(host):
        raise ForeignOrigin(f"{host} is no name of this machine: call it localhost, or listen with --host")


def preflight(request: Request) -> Response:
    """The answer to a browser's preflight: what Cognito allows everybody (no `Authorization`), and everything
    to pages of this machine."""
    allowed, methods = _COGNITO_HEADERS, b"POST"
    if _is_loopback(request.header("origin") or ""):
        allowed = header_value(request.header("access-control-request-headers") or "") or allowed
        methods = b"GET,HEAD,POST,PUT,PATCH,DELETE"
    return Response(
        200,
        b"",
        [
            *CORS_HEADERS,
            (b"Access-Control-Allow-Methods", methods),
            (b"Access-Control-Allow-Headers", allowed),
            (b"Access-Control-Max-Age", b"172800"),
        ],
    )


def _is_own_name(host: str) -> bool:
    """Whether a Host header cannot be another site's: an address, a name without a dot, or one of `_OWN_NAMES`."""
    name = host.lower().rpartition("]")[0] or host.lower().partition(":")[0]
    return "." not in name or bool(_ADDRESS.fullmatch(name)) or name.endswith(_OWN_NAMES)


def _is_loopback(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in _LOOPBACK
    except ValueError:
        return False
