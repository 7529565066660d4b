"""Makes the form of a REST API that serves requests out of what the control plane holds."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from dewstack.apigateway.guards import UNGUARDED, Guards
from dewstack.apigateway.integrations import Patience, as_configured, function_arn
from dewstack.apigateway.jwks import KeySets
from dewstack.apigateway.observers import UNOBSERVED, Observers
from dewstack.apigateway.policy import MalformedPolicy
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.rest_api.api_keys import ApiKeys
from dewstack.apigateway.rest_api.authorizers import (
    BrokenAuthorizer,
    CognitoAuthorizer,
    IamAuthorization,
    Misconfigured,
)
from dewstack.apigateway.rest_api.endpoint import MethodPoint, StagePoint
from dewstack.apigateway.rest_api.execute import Canary, CompiledApi, CompiledMethod, CompiledStage, Step
from dewstack.apigateway.rest_api.gateway_responses import GatewayResponses
from dewstack.apigateway.rest_api.integration_compiler import IntegrationCompiler
from dewstack.apigateway.rest_api.integrations import Send
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.model import (
    ApiKey,
    Authorizer,
    Method,
    Resource,
    RestApi,
    Snapshot,
    Stage,
    UsagePlan,
)
from dewstack.apigateway.rest_api.throttling import bucket_for
from dewstack.apigateway.rest_api.usage import Usage
from dewstack.apigateway.routes import Router
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.metrics import Meter, Metrics
from dewstack.store import Store
from dewstack.wire import Invoke, InvokeStreaming

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.access_log import StageLog
    from dewstack.apigateway.rest_api.service_endpoint import Forward

log = logging.getLogger(__name__)


class RestCompiler:
    """Compiles APIs; holds what their parts need while they serve.

    `issuer` gives the issuer of a user pool's tokens from the pool's ARN, `send` hands an event to a function without
    waiting for it; `forward` answers requests to AWS's APIs; `stream` calls a function that streams.
    """

    def __init__(
        self,
        invoke: Invoke,
        key_sets: KeySets,
        clock: Clock,
        dates: Dates,
        issuer: Callable[[str], str],
        send: Send | None = None,
        patience: Patience = as_configured,
        forward: "Forward | None" = None,
        stream: InvokeStreaming | None = None,
        *,
        usage: Usage | None = None,
        guards: Guards = UNGUARDED,
        observers: Observers = UNOBSERVED,
    ) -> None:
        self.record = observers.record
        self.open_stream = observers.open_stream
        self.metrics = observers.metrics or Metrics(clock)
        self.invoke = invoke
        self.forward = forward
        self.stream = stream
        self.guards = guards
        self.key_sets = key_sets
        self.clock = clock
        self.dates = dates
        self.issuer = issuer
        self.send = send
        self.patience = patience
        self.usage = usage or Usage(Store(), clock)

    def compile(
        self,
        api: RestApi,
        stages: Iterable[tuple[Stage, Snapshot]],
        api_keys: Sequence[tuple[UsagePlan, Sequence[ApiKey]]] = (),
        canaries: Iterable[tuple[Stage, Snapshot]] = (),
    ) -> CompiledApi:
        """The API, each of its stages with the snapshot that it serves. `api_keys` are the usage plans of the API's
        account and region, each with its keys; `canaries` are stages as some of their requests see them."""
        compiled = {
            stage.stage_name: _StageCompiler(self, api, stage, snapshot, api_keys).compile()
            for stage, snapshot in stages
        }
        return CompiledApi(
            compiled,
            self.dates,
            not api.disable_execute_api_endpoint,
            api.minimum_compression_size,
            {
                stage.stage_name: Canary(
                    stage.canary_settings.percent_traffic / 100,
                    _StageCompiler(self, api, stage, snapshot, api_keys, canary=True).compile(),
                )
                for stage, snapshot in canaries
                if stage.canary_settings
            },
            self.record,
        )

    def methods(
        self,
        api: RestApi,
        stage: Stage,
        snapshot: Snapshot,
        api_keys: Sequence[tuple[UsagePlan, Sequence[ApiKey]]] = (),
    ) -> dict[str, CompiledMethod]:
        """The methods of one stage by `METHOD /path`, for whoever routes by himself."""
        return _StageCompiler(self, api, stage, snapshot, api_keys).methods()


class _StageCompiler:
    """Compiles one stage of an API."""

    def __init__(
        self,
        compiler: RestCompiler,
        api: RestApi,
        stage: Stage,
        snapshot: Snapshot,
        api_keys: Sequence[tuple[UsagePlan, Sequence[ApiKey]]],
        *,
        canary: bool = False,
    ) -> None:
        self._compiler = compiler
        self._api = api
        self._stage = stage
        self._snapshot = snapshot
        self._point = StagePoint.of(api, stage, canary if stage.canary_settings else None)
        self._integrations = IntegrationCompiler(
            compiler.invoke,
            compiler.send,
            self._point,
            BinaryMediaTypes(snapshot.binary_media_types),
            compiler.patience,
            compiler.forward,
            compiler.stream,
            compiler.guards.permits,
        )
        self._authorizers = {one.id: one for one in snapshot.authorizers}
        self._api = api
        self._policy = _resource_policy(api)
        self._validators = {one.id: one for one in snapshot.request_validators}
        self._lambdas: dict[str, Step] = {}
        self._api_keys = ApiKeys(
            f"{api.id}:{stage.stage_name}",
            api_keys,
            compiler.usage,
            from_authorizer=api.api_key_source == "AUTHORIZER",
        )

    def methods(self) -> dict[str, CompiledMethod]:
        return {
            f"{method.http_method} {resource.path}": self._method(resource, method)
            for resource in sorted(self._snapshot.resources, key=lambda one: one.path)
            for method in resource.resource_methods.values()
        }

    def compile(self) -> CompiledStage:
        if any(setting.caching_enabled for setting in self._stage.method_settings.values()):
            log.warning(
                "stage %s wants responses cached: every request reaches its integration here",
                self._point.name,
            )
        router = Router(self.methods().items(), decode=str)
        return CompiledStage(
            self._point,
            router,
            GatewayResponses(self._snapshot.gateway_responses),
            self._meter(),
            self._log(),
        )

    def _log(self) -> "StageLog | None":
        settings = self._stage.access_log_settings
        if settings is None:
            return None
        from dewstack.apigateway.access_logs import open_log
        from dewstack.apigateway.rest_api.access_log import StageLog

        opened, form = self._compiler.open_stream, settings.format
        log = open_log(opened, settings.destination_arn, form, self._api.id, self._stage.stage_name)
        return StageLog(log) if log else None

    def _method(self, resource: Resource, method: Method) -> CompiledMethod:
        point = MethodPoint(resource.id, resource.path, method.http_method)
        return CompiledMethod(
            point=point,
            steps=tuple(self._steps(resource, method)),
            bucket=bucket_for(self._stage, resource.path, method.http_method),
            integration=self._integrations.compile(method.method_integration, point),
            meter=self._meter(method.http_method, resource.path),
        )

    def _meter(self, *method: str) -> Meter:
        """Where it is noted what a method does, or what has none; `method` is its name and its resource's path."""
        api = self._api
        owner, named = Caller(api.account_id, api.region), ("ApiName", api.name)
        return self._compiler.metrics.route(owner, named, self._stage.stage_name, *method, http=False)

    def _steps(self, resource: Resource, method: Method) -> Iterable[Step]:
        signed = method.authorization_type == "AWS_IAM" and self._compiler.guards.authorize is not None
        if self._policy is not None and not signed:
            yield self._policy
        if method.authorization_type != "NONE":
            yield self._authorizer(method)
        if method.api_key_required:
            yield self._api_keys.check(resource.path, method.http_method)
        validator = self._validators.get(method.request_validator_id or "")
        if validator is not None:
            from dewstack.apigateway.rest_api.validators import checks_of

            yield from checks_of(method, validator, self._snapshot.models)

    def _authorizer(self, method: Method) -> Step:
        if method.authorization_type == "AWS_IAM":
            return self._iam()
        authorizer = self._authorizers.get(method.authorizer_id or "")
        if authorizer is None:
            return BrokenAuthorizer(method.authorizer_id or "", "there is no such authorizer")
        try:
            if authorizer.type == "COGNITO_USER_POOLS":
                return self._cognito(authorizer, method)
            if authorizer.id not in self._lambdas:
                self._lambdas[authorizer.id] = self._lambda(authorizer)
            return self._lambdas[authorizer.id]
        except Misconfigured as error:
            return BrokenAuthorizer(authorizer.name, str(error))

    def _iam(self) -> Step:
        authorize = self._compiler.guards.authorize
        if authorize is None:
            return IamAuthorization()
        from dewstack.apigateway.rest_api.iam_authorization import SignedRequests
        from dewstack.apigateway.rest_api.resource_policy import statements_of

        try:
            return SignedRequests(authorize, statements_of(self._api) if self._api.policy else ())
        except MalformedPolicy as error:
            return BrokenAuthorizer(self._api.name, str(error))

    def _cognito(self, authorizer: Authorizer, method: Method) -> Step:
        compiler = self._compiler
        scopes = method.authorization_scopes or ()
        return CognitoAuthorizer(authorizer, scopes, compiler.key_sets, compiler.clock, compiler.issuer)

    def _lambda(self, authorizer: Authorizer) -> Step:
        from dewstack.apigateway.rest_api.lambda_authorizer import LambdaAuthorizer

        function = function_arn(authorizer.authorizer_uri or "", self._point.variables)
        source = f"{self._point.arn.rpartition('/')[0]}/authorizers/{authorizer.id}"
        permits = self._compiler.guards.permits
        if function and not authorizer.authorizer_credentials and not permits(function, source):
            raise Misconfigured(f"the policy of {function} doesn't let it be invoked")
        return LambdaAuthorizer(
            authorizer, self._point.variables, self._compiler.invoke, self._compiler.clock
        )


def _resource_policy(api: RestApi) -> Step | None:
    if not api.policy:
        return None
    from dewstack.apigateway.rest_api.resource_policy import ResourcePolicy

    try:
        return ResourcePolicy(api)
    except MalformedPolicy as error:
        return BrokenAuthorizer(api.name, str(error))
