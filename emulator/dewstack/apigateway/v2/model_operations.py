"""The control plane of `apigatewayv2`: models of bodies."""

from typing import Any

import msgspec
from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.v2.model import Api, Model
from dewstack.apigateway.v2.resources import ApisV2, new_id, page
from dewstack.apigateway.v2.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation


class ModelOperations:
    """CreateModel, GetModel, GetModels, GetModelTemplate, UpdateModel, DeleteModel."""

    def __init__(self, apis: ApisV2) -> None:
        self._apis = apis

    @operation("CreateModel")
    def create_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a model. Raises BadRequestException, ConflictException, NotFoundException."""
        required(params, "Name")
        required(params, "Schema")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            model = self._keep(api, Model(**(fields_of(Model, params) | {"model_id": new_id()})))
        self._apis.changed(api)
        return output(model)

    @operation("GetModel")
    def get_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One model. Raises NotFoundException."""
        return output(self._model(caller, params)[1])

    @operation("GetModels")
    def get_models(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The models of an API."""
        return page(self._apis.models.all(self._apis.api(caller, params)), params)

    @operation("GetModelTemplate")
    def get_model_template(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """A mapping template that makes what the model describes. Raises NotFoundException."""
        from dewstack.apigateway.rest_api.model_template import template

        return {"Value": template(msgspec.json.decode(self._model(caller, params)[1].schema))}

    @operation("UpdateModel")
    def update_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateModel does."""
        with self._apis.transaction():
            api, model = self._model(caller, params)
            model = self._keep(api, replace(model, **fields_of(Model, params)))
        self._apis.changed(api)
        return output(model)

    @operation("DeleteModel")
    def delete_model(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a model that no route uses. Raises ConflictException, NotFoundException."""
        with self._apis.transaction():
            api, model = self._model(caller, params)
            for route in self._apis.routes.all(api):
                if model.name in (route.request_models or {}).values():
                    raise ConflictException(
                        f"Cannot delete Model {model.name}, it is used by Route {route.route_id}"
                    )
            self._apis.models.delete(api, model.model_id)
        self._apis.changed(api)
        return {}

    def _model(self, caller: Caller, params: dict[str, Any]) -> tuple[Api, Model]:
        api = self._apis.api(caller, params)
        return api, self._apis.models.get(api, required(params, "ModelId"))

    def _keep(self, api: Api, model: Model) -> Model:
        try:
            msgspec.json.decode(model.schema)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadRequestException(f"Invalid model specified: {error}") from None
        for other in self._apis.models.all(api):
            if other.name == model.name and other.model_id != model.model_id:
                raise ConflictException(f"Model with name {model.name} already exists for this API")
        return self._apis.models.put(api, model.model_id, model)
