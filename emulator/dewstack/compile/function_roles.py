"""Roles of single functions, as serverless-iam-roles-per-function makes them: the provider's role is the pattern, the
function's own statements take the place of the provider's."""

import copy
from collections.abc import Mapping
from typing import Any

from dewstack.service import FunctionSpec, OtherEvent

from . import naming
from .draft import ROLE, Draft, get_att, join, ref
from .roles import log_group_name

PLUGIN = "serverless-iam-roles-per-function"
_LOGS = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
_VPC = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
_READING = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")


def compile_function_roles(draft: Draft) -> None:
    """Give each function that has `iamRoleStatements` a role of its own, where the map uses the plugin."""
    if PLUGIN not in draft.service.plugins or ROLE not in draft.resources:
        return
    for function in draft.service.functions.values():
        if function.settings.get("iamRoleStatements") and not function.settings.get("role"):
            _compile_role(draft, function)


def _compile_role(draft: Draft, function: FunctionSpec) -> None:
    settings, service = function.settings, draft.service
    custom = service.custom.get(PLUGIN)
    options: Mapping[str, Any] = custom if isinstance(custom, Mapping) else {}
    role = copy.deepcopy(draft.resources[ROLE])
    properties = role["Properties"]
    properties["Policies"][0]["PolicyDocument"]["Statement"] = _statements(draft, function, options)
    properties["RoleName"] = settings.get("iamRoleStatementsName") or join(
        "-", service.name, service.stage, function.key, ref("AWS::Region"), "lambdaRole"
    )
    boundary = settings.get("iamPermissionsBoundary") or options.get("iamGlobalPermissionsBoundary")
    if boundary:
        properties["PermissionsBoundary"] = boundary
    if settings.get("vpc") or service.provider.settings.get("vpc"):
        properties["ManagedPolicyArns"] = [_VPC]
    logical_id = f"{naming.resource_name(function.key)}{ROLE}"
    draft.resources[logical_id] = role
    function_id = naming.lambda_function(function.key)
    resource = draft.resources[function_id]
    resource["Properties"]["Role"] = get_att(logical_id, "Arn")
    others = [one for one in resource.get("DependsOn", ()) if one != ROLE]
    resource["DependsOn"] = [logical_id, *others]
    for one in draft.resources.values():
        if one["Type"] == "AWS::Lambda::EventSourceMapping" and _function_of(one) == function_id:
            one["DependsOn"] = logical_id


def _statements(draft: Draft, function: FunctionSpec, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    settings = function.settings
    log_group = {"Fn::Sub": f"{_LOGS}{log_group_name(function)}:*:*"}
    statements: list[dict[str, Any]] = [
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group]),
        *_reading(function),
    ]
    if settings.get("onError"):
        statements.append(_allow(["sns:Publish"], settings["onError"]))
    inherits = settings.get("iamRoleStatementsInherit")
    if options.get("defaultInherit") if inherits is None else inherits:
        statements += [dict(one) for one in draft.service.provider.iam_role.statements]
    return [*statements, *(dict(one) for one in settings["iamRoleStatements"])]


def _reading(function: FunctionSpec) -> list[dict[str, Any]]:
    """What the function's streams need. Queues are for the map to permit: the plugin leaves them out."""
    streams: dict[str, list[Any]] = {}
    for event in function.events:
        if isinstance(event, OtherEvent) and event.type == "stream" and event.value:
            own = event.value if isinstance(event.value, dict) else {"arn": event.value}
            kind = str(own.get("type") or str(own["arn"]).split(":")[2])
            streams.setdefault(kind, []).append(own["arn"])
    return [
        _allow([f"{kind}:{action}" for action in _READING], streams[kind])
        for kind in ("dynamodb", "kinesis")
        if kind in streams
    ]


def _function_of(mapping: Mapping[str, Any]) -> Any:
    """The logical ID of an event source mapping's function."""
    named = mapping["Properties"].get("FunctionName")
    return named["Fn::GetAtt"][0] if isinstance(named, Mapping) and "Fn::GetAtt" in named else None


def _allow(actions: list[str], resources: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
