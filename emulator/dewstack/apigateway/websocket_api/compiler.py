"""Makes the form of a WebSocket API that serves out of what the control plane holds."""

from collections.abc import Callable, Iterable

from dewstack.apigateway.integrations import Patience
from dewstack.apigateway.v2.model import Api, Integration, Route, Snapshot, Stage
from dewstack.apigateway.v2.throttling import bucket_for
from dewstack.apigateway.websocket_api.authorizer import LambdaAuthorizer
from dewstack.apigateway.websocket_api.exchange import StageFacts
from dewstack.apigateway.websocket_api.execute import (
    CompiledRoute,
    CompiledStage,
    CompiledWebsocketApi,
    Gate,
    Parts,
)
from dewstack.apigateway.websocket_api.integrations import CompiledIntegration, Function, LambdaProxy
from dewstack.apigateway.websocket_api.refusals import AUTHORIZER_FAILURE, Refused
from dewstack.apigateway.websocket_api.selection import Selection
from dewstack.arn import Arn
from dewstack.wire import Invoke

DEFAULT_SELECTION = "$request.body.action"
ROOTS = ("request.body",)


class WebsocketCompiler:
    """Compiles APIs; holds what their parts need while they serve. `domain` gives an API's domain name from its id and
    region."""

    def __init__(
        self, parts: Parts, invoke: Invoke, patience: Patience, domain: Callable[[str, str], str]
    ) -> None:
        self.parts = parts
        self.invoke = invoke
        self.patience = patience
        self.domain = domain

    def compile(self, api: Api, stages: Iterable[tuple[Stage, Snapshot]]) -> CompiledWebsocketApi:
        """The API, each of its stages with the snapshot that it serves."""
        compiled = {
            stage.stage_name: _StageCompiler(self, api, stage, snapshot).compile()
            for stage, snapshot in stages
        }
        return CompiledWebsocketApi(compiled, self.parts, not api.disable_execute_api_endpoint)


class _StageCompiler:
    """Compiles one stage of an API."""

    def __init__(self, compiler: WebsocketCompiler, api: Api, stage: Stage, snapshot: Snapshot) -> None:
        self._compiler = compiler
        self._api = api
        self._stage = stage
        self._snapshot = snapshot
        self._answering = {response.owner_id for response in snapshot.route_responses}

    def compile(self) -> CompiledStage:
        api, stage = self._api, self._stage
        arn = str(Arn("execute-api", api.region, api.account_id, f"{api.api_id}/{stage.stage_name}"))
        domain = self._compiler.domain(api.api_id, api.region)
        facts = StageFacts(api.api_id, stage.stage_name, arn, domain, stage.stage_variables)
        expression = self._snapshot.route_selection_expression or api.route_selection_expression
        selection = Selection(expression or DEFAULT_SELECTION, ROOTS)
        routes = {route.route_key: self._route(route) for route in self._snapshot.routes}
        return CompiledStage(facts, api.key, selection, routes)

    def _route(self, route: Route) -> CompiledRoute:
        integrations = {f"integrations/{one.integration_id}": one for one in self._snapshot.integrations}
        integration = integrations.get(route.target or "")
        return CompiledRoute(
            self._integration(integration) if integration else None,
            route.route_id in self._answering,
            self._gate(route),
            bucket_for(self._stage, route.route_key),
        )

    def _gate(self, route: Route) -> Gate | None:
        if route.authorization_type == "NONE":
            return None
        for authorizer in self._snapshot.authorizers:
            if authorizer.authorizer_id == route.authorizer_id:
                return LambdaAuthorizer(authorizer, self._stage.stage_variables, self._compiler.invoke)
        return _Nobody()

    def _integration(self, integration: Integration) -> CompiledIntegration:
        compiler, variables = self._compiler, self._stage.stage_variables
        timeout = integration.timeout_in_millis / 1000
        uri = integration.integration_uri or ""
        return LambdaProxy(Function(compiler.invoke, uri, timeout, variables, compiler.patience))


class _Nobody:
    """Stands where a route demands an authorizer that isn't there: nobody passes."""

    async def authorize(self, exchange: object) -> None:
        raise Refused(AUTHORIZER_FAILURE)
