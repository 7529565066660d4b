"""Rules of Flask's URL map as routes of API Gateway, which knows whole segments: `/{id}`, and `/{path+}` at the end."""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from dewstack.convert.model import Application, Rule
from dewstack.errors import UserError

EVERY_METHOD = frozenset("GET POST PUT PATCH DELETE".split())
UNSAID = frozenset({"HEAD", "OPTIONS"})
"""What Flask answers by itself."""
VARIABLE = re.compile(r"<(?:[a-zA-Z_]\w*(?:\(.*?\))?:)?(?P<name>[a-zA-Z_]\w*)>")
MOST = 300
"""Routes of one API."""


class Route(Struct, frozen=True, order=True):
    """One route: `ANY` for all methods."""

    path: str
    method: str


class RoutedFunction(Struct, frozen=True):
    """A function of the map, and the routes that lead to it. `endpoints` are Flask's."""

    key: str
    endpoints: tuple[str, ...]
    routes: tuple[Route, ...]


def functions_by_endpoint(application: Application, *, rest: bool) -> list[RoutedFunction]:
    """A function for each endpoint, in the order of the URL map.

    A route that several endpoints have in API Gateway's words (`/<int:id>` and `/<name>`) leads to the first: inside,
    Flask's own map decides. Raises UserError for a map that a REST API can't have, or one of too many routes.
    """
    taken: set[Route] = set()
    keys: dict[str, str] = {}
    routes: dict[str, list[Route]] = {}
    names: dict[str, str] = {}
    for rule in application.rules:
        if rule.websocket or rule.build_only or (rule.endpoint == "static" and not application.static_files):
            continue
        if rule.endpoint not in keys:
            keys[rule.endpoint] = _key(rule.endpoint, keys.values())
        path = _one_tree(api_path(rule), names) if rest else api_path(rule)
        for route in (Route(path, method) for method in _methods(rule)):
            if route not in taken:
                taken.add(route)
                routes.setdefault(rule.endpoint, []).append(route)
    if len(taken) > MOST:
        raise UserError(f"{len(taken)} routes are more than the {MOST} of an API", hint="take --one-function")
    return [RoutedFunction(keys[endpoint], (endpoint,), tuple(found)) for endpoint, found in routes.items()]


def api_path(rule: Rule) -> str:
    """`/<int:id>/update` is `/{id}/update`; a segment with more than a variable becomes one; `path` takes the rest."""
    segments: list[str] = []
    for segment in _segments(rule.rule):
        names = [found["name"] for found in VARIABLE.finditer(segment)]
        greedy = [name for name in names if name in rule.greedy]
        if greedy:
            return "/".join(["", *segments, f"{{{greedy[0]}+}}"])
        segments.append(f"{{{names[0]}}}" if names else segment)
    return "/" + "/".join(segments)


def _segments(rule: str) -> Iterator[str]:
    """The parts between slashes; those inside of `<…>` (arguments of converters) don't part."""
    protected = VARIABLE.sub(lambda found: found[0].replace("/", "\0"), rule)
    return (segment.replace("\0", "/") for segment in protected.lstrip("/").split("/"))


def _one_tree(path: str, names: dict[str, str]) -> str:
    """The path with the variables' names that a REST API's tree has already: one below each resource."""
    walked: list[str] = []
    for segment in path.strip("/").split("/"):
        parent = "/".join(walked)
        if segment.startswith("{"):
            known = names.setdefault(parent, segment)
            if known.endswith("+}") != segment.endswith("+}"):
                raise UserError(
                    f"a REST API can't have both {known} and {segment} below /{parent}",
                    hint="take --one-function, or --http-api",
                )
            segment = known
        walked.append(segment)
    return "/" + "/".join(walked)


def _methods(rule: Rule) -> Iterable[str]:
    methods = set(rule.methods)
    if methods >= EVERY_METHOD:
        return ["ANY"]
    said = methods - UNSAID if rule.automatic_options else methods - {"HEAD"}
    return sorted(said or methods)


def _key(endpoint: str, taken: Iterable[str]) -> str:
    """`blog.update_post` is `blogUpdatePost`: letters and digits, unlike all before."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", endpoint) if word] or ["view"]
    key = words[0][0].lower() + words[0][1:] + "".join(word[0].upper() + word[1:] for word in words[1:])
    key = key if key[0].isalpha() else f"view{key}"
    others, number, unique = set(taken), 2, key
    while unique in others:
        unique, number = f"{key}{number}", number + 1
    return unique


def unlike_flask(application: Application, *, rest: bool) -> Mapping[str, str]:
    """What API Gateway answers before the application could, when each route has a function: what, and how."""
    nowhere = '403 {"message":"Missing Authentication Token"}' if rest else '404 {"message":"Not Found"}'
    told = {
        "A path that no rule has, or another method": f"{nowhere}; Flask: its 404 or 405 page",
        "HEAD and OPTIONS, which Flask answers by itself": f"{nowhere}; declare the routes you need",
    }
    branches = [rule.rule for rule in application.rules if rule.rule.endswith("/") and rule.rule != "/"]
    if branches and not rest:
        told[f"{branches[0]} without its slash"] = f"{nowhere}; Flask: a redirect"
    codes = sorted({404, 405}.intersection(application.error_codes))
    if codes:
        handled = " and ".join(map(str, codes))
        told[f"The application's own page for {handled}"] = (
            "is shown where a view says so (abort(404)), not for unknown paths"
        )
    return told
