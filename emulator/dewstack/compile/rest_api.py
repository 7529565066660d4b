"""The REST API: API, resources, methods, authorizers, a deployment, keys and usage plans, permissions."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from dewstack.errors import UserError
from dewstack.service import HttpAuthorizer, HttpEvent, Service

from . import naming
from .draft import Draft, Target, invocation_uri, join, ref, tag_list, target_of
from .rest_cors import compile_preflights
from .rest_drafting import API, Method, api_of
from .rest_keys import compile_api_keys
from .rest_methods import compile_method
from .rest_requests import compile_request_validation
from .service_proxies import compile_service_proxies, proxies_of

LOG_GROUP = "ApiGatewayLogGroup"
_PUBLISHED = frozenset(
    f"AWS::ApiGateway::{name}"
    for name in (
        "Authorizer",
        "GatewayResponse",
        "Method",
        "Model",
        "RequestValidator",
        "Resource",
        "RestApi",
    )
)
"""The types of resources of which a deployment takes a snapshot."""
_UNPUBLISHED = ("Name", "Description", "Tags")
"""Properties of these that count at once, without a deployment."""


def compile_rest_api(draft: Draft) -> None:
    """Everything that the `http` events of the map ask for; the deployment is still to be named."""
    methods, proxies = list(_methods(draft)), proxies_of(draft.service)
    if not methods and not proxies:
        return
    if not draft.service.provider.rest_api.id:
        _compile_api(draft)
    _compile_resources(draft, [*(each.event.path for each in methods), *(each.path for each in proxies)])
    logical_ids = compile_preflights(draft, methods)
    logical_ids += [compile_method(draft, method) for method in methods]
    logical_ids += compile_service_proxies(draft, proxies, _resource_of)
    compile_request_validation(draft, methods)
    authorizers = [method.event.authorizer for method in methods if method.event.authorizer]
    for authorizer in authorizers:
        _compile_authorizer(draft, authorizer)
    deployment = _compile_deployment(draft, logical_ids)
    compile_api_keys(draft, deployment)
    for function in {method.function.key: method.function for method in methods}.values():
        target = target_of(function)
        _permit(draft, naming.rest_permission(function.key), target.arn, target.depends_on)
    for authorizer in authorizers:
        _compile_authorizer_permission(draft, authorizer)
    _compile_log_group(draft)


def _methods(draft: Draft) -> Iterator[Method]:
    for function in draft.service.functions.values():
        for event in function.events:
            if isinstance(event, HttpEvent):
                logical_id = naming.rest_method(event.path, event.method)
                yield Method(function, event, logical_id, _resource_of(draft, event.path))


def _compile_api(draft: Draft) -> None:
    service, rest_api = draft.service, draft.service.provider.rest_api
    parts = [service.stage, service.name]
    named = reversed(parts) if rest_api.should_start_name_with_service else parts
    endpoint = {"Types": [rest_api.endpoint_type]}
    if rest_api.vpc_endpoint_ids:
        endpoint["VpcEndpointIds"] = rest_api.vpc_endpoint_ids
    policy = {"Version": "2012-10-17", "Statement": list(rest_api.resource_policy)}
    mode, source = rest_api.access_mode, rest_api.api_key_source_type
    draft.add(
        API,
        "AWS::ApiGateway::RestApi",
        {
            "Name": rest_api.name or "-".join(named),
            "BinaryMediaTypes": list(rest_api.binary_media_types) or None,
            "DisableExecuteApiEndpoint": rest_api.disable_default_endpoint,
            "EndpointConfiguration": endpoint,
            "SecurityPolicy": rest_api.security_policy,
            "EndpointAccessMode": None if mode is None else mode.upper(),
            "Tags": tag_list(service.provider.tags),
            # An empty policy replaces one that an earlier version of the map had.
            "Policy": policy if rest_api.resource_policy else "",
            "ApiKeySourceType": source.upper() if source else None,
            "MinimumCompressionSize": rest_api.minimum_compression_size,
            "Description": rest_api.description,
        },
    )


def _compile_resources(draft: Draft, every: list[str]) -> None:
    """A resource for each step of each path."""
    paths: dict[str, str] = {}
    for path in dict.fromkeys(every):
        _compile_resource(draft, path, paths)


def _compile_resource(draft: Draft, path: str, paths: dict[str, str]) -> None:
    """The resource at `path` and its parents, unless an API made elsewhere has them; `paths` by logical ID."""
    if path == "/" or path in draft.service.provider.rest_api.resource_ids:
        return
    logical_id = naming.rest_resource(path)
    if paths.setdefault(logical_id, path) != path:
        raise UserError(
            f"the paths '{paths[logical_id]}' and '{path}' have the same logical ID, {logical_id}",
            hint="rename one of them: the Framework's logical IDs heed neither case nor punctuation",
        )
    if logical_id not in draft.resources:
        parent, _, part = path.rpartition("/")
        _compile_resource(draft, parent or "/", paths)
        parent_id = _resource_of(draft, parent or "/")
        properties = {"ParentId": parent_id, "PathPart": part, "RestApiId": api_of(draft)}
        draft.add(logical_id, "AWS::ApiGateway::Resource", properties)


def _resource_of(draft: Draft, path: str) -> Any:
    """The ID of the resource at `path`."""
    rest_api = draft.service.provider.rest_api
    if path == "/":
        return rest_api.root_resource_id or {"Fn::GetAtt": [API, "RootResourceId"]}
    return rest_api.resource_ids.get(path) or ref(naming.rest_resource(path))


def _compile_authorizer(draft: Draft, authorizer: HttpAuthorizer) -> None:
    if not authorizer.function and not authorizer.arn:
        return
    target = _authorizer_target(draft, authorizer)
    of_pool = authorizer.type == "COGNITO_USER_POOLS"
    draft.add(
        naming.rest_authorizer(authorizer.name),
        "AWS::ApiGateway::Authorizer",
        {
            "AuthorizerResultTtlInSeconds": authorizer.result_ttl_in_seconds,
            "IdentitySource": authorizer.identity_source,
            "Name": authorizer.name,
            "RestApiId": api_of(draft),
            "IdentityValidationExpression": authorizer.identity_validation_expression,
            "Type": authorizer.type or "TOKEN",
            "ProviderARNs": [target.arn] if of_pool else None,
            "AuthorizerUri": None if of_pool else invocation_uri(target.arn),
        },
        depends_on=target.depends_on,
    )


def _authorizer_target(draft: Draft, authorizer: HttpAuthorizer) -> Target:
    if authorizer.function:
        return target_of(draft.service.functions[authorizer.function])
    return Target(authorizer.arn)


def _compile_deployment(draft: Draft, methods: list[str]) -> str:
    service, rest_api = draft.service, draft.service.provider.rest_api
    stage = rest_api.stage or service.stage
    logical_id = _provisional_id(service)
    properties = {"RestApiId": api_of(draft), "StageName": stage, "Description": rest_api.description}
    depends_on = list(dict.fromkeys(methods))
    draft.add(logical_id, "AWS::ApiGateway::Deployment", properties, depends_on=depends_on)
    host = ("https://", api_of(draft), ".execute-api.", ref("AWS::Region"), ".", ref("AWS::URLSuffix"))
    url = join("", *host, f"/{service.stage}")
    draft.outputs["ServiceEndpoint"] = {"Description": "URL of the service endpoint", "Value": url}
    return logical_id


def _provisional_id(service: Service) -> str:
    """What the Framework calls the deployment, and so do maps that refer to it: `…${sls:instanceId}`."""
    return f"ApiGatewayDeployment{service.instance_id}"


def name_deployment(service: Service, template: dict[str, Any], text: bytes) -> bytes:
    """The finished template's `text` with the deployment's name, wherever it is mentioned.

    The Framework numbers deployments by the time: every run publishes anew. Here the name is a digest of all that is
    published, the map's own resources included: another if and only if that is.
    """
    provisional, resources = _provisional_id(service), template["Resources"]
    if provisional not in resources:
        return text
    published: dict[str, Any] = {"stage": resources[provisional]["Properties"].get("StageName")}
    for logical_id, resource in resources.items():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        if properties and resource.get("Type") in _PUBLISHED:
            kept = {name: each for name, each in properties.items() if name not in _UNPUBLISHED}
            published[logical_id] = [resource["Type"], kept]
    digest = hashlib.sha256(json.dumps(published, sort_keys=True, separators=(",", ":")).encode()).digest()
    name = f"ApiGatewayDeployment{naming.letters_and_digits(base64.b64encode(digest).decode())}"
    return text.replace(provisional.encode(), name.encode())


def _compile_authorizer_permission(draft: Draft, authorizer: HttpAuthorizer) -> None:
    logical_id = naming.rest_permission(authorizer.name)
    external = authorizer.type == "COGNITO_USER_POOLS" or authorizer.managed_externally
    if external or not (authorizer.function or authorizer.arn) or logical_id in draft.resources:
        return
    target = _authorizer_target(draft, authorizer)
    # Where the function has an alias, a Ref of it also makes the permission wait for it.
    _permit(draft, logical_id, ref(target.depends_on) if target.depends_on else target.arn, None)


def _permit(draft: Draft, logical_id: str, function: Any, depends_on: str | None) -> None:
    region, account = ref("AWS::Region"), ref("AWS::AccountId")
    parts = ("arn:", ref("AWS::Partition"), ":execute-api:", region, ":", account, ":", api_of(draft), "/*/*")
    draft.add(
        logical_id,
        "AWS::Lambda::Permission",
        {
            "FunctionName": function,
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": join("", *parts),
        },
        depends_on=depends_on,
    )


def _compile_log_group(draft: Draft) -> None:
    service, common = draft.service, draft.service.provider.settings
    if service.provider.rest_api.access_logging:
        properties = {
            "LogGroupName": f"/aws/api-gateway/{service.name}-{service.stage}",
            "RetentionInDays": common.get("logRetentionInDays"),
            "DataProtectionPolicy": common.get("logDataProtectionPolicy"),
        }
        draft.add(LOG_GROUP, "AWS::Logs::LogGroup", properties)
