"""An HTTP API of the stack as Flask serves it: its routes as rules, its steps as a view.

It is read from the control plane, where all references of the map are resolved: the issuer and the audience of an
authorizer, the function behind a route. Authorizers and CORS are the gateway's own code: there is one verification.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flask
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dewstack.apigateway.http_api import responses as refusals
from dewstack.apigateway.http_api.authorizers import RouteAuthorizer
from dewstack.apigateway.http_api.compiler import Compiler
from dewstack.apigateway.http_api.cors import CorsPolicy
from dewstack.apigateway.http_api.exchange import Exchange, new_request_id
from dewstack.apigateway.http_api.lambda_proxy import PAYLOAD_LIMIT
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.integrations import function_arn
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.routes import DEFAULT, Router, path_of
from dewstack.apigateway.throttle import TokenBucket
from dewstack.apigateway.v2.model import Api, Authorizer, Integration, Route, Snapshot, Stage
from dewstack.apigateway.v2.shapes import fields_of
from dewstack.deploy.target import Call
from dewstack.errors import AwsError
from dewstack.frontdoor import Served
from dewstack.shim import events, responses
from dewstack.shim.gateway import Gateway
from dewstack.shim.routing import RouteRule, rule_path

DEFAULT_STAGE = "$default"
NOWHERE = "Not Found"
"""The key of the rule for what no route wants."""
FORMATS: Mapping[
    str,
    tuple[Callable[[events.Asked], dict[str, Any]], Callable[[bytes, Constants], responses.Response]],
] = {
    "2.0": (events.payload_v2, responses.payload_v2),
    "1.0": (events.payload_v1, responses.payload_v1),
}


class ServedRoute(Struct, frozen=True):
    """A route with all that it leads to; without a `function` it leads nowhere. `seconds` is its timeout."""

    api: "HttpApi"
    constants: Constants
    version: str = "2.0"
    function: str | None = None
    seconds: float = 30.0
    authorizer: RouteAuthorizer | None = None
    """What stands before the view, as `@login_required` would."""
    bucket: TokenBucket | None = None


class HttpApi:
    """The `$default` stage of an HTTP API. `rules` go into the URL map; `view` serves what they match."""

    def __init__(self, call: Call, served: Served, region: str, gateway: Gateway) -> None:
        which = {"ApiId": served.api_id}

        def items(operation: str) -> list[dict[str, Any]]:
            page = call("apigatewayv2", operation, which)
            found: list[dict[str, Any]] = page["Items"]
            while page.get("NextToken"):
                page = call("apigatewayv2", operation, {**which, "NextToken": page["NextToken"]})
                found += page["Items"]
            return found

        self._served = served
        self._gateway = gateway
        description = call("apigatewayv2", "GetApi", which)
        self._api = Api(**fields_of(Api, description), account_id=gateway.account_id, region=region)
        stages = [Stage(**fields_of(Stage, one)) for one in items("GetStages")]
        self._stage = next(
            (one for one in stages if one.stage_name == DEFAULT_STAGE), Stage(DEFAULT_STAGE, 0, 0)
        )
        self._routes = [Route(**fields_of(Route, one)) for one in items("GetRoutes")]
        integrations = [Integration(**fields_of(Integration, one)) for one in items("GetIntegrations")]
        self._integrations = {f"integrations/{one.integration_id}": one for one in integrations}
        authorizers = [Authorizer(**fields_of(Authorizer, one)) for one in items("GetAuthorizers")]
        cors = self._api.cors_configuration
        snapshot = Snapshot(self._routes, integrations, authorizers, cors)
        compiler = Compiler(gateway.functions.invoke, gateway.key_sets, gateway.clock, Dates(gateway.clock))
        self._compiled = compiler.routes(self._api, self._stage, snapshot)
        self._cors = CorsPolicy(cors) if cors else None
        self._router: Router[ServedRoute] = Router([])
        self._nowhere = ServedRoute(self, self._constants(NOWHERE))

    def rules(self) -> list[RouteRule]:
        """A rule for each route, those of ANY after those of a method, and one for what no route wants."""
        routes = sorted(
            self._routes, key=lambda route: (route.route_key.startswith("ANY "), path_of(route.route_key))
        )
        rules = [self._rule(route) for route in routes]
        self._router = Router((key.route_key, rule.route) for key, rule in zip(routes, rules, strict=True))
        if all(route.route_key != DEFAULT for route in routes):
            rules.append(RouteRule("ANY", f"{self._served.base}/<anything:rest>", NOWHERE, self._nowhere))
        return rules

    def _rule(self, route: Route) -> RouteRule:
        key = route.route_key
        method, _, path = key.partition(" ") if key != DEFAULT else ("ANY", "", "")
        path = rule_path(path)[0] if path else "/<anything:rest>"
        constants = self._constants(key)
        integration = self._integrations.get(route.target or "")
        compiled = self._compiled[key]
        served = ServedRoute(self, constants, authorizer=compiled.authorizer, bucket=compiled.bucket)
        if integration is not None:
            served = replace(
                served,
                version=integration.payload_format_version or "2.0",
                function=function_arn(integration.integration_uri or "", self._stage.stage_variables),
                seconds=integration.timeout_in_millis / 1000,
            )
        endpoint = (served.function or key).rpartition(":function:")[2]
        return RouteRule(method, self._served.base + path, endpoint, served)

    def _constants(self, key: str) -> Constants:
        return Constants(self._api, self._stage, key, path_of(key), self._cors is not None)

    def view(self, route: ServedRoute, request: events.Request) -> responses.Response:
        """The response to a request that the URL map led to `route`: the view behind every rule.

        In a few corners (a slash at the end, an encoded literal) Werkzeug would choose another route than API Gateway.
        Who may pass hangs on it, so the gateway's own router has the last word.
        """
        dates, request_id = Dates(self._gateway.clock), new_request_id()
        now = dates.tick()
        try:
            raw = request.raw(self._served)
            exchange = Exchange(raw, raw.raw_path, request_id, now, dates.request_time)
            found, parameters = self._router.match(raw.method, exchange.route_path)
            response = self._answer(found or self._nowhere, parameters, request, exchange)
        except GatewayResponse as refusal:
            response = responses.from_gateway(refusal.response())
        if self._cors:
            for name, value in self._cors.headers(request.first_origin):
                response.headers.add(name.decode(), value.decode())
        response.headers["Apigw-Requestid"] = request_id
        return response

    def _answer(
        self,
        route: ServedRoute,
        parameters: Mapping[str, str] | None,
        request: events.Request,
        exchange: Exchange,
    ) -> responses.Response:
        """Authorize, answer a preflight, and let the function do the rest. Raises GatewayResponse."""
        identity = self._identity(route, exchange, parameters)
        nowhere = route.constants.route_key == NOWHERE
        if request.method == "OPTIONS" and self._cors and (nowhere or _is_preflight(request)):
            return responses.from_gateway(self._cors.preflight(request.first_origin))
        if nowhere:
            raise GatewayResponse(refusals.NOT_FOUND)
        if route.bucket and not route.bucket.take():
            raise GatewayResponse(refusals.TOO_MANY_REQUESTS)
        make_event, make_response = FORMATS[route.version]
        asked = flask.g.asked = events.Asked(request, exchange, route.constants, parameters or {}, identity)
        payload = self._call(route, msgspec.json.encode(make_event(asked)))
        return make_response(payload, route.constants)

    def _identity(
        self, route: ServedRoute, exchange: Exchange, parameters: Mapping[str, str] | None
    ) -> Identity | None:
        if route.authorizer is None:
            return None
        return self._gateway.wait(route.authorizer.authorize(exchange, parameters))

    def _call(self, route: ServedRoute, event: bytes) -> bytes:
        if route.function is None:
            raise GatewayResponse(refusals.INTERNAL_SERVER_ERROR)
        if len(event) > PAYLOAD_LIMIT:
            raise GatewayResponse(refusals.REQUEST_ENTITY_TOO_LARGE)
        try:
            result = self._gateway.functions.call(route.function, event, route.seconds)
        except TimeoutError:
            raise GatewayResponse(refusals.SERVICE_UNAVAILABLE) from None
        except AwsError as error:
            refusal = refusals.FOR_LAMBDA_ERROR.get(error.code, refusals.INTERNAL_SERVER_ERROR)
            raise GatewayResponse(refusal) from error
        if result.function_error:
            raise GatewayResponse(refusals.INTERNAL_SERVER_ERROR)
        return result.payload


def _is_preflight(request: flask.Request) -> bool:
    return "Origin" in request.headers and "Access-Control-Request-Method" in request.headers
