"""The control plane of `apigatewayv2`: authorizers."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import ConflictException
from dewstack.apigateway.v2.model import Api, Authorizer
from dewstack.apigateway.v2.protocols import Protocols
from dewstack.apigateway.v2.resources import ApisV2, new_id, page
from dewstack.apigateway.v2.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation


class AuthorizerOperations:
    """CreateAuthorizer, GetAuthorizer, GetAuthorizers, UpdateAuthorizer, DeleteAuthorizer."""

    def __init__(self, apis: ApisV2, protocols: Protocols) -> None:
        self._apis = apis
        self._protocols = protocols

    @operation("CreateAuthorizer")
    def create_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a JWT or a Lambda authorizer. Raises BadRequestException, ConflictException, NotFoundException,
        NotEmulated."""
        for name in ("AuthorizerType", "Name"):
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
            authorizer = replace(authorizer, **fields_of(Authorizer, params))
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
        self._protocols[api.protocol_type].check_authorizer(authorizer)
        self._apis.authorizers.put(api, authorizer.authorizer_id, authorizer)
