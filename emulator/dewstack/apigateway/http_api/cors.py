"""CORS as an HTTP API does it: preflights answered by the gateway, a function's own CORS headers
overridden."""

from dewstack.apigateway.responses import header_value
from dewstack.apigateway.v2.model import Cors
from dewstack.http import Headers, Response

RESPONSE_HEADERS = frozenset(
    {
        b"Access-Control-Allow-Credentials",
        b"Access-Control-Allow-Headers",
        b"Access-Control-Allow-Methods",
        b"Access-Control-Allow-Origin",
        b"Access-Control-Expose-Headers",
        b"Access-Control-Max-Age",
    }
)
"""What a function may not say once the API has a CORS configuration."""


class CorsPolicy:
    """A CORS configuration with its headers made beforehand."""

    def __init__(self, cors: Cors) -> None:
        self._origins = frozenset(origin.lower() for origin in cors.allow_origins or ())
        self._any = "*" in self._origins
        self._schemes = tuple(origin[:-1] for origin in self._origins if origin in ("http://*", "https://*"))
        self._always: Headers = []
        if cors.allow_credentials:
            self._always.append((b"access-control-allow-credentials", b"true"))
        if cors.expose_headers:
            self._always.append((b"access-control-expose-headers", _list(cors.expose_headers)))
        self._preflight: Headers = []
        if cors.allow_methods:
            self._preflight.append((b"access-control-allow-methods", _list(cors.allow_methods)))
        if cors.allow_headers:
            self._preflight.append((b"access-control-allow-headers", _list(cors.allow_headers)))
        if cors.max_age is not None:
            self._preflight.append((b"access-control-max-age", b"%d" % cors.max_age))

    def headers(self, origin: str | None) -> Headers:
        """What every response to a request from `origin` gets: nothing if the origin isn't allowed."""
        if not origin or not self._allows(origin):
            return []
        return [(b"access-control-allow-origin", b"*" if self._any else header_value(origin)), *self._always]

    def preflight(self, origin: str | None) -> Response:
        """The answer to an OPTIONS request, without a body; `headers` come on top."""
        return Response(204, b"", list(self._preflight) if origin and self._allows(origin) else [])

    def _allows(self, origin: str) -> bool:
        if self._any:
            return True
        lowered = origin.lower()
        return lowered in self._origins or bool(self._schemes and lowered.startswith(self._schemes))


def _list(values: list[str]) -> bytes:
    return header_value(",".join(values))
