"""CORS as a function URL does it: preflights are answered without the function, other responses get the configured
headers beside the function's own, on AWS as well, where browsers then refuse what is there twice."""

import logging
from collections.abc import Mapping
from typing import Any

from dewstack.apigateway.responses import header_value
from dewstack.http import Headers, Response

ALLOW_ORIGIN = b"access-control-allow-origin"
log = logging.getLogger(__name__)


class UrlCors:
    """The CORS rules of a URL, with its headers made beforehand; `rules` has AWS's member names."""

    def __init__(self, url: str, rules: Mapping[str, Any]) -> None:
        self._url = url
        self._origins = frozenset(origin.lower() for origin in rules.get("AllowOrigins") or ())
        self._any = "*" in self._origins
        self._told = False
        self._always: Headers = [(b"Vary", b"Origin")]
        if rules.get("AllowCredentials"):
            self._always.append((b"Access-Control-Allow-Credentials", b"true"))
        if rules.get("ExposeHeaders"):
            self._always.append((b"Access-Control-Expose-Headers", _list(rules["ExposeHeaders"])))
        self._preflight: Headers = []
        if rules.get("AllowMethods"):
            self._preflight.append((b"Access-Control-Allow-Methods", _list(rules["AllowMethods"])))
        if rules.get("AllowHeaders"):
            self._preflight.append((b"Access-Control-Allow-Headers", _list(rules["AllowHeaders"])))
        if rules.get("MaxAge") is not None:
            self._preflight.append((b"Access-Control-Max-Age", b"%d" % rules["MaxAge"]))

    def preflight(self, origin: str) -> Response:
        """The answer to a preflight from `origin`, without a body; bare for an origin that isn't allowed."""
        return Response(200, b"", [*self._headers(origin), *self._preflight] if self._allows(origin) else [])

    def add(self, response: Response, origin: str) -> None:
        """Give the response to a request from `origin` its headers."""
        if not self._allows(origin):
            return
        if not self._told and any(name.lower() == ALLOW_ORIGIN for name, _ in response.headers):
            self._told = True
            log.warning(
                "%s: its function answers Access-Control-Allow-Origin and the URL's CORS rules do as well; as on AWS"
                " both leave, and browsers refuse the response: keep one of them",
                self._url,
            )
        response.headers += self._headers(origin)

    def _headers(self, origin: str) -> Headers:
        return [(b"Access-Control-Allow-Origin", header_value(origin)), *self._always]

    def _allows(self, origin: str) -> bool:
        return self._any or origin.lower() in self._origins


def _list(values: list[str]) -> bytes:
    return header_value(",".join(values))
