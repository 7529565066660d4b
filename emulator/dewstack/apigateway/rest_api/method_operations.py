"""The control plane of REST APIs: methods and the responses that they declare (`apigateway`)."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.rest_api.methods import NO_STATUS_CODE, Place
from dewstack.apigateway.rest_api.model import Method, MethodResponse, RestApi
from dewstack.apigateway.rest_api.patch import Patches, entries, scalar, values
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation

VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
AUTHORIZERS = {"CUSTOM": ("TOKEN", "REQUEST"), "COGNITO_USER_POOLS": ("COGNITO_USER_POOLS",)}
"""The types of authorizer that fit a method's authorization type."""
NO_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid"
    " authorizer."
)
METHOD_PATCHES = Patches(
    Method,
    {
        "authorizationType": scalar,
        "authorizerId": scalar,
        "authorizationScopes": values,
        "apiKeyRequired": scalar,
        "operationName": scalar,
        "requestModels": entries,
        "requestParameters": entries,
        "requestValidatorId": scalar,
    },
)
RESPONSE_PATCHES = Patches(MethodResponse, {"responseModels": entries, "responseParameters": entries})


class MethodOperations:
    """PutMethod, GetMethod, UpdateMethod, DeleteMethod, and the same for method responses."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("PutMethod")
    def put_method(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add a method to a resource. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            if place.verb in place.resource.resource_methods:
                raise ConflictException("Method already exists for this resource")
            if place.verb not in VERBS:
                raise BadRequestException(
                    f"Invalid HttpMethod specified. Valid options are {','.join(VERBS)}"
                )
            method = self._checked(place.api, Method(**fields_of(Method, params)))
            place.put(method)
        return output(method)

    @operation("GetMethod")
    def get_method(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One method with its integration. Raises NotFoundException."""
        return output(Place(self._apis, caller, params).method())

    @operation("UpdateMethod")
    def update_method(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises as PutMethod does."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            method = METHOD_PATCHES.apply(place.method(), params.get("patchOperations"))
            method = place.put(self._checked(place.api, method))
        return output(method)

    @operation("DeleteMethod")
    def delete_method(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a method from a resource. Raises NotFoundException."""
        with self._apis.transaction():
            Place(self._apis, caller, params).remove()
        return {}

    def _checked(self, api: RestApi, method: Method) -> Method:
        """The method, without what does not fit its authorization type. Raises BadRequestException."""
        names = [name.rpartition(".")[2] for name in method.request_parameters or ()]
        if len(names) != len(set(names)):
            raise BadRequestException("Parameter names must be unique across querystring, header and path")
        if method.request_validator_id and not self._apis.request_validators.find(
            api, method.request_validator_id
        ):
            raise BadRequestException("Invalid Request Validator identifier specified")
        for model in (method.request_models or {}).values():
            if self._apis.models.find(api, model) is None:
                raise BadRequestException(f"Invalid model identifier specified: {model}")
        return self._authorized(api, method)

    def _authorized(self, api: RestApi, method: Method) -> Method:
        if method.authorization_type in ("NONE", "AWS_IAM"):
            return replace(method, authorizer_id=None, authorization_scopes=None)
        types = AUTHORIZERS.get(method.authorization_type)
        if types is None:
            raise BadRequestException(
                "Invalid AuthorizationType specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS"
            )
        authorizer = self._apis.authorizers.find(api, method.authorizer_id) if method.authorizer_id else None
        if authorizer is None or authorizer.type not in types:
            raise BadRequestException(NO_AUTHORIZER)
        return method

    @operation("PutMethodResponse")
    def put_method_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Declare a response. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            response = MethodResponse(**fields_of(MethodResponse, params))
            if response.status_code in (place.method().method_responses or {}):
                raise ConflictException("Response already exists for this resource")
            self._put_response(place, response)
        return output(response)

    @operation("GetMethodResponse")
    def get_method_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One declared response. Raises NotFoundException."""
        return output(_response(Place(self._apis, caller, params), params))

    @operation("UpdateMethodResponse")
    def update_method_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            response = RESPONSE_PATCHES.apply(_response(place, params), params.get("patchOperations"))
            self._put_response(place, response)
        return output(response)

    @operation("DeleteMethodResponse")
    def delete_method_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a response back. Raises NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            gone = _response(place, params)
            method = place.method()
            left = {code: one for code, one in (method.method_responses or {}).items() if one is not gone}
            place.put(replace(method, method_responses=left or None))
        return {}

    def _put_response(self, place: Place, response: MethodResponse) -> None:
        for model in (response.response_models or {}).values():
            if self._apis.models.find(place.api, model) is None:
                raise BadRequestException(f"Invalid model identifier specified: {model}")
        method = place.method()
        responses = (method.method_responses or {}) | {response.status_code: response}
        place.put(replace(method, method_responses=responses))


def _response(place: Place, params: dict[str, Any]) -> MethodResponse:
    response = (place.method().method_responses or {}).get(required(params, "statusCode"))
    if response is None:
        raise NotFoundException(NO_STATUS_CODE)
    return response
