"""The operations of `apigatewayv2`, and the served form of each API that they made."""

from collections.abc import Callable

from dewstack.apigateway.domains.names import DomainNames
from dewstack.apigateway.domains.table import Domains
from dewstack.apigateway.v2.api_mapping_operations import ApiMappingOperations
from dewstack.apigateway.v2.api_operations import ApiOperations
from dewstack.apigateway.v2.authorizer_operations import AuthorizerOperations
from dewstack.apigateway.v2.domain_name_operations import DomainNameOperations
from dewstack.apigateway.v2.integration_operations import IntegrationOperations
from dewstack.apigateway.v2.model import Api, Snapshot, Stage
from dewstack.apigateway.v2.model_operations import ModelOperations
from dewstack.apigateway.v2.openapi import ImportOperations
from dewstack.apigateway.v2.openapi_export import ExportOperations
from dewstack.apigateway.v2.protocols import Protocols, ServedApi
from dewstack.apigateway.v2.resources import ApisV2
from dewstack.apigateway.v2.response_operations import IntegrationResponseOperations, RouteResponseOperations
from dewstack.apigateway.v2.route_operations import RouteOperations
from dewstack.apigateway.v2.stage_operations import StageOperations
from dewstack.apigateway.v2.tag_operations import TagOperations
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.store import Store
from dewstack.wire import Handler, operations_of


class ApiService:
    """`operations` of the service `apigatewayv2`, and `compile` for what they made.

    `protocols` are the kinds of APIs there are. `changed` is called with an API's id after every change; `endpoint`
    gives an API's URL from its id and region. `domains` are told of changes of domain names, at which there may also be
    REST APIs, whose stages `rest_stages` gives (and raises NotFoundException).
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        protocols: Protocols,
        changed: Callable[[str], None],
        endpoint: Callable[[str, str], str],
        domains: Domains,
        rest_stages: Callable[[Caller, str], list[str]],
    ) -> None:
        self._apis = ApisV2(store, changed)
        self._protocols = protocols
        names = DomainNames(store)
        self.operations: dict[str, Handler] = operations_of(
            ApiOperations(self._apis, clock, endpoint, protocols),
            RouteOperations(self._apis, protocols),
            RouteResponseOperations(self._apis),
            IntegrationOperations(self._apis, protocols),
            IntegrationResponseOperations(self._apis, protocols),
            AuthorizerOperations(self._apis, protocols),
            StageOperations(self._apis, clock),
            ModelOperations(self._apis),
            TagOperations(self._apis, names),
            DomainNameOperations(names, clock, domains),
            ApiMappingOperations(names, domains, self._apis, rest_stages),
            ImportOperations(self._apis, lambda name: self.operations[name]),
            ExportOperations(self._apis, self._served),
        )

    def __contains__(self, api_id: object) -> bool:
        """Whether there is such an API of this id; cheap."""
        return api_id in self._apis

    def apis(self) -> list[Api]:
        """All APIs, oldest first."""
        return self._apis.every()

    def lookup(self, api_id: str) -> Api | None:
        """The API of this id in whatever account and region, or None."""
        return self._apis.anywhere(api_id)

    def forget(self) -> None:
        """Take note that the store was emptied or replaced."""
        self._apis.forget()

    def compile(self, api_id: str) -> ServedApi | None:
        """The API as it is served from now on, or None. Reads the store: not for the loop."""
        with self._apis.transaction():
            api = self._apis.anywhere(api_id)
            if api is None:
                return None
            stages = [(stage, self._served(api, stage)) for stage in self._apis.stages.all(api)]
        return self._protocols[api.protocol_type].compile(api, stages)

    def _served(self, api: Api, stage: Stage) -> Snapshot:
        """What a stage serves: the API as it is, its deployment, or nothing yet."""
        if stage.auto_deploy:
            return self._apis.snapshot(api)
        deployment = self._apis.deployments.find(api, stage.deployment_id) if stage.deployment_id else None
        return (deployment and deployment.snapshot) or Snapshot([], [], [])
