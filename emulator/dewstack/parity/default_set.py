"""The requests that a map's routes suggest: as they are meant, and in every way that a gateway answers itself."""

import re
from collections.abc import Iterator

from dewstack.service import HttpEvent, Route, Service

from .probes import Probe

ORIGIN = "{origin}"
"""Stands for an origin that the map lets in: each target may have been deployed for another one."""
_ANY_ORIGIN = "https://parity.example"
OVERSIZE_BYTES = 10 * 1024 * 1024 + 1
"""One byte more than API Gateway takes."""
_JSON = ("Content-Type", "application/json")
_WITH_BODY = ("POST", "PUT", "PATCH")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_VARIABLE = re.compile(r"\{([^}+]+)(\+?)\}")
_DEFAULT = "$default"


def default_set(service: Service) -> tuple[Probe, ...]:
    """Each route with and without credentials, with a body that isn't JSON, with HEAD, a method that it hasn't and
    a preflight; each API with a path that it hasn't, a query that is hard to read and a body that is too large."""
    routes = service.routes
    found = [probe for route in routes for probe in _of_route(route)]
    for api in dict.fromkeys(route.api for route in routes):
        own = [route for route in routes if route.api == api]
        found += [probe for path in dict.fromkeys(each.path for each in own) for probe in _of_path(own, path)]
        found += _of_api(own)
    return tuple({probe.name: probe for probe in found}.values())


def _of_route(route: Route) -> Iterator[Probe]:
    method, path = _method(route), _path(route.path)
    body, headers = (b"{}", (_JSON,)) if method in _WITH_BODY else (b"", ())
    token = "id" if route.api == "rest" and not route.scopes else "access"
    name = f"{route.api} {method} {path}"
    yield Probe(f"{name}: no credentials", route.api, method, path, headers, body)
    guarded = bool(route.authorizer)
    if guarded:
        bad = (*headers, ("Authorization", "Bearer nonsense"))
        yield Probe(f"{name}: bad credentials", route.api, method, path, bad, body)
        yield Probe(f"{name}: credentials", route.api, method, path, headers, body, token)
    if method in _WITH_BODY:
        credentials = token if guarded else ""
        broken = Probe(f"{name}: malformed body", route.api, method, path, headers, b'{"half":', credentials)
        yield broken
        no_type = Probe(f"{name}: no content type", route.api, method, path, (), b"{}", credentials)
        yield no_type


def _of_path(routes: list[Route], path: str) -> Iterator[Probe]:
    methods = {route.method for route in routes if route.path == path}
    api, sent = routes[0].api, _path(path)
    yield Probe(f"{api} HEAD {sent}: HEAD", api, "HEAD", sent)
    other = next((each for each in _METHODS if each not in methods), None)
    if other and "ANY" not in methods and path != _DEFAULT:
        yield Probe(f"{api} {other} {sent}: wrong method", api, other, sent)
    asked = next(iter(sorted(methods - {"ANY"})), "GET")
    yield Probe(f"{api} OPTIONS {sent}: preflight", api, "OPTIONS", sent, _preflight(ORIGIN, asked))


def _of_api(routes: list[Route]) -> Iterator[Probe]:
    first = routes[0]
    api, method, path = first.api, _method(first), _path(first.path)
    below = "/" + path.split("/")[1] if api == "rest" else ""
    yield Probe(f"{api} GET {below}/no/such/path: unknown path", api, "GET", f"{below}/no/such/path")
    foreign = _preflight("https://elsewhere.example", method)
    yield Probe(f"{api} OPTIONS {path}: foreign preflight", api, "OPTIONS", path, foreign)
    query = "?a=1&a=2&b=%20%C3%A9+x&c&=d&e=%2F"
    yield Probe(f"{api} {method} {path}: odd query", api, method, path + query, (("Origin", ORIGIN),))
    large = b"x" * OVERSIZE_BYTES
    yield Probe(f"{api} POST {path}: oversize", api, "POST", path, (("Content-Type", "text/plain"),), large)


def _preflight(origin: str, method: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "content-type"),
    )


def _method(route: Route) -> str:
    return "GET" if route.method in ("ANY", "*") else route.method


def _path(path: str) -> str:
    """The path as it is sent: every variable has a value."""
    if path == _DEFAULT:
        return "/parity"
    return _VARIABLE.sub(lambda found: "parity/1" if found[2] else "parity-1", path) or "/"


def origin_of(service: Service) -> str:
    """An origin that the map lets in, or any."""
    cors = service.provider.http_api.cors
    named = list(cors.allowed_origins) if cors else []
    for function in service.functions.values():
        for event in function.events:
            if isinstance(event, HttpEvent) and event.cors:
                named += [event.cors.origin or "", *event.cors.origins]
    return next((each for each in named if isinstance(each, str) and each and "*" not in each), _ANY_ORIGIN)
