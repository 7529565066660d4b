"""The control plane of REST APIs: resources, the segments of their paths (`apigateway`)."""

import re
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.rest_api.model import Resource, RestApi
from dewstack.apigateway.rest_api.patch import Patches, scalar
from dewstack.apigateway.rest_api.resources import RestApis, new_id, page
from dewstack.apigateway.rest_api.shapes import output, required
from dewstack.config import Caller
from dewstack.wire import operation

PATH_PART = re.compile(r"[a-zA-Z0-9._\-:]+|\{[a-zA-Z0-9._\-:]+\+?\}")
BAD_PATH_PART = (
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning"
    " and the end."
)
PATCHES = Patches(Resource, {"parentId": scalar, "pathPart": scalar}, listed=True)


def shown(resource: Resource, methods: bool) -> dict[str, Any]:
    """A resource as boto3 returns it: its methods in full only when they were asked for."""
    shape = output(resource)
    if resource.resource_methods and not methods:
        shape["resourceMethods"] = {name: {} for name in resource.resource_methods}
    return shape


class ResourceOperations:
    """CreateResource, GetResource, GetResources, UpdateResource, DeleteResource."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis
        self._resources = apis.resources

    @operation("CreateResource")
    def create_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a resource under another. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            resource = self.make(api, required(params, "parentId"), required(params, "pathPart"))
        return output(resource)

    def make(self, api: RestApi, parent_id: str, path_part: str) -> Resource:
        """A new resource, kept; to be called in a transaction."""
        parent = self._resources.get(api, parent_id)
        self._check_place(api, parent, path_part, None)
        resource = Resource(new_id(), _path(parent, path_part), parent_id, path_part)
        return self._resources.put(api, resource.id, resource)

    def _check_place(self, api: RestApi, parent: Resource, path_part: str, own_id: str | None) -> None:
        if not PATH_PART.fullmatch(path_part):
            raise BadRequestException(BAD_PATH_PART)
        if (parent.path_part or "").endswith("+}"):
            raise BadRequestException(
                f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}"
            )
        if self._resources.child(api, parent.id, path_part) not in (None, own_id):
            raise ConflictException(
                f"Another resource with the same parent already has this name: {path_part}"
            )
        if path_part.startswith("{"):
            self._check_variable(api, parent, path_part, own_id)

    def _check_variable(self, api: RestApi, parent: Resource, path_part: str, own_id: str | None) -> None:
        greedy = path_part.endswith("+}")
        for sibling, sibling_id in self._resources.children(api, parent.id).items():
            if sibling_id != own_id and sibling.startswith("{") and sibling.endswith("+}") == greedy:
                raise BadRequestException(
                    f"A sibling ({sibling}) of this resource already has a variable path part"
                    " -- only one is allowed"
                )

    @operation("GetResource")
    def get_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One resource; with `embed=methods`, its methods too. Raises NotFoundException."""
        resource = self._resources.get(self._apis.api(caller, params), required(params, "resourceId"))
        return shown(resource, "methods" in (params.get("embed") or ()))

    @operation("GetResources")
    def get_resources(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The resources of an API, by their paths."""
        methods = "methods" in (params.get("embed") or ())
        resources = sorted(self._resources.all(self._apis.api(caller, params)), key=lambda one: one.path)
        return page(resources, params, lambda resource: shown(resource, methods))

    @operation("UpdateResource")
    def update_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Rename a resource or move it, with everything under it. Raises as CreateResource does."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            before = self._resources.get(api, required(params, "resourceId"))
            after = PATCHES.apply(before, params.get("patchOperations"))
            if after != before:
                after = self._move(api, before, after)
        return shown(after, methods=False)

    def _move(self, api: RestApi, before: Resource, after: Resource) -> Resource:
        if before.parent_id is None:
            what = "pathPart" if after.path_part else "parentId"
            raise BadRequestException(f"Root resource cannot update its {what}.")
        parent = self._resources.get(api, after.parent_id or "")
        if f"{parent.path}/".startswith(f"{before.path}/"):
            raise BadRequestException("Resources cannot be cyclical.")
        path_part = after.path_part or ""
        self._check_place(api, parent, path_part, before.id)
        self._resources.displace(api, before)
        return self._replant(api, after, _path(parent, path_part))

    def _replant(self, api: RestApi, resource: Resource, path: str) -> Resource:
        resource = self._resources.put(api, resource.id, replace(resource, path=path))
        for path_part, child_id in self._resources.children(api, resource.id).items():
            self._replant(api, self._resources.get(api, child_id), _path(resource, path_part))
        return resource

    @operation("DeleteResource")
    def delete_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a resource with everything under it. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            resource = self._resources.get(api, required(params, "resourceId"))
            if resource.parent_id is None:
                raise BadRequestException("Root resource cannot be deleted")
            self._remove(api, resource)
        return {}

    def _remove(self, api: RestApi, resource: Resource) -> None:
        for child_id in self._resources.children(api, resource.id).values():
            self._remove(api, self._resources.get(api, child_id))
        self._resources.delete(api, resource.id)


def _path(parent: Resource, path_part: str) -> str:
    return f"{parent.path.rstrip('/')}/{path_part}"
