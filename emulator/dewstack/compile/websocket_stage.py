"""The stage of a WebSocket API, and what it writes into logs."""

from typing import Any

from .draft import Draft

STAGE = "WebsocketsDeploymentStage"
LOG_GROUP = "WebsocketsLogGroup"
DEFAULT_FORMAT = (
    "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "
    '"$context.eventType $context.routeKey $context.connectionId" $context.requestId'
)
"""What the Framework writes of a connection's event."""


def compile_stage(draft: Draft, api_id: Any, description: str) -> None:
    """The stage, whose deployment is still to be named, and the log group that it writes to."""
    common = draft.service.provider.settings
    logs = (common.get("logs") or {}).get("websocket")
    properties = {"ApiId": api_id, "StageName": draft.service.stage, "Description": description}
    if not logs:
        draft.add(STAGE, "AWS::ApiGatewayV2::Stage", properties)
        return
    own = logs if isinstance(logs, dict) else {}
    level = (own.get("level") or "INFO") if _wanted(own, "executionLogging") else "OFF"
    settings = {"DataTraceEnabled": _wanted(own, "fullExecutionData"), "LoggingLevel": level}
    group = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{LOG_GROUP}}}"
    access = {"DestinationArn": {"Fn::Sub": group}, "Format": own.get("format") or DEFAULT_FORMAT}
    draft.add(
        STAGE,
        "AWS::ApiGatewayV2::Stage",
        {
            **properties,
            "DefaultRouteSettings": settings,
            "AccessLogSettings": access if _wanted(own, "accessLogging") else None,
        },
    )
    draft.add(
        LOG_GROUP,
        "AWS::Logs::LogGroup",
        {
            "LogGroupName": f"/aws/websocket/{draft.service.name}-{draft.service.stage}",
            "RetentionInDays": common.get("logRetentionInDays"),
            "DataProtectionPolicy": common.get("logDataProtectionPolicy"),
        },
    )


def _wanted(own: dict[str, Any], key: str) -> bool:
    return own.get(key) is None or own[key] is True
