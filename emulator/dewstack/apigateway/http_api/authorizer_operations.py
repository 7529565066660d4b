"""The control plane of HTTP APIs: authorizers (`apigatewayv2`)."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway import integrations
from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.http_api import identity
from dewstack.apigateway.http_api.model import Api, Authorizer
from dewstack.apigateway.http_api.resources import HttpApis, new_id, page
from dewstack.apigateway.http_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation

AUDIENCES_LIMIT = 50
TTL_LIMIT = 3_600


class AuthorizerOperations:
    """CreateAuthorizer, GetAuthorizer, GetAuthorizers, UpdateAuthorizer, DeleteAuthorizer."""

    def __init__(self, apis: HttpApis) -> None:
        self._apis = apis

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
        check = {"JWT": _check_jwt, "REQUEST": _check_request}.get(authorizer.authorizer_type)
        if check is None:
            raise BadRequestException(f"Invalid authorizer type: {authorizer.authorizer_type}")
        check(authorizer)
        self._apis.authorizers.put(api, authorizer.authorizer_id, authorizer)


def _check_jwt(authorizer: Authorizer) -> None:
    sources = authorizer.identity_source
    if len(sources) != 1 or not identity.in_request(sources[0]):
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


def _check_request(authorizer: Authorizer) -> None:
    for source in authorizer.identity_source:
        if not identity.anywhere(source):
            raise BadRequestException(f"Invalid identity source: {source}")
    if not integrations.valid_uri(authorizer.authorizer_uri or ""):
        raise BadRequestException("Invalid AuthorizerUri: it must be the ARN of a Lambda function")
    if authorizer.authorizer_payload_format_version not in ("1.0", "2.0"):
        raise BadRequestException("AuthorizerPayloadFormatVersion must be one of [1.0, 2.0]")
    if authorizer.enable_simple_responses and authorizer.authorizer_payload_format_version == "1.0":
        raise BadRequestException("Simple responses are only supported with payload format version 2.0")
    ttl = authorizer.authorizer_result_ttl_in_seconds
    if ttl is not None and not 0 <= ttl <= TTL_LIMIT:
        raise BadRequestException(f"AuthorizerResultTtlInSeconds must be between 0 and {TTL_LIMIT}")
    if ttl and not authorizer.identity_source:
        raise BadRequestException("An authorizer needs an identity source for its results to be cached")
