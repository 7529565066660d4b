"""The path of a request through an HTTP API: which steps it takes, and in which order.

A compiled API is made once from what the control plane holds (see `compiler`) and thrown away when that changes;
whatever doesn't depend on the request was decided before the first one came.
"""

from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.authorizers import RouteAuthorizer
from dewstack.apigateway.http_api.cors import CorsPolicy
from dewstack.apigateway.http_api.exchange import Exchange, new_request_id
from dewstack.apigateway.http_api.payload import Identity
from dewstack.apigateway.http_api.responses import GatewayResponse, finish
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.routes import Router
from dewstack.apigateway.throttle import TokenBucket
from dewstack.http import Request, Response
from dewstack.metrics import Meter
from dewstack.recording import Exchanged

if TYPE_CHECKING:
    from dewstack.apigateway.http_api.access_log import StageLog

DEFAULT_STAGE = "$default"


class Integration(Protocol):
    """What stands behind a route."""

    async def respond(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> Response:
        """The answer; how long it took is noted at the exchange. Raises GatewayResponse."""


class CompiledRoute(Struct, frozen=True):
    """A route with all that it leads to. One without an integration answers as a broken one."""

    key: str
    integration: Integration | None
    authorizer: RouteAuthorizer | None
    bucket: TokenBucket | None
    meter: Meter


class CompiledStage(Struct, frozen=True):
    """A stage as it is served."""

    router: Router[CompiledRoute]
    cors: CorsPolicy | None
    meter: Meter
    """Takes notes of what has no route."""
    name: str
    log: "StageLog | None" = None

    async def dispatch(self, exchange: Exchange) -> Response:
        """Route, answer a preflight, authorize, throttle, integrate. Raises GatewayResponse.

        A preflight is the gateway's to answer, but a route that catches OPTIONS and has an authorizer is
        asked for a token all the same, as on AWS.
        """
        method = exchange.request.method
        route, parameters = self.router.match(method, exchange.route_path)
        exchange.route = route
        if route and route.authorizer:
            exchange.identity = await route.authorizer.authorize(exchange, parameters)
        if method == "OPTIONS" and self.cors and (route is None or _is_preflight(exchange)):
            return self.cors.preflight(exchange.request.header("origin"))
        if route is None:
            raise GatewayResponse(responses.NOT_FOUND)
        if route.bucket and not route.bucket.take():
            raise GatewayResponse(responses.TOO_MANY_REQUESTS)
        if route.integration is None:
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
        return await route.integration.respond(exchange, parameters, exchange.identity)


def _is_preflight(exchange: Exchange) -> bool:
    return "origin" in exchange.headers and "access-control-request-method" in exchange.headers


class CompiledApi:
    """All stages of an API, ready to serve."""

    def __init__(
        self,
        stages: dict[str, CompiledStage],
        dates: Dates,
        enabled: bool,
        record: Callable[[Exchanged], None] | None = None,
        api_id: str = "",
    ) -> None:
        self._record, self._api_id = record, api_id
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

    def _mapped(self, name: str, path: str) -> tuple[CompiledStage | None, str]:
        """The stage that a domain name leads to, and the path to route by."""
        return self._default if name == DEFAULT_STAGE else self._named.get(name), path

    async def execute(self, request: Request, mapped: tuple[str, str] | None = None) -> Response:
        """The response to `request`, whatever happens on its way. At a custom domain name, its stage and the path after
        it are `mapped`: the path itself is only shown."""
        began, exchange, refused = monotonic(), None, None
        dates = self._dates
        now = dates.tick()
        request_id = new_request_id()
        http_date = dates.http_date
        stage, path = self._stage(request.raw_path) if mapped is None else self._mapped(*mapped)
        try:
            if stage is None or not (self._enabled or mapped):
                raise GatewayResponse(responses.NOT_FOUND)
            exchange = Exchange(request, path, request_id, now, dates.request_time)
            response = await stage.dispatch(exchange)
        except GatewayResponse as error:
            refused, response = error, error.response()
        if stage is not None:
            if stage.cors:
                response.headers.extend(stage.cors.headers(request.header("origin")))
            route, integration_ms = (exchange.route, exchange.integration_ms) if exchange else (None, -1.0)
            milliseconds, size = (monotonic() - began) * 1000, float(len(response.body))
            (route or stage).meter.note(response.status, milliseconds, integration_ms, size)
            if stage.log and exchange:
                stage.log.note(exchange, response, refused, milliseconds)
            if self._record and exchange:
                finish(response, request, request_id, http_date)
                self._note(stage, exchange, response, refused, milliseconds)
                return response
        return finish(response, request, request_id, http_date)

    def _note(
        self,
        stage: CompiledStage,
        exchange: Exchange,
        response: Response,
        refused: GatewayResponse | None,
        milliseconds: float,
    ) -> None:
        """Have the exchange recorded."""
        assert self._record is not None
        self._record(
            Exchanged(
                time(),
                "http",
                self._api_id,
                stage.name,
                exchange.route.key if exchange.route else None,
                exchange.request,
                exchange.event,
                response,
                (refused.why or refused.refusal.message) if refused else None,
                milliseconds,
            )
        )
