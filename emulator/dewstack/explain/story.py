"""A route's story, of what the map says and what is deployed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from dewstack.explain import beside_facts, finding
from dewstack.explain.http_facts import Described, http_facts
from dewstack.explain.model import Call, Facts, Function, Story
from dewstack.explain.steps import steps_of
from dewstack.frontdoor import Served
from dewstack.service.handlers import handler_place
from dewstack.service.views import view_code


class Place(Protocol):
    """Where things are on this machine."""

    @property
    def call(self) -> Call: ...
    @property
    def account_id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def service_url(self) -> str: ...
    @property
    def directory(self) -> str: ...
    @property
    def apis(self) -> Mapping[str, Served]: ...


Listed = Mapping[str, Any]


def tell(place: Place, route: Listed, function: Listed, environments: int) -> Story:
    """The story of one route. Raises AwsError, or LookupError where it is in the map and not deployed."""
    api, key = str(route["api"]), finding.key_of(route)
    facts = _FACTS[api](place, route, key)
    told = Function(
        key=function["key"],
        name=function["name"],
        handler=function["handler"],
        handler_at=handler_place(Path(place.directory), function["handler"]) if function["handler"] else None,
        runtime=function["runtime"],
        memory_mb=function["memory_size"],
        timeout=function["timeout"],
        environments=environments,
    )
    code, notes = _flask(api, key, told, facts)
    steps = steps_of(api, key, facts, told)
    return Story(key, api, str(route["defined_at"]), told, facts, steps, code, notes)


def _http(place: Place, route: Listed, key: str) -> Facts:
    served = _served(place, "http")
    described = Described.read(place.call, served.api_id, key, place.account_id, place.region)
    path = "" if key == "$default" else str(route["path"])
    return http_facts(described, f"{place.service_url}{served.base}{path or '/'}", route.get("asked"))


def _rest(place: Place, route: Listed, key: str) -> Facts:
    from dewstack.explain import rest_facts  # Many services have no REST API.

    served = _served(place, "rest")
    stage = served.own_base.strip("/")
    described = rest_facts.Described.read(
        place.call, served.api_id, stage, key, place.account_id, place.region
    )
    return rest_facts.rest_facts(
        described, f"{place.service_url}{served.base}{finding.own_path(route)}", route.get("asked")
    )


def _websocket(place: Place, route: Listed, key: str) -> Facts:
    served = _served(place, "websocket")
    described = Described.read(place.call, served.api_id, key, place.account_id, place.region)
    return beside_facts.websocket_facts(
        described, f"ws{place.service_url.removeprefix('http')}{served.own_base}"
    )


def _url(place: Place, route: Listed, key: str) -> Facts:
    return beside_facts.url_facts(place.call, str(route["function_name"]), str(route["path"]))


_FACTS: Mapping[str, Callable[[Place, Listed, str], Facts]] = {
    "http": _http,
    "rest": _rest,
    "websocket": _websocket,
    "url": _url,
}


def _served(place: Place, kind: str) -> Served:
    found = place.apis.get(kind)
    if found is None:
        raise LookupError(f"no {kind} API is deployed")
    return found


SOCKET = """\
@sock.route("/")  # Flask-Sock; Flask itself speaks no WebSocket
def {function}(ws):
    while True:
        message = json.loads(ws.receive())  # {key}: chosen by the API, not by you"""
NOTES = {
    "jwt": "Flask: verify the token yourself in every view (@login_required), with its issuer's keys, before your code"
    " runs; the claims are then g.user, here event.requestContext.authorizer.",
    "cognito": "Flask: verify the token yourself (@login_required); the claims are then g.user, here"
    " event.requestContext.authorizer.claims.",
    "iam": "Flask has nothing like signed requests; the nearest is a before_request that checks an HMAC.",
    "lambda": "Flask: a before_request that aborts, in the same process; here it is a function of its own, whose answer"
    " is remembered.",
}


def _flask(api: str, key: str, function: Function, facts: Facts) -> tuple[str, list[str]]:
    """The view that would be what the route is, and what else Flask would need."""
    if api == "websocket":
        return SOCKET.format(function=function.key.replace("-", "_"), key=key), [
            "Flask keeps a thread for each client; here API Gateway keeps the connections, and no function runs."
        ]
    method, _, path = key.partition(" ")
    if api == "url" or key == "$default":
        method, path = "ANY", "/{path+}"
    guarded = facts.access.kind != "none"
    event = facts.event if isinstance(facts.event, dict) else {}
    notes = [NOTES[facts.access.kind]] if facts.access.kind in NOTES else []
    if facts.cors:
        notes.append("Flask: CORS(app) of Flask-CORS; here it is configuration.")
    notes.append(
        "Flask's process lives on between requests; an environment may be gone after any of them: keep state elsewhere."
    )
    return view_code(method, path, function.key, event, guarded=guarded), notes
