"""The router: a state machine over path segments, with API Gateway's precedence built into its shape.

At each segment a literal comes before a parameter and a parameter before a greedy one, but only where the
route found defines the method; the method itself comes before ANY, and `$default` last. Segments are split
before they are percent-decoded, so an encoded slash is part of a parameter; REST APIs don't decode them at all.
A trailing slash counts only if a route has it.
"""

import re
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

from msgspec import Struct, field

R = TypeVar("R")

DEFAULT = "$default"
ROUTE_KEY = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) /[^\s\0]*")
PARAMETER = re.compile(r"\{([A-Za-z0-9._:-]+)(\+?)\}")

Parameters = dict[str, str]


class _Leaf(Struct, Generic[R], frozen=True):
    """The routes that end here, by method, with the names of the parameters on the way."""

    methods: dict[str, tuple[R, tuple[str, ...]]] = field(default_factory=dict)

    def pick(self, method: str) -> tuple[R, tuple[str, ...]] | None:
        return self.methods.get(method) or self.methods.get("ANY")


class _Node(Struct, Generic[R]):
    """One state: what the next segment may be."""

    literals: dict[str, "_Node[R]"] = field(default_factory=dict)
    parameter: "_Node[R] | None" = None
    here: _Leaf[R] = field(default_factory=_Leaf)
    greedy: _Leaf[R] = field(default_factory=_Leaf)


def path_of(route_key: str) -> str:
    """The path of `GET /users/{id}`, or the key itself for `$default`."""
    return route_key.partition(" ")[2] or route_key


def well_formed(route_key: str) -> bool:
    """Whether AWS accepts `route_key`: parameters fill whole segments, bear different names, the greedy one
    ends it."""
    if route_key == DEFAULT:
        return True
    if not ROUTE_KEY.fullmatch(route_key):
        return False
    segments = path_of(route_key)[1:].split("/")
    names = []
    for place, segment in enumerate(segments):
        match = PARAMETER.fullmatch(segment)
        if match:
            names.append(match[1])
            if match[2] and place != len(segments) - 1:
                return False
        elif "{" in segment or "}" in segment:
            return False
    return len(names) == len(set(names))


class Router(Generic[R]):
    """Finds the route of a request. Built once from (route key, route) pairs, read-only afterwards.

    `decode` is what is done to a segment before it is compared or becomes a parameter.
    """

    def __init__(self, routes: Iterable[tuple[str, R]], decode: Callable[[str], str] = unquote) -> None:
        self._decode = decode
        self._root: _Node[R] = _Node()
        self._literal: dict[str, _Leaf[R]] = {}
        self._default: R | None = None
        for route_key, route in routes:
            if route_key == DEFAULT:
                self._default = route
            else:
                self._add(route_key, route)

    def _add(self, route_key: str, route: R) -> None:
        method, _, path = route_key.partition(" ")
        node, names = self._root, []
        leaf = None
        for segment in path[1:].split("/"):
            match = PARAMETER.fullmatch(segment)
            if match is None:
                node = node.literals.setdefault(segment, _Node())
                continue
            names.append(match[1])
            if match[2]:
                leaf = node.greedy
                break
            node.parameter = node.parameter or _Node()
            node = node.parameter
        leaf = leaf or node.here
        leaf.methods.setdefault(method, (route, tuple(names)))
        if not names:
            self._literal[path] = leaf

    def match(self, method: str, path: str) -> tuple[R | None, Parameters | None]:
        """The route for `method` and the still encoded `path`, with its path parameters (None if it has none);
        (None, None) if no route matches."""
        leaf = self._literal.get(path)
        found = leaf and leaf.pick(method)
        if found:
            return found[0], None
        segments = path.lstrip("/").split("/")
        values: list[str] = []
        end = len(segments)
        found = self._walk(self._root, segments, 0, end, method, values)
        if found is None and end > 1 and not segments[-1]:
            values.clear()
            found = self._walk(self._root, segments, 0, end - 1, method, values)
        if found is None:
            return self._default, None
        names = found[1]
        return found[0], dict(zip(names, values, strict=True)) if names else None

    def _walk(
        self, node: _Node[R], segments: list[str], at: int, end: int, method: str, values: list[str]
    ) -> tuple[R, tuple[str, ...]] | None:
        if at == end:
            return node.here.pick(method)
        segment = segments[at]
        if "%" in segment:
            segment = self._decode(segment)
        literal = node.literals.get(segment)
        if literal is not None:
            found = self._walk(literal, segments, at + 1, end, method, values)
            if found:
                return found
        if node.parameter is not None and segment:
            values.append(segment)
            found = self._walk(node.parameter, segments, at + 1, end, method, values)
            if found:
                return found
            values.pop()
        found = node.greedy.pick(method)
        if found:
            rest = "/".join(segments[at:end]).rstrip("/")
            if rest:
                values.append(self._decode(rest))
                return found
        return None
