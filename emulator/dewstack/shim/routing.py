"""API Gateway's routes as Werkzeug's rules: `{id}` is `<id>`, `{proxy+}` is `<path:proxy>`.

Two things differ from Flask, and are levelled here. API Gateway splits a path into segments before it decodes
them, so `a%2Fb` is one segment there, while WSGI decodes first: `EncodedPath` hands Flask the path undecoded,
and the converters decode. And a route answers the methods that it names, nothing more: no HEAD beside GET, no
OPTIONS of its own, no redirect to a path with a slash at its end.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from werkzeug.routing import BaseConverter, Map, Rule

from dewstack.apigateway.reading import printable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VARIABLE = re.compile(r"\{([^{}+]+)(\+?)\}")


class Segment(BaseConverter):
    """`{id}`: one segment of the path."""

    regex = "[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> str:
        """The segment, decoded."""
        return unquote(value)


class Greedy(BaseConverter):
    """`{proxy+}`: all that is left of the path, but a slash at its end."""

    regex = "/*[^/].*?"
    part_isolating = False
    weight = 200

    def to_python(self, value: str) -> str:
        """The rest of the path, decoded."""
        return unquote(value.rstrip("/"))


class Anything(Greedy):
    """`$default`: whatever no other rule wants, an empty path as well."""

    regex = ".*?"
    part_isolating = False
    weight = 300


class RouteRule(Rule):
    """A rule for exactly the method of a route, `ANY` being all of them. `route` is what it leads to."""

    def __init__(self, method: str, path: str, endpoint: str, route: Any) -> None:
        super().__init__(path, endpoint=endpoint, methods=None if method == "ANY" else [method])
        self.methods = None if method == "ANY" else {method}
        self.route = route


class Slash(BaseConverter):
    """The end of a route that is written with a slash there: it wants one, and redirects nobody to it."""

    regex = ""


def make_map(rules: Iterable[RouteRule]) -> Map:
    """A URL map that takes paths as they are."""
    converters: dict[str, type[BaseConverter]] = {
        "default": Segment,
        "path": Greedy,
        "anything": Anything,
        "slash": Slash,
    }
    return Map(rules, strict_slashes=False, merge_slashes=False, converters=converters)


def rule_path(path: str) -> tuple[str, list[str]]:
    """A route's path in Werkzeug's spelling, and the names of its parameters in their order.

    `/users/{user-id}/{proxy+}` gives `/users/<p1_user_id>/<path:proxy>`, `["user-id", "proxy"]`.
    """
    names: list[str] = []
    segments = []
    for segment in path.split("/"):
        match = VARIABLE.fullmatch(segment)
        if match is None:
            segments.append(quote(segment, safe=""))
            continue
        names.append(match[1])
        variable = _identifier(match[1], len(names))
        segments.append(f"<path:{variable}>" if match[2] else f"<{variable}>")
    if path.endswith("/") and path != "/":
        segments[-1] = "<slash:end>"
    return "/".join(segments), names


def _identifier(name: str, place: int) -> str:
    return (
        name
        if name.isidentifier() and name.isascii() and name != "end"
        else f"p{place}_{re.sub('[^0-9A-Za-z]', '_', name)}"
    )


def _canonical(segment: str) -> str:
    """A segment of a request in the one way of encoding it that rules have."""
    return quote(unquote(segment), safe="")


class EncodedPath:
    """WSGI middleware that makes PATH_INFO the path as the client sent it, segments canonically encoded.

    Slashes too many at its beginning mean nothing, nor do those behind one of `bases`, the stages of REST APIs.
    """

    def __init__(self, wsgi_app: "WSGIApplication", bases: Iterable[str]) -> None:
        self._wsgi_app = wsgi_app
        self._bases = tuple(f"{base}//" for base in bases)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        path = "/" + printable(raw_path(environ)).lstrip("/")
        if path.startswith(self._bases):
            path = re.sub("//+", "/", path, count=1)
        segments = path[1:].split("/")
        environ["PATH_INFO"] = "/" + "/".join(map(_canonical, segments))
        return self._wsgi_app(environ, start_response)


def raw_path(environ: "WSGIEnvironment") -> str:
    """The path as it was sent, percent-encoding and all, below where the application is mounted.

    Every WSGI server knows it (RAW_URI, REQUEST_URI), though the specification has only the decoded one.
    """
    target: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    path = target.partition("?")[0] if target.startswith("/") else urlsplit(target).path
    path = path or quote(environ["PATH_INFO"], "/", "latin-1")
    return path.removeprefix(environ.get("SCRIPT_NAME", "")) or "/"
