"""The control plane of `apigatewayv2`: the responses of integrations and of routes, which only WebSocket APIs have."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.v2.model import Api, IntegrationResponse, RouteResponse
from dewstack.apigateway.v2.protocols import Protocols
from dewstack.apigateway.v2.resources import ApisV2, new_id, page
from dewstack.apigateway.v2.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation


def _websocket(api: Api, what: str) -> None:
    """Raises BadRequestException for an API of another protocol."""
    if api.protocol_type != "WEBSOCKET":
        raise BadRequestException(f"{what} is not supported for {api.protocol_type} APIs")


class IntegrationResponseOperations:
    """CreateIntegrationResponse, GetIntegrationResponse(s), UpdateIntegrationResponse, DeleteIntegrationResponse."""

    def __init__(self, apis: ApisV2, protocols: Protocols) -> None:
        self._apis = apis
        self._protocols = protocols

    @operation("CreateIntegrationResponse")
    def create_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Say what becomes of an integration's answers of one key. Raises BadRequestException, ConflictException,
        NotFoundException, NotEmulated."""
        required(params, "IntegrationResponseKey")
        with self._apis.transaction():
            api, owner = self._owner(caller, params)
            given = fields_of(IntegrationResponse, params) | {"integration_response_id": new_id()}
            response = self._keep(api, IntegrationResponse(**given, owner_id=owner))
        self._apis.changed(api)
        return output(response)

    @operation("GetIntegrationResponse")
    def get_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One response. Raises NotFoundException."""
        return output(self._one(*self._owner(caller, params), params))

    @operation("GetIntegrationResponses")
    def get_integration_responses(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The responses of an integration."""
        return page(self._apis.integration_responses.of(*self._owner(caller, params)), params)

    @operation("UpdateIntegrationResponse")
    def update_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateIntegrationResponse does."""
        with self._apis.transaction():
            api, owner = self._owner(caller, params)
            response = self._one(api, owner, params)
            response = self._keep(api, replace(response, **fields_of(IntegrationResponse, params)))
        self._apis.changed(api)
        return output(response)

    @operation("DeleteIntegrationResponse")
    def delete_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a response. Raises NotFoundException."""
        with self._apis.transaction():
            api, owner = self._owner(caller, params)
            response = self._one(api, owner, params)
            self._apis.integration_responses.delete(api, response.integration_response_id)
        self._apis.changed(api)
        return {}

    def _owner(self, caller: Caller, params: dict[str, Any]) -> tuple[Api, str]:
        api = self._apis.api(caller, params)
        return api, self._apis.integrations.get(api, required(params, "IntegrationId")).integration_id

    def _one(self, api: Api, owner: str, params: dict[str, Any]) -> IntegrationResponse:
        return self._apis.integration_responses.one(api, owner, required(params, "IntegrationResponseId"))

    def _keep(self, api: Api, response: IntegrationResponse) -> IntegrationResponse:
        self._protocols[api.protocol_type].check_integration_response(response)
        for other in self._apis.integration_responses.of(api, response.owner_id):
            if (
                other.integration_response_key == response.integration_response_key
                and other.integration_response_id != response.integration_response_id
            ):
                raise ConflictException(
                    f"Integration response with key {response.integration_response_key} already exists"
                )
        return self._apis.integration_responses.put(api, response.integration_response_id, response)


class RouteResponseOperations:
    """CreateRouteResponse, GetRouteResponse(s), UpdateRouteResponse, DeleteRouteResponse."""

    def __init__(self, apis: ApisV2) -> None:
        self._apis = apis

    @operation("CreateRouteResponse")
    def create_route_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let a route answer. Raises BadRequestException, ConflictException, NotFoundException, NotEmulated."""
        required(params, "RouteResponseKey")
        with self._apis.transaction():
            api, owner = self._owner(caller, params)
            _websocket(api, "CreateRouteResponse")
            if self._apis.route_responses.of(api, owner):
                raise ConflictException("Route response with key $default already exists for this route")
            given = fields_of(RouteResponse, params) | {"route_response_id": new_id()}
            response = self._keep(api, RouteResponse(**given, owner_id=owner))
        self._apis.changed(api)
        return output(response)

    @operation("GetRouteResponse")
    def get_route_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One response. Raises NotFoundException."""
        return output(self._one(*self._owner(caller, params), params))

    @operation("GetRouteResponses")
    def get_route_responses(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The responses of a route."""
        return page(self._apis.route_responses.of(*self._owner(caller, params)), params)

    @operation("UpdateRouteResponse")
    def update_route_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateRouteResponse does."""
        with self._apis.transaction():
            api, owner = self._owner(caller, params)
            response = self._one(api, owner, params)
            response = self._keep(api, replace(response, **fields_of(RouteResponse, params)))
        self._apis.changed(api)
        return output(response)

    @operation("DeleteRouteResponse")
    def delete_route_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a response: the route answers no more. Raises NotFoundException."""
        with self._apis.transaction():
            api, owner = self._owner(caller, params)
            response = self._one(api, owner, params)
            self._apis.route_responses.delete(api, response.route_response_id)
        self._apis.changed(api)
        return {}

    def _owner(self, caller: Caller, params: dict[str, Any]) -> tuple[Api, str]:
        api = self._apis.api(caller, params)
        return api, self._apis.routes.get(api, required(params, "RouteId")).route_id

    def _one(self, api: Api, owner: str, params: dict[str, Any]) -> RouteResponse:
        return self._apis.route_responses.one(api, owner, required(params, "RouteResponseId"))

    def _keep(self, api: Api, response: RouteResponse) -> RouteResponse:
        if response.route_response_key != "$default":
            raise BadRequestException("RouteResponseKey must be $default")
        if response.response_models or response.response_parameters:
            raise NotEmulated("ResponseModels and ResponseParameters of a route response are not emulated")
        return self._apis.route_responses.put(api, response.route_response_id, response)
