"""Which operation of a REST service a method and path ask for, out of the model's request URIs."""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from dewstack.wire.model import ServiceModel

_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


class Route(Struct, frozen=True):
    """One request URI. `weight` sorts literal segments before labels before greedy labels."""

    operation: str
    method: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    constants: frozenset[tuple[str, str]]
    weight: tuple[Any, ...]


def _compile(operation: str, method: str, uri: str) -> Route:
    path, _, query = uri.partition("?")
    labels: list[str] = []
    pattern: list[str] = []
    weight: list[int] = []
    for segment in path.strip("/").split("/"):
        position = 0
        for label in _LABEL.finditer(segment):
            labels.append(label[1])
            pattern.append(re.escape(segment[position : label.start()]) + ("(.+)" if label[2] else "([^/]+)"))
            position = label.end()
        pattern.append(re.escape(segment[position:]) + "/")
        greedy = "+}" in segment
        weight.append(2 if greedy else 1 if position else 0)
    constants = frozenset(parse_qsl(query, keep_blank_values=True))
    return Route(
        operation,
        method,
        re.compile("".join(pattern)),
        tuple(labels),
        constants,
        (-len(constants), weight),
    )


class Router:
    """The routes of one service, most specific first."""

    def __init__(self, model: ServiceModel) -> None:
        self._routes: dict[tuple[str, str], list[Route]] = {}
        for name, raw in model.raw_operations.items():
            http = raw.get("http", {})
            route = _compile(name, http.get("method", "POST"), http.get("requestUri", "/"))
            self._routes.setdefault((route.method, self._head(http.get("requestUri", "/"))), []).append(route)
        for routes in self._routes.values():
            routes.sort(key=lambda route: route.weight)

    @staticmethod
    def _head(path: str) -> str:
        return path.partition("?")[0].strip("/").partition("/")[0]

    def match(self, method: str, raw_path: str, query: str) -> tuple[str, dict[str, str]] | None:
        """The operation's name and its decoded labels, or None. A trailing slash makes no difference."""
        given = set(parse_qsl(query, keep_blank_values=True))
        path = raw_path.strip("/") + "/"
        for route in self._routes.get((method, self._head(raw_path)), ()):
            if route.constants <= given and (found := route.pattern.fullmatch(path)):
                return route.operation, dict(zip(route.labels, map(unquote, found.groups()), strict=True))
        return None
