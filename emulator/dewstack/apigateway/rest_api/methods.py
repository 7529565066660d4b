"""Finding and changing methods, which are kept with their resource."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import NotFoundException
from dewstack.apigateway.rest_api.model import Integration, Method, Resource, RestApi
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.shapes import required
from dewstack.config import Caller

NO_METHOD = "Invalid Method identifier specified"
NO_INTEGRATION = "Invalid Integration identifier specified"
NO_STATUS_CODE = "Invalid Response status code specified"


class Place:
    """A method that an operation names, whether or not it is there: its API, its resource and its verb.

    Raises NotFoundException when there is no such resource, in AWS's words, which are the same without the API.
    """

    def __init__(self, apis: RestApis, caller: Caller, params: Mapping[str, Any]) -> None:
        self._apis = apis
        try:
            self.api: RestApi = apis.api(caller, params)
        except NotFoundException:
            raise NotFoundException("Invalid Resource identifier specified") from None
        self.resource: Resource = apis.resources.get(self.api, required(params, "resourceId"))
        self.verb = required(params, "httpMethod")

    def method(self) -> Method:
        """The method. Raises NotFoundException."""
        method = self.resource.resource_methods.get(self.verb)
        if method is None:
            raise NotFoundException(NO_METHOD)
        return method

    def integration(self) -> Integration:
        """The method's integration. Raises NotFoundException."""
        integration = self.method().method_integration
        if integration is None:
            raise NotFoundException(NO_INTEGRATION)
        return integration

    def put(self, method: Method) -> Method:
        """Keep the method as it is now."""
        return self._keep(self.resource.resource_methods | {self.verb: method}, method)

    def put_integration(self, integration: Integration | None) -> Method:
        """Keep the method with this integration."""
        return self.put(replace(self.method(), method_integration=integration))

    def remove(self) -> None:
        """Remove the method. Raises NotFoundException."""
        method, methods = self.method(), dict(self.resource.resource_methods)
        del methods[self.verb]
        self._keep(methods, method)

    def _keep(self, methods: dict[str, Method], method: Method) -> Method:
        before = self.resource
        self.resource = Resource(before.id, before.path, before.parent_id, before.path_part, methods)
        self._apis.resources.put(self.api, self.resource.id, self.resource)
        return method
