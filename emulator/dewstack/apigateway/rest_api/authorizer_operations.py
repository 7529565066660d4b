"""The control plane of REST APIs: authorizers (`apigateway`)."""

from typing import Any

from dewstack.apigateway import integrations
from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.rest_api.model import Authorizer, RestApi
from dewstack.apigateway.rest_api.patch import Patches, removable, scalar, values
from dewstack.apigateway.rest_api.resources import RestApis, new_id, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation

TTL_LIMIT = 3_600
DEFAULT_TTL = 300
PATCHES = Patches(
    Authorizer,
    {
        "name": scalar,
        "type": scalar,
        "providerARNs": values,
        "authType": scalar,
        "authorizerUri": scalar,
        "authorizerCredentials": removable,
        "identitySource": scalar,
        "identityValidationExpression": removable,
        "authorizerResultTtlInSeconds": scalar,
    },
)


class AuthorizerOperations:
    """CreateAuthorizer, GetAuthorizer, GetAuthorizers, UpdateAuthorizer, DeleteAuthorizer."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("CreateAuthorizer")
    def create_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create an authorizer. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            given = fields_of(Authorizer, params) | {"id": new_id()}
            given = _DEFAULTS.get(given.get("type", ""), {}) | given
            authorizer = self._keep(api, Authorizer(**given))
        return output(authorizer)

    @operation("GetAuthorizer")
    def get_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One authorizer. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        return output(self._apis.authorizers.get(api, required(params, "authorizerId")))

    @operation("GetAuthorizers")
    def get_authorizers(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The authorizers of an API."""
        return page(self._apis.authorizers.all(self._apis.api(caller, params)), params)

    @operation("UpdateAuthorizer")
    def update_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises as CreateAuthorizer does."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            authorizer = self._apis.authorizers.get(api, required(params, "authorizerId"))
            authorizer = self._keep(api, PATCHES.apply(authorizer, params.get("patchOperations")))
        return output(authorizer)

    @operation("DeleteAuthorizer")
    def delete_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete an authorizer that no method uses. Raises ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            authorizer = self._apis.authorizers.get(api, required(params, "authorizerId"))
            for resource, method in self._apis.methods(api):
                if method.authorizer_id == authorizer.id:
                    raise ConflictException(
                        f"Cannot delete authorizer '{authorizer.name}', is referenced in method:"
                        f" {resource.path}/{method.http_method}"
                    )
            self._apis.authorizers.delete(api, authorizer.id)
        return {}

    def _keep(self, api: RestApi, authorizer: Authorizer) -> Authorizer:
        if not authorizer.name:
            raise BadRequestException("Authorizer name must be non-empty")
        check = _CHECKS.get(authorizer.type)
        if check is None:
            raise BadRequestException(
                f"Invalid authorizer type specified. Valid options are {','.join(_CHECKS)}"
            )
        check(authorizer)
        ttl = authorizer.authorizer_result_ttl_in_seconds
        if ttl is not None and not 0 <= ttl <= TTL_LIMIT:
            raise BadRequestException(f"Authorizer result TTL must be between 0 and {TTL_LIMIT} seconds")
        same = (one for one in self._apis.authorizers.all(api) if one.name == authorizer.name)
        if any(one.id != authorizer.id for one in same):
            raise ConflictException(
                "Authorizer name must be unique. Authorizer with the same name already exists"
            )
        return self._apis.authorizers.put(api, authorizer.id, authorizer)


_HEADER = "method.request.header.Authorization"
_DEFAULTS: dict[str, dict[str, Any]] = {
    "TOKEN": {
        "auth_type": "custom",
        "identity_source": _HEADER,
        "authorizer_result_ttl_in_seconds": DEFAULT_TTL,
    },
    "REQUEST": {"auth_type": "custom", "authorizer_result_ttl_in_seconds": DEFAULT_TTL},
    "COGNITO_USER_POOLS": {"auth_type": "cognito_user_pools", "identity_source": _HEADER},
}


def _check_pools(authorizer: Authorizer) -> None:
    if not authorizer.provider_arns:
        raise BadRequestException("ProviderARNs must be specified for authorizer of type COGNITO_USER_POOLS")
    for arn in authorizer.provider_arns:
        if not arn.startswith("arn:") or ":cognito-idp:" not in arn or ":userpool/" not in arn:
            raise BadRequestException(f"Invalid Cognito User Pool ARN: {arn}")


def _check_token(authorizer: Authorizer) -> None:
    _check_uri(authorizer)
    source = authorizer.identity_source or ""
    if not source.startswith("method.request.header.") or "," in source:
        raise BadRequestException(f"Invalid identity source specified: {source}")


def _check_request(authorizer: Authorizer) -> None:
    _check_uri(authorizer)


def _check_uri(authorizer: Authorizer) -> None:
    uri = authorizer.authorizer_uri or ""
    if not uri.startswith("arn:") or not integrations.valid_uri(uri):
        raise BadRequestException(
            f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a"
            " Lambda function invocation."
        )


_CHECKS = {"TOKEN": _check_token, "REQUEST": _check_request, "COGNITO_USER_POOLS": _check_pools}
