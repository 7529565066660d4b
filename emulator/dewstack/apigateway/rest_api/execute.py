"""The path of a request through a REST API: which steps it takes, and in which order.

A compiled API is made once from what the control plane holds (see `compiler`) and thrown away when that changes;
whatever doesn't depend on the request was decided before the first one came.
"""

from collections.abc import Callable, Mapping
from random import random
from time import monotonic, time
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from dewstack.apigateway.responses import Dates, frame
from dewstack.apigateway.rest_api.compression import compress
from dewstack.apigateway.rest_api.endpoint import MethodPoint, StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.gateway_responses import GatewayResponses, plain_response
from dewstack.apigateway.rest_api.integrations import CompiledIntegration
from dewstack.apigateway.rest_api.refusals import FORBIDDEN, TOO_MANY_REQUESTS, Refusal, Refused
from dewstack.apigateway.rest_api.unknown_routes import no_such_method
from dewstack.apigateway.routes import Router
from dewstack.apigateway.throttle import TokenBucket
from dewstack.http import Request, Response
from dewstack.ids import extended_request_id, uuid4
from dewstack.metrics import Meter
from dewstack.recording import Exchanged

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.access_log import StageLog


class Step(Protocol):
    """A condition of a method: its authorizer, its API key, its request validator."""

    async def check(self, exchange: Exchange) -> None:
        """Let the request pass, and note at the exchange what was found out. Raises Refused."""


class CompiledMethod(Struct, frozen=True):
    """A method with all that it leads to, and what a request must pass before."""

    point: MethodPoint
    steps: tuple[Step, ...]
    bucket: TokenBucket | None
    integration: CompiledIntegration
    meter: Meter


class CompiledStage(Struct, frozen=True):
    """A stage as it is served."""

    point: StagePoint
    router: Router[CompiledMethod]
    responses: GatewayResponses
    meter: Meter
    """Takes notes of what has no method."""
    log: "StageLog | None" = None

    async def dispatch(self, exchange: Exchange) -> Response:
        """Route, authorize, throttle, integrate. Raises Refused."""
        method, parameters = self.router.match(exchange.request.method, exchange.path.rstrip("/") or "/")
        if method is None:
            raise no_such_method(exchange)
        exchange.method, exchange.parameters, exchange.meter = method.point, parameters, method.meter
        for step in method.steps:
            await step.check(exchange)
        if method.bucket and not method.bucket.take():
            raise Refused(TOO_MANY_REQUESTS)
        began = monotonic()
        response = await method.integration.respond(exchange)
        exchange.integration_ms = (monotonic() - began) * 1000
        return response

    def note(self, exchange: Exchange, response: Response, refusal: Refusal | None, seconds: float) -> None:
        """Take note of a response, and how long it took."""
        meter, size = exchange.meter or self.meter, float(len(response.body))
        meter.note(response.status, seconds * 1000, exchange.integration_ms, size)
        if self.log:
            self.log.note(exchange, response, refusal, seconds * 1000)


class Canary(Struct, frozen=True):
    """What a `share` (0 to 1) of a stage's requests see instead of it."""

    share: float
    stage: CompiledStage


class CompiledApi:
    """All stages of an API, ready to serve. Bodies of `compression_size` bytes or more are compressed for clients that
    take it, if it is given. `canaries` are those of stages that have one, by the stage's name."""

    def __init__(
        self,
        stages: dict[str, CompiledStage],
        dates: Dates,
        enabled: bool,
        compression_size: int | None = None,
        canaries: Mapping[str, Canary] | None = None,
        record: Callable[[Exchanged], None] | None = None,
    ) -> None:
        self._record = record
        self._stages = stages
        self._canaries = canaries or {}
        self._compression_size = compression_size
        self._dates = dates
        self._enabled = enabled

    def _drawn(self, name: str) -> CompiledStage | None:
        """A stage, or its canary, as chance has it."""
        canary = self._canaries.get(name)
        return canary.stage if canary and random() < canary.share else self._stages.get(name)

    async def execute(self, request: Request, mapped: tuple[str, str] | None = None) -> Response:
        """The response to `request`, whatever happens on its way. The first segment of its path is the stage; at a
        custom domain, the stage and what follows it are `mapped`, and the path is only shown."""
        began, dates = monotonic(), self._dates
        now = dates.tick()
        http_date, request_time = dates.http_date, dates.request_time
        if mapped is None:
            name, _, rest = request.raw_path.lstrip("/").partition("/")
        else:
            name, rest = mapped
        stage = self._drawn(name) if self._canaries else self._stages.get(name)
        ids = uuid4(), extended_request_id()
        if stage is None or not (self._enabled or mapped):
            return finish(plain_response(FORBIDDEN), request, ids, http_date, None)
        exchange = Exchange(request, stage.point, "/" + rest.lstrip("/"), ids, now, request_time)
        if mapped is not None:
            exchange.shown_path = exchange.stage_path
        oversized = exchange.oversized()
        if oversized is not None:
            return frame(oversized, request, http_date)
        refused = None
        try:
            response = await stage.dispatch(exchange)
        except Refused as error:
            refused, response = error, stage.responses.response(error.refusal, exchange)
        size = self._compression_size
        if size is not None and response.stream is None and len(response.body) >= size:
            await compress(response, exchange)
        seconds = monotonic() - began
        stage.note(exchange, response, refused.refusal if refused else None, seconds)
        trace_id = exchange.trace_id if exchange.function_reached else None
        finish(response, request, ids, http_date, trace_id)
        if self._record:
            self._record(_exchanged(exchange, response, refused, seconds * 1000))
        return response


def _exchanged(
    exchange: Exchange, response: Response, refused: Refused | None, milliseconds: float
) -> Exchanged:
    """An exchange for the record."""
    stage, method = exchange.stage, exchange.method
    return Exchanged(
        time(),
        "rest",
        stage.api_id,
        stage.name,
        f"{method.http_method} {method.resource_path}" if method else None,
        exchange.request,
        exchange.event,
        response,
        (refused.why or refused.refusal.message or refused.refusal.response_type) if refused else None,
        milliseconds,
    )


def finish(
    response: Response, request: Request, ids: tuple[str, str], http_date: bytes, trace_id: str | None
) -> Response:
    """Add what every response of an API has: the request's ids, and its trace where a function was
    reached."""
    headers = frame(response, request, http_date).headers
    headers.append((b"x-amzn-RequestId", ids[0].encode()))
    headers.append((b"x-amz-apigw-id", ids[1].encode()))
    if trace_id is not None:
        headers.append((b"X-Amzn-Trace-Id", trace_id.encode("latin-1", "replace")))
    return response
