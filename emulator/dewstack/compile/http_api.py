"""The HTTP API: API, stage, authorizers, and a permission, an integration and routes per function."""

from typing import Any

from dewstack.service import Authorizer, FunctionSpec, HttpApiEvent

from . import naming
from .draft import Draft, Target, execute_api_arn, invocation_uri, join, ref, target_of

API = "HttpApi"
STAGE = "HttpApiStage"
LOG_GROUP = "HttpApiLogGroup"
INTEGRATION_TIMEOUT = 30000
"""Milliseconds: the most an HTTP API waits."""
EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE")
_AUTHORIZATION_TYPES = {"request": "CUSTOM", "aws_iam": "AWS_IAM"}


def compile_http_api(draft: Draft) -> None:
    """Everything that the `httpApi` events of the map ask for."""
    routed = [
        (function, event)
        for function in draft.service.functions.values()
        for event in function.events
        if isinstance(event, HttpApiEvent)
    ]
    if not routed:
        return
    http_api = draft.service.provider.http_api
    api_id = http_api.id or ref(API)
    if not http_api.id:
        _compile_api(draft, [event for _, event in routed])
        _compile_stage(draft)
    for authorizer in http_api.authorizers.values():
        _compile_authorizer(draft, authorizer, api_id)
    for function, event in routed:
        integration = naming.http_api_integration(function.key)
        if integration not in draft.resources:
            _compile_integration(draft, function, api_id)
        _compile_route(draft, event, api_id, integration)


def _compile_api(draft: Draft, events: list[HttpApiEvent]) -> None:
    service, http_api = draft.service, draft.service.provider.http_api
    named = (
        (service.name, service.stage)
        if http_api.should_start_name_with_service
        else (service.stage, service.name)
    )
    draft.add(
        API,
        "AWS::ApiGatewayV2::Api",
        {
            "Name": http_api.name or "-".join(named),
            "Description": http_api.description,
            "ProtocolType": "HTTP",
            "DisableExecuteApiEndpoint": http_api.disable_default_endpoint,
            "Tags": dict(service.provider.tags) or None,
            "CorsConfiguration": _cors_configuration(draft, events),
        },
    )


def _cors_configuration(draft: Draft, events: list[HttpApiEvent]) -> dict[str, Any] | None:
    cors = draft.service.provider.http_api.cors
    if cors is None:
        return None
    configuration = {
        "AllowCredentials": cors.allow_credentials or None,
        "AllowHeaders": list(cors.allowed_headers),
        "AllowMethods": list(cors.allowed_methods or _methods_of(events)),
        "AllowOrigins": list(cors.allowed_origins),
        "ExposeHeaders": list(cors.exposed_response_headers) if cors.exposed_response_headers else None,
        "MaxAge": cors.max_age,
    }
    return {name: value for name, value in configuration.items() if value is not None}


def _methods_of(events: list[HttpApiEvent]) -> list[str]:
    methods = ["OPTIONS"]
    for event in events:
        methods += EVERY_METHOD if event.method == "ANY" else [event.method]
    return list(dict.fromkeys(methods))


def _compile_stage(draft: Draft) -> None:
    service, http_api = draft.service, draft.service.provider.http_api
    log_settings = None
    if http_api.access_log_format:
        common = service.provider.settings
        properties = {
            "LogGroupName": f"/aws/http-api/{service.stack_name}",
            "RetentionInDays": common.get("logRetentionInDays"),
            "DataProtectionPolicy": common.get("logDataProtectionPolicy"),
        }
        draft.add(LOG_GROUP, "AWS::Logs::LogGroup", properties)
        destination = {"Fn::GetAtt": [LOG_GROUP, "Arn"]}
        log_settings = {"DestinationArn": destination, "Format": http_api.access_log_format}
    draft.add(
        STAGE,
        "AWS::ApiGatewayV2::Stage",
        {
            "ApiId": ref(API),
            "StageName": "$default",
            "AutoDeploy": True,
            "DefaultRouteSettings": {"DetailedMetricsEnabled": http_api.metrics},
            "Tags": dict(service.provider.tags) or None,
            "AccessLogSettings": log_settings,
        },
        depends_on=LOG_GROUP if log_settings else None,
    )
    draft.outputs["HttpApiId"] = {"Description": "Id of the HTTP API", "Value": ref(API)}
    host = ("https://", ref(API), ".execute-api.", ref("AWS::Region"), ".", ref("AWS::URLSuffix"))
    draft.outputs["HttpApiUrl"] = {"Description": "URL of the HTTP API", "Value": join("", *host)}


def _compile_authorizer(draft: Draft, authorizer: Authorizer, api_id: Any) -> None:
    properties: dict[str, Any] = {
        "ApiId": api_id,
        "Name": authorizer.name,
        "IdentitySource": list(authorizer.identity_source),
    }
    depends_on = None
    if authorizer.type == "request":
        target = _authorizer_target(draft, authorizer)
        depends_on = target.depends_on
        properties |= {
            "AuthorizerType": "REQUEST",
            "EnableSimpleResponses": authorizer.enable_simple_responses,
            "AuthorizerResultTtlInSeconds": authorizer.result_ttl_in_seconds,
            "AuthorizerPayloadFormatVersion": authorizer.payload_version,
            "AuthorizerUri": invocation_uri(target.arn),
        }
        if not authorizer.managed_externally:
            permission = f"{naming.resource_name(authorizer.name)}LambdaAuthorizerPermissionHttpApi"
            _compile_permission(draft, permission, target, api_id)
    else:
        issuer = {"Audience": list(authorizer.audience), "Issuer": authorizer.issuer_url}
        properties |= {"AuthorizerType": "JWT", "JwtConfiguration": issuer}
    logical_id = naming.http_api_authorizer(authorizer.name)
    draft.add(logical_id, "AWS::ApiGatewayV2::Authorizer", properties, depends_on=depends_on)


def _authorizer_target(draft: Draft, authorizer: Authorizer) -> Target:
    if authorizer.function_arn:
        return Target(authorizer.function_arn)
    return target_of(draft.service.functions[authorizer.function_name or ""])


def _compile_permission(draft: Draft, logical_id: str, target: Target, api_id: Any) -> None:
    draft.add(
        logical_id,
        "AWS::Lambda::Permission",
        {
            "FunctionName": target.arn,
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": execute_api_arn(api_id),
        },
        depends_on=target.depends_on,
    )


def _compile_integration(draft: Draft, function: FunctionSpec, api_id: Any) -> None:
    target = target_of(function)
    permission = f"{naming.resource_name(function.key)}LambdaPermissionHttpApi"
    _compile_permission(draft, permission, target, api_id)
    draft.add(
        naming.http_api_integration(function.key),
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": api_id,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": target.arn,
            "PayloadFormatVersion": function.http_api_payload,
            "TimeoutInMillis": INTEGRATION_TIMEOUT,
        },
        depends_on=target.depends_on,
    )


def _compile_route(draft: Draft, event: HttpApiEvent, api_id: Any, integration: str) -> None:
    properties: dict[str, Any] = {
        "ApiId": api_id,
        "RouteKey": "$default" if event.route_key == "*" else event.route_key,
        "Target": join("/", "integrations", ref(integration)),
    }
    guard = event.authorizer
    if guard is not None:
        authorizer = draft.service.provider.http_api.authorizers.get(guard.name or "")
        kind = guard.type if guard.id or guard.type == "aws_iam" or not authorizer else authorizer.type
        properties["AuthorizationType"] = _AUTHORIZATION_TYPES.get(kind or "", "JWT")
        if kind != "aws_iam":
            name = authorizer.name if authorizer else guard.name or ""
            properties["AuthorizerId"] = guard.id or ref(naming.http_api_authorizer(name))
            properties["AuthorizationScopes"] = list(dict.fromkeys(guard.scopes)) if guard.scopes else None
    draft.add(
        naming.http_api_route(event.route_key), "AWS::ApiGatewayV2::Route", properties, depends_on=integration
    )
