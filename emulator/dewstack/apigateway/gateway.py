"""API Gateway's public face: the operations of its control plane and the path of a request."""

import asyncio
import logging
from collections.abc import Callable

from dewstack.apigateway import responses
from dewstack.apigateway.compiler import Compiler
from dewstack.apigateway.execute import CompiledApi
from dewstack.apigateway.http_api import ApiOperations
from dewstack.apigateway.http_api_authorizers import AuthorizerOperations
from dewstack.apigateway.http_api_routes import IntegrationOperations, RouteOperations
from dewstack.apigateway.http_api_stages import StageOperations
from dewstack.apigateway.jwks import Keys, KeySets
from dewstack.apigateway.model import Api, Snapshot, Stage
from dewstack.apigateway.resources import HttpApis
from dewstack.apigateway.responses import Dates, GatewayResponse
from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.http import Request, Response
from dewstack.store import Store
from dewstack.wire import Handler, Invoke, operations_of

log = logging.getLogger(__name__)


class ApiGateway:
    """HTTP APIs: `operations` of the service `apigatewayv2`, and `execute` for the requests to what they
    made.

    `invoke` calls a function; `keys` gives the JWKS of an issuer that runs in this process. `endpoint` gives
    an API's URL from its id and region; by default it is at `<id>.execute-api.localhost` on the AWS port.
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
    ) -> None:
        self._apis = HttpApis(store, self._changed)
        self._compiler = Compiler(invoke, KeySets(keys), clock, Dates(clock))
        self._compiled: dict[str, CompiledApi] = {}
        self._compiling = asyncio.Lock()
        self._edition = object()
        self.operations: dict[str, Handler] = operations_of(
            ApiOperations(
                self._apis,
                clock,
                endpoint or (lambda api_id, _: f"http://{api_id}.execute-api.localhost:{config.aws_port}"),
            ),
            RouteOperations(self._apis),
            IntegrationOperations(self._apis),
            AuthorizerOperations(self._apis),
            StageOperations(self._apis, clock),
        )

    def apis(self) -> list[Api]:
        """All APIs, oldest first."""
        return self._apis.every()

    def lookup(self, api_id: str) -> Api | None:
        """The API of this id in whatever account and region, or None."""
        return self._apis.anywhere(api_id)

    def __contains__(self, api_id: object) -> bool:
        """Whether `execute` knows this API; cheap."""
        return api_id in self._apis

    def reset(self) -> None:
        """Take note that the store was emptied or replaced."""
        self._apis.forget()
        self._edition = object()
        self._compiled.clear()

    def _changed(self, api_id: str) -> None:
        self._edition = object()
        self._compiled.pop(api_id, None)

    async def execute(self, api_id: str, request: Request) -> Response:
        """The response to a request at an API's endpoint; `request.raw_path` begins after the host, so that
        it contains the name of a stage other than `$default`. Never raises."""
        try:
            api = self._compiled.get(api_id) or await self._compile(api_id)
            if api is None:
                return _forbidden()
            return await api.execute(request)
        except Exception:
            log.exception("%s %s failed in API %s", request.method, request.raw_path, api_id)
            return GatewayResponse(responses.INTERNAL_SERVER_ERROR).response()

    async def _compile(self, api_id: str) -> CompiledApi | None:
        if api_id not in self._apis:
            return None
        async with self._compiling:
            ready = self._compiled.get(api_id)
            if ready:
                return ready
            edition = self._edition
            compiled = await asyncio.to_thread(self._compile_now, api_id)
            if compiled:
                self._compiled[api_id] = compiled
                if edition is not self._edition:
                    self._compiled.pop(api_id, None)
            return compiled

    def _compile_now(self, api_id: str) -> CompiledApi | None:
        with self._apis.transaction():
            api = self._apis.anywhere(api_id)
            if api is None:
                return None
            stages = [(stage, self._served(api, stage)) for stage in self._apis.stages.all(api)]
        return self._compiler.compile(api, stages)

    def _served(self, api: Api, stage: Stage) -> Snapshot:
        """What a stage serves: the API as it is, its deployment, or nothing yet."""
        if stage.auto_deploy:
            return self._apis.snapshot(api)
        deployment = self._apis.deployments.find(api, stage.deployment_id) if stage.deployment_id else None
        return (deployment and deployment.snapshot) or Snapshot([], [], [])


def _forbidden() -> Response:
    """What AWS answers at the host of an API that doesn't exist."""
    return GatewayResponse(responses.FORBIDDEN, (b"x-amzn-ErrorType", b"ForbiddenException")).response()
