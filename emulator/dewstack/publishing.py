"""What a deployed map shows of itself: the doors lead to its APIs, the page finds its addresses, `dew` its parts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dewstack.app import Emulator
from dewstack.deploy import Outputs
from dewstack.endpoints import Deployed
from dewstack.frontdoor import Served
from dewstack.service import Service
from dewstack.service.addresses import function_urls, rest_base, rest_stage, websocket_routes

FRONTEND = Path("stack/frontend")
PAYLOADS = {"rest": "1.0", "url": "2.0", "websocket": "1.0"}
"""The payload formats that no map chooses."""


def publish(emulator: Emulator, service: Service, outputs: Outputs, resources: list[dict[str, Any]]) -> None:
    """Lead the doors to what is deployed now, and say so to who asks `dew` where it is."""
    physical: dict[str, str] = {}
    for resource in resources:
        physical.setdefault(resource["ResourceType"], resource.get("PhysicalResourceId", ""))
    urls = emulator.urls
    http_id, websocket_id = _apis(emulator, outputs, resources)
    http_api = Served(http_id, service.offline.http_base) if http_id else None
    rest_api = _rest_api(service, physical, beside_http=http_api is not None)
    websockets = Served(websocket_id, own_base=f"/{service.stage}") if websocket_id else None
    emulator.service_door.lead_to(http_api, rest_api, websockets=websockets)
    frontend = service.directory / FRONTEND
    emulator.frontend_door.serve(
        frontend if frontend.is_dir() else None,
        urls.frontend,
        {
            "apiUrl": urls.service + (http_api or rest_api or Served("")).base,
            "restApiUrl": urls.service + rest_api.base if rest_api else None,
            "region": service.region,
            "userPoolId": physical.get("AWS::Cognito::UserPool"),
            "userPoolClientId": physical.get("AWS::Cognito::UserPoolClient"),
            "mailboxUrl": f"{urls.aws}/_dew/mail",
        },
    )
    config = emulator.config
    by_url = service.url_routes(function_urls(service, config.account_id, config.aws_port))
    emulator.deployed = Deployed(
        service.name,
        service.stage,
        service.region,
        service.stack_name,
        [_route(route, service) for route in (*service.routes, *websocket_routes(service), *by_url)],
        [_function(function) for function in service.functions.values()],
        dict(outputs),
        _map(service),
        service.file,
        str(service.directory),
    )


def _map(service: Service) -> dict[str, Any]:
    """The map with its variables resolved; references to resources stay references."""
    parts: dict[str, Any] = {
        "service": service.name,
        "plugins": service.plugins,
        "provider": service.provider.settings,
        "custom": service.custom,
        "functions": {key: function.settings for key, function in service.functions.items()},
        "layers": service.layers,
        "package": service.package,
        "build": service.build,
        "resources": service.resources,
    }
    return {name: part for name, part in parts.items() if part}


def _apis(
    emulator: Emulator, outputs: Outputs, resources: list[dict[str, Any]]
) -> tuple[str | None, str | None]:
    """The first HTTP API and the first WebSocket API of the stack."""
    first: dict[str, str] = {"HTTP": outputs["HttpApiId"]} if outputs.get("HttpApiId") else {}
    for resource in resources:
        if resource["ResourceType"] == "AWS::ApiGatewayV2::Api":
            api_id = resource.get("PhysicalResourceId", "")
            api = emulator.gateway.http_apis.lookup(api_id)
            first.setdefault(api.protocol_type if api else "HTTP", api_id)
    return first.get("HTTP"), first.get("WEBSOCKET")


def _route(route: Any, service: Service) -> dict[str, Any]:
    return {
        "api": route.api,
        "method": route.method,
        "path": route.path,
        "function": route.function,
        "authorizer": route.authorizer,
        "scopes": list(route.scopes),
        "payload": PAYLOADS.get(route.api) or service.functions[route.function].http_api_payload,
        "defined_at": str(route.at),
    }


def _function(function: Any) -> dict[str, Any]:
    return {
        "key": function.key,
        "name": function.name,
        "handler": function.handler,
        "runtime": function.runtime,
        "timeout": function.timeout,
        "memory_size": function.memory_size,
        "log_group": f"/aws/lambda/{function.name}",
    }


def _rest_api(service: Service, physical: Mapping[str, str], *, beside_http: bool) -> Served | None:
    api_id = physical.get("AWS::ApiGateway::RestApi")
    stage = physical.get("AWS::ApiGateway::Stage") or rest_stage(service)
    if not api_id:
        return None
    return Served(api_id, rest_base(service, stage, beside_http=beside_http), f"/{stage}")
