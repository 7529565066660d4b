"""Makes the form of a WebSocket API that serves out of what the control plane holds."""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from dewstack.apigateway.guards import UNGUARDED, Guards
from dewstack.apigateway.integrations import Patience, function_arn
from dewstack.apigateway.v2.model import Api, Authorizer, Integration, Route, Snapshot, Stage
from dewstack.apigateway.v2.throttling import bucket_for
from dewstack.apigateway.websocket_api.authorizer import IamGate, LambdaAuthorizer
from dewstack.apigateway.websocket_api.checks import checks_of
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

if TYPE_CHECKING:
    from dewstack.apigateway.access_logs import AccessLog

log = logging.getLogger(__name__)

DEFAULT_SELECTION = "$request.body.action"
ROOTS = ("request.body",)


class WebsocketCompiler:
    """Compiles APIs; holds what their parts need while they serve. `domain` gives an API's domain name from its id and
    region."""

    def __init__(
        self,
        parts: Parts,
        invoke: Invoke,
        patience: Patience,
        domain: Callable[[str, str], str],
        guards: Guards = UNGUARDED,
    ) -> None:
        self.parts = parts
        self.invoke = invoke
        self.patience = patience
        self.domain = domain
        self.guards = guards

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
        self._arn = self._own(stage.stage_name)

    def _own(self, resource: str) -> str:
        """The ARN of something of this API."""
        api = self._api
        return str(Arn("execute-api", api.region, api.account_id, f"{api.api_id}/{resource}"))

    def compile(self) -> CompiledStage:
        api, stage = self._api, self._stage
        domain = self._compiler.domain(api.api_id, api.region)
        facts = StageFacts(api.api_id, stage.stage_name, self._arn, domain, stage.stage_variables)
        expression = self._snapshot.route_selection_expression or api.route_selection_expression
        selection = Selection(expression or DEFAULT_SELECTION, ROOTS)
        routes = {route.route_key: self._route(route) for route in self._snapshot.routes}
        return CompiledStage(facts, api.key, selection, routes, self._log())

    def _log(self) -> "AccessLog | None":
        settings = self._stage.access_log_settings
        if settings is None:
            return None
        from dewstack.apigateway.access_logs import open_log

        opened, name = self._compiler.parts.open_stream, self._stage.stage_name
        return open_log(opened, settings.destination_arn, settings.format, self._api.api_id, name)

    def _route(self, route: Route) -> CompiledRoute:
        integrations = {f"integrations/{one.integration_id}": one for one in self._snapshot.integrations}
        integration = integrations.get(route.target or "")
        return CompiledRoute(
            self._integration(integration, route) if integration else None,
            route.route_id in self._answering,
            self._gate(route),
            bucket_for(self._stage, route.route_key),
            checks_of(route, self._snapshot.models),
        )

    def _gate(self, route: Route) -> Gate | None:
        guards = self._compiler.guards
        if route.authorization_type == "NONE":
            return None
        if route.authorization_type == "AWS_IAM" and guards.authorize:
            return IamGate(guards.authorize)
        for authorizer in self._snapshot.authorizers:
            if authorizer.authorizer_id == route.authorizer_id and self._may_ask(authorizer):
                return LambdaAuthorizer(authorizer, self._stage.stage_variables, self._compiler.invoke)
        return _Nobody()

    def _may_ask(self, authorizer: Authorizer) -> bool:
        """Whether the function of an authorizer lets itself be invoked."""
        source = self._own(f"authorizers/{authorizer.authorizer_id}")
        given = bool(authorizer.authorizer_credentials_arn)
        return given or self._permits(authorizer.authorizer_uri or "", source)

    def _permits(self, uri: str, source: str) -> bool:
        arn = function_arn(uri, self._stage.stage_variables)
        return arn is None or self._compiler.guards.permits(arn, source)

    def _integration(self, integration: Integration, route: Route) -> CompiledIntegration | None:
        compiler, variables = self._compiler, self._stage.stage_variables
        timeout = integration.timeout_in_millis / 1000
        uri = integration.integration_uri or ""
        if not integration.credentials_arn and not self._permits(uri, f"{self._arn}/{route.route_key}"):
            return None
        if integration.integration_type != "AWS_PROXY":
            return self._mapped(integration)
        return LambdaProxy(Function(compiler.invoke, uri, timeout, variables, compiler.patience))

    def _mapped(self, integration: Integration) -> CompiledIntegration | None:
        """An integration with mappings; None, and a line in the log, for one that cannot work at this stage."""
        from dewstack.apigateway.rest_api.endpoint import StagePoint
        from dewstack.apigateway.rest_api.rendering import TemplateError
        from dewstack.apigateway.websocket_api.mapped_compiler import compiled

        api, stage, compiler = self._api, self._stage, self._compiler
        point = StagePoint(
            api.api_id,
            api.account_id,
            stage.stage_name,
            stage.deployment_id or "",
            self._arn,
            stage.stage_variables,
        )
        owner = integration.integration_id
        responses = [each for each in self._snapshot.integration_responses if each.owner_id == owner]
        try:
            return compiled(
                integration, responses, point, compiler.invoke, compiler.parts.manage, compiler.patience
            )
        except (ValueError, TemplateError) as error:
            log.warning("integration %s of API %s cannot work: %s", owner, api.api_id, error)
            return None


class _Nobody:
    """Stands where a route demands an authorizer that isn't there: nobody passes."""

    async def authorize(self, exchange: object) -> None:
        raise Refused(AUTHORIZER_FAILURE)
