"""The log groups of the functions, and the role they run under unless the map names another."""

from typing import Any

from dewstack.service import FunctionSpec

from . import naming
from .draft import ROLE, Draft, join, ref, tag_list

_LOGS = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
_FUNCTIONS = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
_DURABLE_ACTIONS = ("lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState")
"""What a durable function does to remember how far it has come."""


def log_group_name(function: FunctionSpec) -> str:
    """Where Lambda writes the function's log."""
    return f"/aws/lambda/{function.name}"


def compile_log_groups(draft: Draft) -> None:
    """A log group per function that logs."""
    common = draft.service.provider.settings
    for function in draft.service.functions.values():
        if not function.disable_logs:
            properties = {
                "LogGroupName": log_group_name(function),
                "RetentionInDays": function.log_retention_in_days,
                "DataProtectionPolicy": function.settings.get("logDataProtectionPolicy")
                or common.get("logDataProtectionPolicy"),
            }
            logical_id = naming.log_group(function.key)
            draft.add(logical_id, "AWS::Logs::LogGroup", properties, condition=function.condition)


def compile_role(draft: Draft) -> None:
    """The shared role, when there is a function that has no other."""
    service = draft.service
    role, functions = service.provider.iam_role, service.functions.values()
    if role.existing or all("role" in function.settings for function in functions):
        return
    policy: dict[str, Any] = {
        "PolicyName": join("-", service.name, service.stage, "lambda"),
        "PolicyDocument": {"Version": "2012-10-17", "Statement": _statements(draft)},
    }
    principal = {"Service": ["lambda.amazonaws.com"]}
    trust = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}
    draft.add(
        ROLE,
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [policy],
            "Path": role.path,
            "RoleName": role.name or join("-", service.name, service.stage, ref("AWS::Region"), "lambdaRole"),
            "Tags": tag_list(role.tags),
            "PermissionsBoundary": role.permissions_boundary,
            "ManagedPolicyArns": _managed_policies(draft) or None,
        },
    )


def _statements(draft: Draft) -> list[dict[str, Any]]:
    service = draft.service
    prefix = f"{service.name}-{service.stage}"
    canonical = [each for each in service.functions.values() if each.name.startswith(prefix)]
    groups = [
        f"/aws/lambda/{function.name}"
        for function in service.functions.values()
        if not function.name.startswith(prefix) and not function.disable_logs
    ]
    if any(not function.disable_logs for function in canonical):
        groups.append(f"/aws/lambda/{prefix}*")
    create = ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"]
    statements: list[dict[str, Any]] = [
        _allow(create, [{"Fn::Sub": f"{_LOGS}{group}:*"} for group in groups]),
        _allow(["logs:PutLogEvents"], [{"Fn::Sub": f"{_LOGS}{group}:*:*"} for group in groups]),
    ]
    silent = [function for function in canonical if function.disable_logs]
    if silent and len(silent) < len(canonical):
        denied = [{"Fn::Sub": f"{_LOGS}{log_group_name(function)}:*"} for function in silent]
        statements.append({"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": denied})
    statements += [dict(statement) for statement in service.provider.iam_role.statements]
    return [*statements, *_durable(draft)]


def _durable(draft: Draft) -> list[dict[str, Any]]:
    """What functions with durable executions need of the service's role."""
    executions = [
        {"Fn::Sub": f"{_FUNCTIONS}{function.name}:*/durable-execution/*/*"}
        for function in draft.service.functions.values()
        if function.settings.get("durableConfig") and function.role in (None, ROLE)
    ]
    return [_allow(list(_DURABLE_ACTIONS), executions)] if executions else []


def _allow(actions: list[str], resources: list[Any]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _managed_policies(draft: Draft) -> list[Any]:
    service = draft.service
    policies = list(service.provider.iam_role.managed_policies)
    in_vpc = any("vpc" in function.settings for function in service.functions.values())
    if in_vpc or service.provider.settings.get("vpc"):
        name = ":iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
        policies.append(join("", "arn:", ref("AWS::Partition"), name))
    return policies
