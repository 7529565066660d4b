"""The control plane of REST APIs: how an API words its own answers (`apigateway`).

Every response type always has an answer: the API's own, that of DEFAULT_4XX or DEFAULT_5XX, or AWS's.
"""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.rest_api.model import GatewayResponse, RestApi
from dewstack.apigateway.rest_api.patch import Patches, entries, scalar
from dewstack.apigateway.rest_api.resources import RestApis, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation

STATUS_CODES: dict[str, str | None] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""The response types and the statuses that AWS gives them."""
TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
UNKNOWN_TYPE = (
    "1 validation error detected: Value '{value}' at 'responseType' failed to satisfy constraint: Member must satisfy"
    " enum value set: [{types}]"
)
PATCHES = Patches(
    GatewayResponse,
    {"statusCode": scalar, "responseParameters": entries, "responseTemplates": entries},
)


class GatewayResponseOperations:
    """PutGatewayResponse, GetGatewayResponse, GetGatewayResponses, UpdateGatewayResponse, DeleteGatewayResponse."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("PutGatewayResponse")
    def put_gateway_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Say how the API answers in a case. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api, kind = self._named(caller, params)
            response = GatewayResponse(**fields_of(GatewayResponse, params))
            self._apis.gateway_responses.put(api, kind, response)
        return self._shown(api, kind)

    @operation("GetGatewayResponse")
    def get_gateway_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """How the API answers in one case, by default or not. Raises NotFoundException."""
        return self._shown(*self._named(caller, params))

    @operation("GetGatewayResponses")
    def get_gateway_responses(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """How the API answers in all cases."""
        api = self._apis.api(caller, params)
        kinds = list(STATUS_CODES)
        return page(kinds, params | {"limit": len(kinds)}, lambda kind: self._shown(api, kind))

    @operation("UpdateGatewayResponse")
    def update_gateway_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api, kind = self._named(caller, params)
            before = self._apis.gateway_responses.find(api, kind) or GatewayResponse(kind)
            response = PATCHES.apply(before, params.get("patchOperations"))
            self._apis.gateway_responses.put(api, kind, response)
        return self._shown(api, kind)

    @operation("DeleteGatewayResponse")
    def delete_gateway_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Go back to the default. Raises NotFoundException."""
        with self._apis.transaction():
            api, kind = self._named(caller, params)
            if self._apis.gateway_responses.find(api, kind) is None:
                raise NotFoundException("Gateway response type not defined on api")
            self._apis.gateway_responses.delete(api, kind)
        return {}

    def _named(self, caller: Caller, params: dict[str, Any]) -> tuple[RestApi, str]:
        kind = required(params, "responseType")
        if kind not in STATUS_CODES:
            raise BadRequestException(UNKNOWN_TYPE.format(value=kind, types=", ".join(sorted(STATUS_CODES))))
        return self._apis.api(caller, params), kind

    def _shown(self, api: RestApi, kind: str) -> dict[str, Any]:
        """The response in force: what it leaves open is AWS's own."""
        own = self._apis.gateway_responses.find(api, kind)
        status = STATUS_CODES[kind]
        default = f"DEFAULT_{status[0]}XX" if status else kind
        response = own or self._apis.gateway_responses.find(api, default) or GatewayResponse(kind)
        filled = replace(
            response,
            response_type=kind,
            status_code=response.status_code or status,
            response_templates=response.response_templates or TEMPLATES,
        )
        return output(filled) | {"defaultResponse": own is None}
