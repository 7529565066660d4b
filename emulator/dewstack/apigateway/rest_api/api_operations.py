"""The control plane of REST APIs: the APIs themselves and their tags (`apigateway`)."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.rest_api.model import EndpointConfiguration, Model, Resource, RestApi
from dewstack.apigateway.rest_api.patch import Patch, Patches, elements, scalar, values
from dewstack.apigateway.rest_api.resources import RestApis, new_id, page
from dewstack.apigateway.rest_api.shapes import fields_of, output
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.ids import api_id, random_string
from dewstack.wire import operation

LARGEST_COMPRESSION_SIZE = 10_485_760
DRAFT = '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title": "%s Schema",\n  "type": "object"%s\n}'
MESSAGE = ',\n  "properties": {\n    "message": { "type": "string" }\n  }'
"""The two models that every API is born with."""


def endpoint(current: Any, patch: Patch) -> dict[str, Any]:
    """`replace /endpointConfiguration/types/EDGE` and its neighbours."""
    configuration = dict(current or {})
    member, rest = (patch.keys or ("",))[0], patch.keys[1:]
    inner = replace(patch, member=member, keys=rest)
    if member == "types":
        patch.only("add", "remove", "replace")
        configuration["types"] = [patch.value] if patch.op == "replace" else elements([], inner)
    elif member == "vpcEndpointIds":
        configuration["vpcEndpointIds"] = values(configuration.get("vpcEndpointIds"), inner)
    elif member == "ipAddressType":
        patch.only("replace")
        configuration["ipAddressType"] = patch.value
    else:
        raise patch.astray()
    return configuration


PATCHES = Patches(
    RestApi,
    {
        "name": scalar,
        "description": scalar,
        "version": scalar,
        "policy": scalar,
        "apiKeySource": scalar,
        "minimumCompressionSize": scalar,
        "disableExecuteApiEndpoint": scalar,
        "binaryMediaTypes": elements,
        "endpointConfiguration": endpoint,
    },
)


def check_api(api: RestApi) -> None:
    """Refuse what AWS refuses. Raises BadRequestException."""
    if not api.name:
        raise BadRequestException("API name must be non-empty")
    if api.api_key_source not in ("HEADER", "AUTHORIZER"):
        raise BadRequestException("Invalid API key source specified. Valid options are HEADER, AUTHORIZER")
    size = api.minimum_compression_size
    if size is not None and not 0 <= size <= LARGEST_COMPRESSION_SIZE:
        raise BadRequestException(
            f"Invalid minimum compression size, must be between 0 and {LARGEST_COMPRESSION_SIZE}"
        )
    _check_endpoint(api.endpoint_configuration)


def _check_endpoint(configuration: EndpointConfiguration) -> None:
    if not configuration.types:
        raise BadRequestException("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(configuration.types) > 1:
        raise BadRequestException("Cannot create an api with multiple Endpoint Types.")
    if configuration.types[0] not in ("EDGE", "REGIONAL", "PRIVATE"):
        raise BadRequestException("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
    if configuration.ip_address_type not in ("ipv4", "dualstack"):
        raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")


class ApiOperations:
    """CreateRestApi, GetRestApi, GetRestApis, UpdateRestApi, DeleteRestApi."""

    def __init__(self, apis: RestApis, clock: Clock) -> None:
        self._apis = apis
        self._clock = clock

    @operation("CreateRestApi")
    def create_rest_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a REST API with nothing in it but its root, or what another has. Raises BadRequestException,
        NotFoundException."""
        if params.get("description") == "":
            raise BadRequestException("Description cannot be an empty string")
        with self._apis.transaction():
            source = params.get("cloneFrom")
            held = self._apis.named(caller, source) if source else None
            api = self.make(caller, params)
            if held is not None:
                api = self._cloned(api, held)
        return output(api)

    def _cloned(self, api: RestApi, source: RestApi) -> RestApi:
        """The API with all that `source` has, deployments and stages aside."""
        apis = self._apis
        apis.resources.clear(api)
        for resource in apis.resources.all(source):
            apis.resources.put(api, resource.id, resource)
        for authorizer in apis.authorizers.all(source):
            apis.authorizers.put(api, authorizer.id, authorizer)
        for validator in apis.request_validators.all(source):
            apis.request_validators.put(api, validator.id, validator)
        for model in apis.models.all(source):
            apis.models.put(api, model.name, model)
        for response in apis.gateway_responses.all(source):
            apis.gateway_responses.put(api, response.response_type, response)
        types = api.binary_media_types or source.binary_media_types
        return apis.put(replace(api, root_resource_id=source.root_resource_id, binary_media_types=types))

    def make(self, caller: Caller, params: dict[str, Any]) -> RestApi:
        """A new API out of the parameters of CreateRestApi, kept; to be called in a transaction."""
        given = fields_of(RestApi, params) | {"id": api_id(), "created_date": self._clock.time()}
        root = Resource(random_string(10), "/")
        api = RestApi(account_id=caller.account_id, region=caller.region, root_resource_id=root.id, **given)
        types = (params.get("endpointConfiguration") or {}).get("types")
        if types == ["PRIVATE"]:
            private = replace(api.endpoint_configuration, ip_address_type="dualstack")
            api = replace(api, endpoint_configuration=private)
        check_api(api)
        self._apis.put(api)
        self._apis.resources.put(api, root.id, root)
        for name, properties, what in (("Empty", "", "empty"), ("Error", MESSAGE, "error")):
            model = Model(
                new_id(),
                name,
                "application/json",
                f"This is a default {what} schema model",
                DRAFT % (name, properties),
            )
            self._apis.models.put(api, name, model)
        return api

    @operation("GetRestApi")
    def get_rest_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One API. Raises NotFoundException."""
        return output(self._apis.api(caller, params))

    @operation("GetRestApis")
    def get_rest_apis(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The APIs of the caller's account and region, oldest first."""
        return page(self._apis.of(caller), params)

    @operation("UpdateRestApi")
    def update_rest_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api = PATCHES.apply(self._apis.api(caller, params), params.get("patchOperations"))
            check_api(api)
            self._apis.put(api)
        self._apis.changed(api)
        return {"tags": {}} | output(api)

    @operation("DeleteRestApi")
    def delete_rest_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete the API with everything in it. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            self._apis.delete(api)
        self._apis.changed(api)
        return {}
