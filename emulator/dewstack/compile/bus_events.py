"""`eventBridge`, `cloudwatchEvent` and `cloudwatchLog` events: rules of buses and subscriptions of log groups."""

import hashlib
import json
import os.path
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dewstack.service import FunctionSpec, OtherEvent

from . import naming
from .draft import Draft, Target, get_att, join, ref, target_of


def compile_bus_rules(draft: Draft) -> None:
    """The rules of `eventBridge` events, and the buses that they name; numbered by the place of the event."""
    for function, number, own in _events(draft, "eventBridge"):
        _compile_bus_rule(draft, function, number, own)


def compile_event_rules(draft: Draft) -> None:
    """The rules of `cloudwatchEvent` events, numbered through within a function."""
    counts: dict[str, int] = {}
    for function, _, own in _events(draft, "cloudwatchEvent"):
        number = counts[function.key] = counts.get(function.key, 0) + 1
        _compile_event_rule(draft, function, number, own)


def compile_log_subscriptions(draft: Draft) -> None:
    """The subscription filters of `cloudwatchLog` events, and one permission a function."""
    groups: dict[str, list[str]] = {}
    for function, _, value in _events(draft, "cloudwatchLog"):
        own = value if isinstance(value, dict) else {"logGroup": value}
        group = re.sub(r"\r?\n", "", own["logGroup"])
        named = groups.setdefault(function.key, [])
        named.append(group)
        target, name = target_of(function), naming.resource_name(function.key)
        permission = f"{name}LambdaPermissionLogsSubscriptionFilterCloudWatchLog"
        aliases = [target.depends_on] if target.depends_on else []
        draft.add(
            f"{name}LogsSubscriptionFilterCloudWatchLog{len(named)}",
            "AWS::Logs::SubscriptionFilter",
            {
                "LogGroupName": group,
                "FilterPattern": _filter_pattern(own.get("filter") or ""),
                "DestinationArn": target.arn,
            },
            depends_on=[permission, *aliases],
        )
        common = os.path.commonprefix(named)  # noqa: RUF071 - by characters, as the Framework does
        common += "*" if len(named) > 1 and not common.endswith("*") else ""
        account = ("arn:", ref("AWS::Partition"), ":logs:", ref("AWS::Region"), ":", ref("AWS::AccountId"))
        source = join("", *account, ":log-group:", common, ":*")
        principal = join("", "logs.", ref("AWS::Region"), ".amazonaws.com")
        _permit(draft, permission, target, principal, source, aliases)


def _filter_pattern(text: str) -> str:
    """The pattern in one line; where its first quote is an escaped one, all are taken for themselves."""
    pattern = re.sub(r"\r?\n", "", text)
    slash, quote = pattern.find("\\"), pattern.find('"')
    return re.sub(r"\\([\"\\'])", r"\1", pattern) if 0 <= slash < quote else pattern


def _events(draft: Draft, kind: str) -> Iterator[tuple[FunctionSpec, int, Any]]:
    for function in draft.service.functions.values():
        for number, event in enumerate(function.events, 1):
            if isinstance(event, OtherEvent) and event.type == kind:
                yield function, number, event.value


def _permit(
    draft: Draft,
    logical_id: str,
    target: Target,
    principal: Any,
    source: Any,
    depends_on: list[str] | None = None,
) -> None:
    properties = {"Action": "lambda:InvokeFunction", "FunctionName": target.arn, "Principal": principal}
    draft.add(
        logical_id,
        "AWS::Lambda::Permission",
        {**properties, "SourceArn": source},
        depends_on=target.depends_on if depends_on is None else depends_on,
    )


def _compile_bus_rule(draft: Draft, function: FunctionSpec, number: int, own: Mapping[str, Any]) -> None:
    stub = f"{function.name}-rule-{number}"
    name = own.get("name") or _short(stub, f"rule-{number}")
    bus, bus_id, target = own.get("eventBus"), None, target_of(function)
    if isinstance(bus, str) and bus.startswith("arn"):
        bus = bus.partition("/")[2]
    elif isinstance(bus, str) and bus != "default":
        bus_id = f"{naming.resource_name(bus)}EventBridgeEventBus"
        draft.add(bus_id, "AWS::Events::EventBus", {"Name": bus})
    needed = [each for each in (target.depends_on, bus_id) if each]
    retry = own.get("retryPolicy")
    entry = {
        "Arn": target.arn,
        "Id": _short(f"{name}-target", "target"),
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": retry.get("maximumEventAge"),
            "MaximumRetryAttempts": retry.get("maximumRetryAttempts"),
        }
        if retry
        else None,
        "DeadLetterConfig": {"Arn": own["deadLetterQueueArn"]} if own.get("deadLetterQueueArn") else None,
        **_input(own),
    }
    draft.add(
        f"{naming.upper_first(naming.letters_and_digits(stub))}EventBridgeRule",
        "AWS::Events::Rule",
        {
            "Description": own.get("description"),
            "EventBusName": None if bus == "default" else bus,
            "EventPattern": own.get("pattern"),
            "Name": name,
            "ScheduleExpression": own.get("schedule"),
            "State": "DISABLED" if own.get("enabled") is False else "ENABLED",
            "Targets": [{key: value for key, value in entry.items() if value is not None}],
        },
        depends_on=needed[0] if len(needed) == 1 else needed,
    )
    path = join("/", "rule", *([bus] if bus and bus != "default" else []), name)
    account = ("arn", ref("AWS::Partition"), "events", ref("AWS::Region"), ref("AWS::AccountId"))
    permission = f"{naming.resource_name(function.key)}EventBridgeLambdaPermission{number}"
    _permit(draft, permission, target, "events.amazonaws.com", join(":", *account, path))


def _compile_event_rule(draft: Draft, function: FunctionSpec, number: int, own: Mapping[str, Any]) -> None:
    target, name = target_of(function), naming.resource_name(function.key)
    rule = f"{name}EventsRuleCloudWatchEvent{number}"
    draft.add(
        rule,
        "AWS::Events::Rule",
        {
            "EventPattern": own.get("event"),
            "State": "DISABLED" if own.get("enabled") is False else "ENABLED",
            "Description": own.get("description"),
            "Name": own.get("name"),
            "Targets": [{**_input(own), "Arn": target.arn, "Id": f"{function.key}CloudWatchEvent"}],
        },
        depends_on=target.depends_on,
    )
    permission = f"{name}LambdaPermissionEventsRuleCloudWatchEvent{number}"
    _permit(draft, permission, target, "events.amazonaws.com", get_att(rule, "Arn"))


def _input(own: Mapping[str, Any]) -> dict[str, Any]:
    """What a target is sent, where that isn't the event."""
    if given := own.get("input"):
        return {"Input": given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))}
    if own.get("inputPath"):
        return {"InputPath": own["inputPath"]}
    transformer = own.get("inputTransformer")
    return (
        {"InputTransformer": {naming.upper_first(name): value for name, value in transformer.items()}}
        if transformer
        else {}
    )


def _short(name: str, suffix: str) -> str:
    """The name, or a digest of it where it is longer than the 64 characters that a name may have."""
    if len(name) <= 64:
        return name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: 31 - len(suffix)]}{digest}-{suffix}"
