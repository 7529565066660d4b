"""The path of a request through an HTTP API, and the API in the form that makes this path short.

A compiled API is made once from what the control plane holds and thrown away when that changes; everything
that doesn't depend on the request is decided here, before the first one comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dewstack.apigateway import responses
from dewstack.apigateway.authorizers import JwtAuthorizer, RouteAuthorizer
from dewstack.apigateway.cors import CorsPolicy
from dewstack.apigateway.exchange import Exchange, new_request_id
from dewstack.apigateway.integrations import Invoke, LambdaProxy
from dewstack.apigateway.jwks import KeySets
from dewstack.apigateway.model import Api, Authorizer, Integration, Route, Snapshot, Stage
from dewstack.apigateway.payload import Constants, PayloadFormat
from dewstack.apigateway.payload_v1 import PayloadV1
from dewstack.apigateway.payload_v2 import PayloadV2
from dewstack.apigateway.responses import Dates, GatewayResponse, finish
from dewstack.apigateway.routes import Router, path_of
from dewstack.apigateway.throttle import TokenBucket, bucket_for
from dewstack.clock import Clock
from dewstack.http import Request, Response

PAYLOAD_FORMATS: dict[str, type[PayloadV1] | type[PayloadV2]] = {"1.0": PayloadV1, "2.0": PayloadV2}
DEFAULT_STAGE = "$default"


@dataclass(frozen=True, slots=True)
class CompiledRoute:
    """A route with all that it leads to. One without an integration answers as a broken one."""

    payload: PayloadFormat
    integration: LambdaProxy | None
    authorizer: RouteAuthorizer | None
    bucket: TokenBucket | None


@dataclass(frozen=True, slots=True)
class CompiledStage:
    """A stage as it is served."""

    router: Router[CompiledRoute]
    cors: CorsPolicy | None

    async def dispatch(self, exchange: Exchange, path: str) -> Response:
        """Route, answer a preflight, authorize, throttle, integrate. Raises GatewayResponse.

        A preflight is the gateway's to answer, but a route that catches OPTIONS and has an authorizer is
        asked for a token all the same, as on AWS.
        """
        method = exchange.request.method
        route, parameters = self.router.match(method, path)
        identity = await route.authorizer.authorize(exchange) if route and route.authorizer else None
        if method == "OPTIONS" and self.cors and (route is None or _is_preflight(exchange)):
            return self.cors.preflight(exchange.headers.get("origin"))
        if route is None:
            raise GatewayResponse(responses.NOT_FOUND)
        if route.bucket and not route.bucket.take():
            raise GatewayResponse(responses.TOO_MANY_REQUESTS)
        if route.integration is None:
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
        event = route.payload.event(exchange, parameters, identity)
        return route.payload.response(await route.integration.send(event))


def _is_preflight(exchange: Exchange) -> bool:
    return "origin" in exchange.headers and "access-control-request-method" in exchange.headers


class CompiledApi:
    """All stages of an API, ready to serve."""

    def __init__(self, stages: dict[str, CompiledStage], dates: Dates, enabled: bool) -> None:
        self._default = stages.pop(DEFAULT_STAGE, None)
        self._named = stages
        self._dates = dates
        self._enabled = enabled

    def _stage(self, path: str) -> tuple[CompiledStage | None, str]:
        """The stage that the first segment of `path` names in full, else `$default`, and the path to route
        by."""
        if self._named:
            name, _, rest = path.lstrip("/").partition("/")
            stage = self._named.get(name)
            if stage:
                return stage, "/" + rest
        return self._default, path

    async def execute(self, request: Request) -> Response:
        """The response to `request`, whatever happens on its way."""
        dates = self._dates
        now = dates.tick()
        request_id = new_request_id()
        http_date = dates.http_date
        stage, path = self._stage(request.raw_path)
        try:
            if stage is None or not self._enabled:
                raise GatewayResponse(responses.NOT_FOUND)
            exchange = Exchange(request, request_id, now, dates.request_time)
            response = await stage.dispatch(exchange, path)
        except GatewayResponse as refusal:
            response = refusal.response()
        if stage and stage.cors:
            response.headers.extend(stage.cors.headers(request.header("origin")))
        return finish(response, request, request_id, http_date)


class Compiler:
    """Makes compiled APIs out of what the control plane holds."""

    def __init__(self, invoke: Invoke, key_sets: KeySets, clock: Clock, dates: Dates) -> None:
        self._invoke = invoke
        self._key_sets = key_sets
        self._clock = clock
        self._dates = dates

    def compile(self, api: Api, stages: Iterable[tuple[Stage, Snapshot]]) -> CompiledApi:
        """The API, each of its stages with the snapshot that it serves."""
        compiled = {stage.stage_name: self._stage(api, stage, snapshot) for stage, snapshot in stages}
        return CompiledApi(compiled, self._dates, not api.disable_execute_api_endpoint)

    def _stage(self, api: Api, stage: Stage, snapshot: Snapshot) -> CompiledStage:
        cors = snapshot.cors_configuration
        integrations = {f"integrations/{i.integration_id}": i for i in snapshot.integrations}
        authorizers = {authorizer.authorizer_id: authorizer for authorizer in snapshot.authorizers}
        routes = sorted(snapshot.routes, key=lambda route: route.route_key)
        router = Router(
            (
                route.route_key,
                self._route(
                    route,
                    Constants(api, stage, route.route_key, path_of(route.route_key), cors is not None),
                    integrations.get(route.target or ""),
                    authorizers.get(route.authorizer_id or ""),
                    stage,
                ),
            )
            for route in routes
        )
        return CompiledStage(router, CorsPolicy(cors) if cors else None)

    def _route(
        self,
        route: Route,
        constants: Constants,
        integration: Integration | None,
        authorizer: Authorizer | None,
        stage: Stage,
    ) -> CompiledRoute:
        version = (integration and integration.payload_format_version) or "2.0"
        return CompiledRoute(
            payload=PAYLOAD_FORMATS[version](constants),
            integration=self._integration(integration, stage) if integration else None,
            authorizer=self._authorizer(route, authorizer),
            bucket=bucket_for(stage, route.route_key),
        )

    def _integration(self, integration: Integration, stage: Stage) -> LambdaProxy:
        uri, timeout = integration.integration_uri or "", integration.timeout_in_millis / 1000
        return LambdaProxy(self._invoke, uri, timeout, stage.stage_variables)

    def _authorizer(self, route: Route, authorizer: Authorizer | None) -> RouteAuthorizer | None:
        if route.authorization_type == "NONE":
            return None
        if authorizer is None:
            return _Nobody()
        return JwtAuthorizer(authorizer, route.authorization_scopes or (), self._key_sets, self._clock)


class _Nobody:
    """Stands where a route demands an authorizer that isn't there: nobody passes."""

    async def authorize(self, exchange: Exchange) -> dict[str, object]:
        raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
