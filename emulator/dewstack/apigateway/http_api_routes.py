"""The control plane of HTTP APIs: routes, integrations and authorizers (`apigatewayv2`)."""

import dataclasses
from typing import Any

from dewstack.apigateway import integrations
from dewstack.apigateway.authorizers import IDENTITY_SOURCE
from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.model import Api, Authorizer, Integration, Route
from dewstack.apigateway.resources import HttpApis, new_id, page, refuse
from dewstack.apigateway.routes import well_formed
from dewstack.apigateway.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

SCOPES_LIMIT = 10
AUDIENCES_LIMIT = 50
BAD_ROUTE_KEY = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)
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
            route = dataclasses.replace(route, **fields_of(Route, params))
            if route.authorization_type == "NONE":
                route = dataclasses.replace(route, authorizer_id=None, authorization_scopes=None)
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
        if kind != "JWT":
            raise NotEmulated(f"AuthorizationType {kind} of route {route.route_key} is not emulated")
        if not route.authorizer_id:
            raise BadRequestException("AuthorizerId is required for authorization type JWT")
        self._apis.authorizers.get(api, route.authorizer_id)
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
            integration = self._keep(api, dataclasses.replace(integration, **fields_of(Integration, params)))
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


class AuthorizerOperations:
    """CreateAuthorizer, GetAuthorizer, GetAuthorizers, UpdateAuthorizer, DeleteAuthorizer."""

    def __init__(self, apis: HttpApis) -> None:
        self._apis = apis

    @operation("CreateAuthorizer")
    def create_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a JWT authorizer. Raises BadRequestException, ConflictException, NotFoundException,
        NotEmulated."""
        for name in ("AuthorizerType", "IdentitySource", "Name"):
            required(params, name)
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            authorizer = Authorizer(**(fields_of(Authorizer, params) | {"authorizer_id": new_id()}))
            self._keep(api, authorizer)
        self._apis.changed(api)
        return output(authorizer)

    @operation("GetAuthorizer")
    def get_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One authorizer. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        return output(self._apis.authorizers.get(api, required(params, "AuthorizerId")))

    @operation("GetAuthorizers")
    def get_authorizers(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The authorizers of an API."""
        return page(self._apis.authorizers.all(self._apis.api(caller, params)), params)

    @operation("UpdateAuthorizer")
    def update_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateAuthorizer does."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            authorizer = self._apis.authorizers.get(api, required(params, "AuthorizerId"))
            authorizer = dataclasses.replace(authorizer, **fields_of(Authorizer, params))
            self._keep(api, authorizer)
        self._apis.changed(api)
        return output(authorizer)

    @operation("DeleteAuthorizer")
    def delete_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete an authorizer that no route uses. Raises ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            name = required(params, "AuthorizerId")
            for route in self._apis.routes.all(api):
                if route.authorizer_id == name:
                    raise ConflictException(
                        f"Cannot delete Authorizer {name}, it is used by Route {route.route_id}"
                    )
            self._apis.authorizers.delete(api, name)
        self._apis.changed(api)
        return {}

    def _keep(self, api: Api, authorizer: Authorizer) -> None:
        if authorizer.authorizer_type != "JWT":
            raise NotEmulated(
                f"AuthorizerType {authorizer.authorizer_type} ({authorizer.name}) is not emulated"
            )
        sources = authorizer.identity_source
        if len(sources) != 1 or not IDENTITY_SOURCE.fullmatch(sources[0]):
            raise BadRequestException(f"Invalid identity source: {', '.join(sources)}")
        configuration = authorizer.jwt_configuration
        if configuration is None or not configuration.issuer:
            raise BadRequestException("JwtConfiguration.Issuer is required for a JWT authorizer")
        if not configuration.issuer.startswith(("https://", "http://")):
            raise BadRequestException(f"Invalid issuer: {configuration.issuer}")
        if not configuration.audience or len(configuration.audience) > AUDIENCES_LIMIT:
            raise BadRequestException(
                f"JwtConfiguration.Audience must have between 1 and {AUDIENCES_LIMIT} entries"
            )
        self._apis.authorizers.put(api, authorizer.authorizer_id, authorizer)
