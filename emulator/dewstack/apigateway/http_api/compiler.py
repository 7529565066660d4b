"""Makes the form of an API that serves requests out of what the control plane holds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dewstack.apigateway.guards import UNGUARDED, Guards
from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.authorizers import JwtAuthorizer, RouteAuthorizer
from dewstack.apigateway.http_api.cors import CorsPolicy
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.execute import CompiledApi, CompiledRoute, CompiledStage
from dewstack.apigateway.http_api.execute import Integration as Behind
from dewstack.apigateway.http_api.lambda_authorizer import LambdaAuthorizer, LambdaRouteAuthorizer
from dewstack.apigateway.http_api.lambda_proxy import LambdaIntegration, LambdaProxy
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.http_api.payload_v1 import PayloadV1
from dewstack.apigateway.http_api.payload_v2 import PayloadV2
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.integrations import Patience, as_configured, function_arn
from dewstack.apigateway.jwks import KeySets
from dewstack.apigateway.observers import UNOBSERVED, Observers
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.routes import Router, path_of
from dewstack.apigateway.v2.model import Api, Authorizer, Integration, Route, Snapshot, Stage
from dewstack.apigateway.v2.throttling import bucket_for
from dewstack.arn import Arn
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.metrics import Meter, Metrics
from dewstack.wire import Invoke

if TYPE_CHECKING:
    from dewstack.apigateway.http_api.access_log import StageLog
    from dewstack.apigateway.http_api.service_integration import Forward

PAYLOAD_FORMATS: dict[str, type[PayloadV1] | type[PayloadV2]] = {"1.0": PayloadV1, "2.0": PayloadV2}


class Compiler:
    """Compiles APIs; holds what their parts need while they serve. `forward` answers a request to an AWS API, for
    integrations with services."""

    def __init__(
        self,
        invoke: Invoke,
        key_sets: KeySets,
        clock: Clock,
        dates: Dates,
        patience: Patience = as_configured,
        *,
        guards: Guards = UNGUARDED,
        forward: "Forward | None" = None,
        observers: Observers = UNOBSERVED,
    ) -> None:
        self.record = observers.record
        self.forward = forward
        self.open_stream = observers.open_stream
        self.guards = guards
        self.metrics = observers.metrics or Metrics(clock)
        self.invoke = invoke
        self.key_sets = key_sets
        self.clock = clock
        self.dates = dates
        self.patience = patience

    def compile(self, api: Api, stages: Iterable[tuple[Stage, Snapshot]]) -> CompiledApi:
        """The API, each of its stages with the snapshot that it serves."""
        compiled = {
            stage.stage_name: _StageCompiler(self, api, stage, snapshot).compile()
            for stage, snapshot in stages
        }
        return CompiledApi(
            compiled, self.dates, not api.disable_execute_api_endpoint, self.record, api.api_id
        )

    def routes(self, api: Api, stage: Stage, snapshot: Snapshot) -> dict[str, CompiledRoute]:
        """The routes of one stage by their keys, for whoever routes by himself."""
        return _StageCompiler(self, api, stage, snapshot).routes()


class _StageCompiler:
    """Compiles one stage of an API."""

    def __init__(self, compiler: Compiler, api: Api, stage: Stage, snapshot: Snapshot) -> None:
        self._compiler = compiler
        self._api = api
        self._stage = stage
        self._snapshot = snapshot
        self._integrations = {f"integrations/{one.integration_id}": one for one in snapshot.integrations}
        self._authorizers = {one.authorizer_id: one for one in snapshot.authorizers}
        self._lambdas = {
            one.authorizer_id: LambdaAuthorizer(one, stage, compiler.invoke, compiler.clock)
            for one in snapshot.authorizers
            if one.authorizer_type == "REQUEST"
        }

    def compile(self) -> CompiledStage:
        cors = self._snapshot.cors_configuration
        policy = CorsPolicy(cors) if cors else None
        return CompiledStage(
            Router(self.routes().items()), policy, self._meter(), self._stage.stage_name, self._log()
        )

    def _log(self) -> "StageLog | None":
        api, settings = self._api, self._stage.access_log_settings
        if settings is None:
            return None
        from dewstack.apigateway.access_logs import open_log
        from dewstack.apigateway.http_api.access_log import StageLog

        destination, form, name = settings.destination_arn, settings.format, self._stage.stage_name
        log = open_log(self._compiler.open_stream, destination, form, api.api_id, name)
        return StageLog(log, api, self._stage) if log else None

    def routes(self) -> dict[str, CompiledRoute]:
        routes = sorted(self._snapshot.routes, key=lambda route: route.route_key)
        return {route.route_key: self._route(route) for route in routes}

    def _route(self, route: Route) -> CompiledRoute:
        overrides_cors = self._snapshot.cors_configuration is not None
        key = route.route_key
        constants = Constants(self._api, self._stage, key, path_of(key), overrides_cors)
        integration = self._integrations.get(route.target or "")
        return CompiledRoute(
            key=key,
            integration=self._integration(integration, constants) if integration else None,
            authorizer=self._authorizer(route, constants),
            bucket=bucket_for(self._stage, key),
            meter=self._meter(*(key.split(" ", 1) if " " in key else (key, path_of(key)))),
        )

    def _meter(self, *route: str) -> Meter:
        """Where it is noted what a route does, or what has none; `route` is a method and a path."""
        api = self._api
        owner, named = Caller(api.account_id, api.region), ("ApiId", api.api_id)
        return self._compiler.metrics.route(owner, named, self._stage.stage_name, *route, http=True)

    def _may_ask(self, authorizer: Authorizer) -> bool:
        """Whether the function of a Lambda authorizer lets itself be invoked."""
        if authorizer.authorizer_credentials_arn:
            return True
        arn = function_arn(authorizer.authorizer_uri or "", self._stage.stage_variables)
        api = self._api
        source = Arn(
            "execute-api", api.region, api.account_id, f"{api.api_id}/authorizers/{authorizer.authorizer_id}"
        )
        return arn is None or self._compiler.guards.permits(arn, str(source))

    def _integration(self, integration: Integration, constants: Constants) -> Behind | None:
        """What stands behind a route, with what its parameters are mapped to."""
        behind = self._behind(integration, constants)
        request = None if integration.integration_subtype else integration.request_parameters
        if behind is None or not (request or integration.response_parameters):
            return behind
        from dewstack.apigateway.http_api.parameter_mapping import Mapped

        return Mapped(behind, constants, request, integration.response_parameters)

    def _behind(self, integration: Integration, constants: Constants) -> Behind | None:
        uri, timeout = integration.integration_uri or "", integration.timeout_in_millis / 1000
        compiler, variables = self._compiler, self._stage.stage_variables
        if integration.integration_type == "HTTP_PROXY":
            from dewstack.apigateway.http_api.http_proxy import HttpProxy

            return HttpProxy(uri, integration.integration_method or "ANY", timeout, variables)
        if integration.integration_subtype:
            return self._service(integration, constants)
        arn = function_arn(uri, variables)
        if arn and not integration.credentials_arn and not compiler.guards.permits(arn, constants.source_arn):
            return None
        payload = PAYLOAD_FORMATS[integration.payload_format_version or "2.0"](constants)
        proxy = LambdaProxy(compiler.invoke, uri, timeout, variables, compiler.patience)
        return LambdaIntegration(payload, proxy)

    def _service(self, integration: Integration, constants: Constants) -> Behind | None:
        if self._compiler.forward is None:
            return None
        from dewstack.apigateway.http_api.service_integration import ServiceIntegration

        return ServiceIntegration(integration, constants, self._api.region, self._compiler.forward)

    def _authorizer(self, route: Route, constants: Constants) -> RouteAuthorizer | None:
        if route.authorization_type == "NONE":
            return None
        if route.authorization_type == "AWS_IAM" and self._compiler.guards.authorize:
            from dewstack.apigateway.http_api.iam_authorizer import IamAuthorizer

            return IamAuthorizer(self._compiler.guards.authorize, constants)
        authorizer = self._authorizers.get(route.authorizer_id or "")
        if authorizer is None:
            return _Nobody()
        if route.authorization_type == "CUSTOM":
            if not self._may_ask(authorizer):
                return _Nobody()
            payload = PAYLOAD_FORMATS[authorizer.authorizer_payload_format_version or "2.0"](constants)
            return LambdaRouteAuthorizer(self._lambdas[authorizer.authorizer_id], payload, constants)
        scopes = route.authorization_scopes or ()
        return JwtAuthorizer(authorizer, scopes, constants, self._compiler.key_sets, self._compiler.clock)


class _Nobody:
    """Stands where a route demands an authorizer that isn't there: nobody passes."""

    async def authorize(self, exchange: Exchange, parameters: object) -> Identity:
        raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
