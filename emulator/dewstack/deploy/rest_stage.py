"""What the stage of a REST API has beyond its template: tracing, metrics, logs and tags.

CloudFormation makes the stage as a part of the deployment, which takes none of these; like the Serverless Framework,
a deployment sets them through API Gateway's own operations once the stack is there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dewstack.deploy.target import Call
from dewstack.service import Service

DEFAULT_LOG_FORMAT = ", ".join(
    f"{name}: $context.{variable}"
    for name, variable in (
        ("requestId", "requestId"),
        ("ip", "identity.sourceIp"),
        ("caller", "identity.caller"),
        ("user", "identity.user"),
        ("requestTime", "requestTime"),
        ("httpMethod", "httpMethod"),
        ("resourcePath", "resourcePath"),
        ("status", "status"),
        ("protocol", "protocol"),
        ("responseLength", "responseLength"),
    )
)

_SAYING = {"apiGateway", "logs", "stackTags", "tags", "tracing"}
"""The keys under `provider` of which each may say something of the stage."""


def says_of_stage(service: Service) -> bool:
    """Whether the map may say something of a stage beyond the template."""
    return bool(_SAYING & set(service.provider.settings))


def set_up_stage(call: Call, service: Service, resources: Sequence[Mapping[str, Any]]) -> None:
    """Set what the map says of the stage; nothing is asked or changed when it says nothing.

    `resources` are the stack's, as DescribeStackResources gives them. Raises AwsError.
    """
    if not says_of_stage(service):
        return
    ids = {each["LogicalResourceId"]: each.get("PhysicalResourceId") for each in resources}
    rest_api_id = ids.get("ApiGatewayRestApi")
    if not rest_api_id:
        return
    stage = service.provider.rest_api.stage or service.stage
    changes = stage_changes(service, lambda: str(call("sts", "GetCallerIdentity", {})["Account"]))
    named = {"restApiId": rest_api_id, "stageName": stage}
    if changes:
        call("apigateway", "UpdateStage", {**named, "patchOperations": changes})
    if {"tags", "stackTags"} & set(service.provider.settings):
        _set_tags(call, service, named)


def _set_tags(call: Call, service: Service, stage: dict[str, Any]) -> None:
    """Leave the stage with the map's tags alone, and with those that are AWS's."""
    arn = f"arn:aws:apigateway:{service.region}::/restapis/{stage['restApiId']}/stages/{stage['stageName']}"
    told = {**_section(service.provider.settings, "stackTags"), **service.provider.tags}
    tags = {key: str(value) for key, value in told.items()}
    current = call("apigateway", "GetStage", stage).get("tags") or {}
    gone = [key for key in current if key not in tags and not key.startswith("aws:")]
    if gone:
        call("apigateway", "UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if tags and any(current.get(key) != value for key, value in tags.items()):
        call("apigateway", "TagResource", {"resourceArn": arn, "tags": tags})


def stage_changes(service: Service, account_id: Callable[[], str]) -> list[dict[str, str]]:
    """The operations of an UpdateStage; `account_id` is called when a log group has to be named."""
    settings = service.provider.settings
    tracing = _section(settings, "tracing").get("apiGateway")
    metrics = _section(settings, "apiGateway").get("metrics")
    logs = _section(settings, "logs").get("restApi")
    changes = []
    if tracing is not None:
        changes.append(_replace("/tracingEnabled", tracing))
    if metrics is not None:
        changes.append(_replace("/*/*/metrics/enabled", metrics))
    if logs is not None:
        changes += _log_changes(service, logs, account_id)
    return changes


def _log_changes(service: Service, logs: Any, account_id: Callable[[], str]) -> list[dict[str, str]]:
    own = logs if isinstance(logs, dict) else {}
    executed = bool(logs) and own.get("executionLogging") is not False
    changes = [
        _replace("/*/*/logging/dataTrace", bool(logs) and own.get("fullExecutionData") is not False),
        _replace("/*/*/logging/loglevel", own.get("level") or "INFO" if executed else "OFF"),
    ]
    if not logs:
        return changes
    if own.get("accessLogging") is False:
        return [{"op": "remove", "path": "/accessLogSettings"}, *changes]
    name = f"/aws/api-gateway/{service.name}-{service.stage}"
    arn = f"arn:aws:logs:{service.region}:{account_id()}:log-group:{name}"
    return [
        _replace("/accessLogSettings/destinationArn", arn),
        _replace("/accessLogSettings/format", own.get("format") or DEFAULT_LOG_FORMAT),
        *changes,
    ]


def _replace(path: str, value: object) -> dict[str, str]:
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return {"op": "replace", "path": path, "value": said}


def _section(settings: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = settings.get(key)
    return value if isinstance(value, dict) else {}
