"""The control plane of REST APIs: import from and export to OpenAPI (`apigateway`)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.rest_api.api_operations import ApiOperations, check_api
from dewstack.apigateway.rest_api.model import EndpointConfiguration, RestApi
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.shapes import output, required
from dewstack.config import Caller
from dewstack.wire import Handler, operation

if TYPE_CHECKING:
    from dewstack.apigateway.openapi_document import Document

MODES = ("merge", "overwrite")


class OpenApiOperations:
    """ImportRestApi, PutRestApi, GetExport. `handler` gives the other operations by name."""

    def __init__(self, apis: RestApis, made: ApiOperations, handler: Callable[[str], Handler]) -> None:
        self._apis = apis
        self._made = made
        self._handler = handler

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """A transaction; what memory holds of the APIs goes back with the store."""
        try:
            with self._apis.transaction():
                yield
        except RecursionError:
            self._apis.forget()
            raise BadRequestException("Invalid OpenAPI input.") from None
        except BaseException:
            self._apis.forget()
            raise

    @operation("ImportRestApi")
    def import_rest_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create an API out of a definition. Raises BadRequestException, NotEmulated."""
        document = self._document(params)
        types = (params.get("parameters") or {}).get("endpointConfigurationTypes")
        given: dict[str, Any] = {"name": document.title or ""}
        if types:
            given["endpointConfiguration"] = {"types": [types]}
        with self._all_or_nothing():
            api = self._made.make(caller, given)
            api = self._described(api, document)
            self._fill(caller, api, document, params)
        self._apis.changed(api)
        return self._answer(api, document)

    @operation("PutRestApi")
    def put_rest_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Put a definition into an API, or in the place of all that it has. Raises as ImportRestApi does, and
        NotFoundException."""
        mode = params.get("mode") or "merge"
        if mode not in MODES:
            raise BadRequestException(f"Invalid import mode: {mode}. Valid modes are {', '.join(MODES)}")
        document = self._document(params)
        with self._all_or_nothing():
            api = self._apis.api(caller, params)
            if mode == "overwrite":
                self._empty(caller, api)
                if document.title:
                    api = replace(api, name=document.title)
            api = self._described(api, document)
            self._fill(caller, api, document, params)
        self._apis.changed(api)
        return self._answer(api, document)

    @staticmethod
    def _document(params: dict[str, Any]) -> "Document":
        from dewstack.apigateway.openapi_document import Document

        return Document(params.get("body") or b"")

    def _described(self, api: RestApi, document: "Document") -> RestApi:
        """The API with what the definition says of it as a whole, kept."""
        from dewstack.apigateway.rest_api.openapi.api import properties_of

        given = properties_of(document)
        endpoint: dict[str, Any] = given.pop("endpoint_configuration", {})
        if endpoint:
            merged = {
                name: getattr(api.endpoint_configuration, name) for name in ("types", "ip_address_type")
            }
            given["endpoint_configuration"] = EndpointConfiguration(**(merged | endpoint))
        api = replace(api, **given)
        check_api(api)
        return self._apis.put(api)

    def _empty(self, caller: Caller, api: RestApi) -> None:
        root = self._apis.resources.get(api, api.root_resource_id)
        delete = self._handler("DeleteResource")
        for child in self._apis.resources.children(api, root.id).values():
            delete(caller, {"restApiId": api.id, "resourceId": child})
        self._apis.resources.put(api, root.id, replace(root, resource_methods={}))
        for parts in (
            self._apis.authorizers,
            self._apis.gateway_responses,
            self._apis.request_validators,
            self._apis.models,
            self._apis.documentation_parts,
        ):
            parts.clear(api)

    def _fill(self, caller: Caller, api: RestApi, document: "Document", params: dict[str, Any]) -> None:
        from dewstack.apigateway.rest_api.openapi.importing import Import

        def call(name: str, given: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = self._handler(name)(caller, {"restApiId": api.id} | given)
            return answer

        resources = {one.path: one.id for one in self._apis.resources.all(api)}
        Import(document, call, api.id, resources, params.get("parameters") or {}).run()
        if params.get("failOnWarnings") and document.warnings:
            raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(document.warnings))

    @staticmethod
    def _answer(api: RestApi, document: "Document") -> dict[str, Any]:
        return output(api) | ({"warnings": document.warnings} if document.warnings else {})

    @operation("GetExport")
    def get_export(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """What a stage serves as a definition. Raises BadRequestException, NotFoundException."""
        from dewstack.apigateway.rest_api.openapi.exporting import Export

        api = self._apis.api(caller, params)
        stage = self._apis.stages.get(api, required(params, "stageName"))
        deployment = self._apis.deployments.get(api, stage.deployment_id)
        export = Export(
            api,
            stage,
            deployment.snapshot,
            str(params.get("exportType")),
            str((params.get("parameters") or {}).get("extensions", "")),
            self._apis.documentation_parts.all(api),
        )
        return export.answer(params.get("accepts") or "application/json")
