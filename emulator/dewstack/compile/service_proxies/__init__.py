"""serverless-apigateway-service-proxy (`custom.apiGatewayServiceProxies`): routes of the REST API that lead to a
service without a function in between, compiled to what the plugin makes of them."""

from collections.abc import Callable, Mapping
from typing import Any

from dewstack.compile import naming
from dewstack.compile.draft import Draft
from dewstack.compile.rest_cors import compile_preflight
from dewstack.compile.rest_drafting import api_of
from dewstack.compile.service_proxies.drafting import Http
from dewstack.compile.service_proxies.messages import eventbridge, kinesis, sns, sqs
from dewstack.compile.service_proxies.proxy import ORDER, Proxy, proxies_of
from dewstack.compile.service_proxies.roles import compile_roles
from dewstack.compile.service_proxies.stores import dynamodb, s3

__all__ = ["Proxy", "compile_service_proxies", "proxies_of"]

INTEGRATIONS: Mapping[str, Callable[[Http], dict[str, Any]]] = {
    "dynamodb": dynamodb,
    "eventbridge": eventbridge,
    "kinesis": kinesis,
    "s3": s3,
    "sns": sns,
    "sqs": sqs,
}


def compile_service_proxies(
    draft: Draft, proxies: list[Proxy], resource_of: Callable[[Draft, str], Any]
) -> list[str]:
    """Preflights, roles and methods; the logical IDs of the methods. `resource_of` gives the ID of a path's
    resource."""
    by_path: dict[str, list[Proxy]] = {}
    for proxy in proxies:
        if proxy.cors:
            by_path.setdefault(proxy.path, []).append(proxy)
    logical_ids = [
        compile_preflight(draft, path, [each.cors for each in sharing if each.cors], resource_of(draft, path))
        for path, sharing in by_path.items()
    ]
    compile_roles(draft, proxies)
    for service in ORDER:
        logical_ids += [
            _compile_method(draft, proxy, resource_of(draft, proxy.path))
            for proxy in proxies
            if proxy.service == service
        ]
    return logical_ids


def _compile_method(draft: Draft, proxy: Proxy, resource_id: Any) -> str:
    logical_id = naming.rest_method(proxy.path, proxy.method)
    http = proxy.http
    integration = INTEGRATIONS[proxy.service](http)
    if proxy.origin:
        for response in integration["IntegrationResponses"]:
            response["ResponseParameters"] = {**response["ResponseParameters"], **proxy.origin}
    responses: list[dict[str, Any]] = [
        {"ResponseParameters": dict(proxy.origin), "ResponseModels": {}, "StatusCode": status}
        for status in (200, 400, 500, *((206,) if proxy.service == "s3" else ()))
    ]
    parameters = dict(http.get("acceptParameters") or {})
    if proxy.service == "s3":
        _declare(integration, parameters, responses)
    draft.add(
        logical_id,
        "AWS::ApiGateway::Method",
        {
            "HttpMethod": proxy.method,
            "RequestParameters": parameters,
            "AuthorizationType": http.get("authorizationType") or "NONE",
            "AuthorizationScopes": http.get("authorizationScopes"),
            "AuthorizerId": http.get("authorizerId"),
            "ApiKeyRequired": bool(http.get("private")),
            "ResourceId": resource_id,
            "RestApiId": api_of(draft),
            "Integration": integration,
            "MethodResponses": responses,
        },
    )
    return logical_id


def _declare(
    integration: dict[str, Any], parameters: dict[str, Any], responses: list[dict[str, Any]]
) -> None:
    """Let the method declare what its integration maps."""
    for value in integration["RequestParameters"].values():
        if isinstance(value, str) and value.startswith("method."):
            parameters[value] = True
    by_status = {response["StatusCode"]: response["ResponseParameters"] for response in responses}
    for response in integration["IntegrationResponses"]:
        mapped = [name for name in response["ResponseParameters"] if name.startswith("method.")]
        by_status[response["StatusCode"]] |= dict.fromkeys(mapped, True)
