"""A REST API of the stack as Flask serves it, below its stage: `/dev/items` is what a blueprint's prefix would make.

As with HTTP APIs, the control plane is read, and authorizers, API keys and gateway responses are the gateway's own
code. So are integrations without a function, such as the mock ones that answer CORS preflights.
"""

import msgspec
from msgspec import Struct

from dewstack.apigateway.integrations import function_arn
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.rest_api.compiler import RestCompiler
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.execute import CompiledMethod
from dewstack.apigateway.rest_api.gateway_responses import GatewayResponses
from dewstack.apigateway.rest_api.lambda_function import PAYLOAD_LIMIT
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.model import Integration
from dewstack.apigateway.rest_api.payload import Payload, malformed
from dewstack.apigateway.rest_api.refusals import (
    INTEGRATION_TIMEOUT,
    INTERNAL_SERVER_ERROR,
    REQUEST_TOO_LONG,
    TOO_MANY_REQUESTS,
    Refused,
)
from dewstack.apigateway.rest_api.unknown_routes import no_such_method
from dewstack.apigateway.routes import Router
from dewstack.deploy.target import Call
from dewstack.errors import AwsError
from dewstack.frontdoor import Served
from dewstack.ids import extended_request_id, uuid4
from dewstack.shim import events, responses
from dewstack.shim.gateway import Gateway
from dewstack.shim.rest_reader import RestApiReader
from dewstack.shim.routing import RouteRule, rule_path


class ServedMethod(Struct, frozen=True):
    """A method with all that it leads to. `function` is what an AWS_PROXY integration calls, for `seconds` at most."""

    api: "RestApi"
    method: CompiledMethod | None = None
    function: str | None = None
    seconds: float = 29.0


class RestApi:
    """A stage of a REST API. `rules` go into the URL map; `view` serves what they match."""

    def __init__(self, call: Call, served: Served, region: str, gateway: Gateway) -> None:
        self._served = served
        self.base = served.base
        self._gateway = gateway
        reader = RestApiReader(call, served, gateway.account_id, region)
        api, stage, snapshot = reader.api(), reader.stage(), reader.snapshot()
        self._point = StagePoint.of(api, stage)
        self._binary = BinaryMediaTypes(snapshot.binary_media_types)
        self._responses = GatewayResponses(snapshot.gateway_responses)
        self._resources = snapshot.resources
        compiler = RestCompiler(
            gateway.functions.invoke, gateway.key_sets, gateway.clock, Dates(gateway.clock), gateway.issuer
        )
        self._methods = compiler.methods(api, stage, snapshot, reader.api_keys())
        self._router: Router[ServedMethod] = Router([])

    def rules(self) -> list[RouteRule]:
        """A rule for each method, those of ANY after those of one, and one for what none is for."""
        found = [
            (resource.path, name, method.method_integration)
            for resource in self._resources
            for name, method in resource.resource_methods.items()
        ]
        found.sort(key=lambda one: (one[1] == "ANY", one[0]))
        served = {
            f"{name} {path}": self._method(path, name, integration) for path, name, integration in found
        }
        self._router = Router(served.items(), decode=str)
        rules = [
            rule for path, name, _ in found for rule in self._rules(path, name, served[f"{name} {path}"])
        ]
        nowhere = ServedMethod(self)
        base = self.base
        return [
            *rules,
            RouteRule("ANY", f"{base}/<anything:rest>", f"{base}: Forbidden", nowhere),
            RouteRule("ANY", base or "/", f"{base}: Forbidden", nowhere),
        ]

    def _method(self, path: str, method: str, integration: Integration | None) -> ServedMethod:
        proxy = integration is not None and integration.type == "AWS_PROXY"
        return ServedMethod(
            self,
            self._methods[f"{method} {path}"],
            function_arn((integration and integration.uri) or "", self._point.variables) if proxy else None,
            integration.timeout_in_millis / 1000 if integration else 0.0,
        )

    def _rules(self, path: str, method: str, served: ServedMethod) -> list[RouteRule]:
        own = f"{self._served.base}: {method} {path}"
        endpoint = served.function.rpartition(":function:")[2] if served.function else own
        base = self.base
        paths = [base or "/", f"{base}/<slash:end>"] if path == "/" else [base + rule_path(path)[0]]
        return [RouteRule(method, each, endpoint, served) for each in paths]

    def view(self, route: ServedMethod, request: events.Request) -> responses.Response:
        """The response to a request that the URL map led to `route`: the view behind every rule.

        In a few corners (slashes at the end) Werkzeug would choose another route than API Gateway, whose own router
        has the last word.
        """
        dates, ids = Dates(self._gateway.clock), (uuid4(), extended_request_id())
        now = dates.tick()
        raw = request.raw(self._served)
        path = "/" + raw.raw_path.removeprefix(self._served.own_base).lstrip("/")
        exchange = Exchange(raw, self._point, path, ids, now, dates.request_time)
        if (oversized := exchange.oversized()) is not None:
            return responses.from_gateway(oversized)
        try:
            response = self._answer(request, exchange)
        except Refused as refused:
            response = responses.from_gateway(self._responses.response(refused.refusal, exchange))
        response.headers["x-amzn-RequestId"], response.headers["x-amz-apigw-id"] = ids
        if exchange.function_reached:
            response.headers["X-Amzn-Trace-Id"] = exchange.trace_id
        return response

    def _answer(self, request: events.Request, exchange: Exchange) -> responses.Response:
        """Authorize, and let the function do the rest. Raises Refused."""
        route, parameters = self._router.match(request.method, exchange.path.rstrip("/") or "/")
        if route is None or route.method is None:
            raise no_such_method(exchange)
        method = route.method
        exchange.method, exchange.parameters = method.point, parameters
        for step in method.steps:  # what stands before the view, as `@login_required` would
            self._gateway.wait(step.check(exchange))
        if method.bucket and not method.bucket.take():
            raise Refused(TOO_MANY_REQUESTS)
        if route.function is None:
            return responses.from_gateway(self._gateway.wait(method.integration.respond(exchange)))
        asked = events.RestAsked(request, exchange, method.point.resource_path, self._binary)
        payload = self._call(
            route.function, route.seconds, exchange, msgspec.json.encode(events.rest_api(asked))
        )
        return responses.from_gateway(Payload(method.point, self._binary).response(exchange, payload))

    def _call(self, function: str, seconds: float, exchange: Exchange, event: bytes) -> bytes:
        if len(event) > PAYLOAD_LIMIT:
            raise Refused(REQUEST_TOO_LONG)
        exchange.function_reached = True
        try:
            result = self._gateway.functions.call(function, event, seconds)
        except TimeoutError:
            raise Refused(INTEGRATION_TIMEOUT) from None
        except AwsError as error:
            raise Refused(INTERNAL_SERVER_ERROR) from error
        if result.function_error:
            raise malformed()
        return result.payload
