"""Which route somebody means: by its key, by a path that it would serve, or by its function's name."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from dewstack.apigateway.routes import DEFAULT, Router
from dewstack.errors import AwsError

NEAREST = 3
CLOSE = 0.6
LISTED = 8
"""Of the routes, where none is near."""
Listed = Mapping[str, Any]
"""A route as `GET /_dew/routes` tells it."""
KINDS = {"http": "http", "rest": "rest", "ws": "websocket", "websocket": "websocket", "url": "url"}
METHODS = frozenset({"ANY", "GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE"})


class UnknownRoute(AwsError):
    """No route is meant by that."""

    code = "UnknownRoute"
    status = 404


def key_of(route: Listed) -> str:
    """`GET /items/{id}`, `$default`, `$connect`, `URL function`. A REST API's path is without its stage."""
    if route["api"] == "websocket":
        return str(route["path"])
    if route["api"] == "url":
        return f"URL {route['function']}"
    if route["path"] == DEFAULT:
        return DEFAULT
    return f"{route['method']} {own_path(route)}"


def own_path(route: Listed) -> str:
    """The path within its API: without the stage, which the paths of REST APIs begin with."""
    path = str(route["path"])
    return "/" + path.lstrip("/").partition("/")[2] if route["api"] == "rest" else path


def find(
    asked: str, routes: Sequence[Listed], names: Mapping[str, str], bases: Mapping[str, str]
) -> list[Listed]:
    """The routes that `asked` means; several where a function has several, or both kinds of API have one.

    `names` are the functions' keys by their names in AWS, `bases` what the paths of an API begin with on this machine
    by the kind of API. One that a path leads to has it as `asked`. Raises UnknownRoute, which names the nearest.
    """
    words = asked.split()
    kind = KINDS.get(words[0].lower()) if words else None
    if kind and len(words) > 1:
        words, routes = words[1:], [route for route in routes if route["api"] == kind]
    wanted = " ".join(words)
    function = names.get(wanted, wanted)
    for found in (
        [route for route in routes if wanted == key_of(route)],
        [route for route in routes if route["function"] == function],
        _by_request(words, routes, bases),
    ):
        if found:
            return found
    raise UnknownRoute(_unknown(asked, routes))


def _by_request(words: list[str], routes: Sequence[Listed], bases: Mapping[str, str]) -> list[Listed]:
    """The routes that a request would reach, one in each API: `GET /items/7`, `/items/7?x=1`."""
    method = words[0].upper() if len(words) > 1 else ""
    path = words[-1].partition("?")[0] if words else ""
    if len(words) > 2 or not path.startswith("/") or (method and method not in METHODS):
        return []
    below = [kind for kind, base in bases.items() if base and (path == base or path.startswith(f"{base}/"))]
    return [
        {**route, "asked": own}
        for kind in below or ("http", "rest")
        for own, route in _reached(
            [route for route in routes if route["api"] == kind], method, _paths(path, bases.get(kind, ""))
        )
    ]


def _reached(routes: Sequence[Listed], method: str, paths: Sequence[str]) -> list[tuple[str, Listed]]:
    """The routes of one API that a request reaches, with its path there; without a method, those of all methods."""
    router: Router[Listed] = Router((key_of(route), route) for route in routes)
    methods = [method] if method else sorted({str(route["method"]) for route in routes})
    for path in paths:
        matched = [router.match(one, path)[0] for one in methods]
        reached = {key_of(route): route for route in matched if route is not None}
        if reached:
            return [(path, route) for route in reached.values()]
    return []


def _paths(path: str, base: str) -> list[str]:
    """What a path may mean within an API: below its base if it begins so, or else as it is."""
    if base and (path == base or path.startswith(f"{base}/")):
        return [path.removeprefix(base) or "/", path]
    return [path]


def _unknown(asked: str, routes: Sequence[Listed]) -> str:
    keys: dict[str, list[str]] = {}
    for route in routes:
        for name in (str(route["function"]), own_path(route)):
            keys.setdefault(name.lower(), []).append(key_of(route) if name.startswith("/") else name)
    word = (asked.split() or [""])[-1].lower()
    near = [key for name in get_close_matches(word, keys, NEAREST, CLOSE) for key in keys[name]]
    every = list(dict.fromkeys(key_of(route) for route in routes))
    if near:
        return f"There is no route '{asked}'. The nearest: {', '.join(dict.fromkeys(near))}"
    if not every:
        return f"There is no route '{asked}': the map has none."
    return f"There is no route '{asked}'. There are: {', '.join(every[:LISTED])}{', …' if every[LISTED:] else ''}"
