"""API Gateway's public face: the operations of its control planes and the path of a request.

HTTP APIs and REST APIs are two products under one roof: each has a control plane, a model and a data plane of its
own (`http_api`, `rest_api`). What is served is compiled once, and again after a change.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from dewstack.apigateway.domains.table import Domains, target
from dewstack.apigateway.guards import UNGUARDED, Guards
from dewstack.apigateway.http_api.compiler import Compiler
from dewstack.apigateway.http_api.protocol import HttpProtocol
from dewstack.apigateway.integrations import Patience, as_configured
from dewstack.apigateway.jwks import Keys, KeySets
from dewstack.apigateway.observers import UNOBSERVED, Observers
from dewstack.apigateway.responses import CONTENT_TYPE_JSON, Dates
from dewstack.apigateway.rest_api.service import Compiler as RestApiCompiler
from dewstack.apigateway.rest_api.service import RestApiService
from dewstack.apigateway.v2.service import ApiService
from dewstack.apigateway.websocket_api.connections import Connections
from dewstack.apigateway.websocket_api.management import ConnectionOperations
from dewstack.apigateway.websocket_api.protocol import WebsocketProtocol
from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.http import Request, Response
from dewstack.metrics import Metrics
from dewstack.store import Store
from dewstack.wire import Handler, Invoke, InvokeStreaming, operations_of

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.integrations import Send
    from dewstack.apigateway.rest_api.service_endpoint import Forward
    from dewstack.apigateway.websocket_api.compiler import WebsocketCompiler

log = logging.getLogger(__name__)

FORBIDDEN_TYPE = (b"x-amzn-ErrorType", b"ForbiddenException")


class ServedApi(Protocol):
    """An API, ready to serve."""

    async def execute(self, request: Request, mapped: tuple[str, str] | None = None) -> Response:
        """The response to `request`, whatever happens on its way. At a custom domain name, its stage and the path after
        it are `mapped`."""


class ApiKind(Protocol):
    """One of the two kinds of APIs."""

    operations: dict[str, Handler]

    def __contains__(self, api_id: object) -> bool:
        """Whether there is an API of this kind and id; cheap."""

    def compile(self, api_id: str) -> ServedApi | None:
        """The API as it is served from now on, or None. Reads the store: not for the loop."""

    def forget(self) -> None:
        """Take note that the store was emptied or replaced."""


class ApiGateway:
    """`operations` by service (`apigatewayv2`: HTTP APIs, `apigateway`: REST APIs), and `execute` for the requests
    to what they made.

    `invoke` calls a function; `keys` gives the JWKS of an issuer that runs in this process. `endpoint` gives
    an API's URL from its id and region; by default it is at `<id>.execute-api.localhost` on the AWS port. `send` hands
    an event to a function without waiting for it; without it, asynchronous integrations are refused. `patience` says
    how long a function with this ARN is waited for instead of so many seconds: one that is debugged, for ever.
    `forward` answers a request to an AWS API, for integrations with other services; without it these fail. `stream`
    calls a function that streams; without it its response is waited for.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        config: Config,
        invoke: Invoke,
        keys: Keys,
        *,
        endpoint: Callable[[str, str], str] | None = None,
        send: "Send | None" = None,
        patience: Patience = as_configured,
        forward: "Forward | None" = None,
        stream: InvokeStreaming | None = None,
        guards: Guards = UNGUARDED,
        observers: Observers = UNOBSERVED,
    ) -> None:
        observers = replace(observers, metrics=observers.metrics or Metrics(clock))
        endpoint = endpoint or (lambda api_id, _: f"http://{api_id}.execute-api.localhost:{config.aws_port}")
        key_sets, dates = KeySets(keys), Dates(clock)
        self.connections = Connections()
        self._domains = Domains(store)

        def websocket_compiler() -> "WebsocketCompiler":
            from dewstack.apigateway.websocket_api.compiler import WebsocketCompiler
            from dewstack.apigateway.websocket_api.execute import Parts

            parts = Parts(clock, dates, self.connections, self._current, forward, observers.open_stream)
            return WebsocketCompiler(parts, invoke, patience, _domain(config), guards)

        compiler = Compiler(
            invoke,
            key_sets,
            clock,
            dates,
            patience,
            guards=guards,
            forward=forward,
            observers=observers,
        )
        self.http_apis = ApiService(
            store,
            clock,
            {"HTTP": HttpProtocol(compiler), "WEBSOCKET": WebsocketProtocol(websocket_compiler)},
            self._changed,
            endpoint,
            self._domains,
            lambda caller, api_id: self.rest_apis.stages(caller, api_id),
        )

        def rest_compiler() -> RestApiCompiler[ServedApi]:
            # With what it brings along this is a tenth of a start; many services have no REST API.
            from dewstack.apigateway.rest_api.compiler import RestCompiler

            return RestCompiler(
                invoke,
                key_sets,
                clock,
                dates,
                _issuer(config),
                send,
                patience,
                forward,
                stream,
                usage=self.rest_apis.usage,
                guards=guards,
                observers=observers,
            )

        self.rest_apis = RestApiService(store, clock, rest_compiler, self._changed, self._domains)
        self._kinds: tuple[ApiKind, ...] = (self.http_apis, self.rest_apis)
        self._compiled: dict[str, ServedApi] = {}
        self._compiling = asyncio.Lock()
        self._edition = object()
        self.operations: Mapping[str, dict[str, Handler]] = {
            "apigateway": self.rest_apis.operations,
            "apigatewayv2": self.http_apis.operations,
            "apigatewaymanagementapi": operations_of(ConnectionOperations(self.connections, clock)),
        }

    def __contains__(self, api_id: object) -> bool:
        """Whether `execute` knows this API; cheap."""
        return any(api_id in kind for kind in self._kinds)

    def reset(self) -> None:
        """Take note that the store was emptied or replaced."""
        for kind in self._kinds:
            kind.forget()
        self._domains.forget()
        self._edition = object()
        self._compiled.clear()
        self.connections.close_soon(lambda connection: connection.owner[2] not in self)

    def permissions_changed(self) -> None:
        """Take note that functions' policies are not what they were: APIs are compiled anew. From any thread."""
        self._edition = object()
        self._compiled.clear()

    def close(self) -> None:
        """Keep what was counted in memory alone."""
        self.rest_apis.usage.keep()

    def _changed(self, api_id: str) -> None:
        self._edition = object()
        self._compiled.pop(api_id, None)
        if api_id not in self:
            self.connections.close_soon(lambda connection: connection.owner[2] == api_id)

    async def execute(self, api_id: str, request: Request) -> Response:
        """The response to a request at an API's endpoint; `request.raw_path` begins after the host, so that
        it contains the name of a stage other than `$default`. Never raises."""
        try:
            api = self._compiled.get(api_id) or await self._compile(api_id)
            if api is None:
                return Response(403, b'{"message":"Forbidden"}', [CONTENT_TYPE_JSON, FORBIDDEN_TYPE])
            return await api.execute(request)
        except Exception:
            log.exception("%s %s failed in API %s", request.method, request.raw_path, api_id)
            return Response(500, b'{"message":"Internal Server Error"}', [CONTENT_TYPE_JSON])

    def has_domain(self, host: str) -> bool:
        """Whether a Host header, in lower case, is a custom domain name; cheap."""
        return self._domains.mappings(host.partition(":")[0]) is not None

    async def execute_at(self, host: str, request: Request) -> Response:
        """The response to a request at a custom domain name. Never raises."""
        mappings = self._domains.mappings(host.partition(":")[0]) or ()
        found = target(mappings, request.raw_path)
        if found is None:
            return Response(403, b'{"message":"Forbidden"}', [CONTENT_TYPE_JSON, FORBIDDEN_TYPE])
        try:
            api = await self._current(found.api_id)
            if api is not None:
                return await api.execute(request, (found.stage, found.path))
        except Exception:
            log.exception("%s %s failed at %s", request.method, request.raw_path, host)
            return Response(500, b'{"message":"Internal Server Error"}', [CONTENT_TYPE_JSON])
        return Response(403, b'{"message":"Forbidden"}', [CONTENT_TYPE_JSON, FORBIDDEN_TYPE])

    async def _current(self, api_id: str) -> ServedApi | None:
        """The API as it is served now, or None."""
        return self._compiled.get(api_id) or await self._compile(api_id)

    async def _compile(self, api_id: str) -> ServedApi | None:
        kind = next((kind for kind in self._kinds if api_id in kind), None)
        if kind is None:
            return None
        async with self._compiling:
            ready = self._compiled.get(api_id)
            if ready:
                return ready
            edition = self._edition
            compiled = await asyncio.to_thread(kind.compile, api_id)
            if compiled:
                self._compiled[api_id] = compiled
                if edition is not self._edition:
                    self._compiled.pop(api_id, None)
            return compiled


def _domain(config: Config) -> Callable[[str, str], str]:
    """Gives a WebSocket API's domain name from its id and region: AWS's, which leads here inside functions, unless
    they are let through to AWS."""
    if config.allow_aws:
        return lambda api_id, _: f"{api_id}.execute-api.localhost:{config.aws_port}"
    return lambda api_id, region: f"{api_id}.execute-api.{region}.amazonaws.com"


def _issuer(config: Config) -> Callable[[str], str]:
    """Gives the issuer of a user pool's tokens from the pool's ARN."""

    def issuer(pool_arn: str) -> str:
        region, pool_id = pool_arn.split(":")[3], pool_arn.rpartition("/")[2]
        if config.issuer == "local":
            return f"http://localhost:{config.aws_port}/{pool_id}"
        return f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"

    return issuer
