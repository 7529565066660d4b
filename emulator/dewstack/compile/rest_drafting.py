"""What the compilers of a REST API share: the method that is being made, and the API it belongs to."""

from typing import Any

from msgspec import Struct

from dewstack.service import FunctionSpec, HttpEvent

from .draft import Draft, ref

API = "ApiGatewayRestApi"


class Method(Struct, frozen=True):
    """A method in the making: an `http` event, its function, its logical ID, and that of its path's resource."""

    function: FunctionSpec
    event: HttpEvent
    logical_id: str
    resource_id: Any


def api_of(draft: Draft) -> Any:
    """The ID of the service's REST API: made here, or elsewhere."""
    return draft.service.provider.rest_api.id or ref(API)


def response_parameters(headers: dict[str, Any]) -> dict[str, Any]:
    """Headers by their name in a method's response: `method.response.header.X`."""
    return {f"method.response.header.{name}": value for name, value in headers.items()}
