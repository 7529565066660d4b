"""The control plane of REST APIs: documentation parts, and the versions of the documentation (`apigateway`)."""

from typing import Any

import msgspec

from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.rest_api.documentation_model import (
    DocumentationLocation,
    DocumentationPart,
    DocumentationVersion,
)
from dewstack.apigateway.rest_api.model import RestApi
from dewstack.apigateway.rest_api.patch import Patches, scalar, with_members
from dewstack.apigateway.rest_api.resources import RestApis, new_id, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.wire import operation

TYPES = (
    "RESPONSE_BODY",
    "RESPONSE",
    "METHOD",
    "MODEL",
    "AUTHORIZER",
    "RESPONSE_HEADER",
    "RESOURCE",
    "PATH_PARAMETER",
    "REQUEST_BODY",
    "QUERY_PARAMETER",
    "API",
    "REQUEST_HEADER",
)
PATCHES = Patches(DocumentationPart, {"properties": scalar})
VERSION_PATCHES = Patches(DocumentationVersion, {"description": scalar})
FILTERS = {"type": "type", "path": "path", "nameQuery": "name"}


class DocumentationOperations:
    """Documentation parts and versions: create, get, list, update, delete; ImportDocumentationParts."""

    def __init__(self, apis: RestApis, clock: Clock) -> None:
        self._apis = apis
        self._parts = apis.documentation_parts
        self._versions = apis.documentation_versions
        self._clock = clock

    @operation("CreateDocumentationPart")
    def create_documentation_part(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a part. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._apis.transaction():
            return output(self._create(self._apis.api(caller, params), params))

    def _create(self, api: RestApi, params: dict[str, Any]) -> DocumentationPart:
        location = DocumentationLocation(**fields_of(DocumentationLocation, params.get("location") or {}))
        if location.type not in TYPES:
            raise BadRequestException(
                f"1 validation error detected: Value '{location.type}' at"
                " 'createDocumentationPartInput.location.type' failed to satisfy constraint: Member must satisfy enum"
                f" value set: [{', '.join(TYPES)}]"
            )
        if any(one.location == location for one in self._parts.all(api)):
            raise ConflictException(
                "Documentation part already exists for the specified location: type"
                f" '{location.type}', path '{location.path}', method '{location.method}'."
            )
        part = _checked(DocumentationPart(new_id(), location, required(params, "properties")))
        return self._parts.put(api, part.id, part)

    @operation("GetDocumentationPart")
    def get_documentation_part(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One part. Raises NotFoundException."""
        return output(
            self._parts.get(self._apis.api(caller, params), required(params, "documentationPartId"))
        )

    @operation("GetDocumentationParts")
    def get_documentation_parts(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The parts of an API, or those of a type, a path or a name."""
        wanted = {member: params[name] for name, member in FILTERS.items() if params.get(name)}
        parts = [
            part
            for part in self._parts.all(self._apis.api(caller, params))
            if all(getattr(part.location, member) == value for member, value in wanted.items())
        ]
        return page(parts, params)

    @operation("UpdateDocumentationPart")
    def update_documentation_part(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            part = self._parts.get(api, required(params, "documentationPartId"))
            part = _checked(PATCHES.apply(part, params.get("patchOperations")))
            self._parts.put(api, part.id, part)
        return output(part)

    @operation("DeleteDocumentationPart")
    def delete_documentation_part(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a part. Raises NotFoundException."""
        with self._apis.transaction():
            self._parts.delete(self._apis.api(caller, params), required(params, "documentationPartId"))
        return {}

    @operation("ImportDocumentationParts")
    def import_documentation_parts(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create the parts that an OpenAPI definition has; with `overwrite`, they alone are left. Raises
        BadRequestException, NotFoundException."""
        from dewstack.apigateway.openapi_document import decode, items, mapping

        documentation = mapping(
            mapping(decode(params.get("body") or b"")).get("x-amazon-apigateway-documentation")
        )
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            if params.get("mode") == "overwrite":
                self._parts.clear(api)
            held = {one.location: one for one in self._parts.all(api)}
            ids = []
            for raw in map(mapping, items(documentation.get("documentationParts"))):
                properties = raw.get("properties", {})
                written = (
                    properties if isinstance(properties, str) else msgspec.json.encode(properties).decode()
                )
                location = DocumentationLocation(
                    **fields_of(DocumentationLocation, mapping(raw.get("location")))
                )
                if location in held:
                    self._parts.delete(api, held[location].id)
                given = {"location": mapping(raw.get("location")), "properties": written}
                ids.append(self._create(api, given).id)
        return {"ids": ids, "warnings": []}

    @operation("CreateDocumentationVersion")
    def create_documentation_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Freeze the documentation under a name, and let a stage have it. Raises ConflictException,
        NotFoundException."""
        name = required(params, "documentationVersion")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            if self._versions.find(api, name):
                raise ConflictException(f"Documentation version already exists: {name}")
            version = DocumentationVersion(
                name, self._clock.time(), params.get("description"), self._parts.all(api)
            )
            self._versions.put(api, name, version)
            if params.get("stageName"):
                stage = self._apis.stages.get(api, params["stageName"])
                stage = with_members(stage, type(stage), {"documentationVersion": name})
                self._apis.stages.put(api, stage.stage_name, stage)
        return _shown(version)

    @operation("GetDocumentationVersion")
    def get_documentation_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One version. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        return _shown(self._versions.get(api, required(params, "documentationVersion")))

    @operation("GetDocumentationVersions")
    def get_documentation_versions(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The versions of an API's documentation."""
        return page(self._versions.all(self._apis.api(caller, params)), params, _shown)

    @operation("UpdateDocumentationVersion")
    def update_documentation_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        name = required(params, "documentationVersion")
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            version = VERSION_PATCHES.apply(self._versions.get(api, name), params.get("patchOperations"))
            self._versions.put(api, name, version)
        return _shown(version)

    @operation("DeleteDocumentationVersion")
    def delete_documentation_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a version. Raises NotFoundException."""
        with self._apis.transaction():
            self._versions.delete(self._apis.api(caller, params), required(params, "documentationVersion"))
        return {}


def _shown(version: DocumentationVersion) -> dict[str, Any]:
    shape = output(version)
    shape.pop("parts", None)
    return shape


def _checked(part: DocumentationPart) -> DocumentationPart:
    """The part. Raises BadRequestException where its properties are no JSON object."""
    try:
        if isinstance(msgspec.json.decode(part.properties), dict) and part.properties != "{}":
            return part
    except msgspec.DecodeError:
        pass
    raise BadRequestException("Documentation part properties must be non-empty")
