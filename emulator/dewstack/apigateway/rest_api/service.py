"""REST APIs as a whole: the operations of `apigateway`, and the served form of each API."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec.structs import replace

from dewstack.apigateway.domains.table import Domains
from dewstack.apigateway.rest_api.api_operations import ApiOperations
from dewstack.apigateway.rest_api.authorizer_operations import AuthorizerOperations
from dewstack.apigateway.rest_api.connection_operations import ClientCertificateOperations, VpcLinkOperations
from dewstack.apigateway.rest_api.documentation_operations import DocumentationOperations
from dewstack.apigateway.rest_api.domain_operations import DomainOperations
from dewstack.apigateway.rest_api.gateway_response_operations import GatewayResponseOperations
from dewstack.apigateway.rest_api.integration_operations import IntegrationOperations
from dewstack.apigateway.rest_api.invoke_tests import InvokeTests
from dewstack.apigateway.rest_api.key_operations import ApiKeyOperations
from dewstack.apigateway.rest_api.method_operations import MethodOperations
from dewstack.apigateway.rest_api.model import ApiKey, CanarySettings, RestApi, Snapshot, Stage, UsagePlan
from dewstack.apigateway.rest_api.model_operations import ModelOperations, RequestValidatorOperations
from dewstack.apigateway.rest_api.openapi.operations import OpenApiOperations
from dewstack.apigateway.rest_api.resource_operations import ResourceOperations
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.stage_operations import DeploymentOperations, StageOperations
from dewstack.apigateway.rest_api.tag_operations import TagOperations
from dewstack.apigateway.rest_api.usage import Usage
from dewstack.apigateway.rest_api.usage_operations import UsageOperations
from dewstack.apigateway.rest_api.usage_plan_operations import UsagePlanOperations
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.store import Store
from dewstack.wire import Handler, operations_of

S = TypeVar("S", covariant=True)


class Compiler(Protocol[S]):
    """Makes the served form of an API."""

    def compile(
        self,
        api: RestApi,
        stages: Iterable[tuple[Stage, Snapshot]],
        api_keys: Sequence[tuple[UsagePlan, Sequence[ApiKey]]],
        canaries: Iterable[tuple[Stage, Snapshot]],
    ) -> S:
        """The API, each of its stages with the snapshot that it serves. `api_keys` are the usage plans that admit to
        stages of it, each with its keys; `canaries` are the stages as some of their requests see them."""


def canary_of(stage: Stage) -> Stage:
    """A stage as the requests see it that its canary gets."""
    canary = stage.canary_settings or CanarySettings()
    variables = stage.variables | (canary.stage_variable_overrides or {})
    return replace(stage, deployment_id=canary.deployment_id or stage.deployment_id, variables=variables)


class RestApiService(Generic[S]):
    """`operations` of the service `apigateway`, and `compile` for what they made.

    `compiler` gives what compiles them, once one is asked for; `changed` is called with an API's id after every
    change that its clients can notice. `domains` are told of changes of domain names.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        compiler: Callable[[], Compiler[S]],
        changed: Callable[[str], None],
        domains: Domains,
    ) -> None:
        self._apis = RestApis(store, changed)
        self._make_compiler = compiler
        self._compiler: Compiler[S] | None = None
        self.usage = Usage(store, clock)
        made = ApiOperations(self._apis, clock)
        keys = ApiKeyOperations(self._apis, clock, self._keys_changed)
        plans = UsagePlanOperations(self._apis, self._keys_changed)
        self.operations: dict[str, Handler] = operations_of(
            made,
            OpenApiOperations(self._apis, made, lambda name: self.operations[name]),
            DocumentationOperations(self._apis, clock),
            ResourceOperations(self._apis),
            MethodOperations(self._apis),
            IntegrationOperations(self._apis),
            AuthorizerOperations(self._apis),
            DeploymentOperations(self._apis, clock),
            StageOperations(self._apis, clock),
            GatewayResponseOperations(self._apis),
            ModelOperations(self._apis),
            RequestValidatorOperations(self._apis),
            keys,
            plans,
            UsageOperations(self._apis, self.usage, keys, plans),
            TagOperations(self._apis),
            DomainOperations(self._apis, clock, domains),
            VpcLinkOperations(self._apis),
            ClientCertificateOperations(self._apis, clock),
            InvokeTests(self._apis, clock, self._compiled_by),
        )

    def _compiled_by(self) -> Compiler[S]:
        self._compiler = self._compiler or self._make_compiler()
        return self._compiler

    def _keys_changed(self, caller: Caller) -> None:
        """A key may admit to any API of its account and region."""
        for api in self._apis.of(caller):
            self._apis.changed(api)

    def __contains__(self, api_id: object) -> bool:
        """Whether there is a REST API of this id; cheap."""
        return api_id in self._apis

    def apis(self) -> list[RestApi]:
        """All APIs, oldest first."""
        return self._apis.every()

    def stages(self, caller: Caller, api_id: str) -> list[str]:
        """The names of an API's stages. Raises NotFoundException."""
        return [stage.stage_name for stage in self._apis.stages.all(self._apis.named(caller, api_id))]

    def lookup(self, api_id: str) -> RestApi | None:
        """The API of this id in whatever account and region, or None."""
        return self._apis.anywhere(api_id)

    def forget(self) -> None:
        """Take note that the store was emptied or replaced."""
        self._apis.forget()
        self.usage.forget()

    def compile(self, api_id: str) -> S | None:
        """The API as it is served from now on, or None. Reads the store: not for the loop."""
        with self._apis.transaction():
            api = self._apis.anywhere(api_id)
            if api is None:
                return None
            served = self._apis.stages.all(api)
            stages, canaries = (
                [(stage, self._apis.deployments.get(api, stage.deployment_id).snapshot) for stage in each]
                for each in (served, [canary_of(stage) for stage in served if stage.canary_settings])
            )
            api_keys = self._apis.plans_of(api)
        return self._compiled_by().compile(api, stages, api_keys, canaries)
