"""The control plane of `apigatewayv2`: routes."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.v2.model import Api, Route
from dewstack.apigateway.v2.protocols import Protocols
from dewstack.apigateway.v2.resources import ApisV2, new_id, page
from dewstack.apigateway.v2.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

SCOPES_LIMIT = 10


class RouteOperations:
    """CreateRoute, GetRoute, GetRoutes, UpdateRoute, DeleteRoute, DeleteRouteRequestParameter."""

    def __init__(self, apis: ApisV2, protocols: Protocols) -> None:
        self._apis = apis
        self._protocols = protocols

    @operation("CreateRoute")
    def create_route(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a route. Raises BadRequestException, ConflictException, NotFoundException."""
        required(params, "RouteKey")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            route = Route(**(fields_of(Route, params) | {"route_id": new_id()}))
            self._keep(api, route)
        self._apis.changed(api)
        return output(route)

    @operation("GetRoute")
    def get_route(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One route. Raises NotFoundException."""
        return output(self._apis.routes.get(self._apis.api(caller, params), required(params, "RouteId")))

    @operation("GetRoutes")
    def get_routes(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The routes of an API."""
        return page(self._apis.routes.all(self._apis.api(caller, params)), params)

    @operation("UpdateRoute")
    def update_route(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateRoute does."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            route = self._apis.routes.get(api, required(params, "RouteId"))
            route = replace(route, **fields_of(Route, params))
            if route.authorization_type == "NONE":
                route = replace(route, authorizer_id=None, authorization_scopes=None)
            self._keep(api, route)
        self._apis.changed(api)
        return output(route)

    @operation("DeleteRouteRequestParameter")
    def delete_route_request_parameter(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Ask for a parameter no more. Raises NotFoundException."""
        key = required(params, "RequestParameterKey")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            route = self._apis.routes.get(api, required(params, "RouteId"))
            given = dict(route.request_parameters or {})
            if given.pop(key, None) is None:
                raise NotFoundException(f"Unable to find request parameter {key}")
            self._apis.routes.put(api, route.route_id, replace(route, request_parameters=given))
        self._apis.changed(api)
        return {}

    @operation("DeleteRoute")
    def delete_route(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a route. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            name = required(params, "RouteId")
            self._apis.routes.delete(api, name)
            for response in self._apis.route_responses.of(api, name):
                self._apis.route_responses.delete(api, response.route_response_id)
        self._apis.changed(api)
        return {}

    def _keep(self, api: Api, route: Route) -> None:
        self._protocols[api.protocol_type].check_route(route)
        if self._apis.routes.id_of(api, route.route_key) not in (None, route.route_id):
            raise ConflictException(f"Route with key {route.route_key} already exists for this API")
        self._check_target(api, route)
        self._check_authorization(api, route)
        self._apis.routes.put(api, route.route_id, route)

    def _check_target(self, api: Api, route: Route) -> None:
        if not route.target:
            return
        kind, _, integration_id = route.target.partition("/")
        if kind != "integrations" or not integration_id:
            raise BadRequestException(
                "Target is not formatted properly. Format should be integrations/<INTEGRATION ID>"
            )
        self._apis.integrations.get(api, integration_id)

    def _check_authorization(self, api: Api, route: Route) -> None:
        kind = route.authorization_type
        if kind == "NONE":
            return
        wanted = self._protocols[api.protocol_type].authorizer_types.get(kind)
        if wanted is None:
            raise NotEmulated(f"AuthorizationType {kind} of route {route.route_key} is not emulated")
        if not wanted:
            return
        if not route.authorizer_id:
            raise BadRequestException(f"AuthorizerId is required for authorization type {kind}")
        authorizer = self._apis.authorizers.get(api, route.authorizer_id)
        if authorizer.authorizer_type != wanted:
            raise BadRequestException(
                f"Authorizer {authorizer.authorizer_id} of type {authorizer.authorizer_type}"
                f" does not fit authorization type {kind}"
            )
        if len(route.authorization_scopes or ()) > SCOPES_LIMIT:
            raise BadRequestException(f"A route may have at most {SCOPES_LIMIT} authorization scopes")
