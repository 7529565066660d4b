"""Makes the form of a REST API that serves requests out of what the control plane holds."""

from collections.abc import Callable, Iterable, Sequence

from dewstack.apigateway.jwks import KeySets
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.rest_api.endpoint import MethodPoint, StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.execute import CompiledApi, CompiledMethod, CompiledStage
from dewstack.apigateway.rest_api.gateway_responses import GatewayResponses
from dewstack.apigateway.rest_api.integrations import CompiledIntegration, LambdaProxy
from dewstack.apigateway.rest_api.lambda_function import LambdaFunction
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.model import ApiKey, Method, Resource, RestApi, Snapshot, Stage, UsagePlan
from dewstack.apigateway.rest_api.payload import Payload
from dewstack.apigateway.rest_api.refusals import INTERNAL_SERVER_ERROR, Refused
from dewstack.apigateway.routes import Router
from dewstack.clock import Clock
from dewstack.http import Response
from dewstack.wire import Invoke


class RestCompiler:
    """Compiles APIs; holds what their parts need while they serve.

    `issuer` gives the issuer of a user pool's tokens from the pool's ARN.
    """

    def __init__(
        self, invoke: Invoke, key_sets: KeySets, clock: Clock, dates: Dates, issuer: Callable[[str], str]
    ) -> None:
        self.invoke = invoke
        self.key_sets = key_sets
        self.clock = clock
        self.dates = dates
        self.issuer = issuer

    def compile(
        self,
        api: RestApi,
        stages: Iterable[tuple[Stage, Snapshot]],
        api_keys: Sequence[tuple[UsagePlan, Sequence[ApiKey]]] = (),
    ) -> CompiledApi:
        """The API, each of its stages with the snapshot that it serves. `api_keys` are the usage plans of the API's
        account and region, each with its keys."""
        compiled = {
            stage.stage_name: _StageCompiler(self, api, stage, snapshot).compile()
            for stage, snapshot in stages
        }
        return CompiledApi(compiled, self.dates, not api.disable_execute_api_endpoint)


class _StageCompiler:
    """Compiles one stage of an API."""

    def __init__(self, compiler: RestCompiler, api: RestApi, stage: Stage, snapshot: Snapshot) -> None:
        self._compiler = compiler
        self._snapshot = snapshot
        self._point = StagePoint.of(api, stage)
        self._binary = BinaryMediaTypes(snapshot.binary_media_types)

    def compile(self) -> CompiledStage:
        methods = (
            (f"{method.http_method} {resource.path}", self._method(resource, method))
            for resource in sorted(self._snapshot.resources, key=lambda one: one.path)
            for method in resource.resource_methods.values()
        )
        return CompiledStage(
            self._point, Router(methods, decode=str), GatewayResponses(self._snapshot.gateway_responses)
        )

    def _method(self, resource: Resource, method: Method) -> CompiledMethod:
        point = MethodPoint(resource.id, resource.path)
        return CompiledMethod(point, (), None, self._integration(method, point))

    def _integration(self, method: Method, point: MethodPoint) -> CompiledIntegration:
        integration = method.method_integration
        if integration is None or integration.type != "AWS_PROXY":
            return _Nothing()
        function = LambdaFunction(
            self._compiler.invoke, integration.uri or "", integration.timeout_in_millis / 1000, self._point
        )
        return LambdaProxy(function, Payload(point, self._binary))


class _Nothing:
    """Stands where a method has no integration."""

    async def respond(self, exchange: Exchange) -> Response:
        raise Refused(INTERNAL_SERVER_ERROR)
