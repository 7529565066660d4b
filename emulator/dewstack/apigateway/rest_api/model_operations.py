"""The control plane of REST APIs: models of bodies, and what validates requests (`apigateway`)."""

from typing import Any

import msgspec

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.rest_api.model import Model, RequestValidator, RestApi
from dewstack.apigateway.rest_api.patch import Patches, scalar
from dewstack.apigateway.rest_api.resources import RestApis, new_id, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation

NO_SCHEMA = "Model schema must have at least 1 property or array items defined"
MODEL_PATCHES = Patches(Model, {"description": scalar, "schema": scalar}, listed=True)
VALIDATOR_PATCHES = Patches(
    RequestValidator,
    {"name": scalar, "validateRequestParameters": scalar, "validateRequestBody": scalar},
    listed=True,
)


class ModelOperations:
    """CreateModel, GetModel, GetModels, GetModelTemplate, UpdateModel, DeleteModel."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("CreateModel")
    def create_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a model. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            model = Model(**(fields_of(Model, params) | {"id": new_id()}))
            if not model.name:
                raise BadRequestException("Model name must be non-empty")
            if self._apis.models.find(api, model.name):
                raise ConflictException("Model name already exists for this REST API")
            self._keep(api, model)
        return output(model)

    @operation("GetModel")
    def get_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One model. Raises NotFoundException."""
        return output(self._apis.models.get(self._apis.api(caller, params), required(params, "modelName")))

    @operation("GetModels")
    def get_models(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The models of an API."""
        return page(self._apis.models.all(self._apis.api(caller, params)), params)

    @operation("GetModelTemplate")
    def get_model_template(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """A mapping template that makes what the model describes. Raises NotFoundException."""
        from dewstack.apigateway.rest_api.model_template import template

        model = self._apis.models.get(self._apis.api(caller, params), required(params, "modelName"))
        return {"value": template(msgspec.json.decode(model.schema or "{}"))}

    @operation("UpdateModel")
    def update_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises as CreateModel does."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            model = self._apis.models.get(api, required(params, "modelName"))
            model = self._keep(api, MODEL_PATCHES.apply(model, params.get("patchOperations")))
        return output(model)

    @operation("DeleteModel")
    def delete_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a model that no method uses. Raises ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            name = required(params, "modelName")
            self._apis.models.get(api, name)
            for resource, method in self._apis.methods(api):
                if name in (method.request_models or {}).values():
                    raise ConflictException(
                        f"Cannot delete model '{name}', is referenced in method request:"
                        f" {resource.path}/{method.http_method}"
                    )
            self._apis.models.delete(api, name)
        return {}

    def _keep(self, api: RestApi, model: Model) -> Model:
        if not model.schema:
            raise BadRequestException(NO_SCHEMA)
        try:
            msgspec.json.decode(model.schema)
        except msgspec.DecodeError as error:
            raise BadRequestException(f"Invalid model specified: {error}") from None
        return self._apis.models.put(api, model.name, model)


class RequestValidatorOperations:
    """CreateRequestValidator, GetRequestValidator, GetRequestValidators, UpdateRequestValidator,
    DeleteRequestValidator."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("CreateRequestValidator")
    def create_request_validator(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a request validator. Raises BadRequestException."""
        with self._apis.transaction():
            try:
                api = self._apis.api(caller, params)
            except NotFoundException:
                raise BadRequestException("Invalid REST API identifier specified") from None
            validator = RequestValidator(**(fields_of(RequestValidator, params) | {"id": new_id()}))
            self._apis.request_validators.put(api, validator.id, validator)
        return output(validator)

    @operation("GetRequestValidator")
    def get_request_validator(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One request validator. Raises NotFoundException."""
        return output(self._named(self._apis.api(caller, params), params))

    @operation("GetRequestValidators")
    def get_request_validators(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The request validators of an API."""
        return page(self._apis.request_validators.all(self._apis.api(caller, params)), params)

    @operation("UpdateRequestValidator")
    def update_request_validator(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            validator = VALIDATOR_PATCHES.apply(self._named(api, params), params.get("patchOperations"))
            if not validator.name:
                raise BadRequestException("Request Validator name cannot be blank")
            self._apis.request_validators.put(api, validator.id, validator)
        return output(validator)

    @operation("DeleteRequestValidator")
    def delete_request_validator(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a request validator that no method uses. Raises ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            validator = self._named(api, params)
            for resource, method in self._apis.methods(api):
                if method.request_validator_id == validator.id:
                    raise ConflictException(
                        f"Cannot delete validator '{validator.name}', is referenced in method:"
                        f" {resource.path}/{method.http_method}"
                    )
            self._apis.request_validators.delete(api, validator.id)
        return {}

    def _named(self, api: RestApi, params: dict[str, Any]) -> RequestValidator:
        return self._apis.request_validators.get(api, required(params, "requestValidatorId"))
