"""A method of the REST API: who may call it, what it takes, and the integration behind it."""

from typing import Any

from dewstack.service import HttpAuthorizer, HttpEvent

from . import naming
from .draft import Draft, ref, target_of
from .mapping_templates import CLAIMS, default_request_templates
from .rest_drafting import Method, api_of, response_parameters

WITH_TEMPLATES = ("AWS", "HTTP", "MOCK")
"""Integrations whose requests and responses are mapped by templates instead of passed on."""
_INVOCATION = ("2015-03-31", "/invocations")
_STREAMING_INVOCATION = ("2021-11-15", "/response-streaming-invocations")


def compile_method(draft: Draft, method: Method) -> str:
    """The method itself; its logical ID."""
    event, target = method.event, target_of(method.function)
    authorization, authorizer = _authorization(event.authorizer)
    # As in the Framework, an authorizer made here stands in the place of the permission.
    depends_on = [authorizer or naming.rest_permission(method.function.key)]
    draft.add(
        method.logical_id,
        "AWS::ApiGateway::Method",
        {
            "HttpMethod": event.method,
            "RequestParameters": {name: required(each) for name, each in event.request.parameters.items()},
            "ResourceId": method.resource_id,
            "RestApiId": api_of(draft),
            "OperationName": event.operation_id,
            "ApiKeyRequired": event.private,
            **authorization,
            "Integration": _integration(draft, method),
            "MethodResponses": _method_responses(event),
        },
        depends_on=[*depends_on, *([target.depends_on] if target.depends_on else [])],
    )
    return method.logical_id


def required(setting: Any) -> Any:
    """Whether a parameter of a request has to be there: `true`, or an object that says so."""
    if not isinstance(setting, dict):
        return setting
    return True if setting.get("required") is None else setting["required"]


def _authorization(authorizer: HttpAuthorizer | None) -> tuple[dict[str, Any], str | None]:
    """The method's properties, and the authorizer's logical ID if it is made here."""
    if authorizer is None:
        return {"AuthorizationType": "NONE"}, None
    if authorizer.type == "AWS_IAM" and not authorizer.id:
        return {"AuthorizationType": "AWS_IAM"}, None
    of_pool = authorizer.type == "COGNITO_USER_POOLS"
    of_function = not authorizer.id or authorizer.type in ("TOKEN", "REQUEST")
    logical_id = None if authorizer.id else naming.rest_authorizer(authorizer.name)
    properties: dict[str, Any] = {
        "AuthorizationType": "CUSTOM" if of_function and not of_pool else authorizer.type,
        "AuthorizerId": ref(logical_id) if logical_id else authorizer.id,
    }
    if of_pool and authorizer.scopes:
        properties["AuthorizationScopes"] = list(authorizer.scopes)
    return properties, logical_id


def _integration(draft: Draft, method: Method) -> dict[str, Any]:
    event = method.event
    common = draft.service.provider.rest_api.timeout_in_millis
    streams = event.response.transfer_mode
    integration: dict[str, Any] = {
        "IntegrationHttpMethod": "POST",
        "Type": event.integration,
        "TimeoutInMillis": event.timeout_in_millis or common,
        "ResponseTransferMode": streams,
    }
    if event.integration.startswith("AWS"):
        integration["Uri"] = _function_uri(draft, method)
    elif event.integration.startswith("HTTP"):
        integration["IntegrationHttpMethod"] = (event.request.method or event.method).upper()
        integration["Uri"] = event.request.uri
        if event.connection_type:
            integration |= {"ConnectionType": event.connection_type, "ConnectionId": event.connection_id}
    if event.integration in WITH_TEMPLATES:
        integration |= {
            "PassthroughBehavior": event.request.pass_through,
            "ContentHandling": event.request.content_handling,
            "RequestTemplates": _request_templates(event),
            "IntegrationResponses": _integration_responses(event),
        }
    mapped = event.integration in ("AWS", "HTTP", "HTTP_PROXY") and event.request.parameters
    if mapped or event.is_async:
        integration["RequestParameters"] = _request_parameters(event)
    return {name: value for name, value in integration.items() if value is not None}


def _function_uri(draft: Draft, method: Method) -> dict[str, Any]:
    streams = method.event.response.transfer_mode == "STREAM" and method.event.integration == "AWS_PROXY"
    version, operation = _STREAMING_INVOCATION if streams else _INVOCATION
    target = target_of(method.function)
    function = [target.arn]
    if target.depends_on:
        arn, alias = target.arn["Fn::Join"][1]
        function = [arn, ":", alias]
    prefix = ["arn:", ref("AWS::Partition"), ":apigateway:", ref("AWS::Region")]
    return {"Fn::Join": ["", [*prefix, f":lambda:path/{version}/functions/", *function, operation]]}


def _request_templates(event: HttpEvent) -> dict[str, str] | None:
    templates: dict[str, str | None] = default_request_templates() if event.integration == "AWS" else {}
    templates |= event.request.templates
    claims = "".join(f"{_claim(name)}," for name in (event.authorizer.claims if event.authorizer else ()))
    kept = {
        content_type: template.replace(CLAIMS, claims, 1)
        for content_type, template in templates.items()
        if template is not None
    }
    return kept or None


def _claim(name: str) -> str:
    if ":" in name:
        return f'"{name.partition(":")[2]}": "$context.authorizer.claims[\'{name}\']"'
    return f'"{name}": "$context.authorizer.claims.{name}"'


def _request_parameters(event: HttpEvent) -> dict[str, Any]:
    parameters = {}
    for name, setting in event.request.parameters.items():
        mapped = setting.get("mappedValue") if isinstance(setting, dict) else None
        parameters[f"integration.{name.removeprefix('method.')}"] = mapped or name
    if event.is_async:
        parameters["integration.request.header.X-Amz-Invocation-Type"] = "'Event'"
    return parameters


def _response_headers(event: HttpEvent) -> dict[str, Any]:
    headers = {}
    if event.cors:
        origin = ",".join(event.cors.origins) or event.cors.origin
        headers["Access-Control-Allow-Origin"] = f"'{origin}'"
        if event.cors.allow_credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
    return {**headers, **event.response.headers}


def _integration_responses(event: HttpEvent) -> list[dict[str, Any]]:
    responses, common = [], _response_headers(event)
    for code, setting in event.response.status_codes.items():
        own = setting.get("template") or {}
        templates = {"application/json": event.response.template} if event.response.template else {}
        response: dict[str, Any] = {
            "StatusCode": code,
            "SelectionPattern": setting.get("pattern") or "",
            "ResponseParameters": response_parameters({**common, **(setting.get("headers") or {})}),
            "ResponseTemplates": templates | ({"application/json": own} if isinstance(own, str) else own),
        }
        if code.startswith("2") and event.response.content_handling:
            response["ContentHandling"] = event.response.content_handling
        responses.append(response)
    return responses


def _method_responses(event: HttpEvent) -> list[dict[str, Any]]:
    if event.integration not in WITH_TEMPLATES:
        return []
    common = _response_headers(event)
    return [
        {
            "ResponseParameters": response_parameters(
                dict.fromkeys({**common, **(setting.get("headers") or {})}, True)
            ),
            "ResponseModels": {},
            "StatusCode": code,
        }
        for code, setting in event.response.status_codes.items()
    ]
