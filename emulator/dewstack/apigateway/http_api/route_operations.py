"""The control plane of HTTP APIs: routes and integrations (`apigatewayv2`)."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway import integrations
from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.http_api.model import Api, Integration, Route
from dewstack.apigateway.http_api.resources import HttpApis, new_id, page
from dewstack.apigateway.http_api.shapes import fields_of, output, required
from dewstack.apigateway.resources import refuse
from dewstack.apigateway.routes import well_formed
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

SCOPES_LIMIT = 10
BAD_ROUTE_KEY = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)
AUTHORIZER_TYPES = {"JWT": "JWT", "CUSTOM": "REQUEST"}
"""The type of authorizer that a route's authorization type needs."""

ROUTE_REFUSED = ("ApiKeyRequired", "ModelSelectionExpression", "RequestModels", "RequestParameters")
INTEGRATION_REFUSED = (
    "ConnectionId",
    "ContentHandlingStrategy",
    "IntegrationSubtype",
    "PassthroughBehavior",
    "RequestParameters",
    "RequestTemplates",
    "ResponseParameters",
    "TemplateSelectionExpression",
    "TlsConfig",
)


class RouteOperations:
    """CreateRoute, GetRoute, GetRoutes, UpdateRoute, DeleteRoute."""

    def __init__(self, apis: HttpApis) -> None:
        self._apis = apis

    @operation("CreateRoute")
    def create_route(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a route. Raises BadRequestException, ConflictException, NotFoundException."""
        refuse(params, ROUTE_REFUSED, "CreateRoute")
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
        refuse(params, ROUTE_REFUSED, "UpdateRoute")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            route = self._apis.routes.get(api, required(params, "RouteId"))
            route = replace(route, **fields_of(Route, params))
            if route.authorization_type == "NONE":
                route = replace(route, authorizer_id=None, authorization_scopes=None)
            self._keep(api, route)
        self._apis.changed(api)
        return output(route)

    @operation("DeleteRoute")
    def delete_route(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a route. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            self._apis.routes.delete(api, required(params, "RouteId"))
        self._apis.changed(api)
        return {}

    def _keep(self, api: Api, route: Route) -> None:
        if not well_formed(route.route_key):
            raise BadRequestException(BAD_ROUTE_KEY)
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
        if kind not in AUTHORIZER_TYPES:
            raise NotEmulated(f"AuthorizationType {kind} of route {route.route_key} is not emulated")
        if not route.authorizer_id:
            raise BadRequestException(f"AuthorizerId is required for authorization type {kind}")
        authorizer = self._apis.authorizers.get(api, route.authorizer_id)
        if authorizer.authorizer_type != AUTHORIZER_TYPES[kind]:
            raise BadRequestException(
                f"Authorizer {authorizer.authorizer_id} of type {authorizer.authorizer_type}"
                f" does not fit authorization type {kind}"
            )
        if len(route.authorization_scopes or ()) > SCOPES_LIMIT:
            raise BadRequestException(f"A route may have at most {SCOPES_LIMIT} authorization scopes")


class IntegrationOperations:
    """CreateIntegration, GetIntegration, GetIntegrations, UpdateIntegration, DeleteIntegration."""

    def __init__(self, apis: HttpApis) -> None:
        self._apis = apis

    @operation("CreateIntegration")
    def create_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a Lambda proxy integration. Raises BadRequestException, NotFoundException, NotEmulated."""
        refuse(params, INTEGRATION_REFUSED, "CreateIntegration")
        required(params, "IntegrationType")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            given = (
                {"integration_method": "POST"} | fields_of(Integration, params) | {"integration_id": new_id()}
            )
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
        refuse(params, INTEGRATION_REFUSED, "UpdateIntegration")
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
        self._apis.changed(api)
        return {}

    def _keep(self, api: Api, integration: Integration) -> Integration:
        if integration.integration_type != "AWS_PROXY":
            raise NotEmulated(
                f"IntegrationType {integration.integration_type} of an HTTP API is not emulated"
            )
        if integration.connection_type != "INTERNET":
            raise NotEmulated(f"ConnectionType {integration.connection_type} is not emulated")
        if not integrations.valid_uri(integration.integration_uri or ""):
            raise BadRequestException("Invalid IntegrationUri: it must be the ARN of a Lambda function")
        if integration.payload_format_version not in ("1.0", "2.0"):
            raise BadRequestException("PayloadFormatVersion must be one of [1.0, 2.0]")
        if not 50 <= integration.timeout_in_millis <= 30_000:
            raise BadRequestException("TimeoutInMillis must be between 50 and 30000")
        return self._apis.integrations.put(api, integration.integration_id, integration)
