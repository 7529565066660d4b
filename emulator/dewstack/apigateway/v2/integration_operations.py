"""The control plane of `apigatewayv2`: integrations."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import ConflictException
from dewstack.apigateway.resources import refuse
from dewstack.apigateway.v2.model import Api, Integration
from dewstack.apigateway.v2.protocols import Protocols
from dewstack.apigateway.v2.resources import ApisV2, new_id, page
from dewstack.apigateway.v2.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

REFUSED = ("ConnectionId", "TlsConfig")


class IntegrationOperations:
    """CreateIntegration, GetIntegration, GetIntegrations, UpdateIntegration, DeleteIntegration."""

    def __init__(self, apis: ApisV2, protocols: Protocols) -> None:
        self._apis = apis
        self._protocols = protocols

    @operation("CreateIntegration")
    def create_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create an integration. Raises BadRequestException, NotFoundException, NotEmulated."""
        refuse(params, REFUSED, "CreateIntegration")
        required(params, "IntegrationType")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            defaults = self._protocols[api.protocol_type].integration_defaults
            if params.get("IntegrationSubtype"):
                defaults = {}
            given = {**defaults, **fields_of(Integration, params), "integration_id": new_id()}
            integration = self._keep(api, Integration(**given))
        self._apis.changed(api)
        return output(integration)

    @operation("GetIntegration")
    def get_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One integration. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        return output(self._apis.integrations.get(api, required(params, "IntegrationId")))

    @operation("GetIntegrations")
    def get_integrations(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The integrations of an API."""
        return page(self._apis.integrations.all(self._apis.api(caller, params)), params)

    @operation("UpdateIntegration")
    def update_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateIntegration does."""
        refuse(params, REFUSED, "UpdateIntegration")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            integration = self._apis.integrations.get(api, required(params, "IntegrationId"))
            integration = self._keep(api, replace(integration, **fields_of(Integration, params)))
        self._apis.changed(api)
        return output(integration)

    @operation("DeleteIntegration")
    def delete_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete an integration that no route leads to. Raises ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            name = required(params, "IntegrationId")
            for route in self._apis.routes.all(api):
                if route.target == f"integrations/{name}":
                    raise ConflictException(
                        f"Cannot delete Integration {name}, it is used by Route {route.route_id}"
                    )
            self._apis.integrations.delete(api, name)
            for response in self._apis.integration_responses.of(api, name):
                self._apis.integration_responses.delete(api, response.integration_response_id)
        self._apis.changed(api)
        return {}

    def _keep(self, api: Api, integration: Integration) -> Integration:
        if integration.connection_type != "INTERNET":
            raise NotEmulated(f"ConnectionType {integration.connection_type} is not emulated")
        self._protocols[api.protocol_type].check_integration(integration)
        return self._apis.integrations.put(api, integration.integration_id, integration)
