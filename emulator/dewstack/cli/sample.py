"""Events as API Gateway would send them, for `dew invoke --path`: made by its own code from a route and a request."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dewstack.apigateway.http_api.exchange import Exchange, new_request_id
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.http_api.payload_v1 import PayloadV1
from dewstack.apigateway.http_api.payload_v2 import PayloadV2
from dewstack.apigateway.jwt import flatten, java_text, scopes_of
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.rest_api.endpoint import ADDED, MethodPoint, StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange as RestExchange
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.payload import Payload
from dewstack.apigateway.routes import DEFAULT, PARAMETER, Parameters, Router
from dewstack.apigateway.v2.model import Api, Stage
from dewstack.clock import Clock
from dewstack.config import DEFAULT_ACCOUNT_ID
from dewstack.errors import UserError
from dewstack.http import Request
from dewstack.ids import extended_request_id, uuid4
from dewstack.service.problems import did_you_mean

API_ID = "dewinvoke0"
HTTP_PAYLOADS: Mapping[str, type[PayloadV1] | type[PayloadV2]] = {"1.0": PayloadV1, "2.0": PayloadV2}
UNGUARDED = (None, "aws_iam", "API key")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the request is to be. What is empty is filled from the route."""

    route: str = ""
    method: str = ""
    path: str = ""
    headers: tuple[str, ...] = ()
    body: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)

    def event(self, function: str, routes: Iterable[Mapping[str, Any]], region: str) -> bytes:
        """The event that `function` gets for the request, given the routes of the map. Raises UserError."""
        own = [route for route in routes if route["function"] == function and route["api"] != "url"]
        if not own:
            raise UserError(
                f"The function {function!r} has no route that a request could take.",
                hint="Give the event itself: --event '{…}'",
            )
        route = self._named(own) if self.route else self._fitting(own)
        path = self.path or _filled(route["path"])
        method = (self.method or route["method"]).upper()
        method = "GET" if method == "ANY" else method
        raw_path, _, query = path.partition("?")
        if route["api"] == "rest":
            return self._rest_event(route, region, method, raw_path, query)
        return self._http_event(route, region, method, raw_path, query)

    def _named(self, own: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """The route that `--route` names, a REST API's with its stage or without."""
        wanted = " ".join(self.route.split())
        keys = {key: route for route in own for key in _keys(route)}
        for key in (wanted, f"ANY {wanted.partition(' ')[2]}"):
            if key in keys:
                return keys[key]
        raise UserError(f"There is no route {wanted!r}{did_you_mean(wanted, keys)}", hint=_listed(own))

    def _fitting(self, own: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """The route that a request to `--path` takes."""
        path = self.path.partition("?")[0]
        methods = [self.method.upper()] if self.method else [route["method"] for route in own]
        router = Router((key, route) for route in own for key in _keys(route))
        for method in methods:
            found, _ = router.match(method, path)
            if found is not None:
                return found
        asked = f"{self.method.upper()} {path}".strip()
        raise UserError(f"No route of this function leads from {asked!r}.", hint=_listed(own))

    def _request(self, method: str, path: str, query: str, host: str) -> Request:
        lines = {"Host": host, "User-Agent": "dew-invoke", "Accept": "*/*"}
        body = (self.body or "").encode()
        if body:
            lines["Content-Type"] = "application/json" if _is_json(body) else "text/plain"
        for header in self.headers:
            name, colon, value = header.partition(":")
            if not colon or not name.strip():
                raise UserError(f"--header {header!r} is not of the form Name: value")
            lines = {key: kept for key, kept in lines.items() if key.lower() != name.strip().lower()}
            lines[name.strip()] = value.strip()
        headers = [(name.encode("latin-1", "replace"), value.encode()) for name, value in lines.items()]
        return Request(method, path, query, headers, body)

    def _http_event(self, route: Mapping[str, Any], region: str, method: str, path: str, query: str) -> bytes:
        key = DEFAULT if route["path"] == DEFAULT else f"{route['method']} {route['path']}"
        request = self._request(method, path, query, f"{API_ID}.execute-api.{region}.amazonaws.com")
        dates = Dates(Clock())
        exchange = Exchange(request, path, new_request_id(), dates.tick(), dates.request_time)
        api = Api(API_ID, DEFAULT_ACCOUNT_ID, region, "invoke", "HTTP", 0.0)
        constants = Constants(api, Stage("$default", 0.0, 0.0), key, route["path"], False)
        claims = self._claims(route)
        identity = None
        if claims:
            flat = {name: flatten(value) for name, value in claims.items() if value is not None}
            identity = Identity(
                "jwt", {"claims": flat, "scopes": scopes_of(claims) if route["scopes"] else None}
            )
        payload = HTTP_PAYLOADS[route.get("payload") or "2.0"](constants)
        return payload.event(exchange, _parameters(route["path"], path), identity)

    def _rest_event(self, route: Mapping[str, Any], region: str, method: str, path: str, query: str) -> bytes:
        stage, resource = _staged(route["path"])
        path = path.removeprefix(f"/{stage}") if path.startswith(f"/{stage}/") else path
        host = f"{API_ID}.execute-api.{region}.amazonaws.com"
        request = self._request(method, f"/{stage}{path}", query, host)
        added_names = {name.lower(): name for name in ADDED}
        added = {name.lower(): [value] for name, value in ADDED.items()}
        point = StagePoint(API_ID, DEFAULT_ACCOUNT_ID, stage, "invoke", "", {}, added_names, added)
        dates = Dates(Clock())
        ids = (uuid4(), extended_request_id())
        exchange = RestExchange(request, point, path, ids, dates.tick(), dates.request_time)
        exchange.parameters = _parameters(resource, path, encoded=True)
        exchange.method = method_point = MethodPoint("invoke", resource)
        if claims := self._claims(route):
            told = {name: java_text(name, value) for name, value in claims.items() if value is not None}
            exchange.authorizer = {"claims": told}
        return Payload(method_point, BinaryMediaTypes(())).event(exchange)

    def _claims(self, route: Mapping[str, Any]) -> dict[str, Any]:
        """Those that were given; for a guarded route beside such as every token of a user pool has."""
        if route.get("authorizer") in UNGUARDED and not self.claims:
            return {}
        now, subject = int(Clock().time()), self.claims.get("sub") or uuid4()
        usual = {
            "sub": subject,
            "username": subject,
            "token_use": "access",
            "client_id": "dewinvoke",
            "scope": " ".join(map(str, route.get("scopes") or ["aws.cognito.signin.user.admin"])),
            "auth_time": now,
            "iat": now,
            "exp": now + 3600,
        }
        return {**usual, **self.claims}


def _keys(route: Mapping[str, Any]) -> list[str]:
    """The route as a key, a REST API's with and without its stage."""
    if route["path"] == DEFAULT:
        return [DEFAULT]
    paths = [route["path"], _staged(route["path"])[1]] if route["api"] == "rest" else [route["path"]]
    return [f"{route['method']} {path}" for path in paths]


def _staged(path: str) -> tuple[str, str]:
    """`/dev/users/{id}` as stage and resource."""
    _, stage, *rest = path.split("/", 2)
    return stage, "/" + "".join(rest)


def _listed(own: Iterable[Mapping[str, Any]]) -> str:
    return "Its routes: " + ", ".join(shlex.quote(_keys(route)[0]) for route in own)


def _filled(template: str) -> str:
    """A path that the template fits: each parameter is given its own name."""
    return "/" if template == DEFAULT else re.sub(PARAMETER, lambda match: match[1], template)


def _parameters(template: str, path: str, *, encoded: bool = False) -> Parameters | None:
    """The path parameters of `path`."""
    if template == DEFAULT:
        return None
    router = Router([(f"ANY {template}", True)], str) if encoded else Router([(f"ANY {template}", True)])
    return router.match("GET", path)[1]


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
