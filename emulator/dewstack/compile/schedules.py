"""`schedule` events: EventBridge rules, or EventBridge Scheduler's schedules with `method: scheduler`."""

import json
from typing import Any

from dewstack.service import FunctionSpec, ScheduleEvent

from . import naming
from .draft import ROLE, Draft, get_att, target_of

_FUNCTION_ARN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"


def compile_schedules(draft: Draft) -> None:
    """All schedules of the map; they are numbered through within a function."""
    scheduled: list[dict[str, Any]] = []
    for function in draft.service.functions.values():
        number, by_scheduler = 0, False
        for event in function.events:
            if not isinstance(event, ScheduleEvent):
                continue
            by_scheduler |= event.settings.get("method") == "scheduler"
            for rate in event.rates:
                number += 1
                compile_one = _schedule if event.settings.get("method") == "scheduler" else _rule
                compile_one(draft, function, event, rate, number)
        if by_scheduler:
            arn = f"{_FUNCTION_ARN}{function.name}"
            scheduled += [{"Fn::Sub": arn}, {"Fn::Sub": f"{arn}:*"}]
    if scheduled and ROLE in draft.resources:
        trust = draft.resources[ROLE]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
        trust["Principal"]["Service"].append("scheduler.amazonaws.com")
        draft.allow({"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": scheduled})


def _rule(draft: Draft, function: FunctionSpec, event: ScheduleEvent, rate: Any, number: int) -> None:
    own, target, name = event.settings, target_of(function), naming.resource_name(function.key)
    transformer = own.get("inputTransformer")
    entry = {
        "Input": _input(own.get("input")),
        "InputPath": own.get("inputPath"),
        "InputTransformer": {
            "InputTemplate": transformer["inputTemplate"],
            **({"InputPathsMap": transformer["inputPathsMap"]} if transformer.get("inputPathsMap") else {}),
        }
        if transformer
        else None,
        "Arn": target.arn,
        "Id": f"{function.key}Schedule",
    }
    draft.add(
        f"{name}EventsRuleSchedule{number}",
        "AWS::Events::Rule",
        {
            "ScheduleExpression": rate,
            "State": "ENABLED" if event.enabled else "DISABLED",
            "Name": own.get("name"),
            "Description": own.get("description"),
            "Targets": [{key: value for key, value in entry.items() if value is not None}],
        },
        depends_on=target.depends_on,
    )
    draft.add(
        f"{name}LambdaPermissionEventsRuleSchedule{number}",
        "AWS::Lambda::Permission",
        {
            "FunctionName": target.arn,
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": get_att(f"{name}EventsRuleSchedule{number}", "Arn"),
        },
        depends_on=target.depends_on,
    )


def _schedule(draft: Draft, function: FunctionSpec, event: ScheduleEvent, rate: Any, number: int) -> None:
    own, target = event.settings, target_of(function)
    role = own.get("roleArn") or draft.resources[naming.lambda_function(function.key)]["Properties"]["Role"]
    entry = {"Arn": target.arn, "RoleArn": role, "Input": _input(own.get("input"))}
    draft.add(
        f"{naming.resource_name(function.key)}SchedulerSchedule{number}",
        "AWS::Scheduler::Schedule",
        {
            "ScheduleExpression": rate,
            "State": "ENABLED" if event.enabled else "DISABLED",
            "Target": {key: value for key, value in entry.items() if value is not None},
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Name": own.get("name"),
            "GroupName": own.get("groupName"),
            "Description": own.get("description"),
            "ScheduleExpressionTimezone": own.get("timezone"),
        },
        depends_on=target.depends_on,
    )


def _input(value: Any) -> str | None:
    """The input as JSON text; an object with a `body` of JSON text carries it parsed, as in the Framework."""
    if not isinstance(value, dict):
        return value or None
    body = value.get("body")
    opened = {**value, "body": json.loads(body)} if isinstance(body, str) else value
    return json.dumps(opened, separators=(",", ":"), ensure_ascii=False)
