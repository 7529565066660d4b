"""`websocket` events: a WebSocket API, an integration per function, a route per event, a deployment."""

import base64
import hashlib
import json
from typing import Any

from dewstack.service import FunctionSpec, WebsocketEvent

from . import naming
from .draft import Draft, invocation_uri, join, ref, target_of
from .websocket_stage import STAGE, compile_stage

API = "WebsocketsApi"


def compile_websockets(draft: Draft) -> None:
    """Everything that the `websocket` events of the map ask for."""
    routed = [
        (function, event)
        for function in draft.service.functions.values()
        for event in function.events
        if isinstance(event, WebsocketEvent)
    ]
    if not routed:
        return
    external = (draft.service.provider.settings.get("apiGateway") or {}).get("websocketApiId")
    api_id = external or ref(API)
    if not external:
        _compile_api(draft)
    for function, _ in routed:
        properties = {
            "ApiId": api_id,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": invocation_uri(target_of(function).arn),
        }
        logical_id = _integration(function)
        depends_on = target_of(function).depends_on
        draft.add(logical_id, "AWS::ApiGatewayV2::Integration", properties, depends_on=depends_on)
    for _, event in routed:
        _compile_response(draft, event, api_id)
    for _, event in routed:
        _compile_authorizer(draft, event, api_id)
    for function, event in routed:
        _compile_permission(draft, function, event, api_id)
    for function, event in routed:
        _compile_route(draft, function, event, api_id)
    _compile_deployment(draft, [event for _, event in routed], api_id, bool(external))


def _description(draft: Draft) -> str:
    return str(draft.service.provider.settings.get("websocketsDescription") or "Serverless Websockets")


def _integration(function: FunctionSpec) -> str:
    return f"{naming.resource_name(function.key)}WebsocketsIntegration"


def _compile_api(draft: Draft) -> None:
    service, common = draft.service, draft.service.provider.settings
    draft.add(
        API,
        "AWS::ApiGatewayV2::Api",
        {
            "Name": common.get("websocketsApiName") or f"{service.stage}-{service.name}-websockets",
            "RouteSelectionExpression": common.get("websocketsApiRouteSelectionExpression")
            or "$request.body.action",
            "Description": _description(draft),
            "ProtocolType": "WEBSOCKET",
            "Tags": dict(service.provider.tags) or None,
        },
    )
    arn = {"Fn::Sub": "arn:${AWS::Partition}:execute-api:*:*:*/@connections/*"}
    draft.allow({"Effect": "Allow", "Action": ["execute-api:ManageConnections"], "Resource": [arn]})


def _compile_response(draft: Draft, event: WebsocketEvent, api_id: Any) -> None:
    if event.route_response_selection_expression:
        route = naming.websocket_route(event.route)
        properties = {"ApiId": api_id, "RouteId": ref(route), "RouteResponseKey": "$default"}
        draft.add(f"{route}Response", "AWS::ApiGatewayV2::RouteResponse", properties)


def _compile_authorizer(draft: Draft, event: WebsocketEvent, api_id: Any) -> None:
    if not event.authorizer:
        return
    name, function = _authorizer_name(event), _authorizer_function(draft, event)
    arn = target_of(function).arn if function else event.authorizer.get("arn")
    draft.add(
        f"{naming.resource_name(name)}WebsocketsAuthorizer",
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": api_id,
            "Name": name,
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": invocation_uri(arn),
            "IdentitySource": event.authorizer.get("identitySource") or ["route.request.header.Auth"],
        },
        depends_on=target_of(function).depends_on if function else None,
    )


def _authorizer_name(event: WebsocketEvent) -> str:
    authorizer = event.authorizer or {}
    arn = authorizer.get("arn")
    return arn.rpartition(":")[2] if isinstance(arn, str) else str(authorizer.get("name") or "authorizer")


def _authorizer_function(draft: Draft, event: WebsocketEvent) -> FunctionSpec | None:
    authorizer = event.authorizer or {}
    return None if authorizer.get("arn") else draft.service.functions.get(_authorizer_name(event))


def _compile_permission(draft: Draft, function: FunctionSpec, event: WebsocketEvent, api_id: Any) -> None:
    target = target_of(function)
    depends_on = [API] if api_id == ref(API) else []
    draft.add(
        f"{naming.resource_name(function.key)}LambdaPermissionWebsockets",
        "AWS::Lambda::Permission",
        {
            "FunctionName": target.arn,
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
        },
        depends_on=[*depends_on, target.depends_on or naming.lambda_function(function.key)],
    )
    if not event.authorizer:
        return
    name, guard = _authorizer_name(event), _authorizer_function(draft, event)
    arn = event.authorizer.get("arn")
    if guard is not None:
        target = target_of(guard)
        arn = target.arn
        depends_on += [naming.lambda_function(name), *([target.depends_on] if target.depends_on else [])]
    draft.add(
        f"{naming.resource_name(name)}LambdaPermissionWebsockets",
        "AWS::Lambda::Permission",
        {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "FunctionName": arn},
        depends_on=depends_on,
    )


def _compile_route(draft: Draft, function: FunctionSpec, event: WebsocketEvent, api_id: Any) -> None:
    authorizer = f"{naming.resource_name(_authorizer_name(event))}WebsocketsAuthorizer"
    draft.add(
        naming.websocket_route(event.route),
        "AWS::ApiGatewayV2::Route",
        {
            "ApiId": api_id,
            "RouteKey": event.route,
            "AuthorizationType": "CUSTOM" if event.authorizer else "NONE",
            "Target": join("/", "integrations", ref(_integration(function))),
            "RouteResponseSelectionExpression": event.route_response_selection_expression,
            "AuthorizerId": ref(authorizer) if event.authorizer else None,
        },
    )


def _compile_deployment(draft: Draft, events: list[WebsocketEvent], api_id: Any, external: bool) -> None:
    stage, description = draft.service.stage, _description(draft)
    depends_on = []
    for event in events:
        route = naming.websocket_route(event.route)
        depends_on += [f"{route}Response"] if event.route_response_selection_expression else []
        depends_on.append(route)
    if not external:
        compile_stage(draft, api_id, description)
    deployment = f"WebsocketsDeployment{naming.letters_and_digits(_digest(draft))}"
    if not external:
        draft.resources[STAGE]["Properties"]["DeploymentId"] = ref(deployment)
    draft.add(
        deployment,
        "AWS::ApiGatewayV2::Deployment",
        {"ApiId": api_id, "Description": description, "StageName": stage if external else None},
        depends_on=depends_on,
    )
    host = ("wss://", api_id, ".execute-api.", ref("AWS::Region"), ".", ref("AWS::URLSuffix"))
    url = join("", *host, f"/{stage}")
    draft.outputs["ServiceEndpointWebsocket"] = {"Description": "URL of the service endpoint", "Value": url}


def _digest(draft: Draft) -> str:
    """The Framework's digest of all that a deployment publishes: a change of any makes a new deployment."""
    parts = {}
    for logical_id, resource in draft.resources.items():
        of_api = resource["Properties"].get("ApiId") == ref(API) or API in resource.get("DependsOn", ())
        if logical_id == API or of_api:
            keys = [key for key in ("Type", "DependsOn", "Properties") if key in resource]
            parts[logical_id] = {key: resource[key] for key in keys}
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
