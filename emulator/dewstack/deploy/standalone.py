"""A service whose API is made by another stack, run by itself: it gets an API of its own.

Services that share an API Gateway name it by `restApiId` or `httpApi.id`, most often as an export of another stack.
Where that API is here, the service joins it; where it isn't, waiting for it would help nobody.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.deploy.target import Call
from dewstack.errors import AwsError
from dewstack.service import Service


def stand_alone(call: Call, service: Service, warn: Callable[[str], None]) -> Service:
    """The service with APIs of its own in place of those that aren't here; `warn` is told of each."""
    provider = service.provider
    rest_api, http_api = provider.rest_api, provider.http_api
    if rest_api.id and not _is_here(call, service, rest_api.id, ("apigateway", "GetRestApi", "restApiId")):
        warn(_told(service, "apiGateway.restApiId"))
        rest_api = replace(rest_api, id=None, root_resource_id=None, resource_ids={})
    if http_api.id and not _is_here(call, service, http_api.id, ("apigatewayv2", "GetApi", "ApiId")):
        warn(_told(service, "httpApi.id"))
        http_api = replace(http_api, id=None)
    if rest_api is provider.rest_api and http_api is provider.http_api:
        return service
    return replace(service, provider=replace(provider, rest_api=rest_api, http_api=http_api))


def _told(service: Service, key: str) -> str:
    return f"{service.file}: provider.{key} is an API that isn't here; {service.name} gets one of its own"


def _is_here(call: Call, service: Service, api_id: Any, lookup: tuple[str, str, str]) -> bool:
    """Whether the map makes the API itself, a stack here exports it, or an API has this ID."""
    if isinstance(api_id, dict):
        name = api_id.get("Fn::ImportValue")
        if name is None:
            return _is_own(service, api_id)
        exports = call("cloudformation", "ListExports", {}).get("Exports") or []
        return name in [export["Name"] for export in exports]
    name, operation, parameter = lookup
    try:
        call(name, operation, {parameter: api_id})
    except AwsError:
        return False
    return True


def _is_own(service: Service, reference: dict[str, Any]) -> bool:
    """Whether a `Ref` or `Fn::GetAtt` leads to a resource or parameter of the map."""
    value = reference.get("Ref") or reference.get("Fn::GetAtt")
    name = value[0] if isinstance(value, list) else str(value).partition(".")[0]
    return any(name in (service.resources.get(section) or {}) for section in ("Resources", "Parameters"))
