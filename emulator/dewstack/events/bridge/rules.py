"""EventBridge's API: rules and their targets."""

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.events.bridge.buses import BusOperations, bus_name, page
from dewstack.events.bridge.model import DEFAULT_BUS, Rule
from dewstack.events.errors import (
    InvalidEventPatternException,
    ResourceNotFoundException,
    ValidationException,
)
from dewstack.events.patterns import InvalidPattern, Matches, compile_pattern
from dewstack.events.schedules.expressions import parse
from dewstack.wire import operation

MAX_TARGETS = 5
_DELIVERED = frozenset({"lambda", "sqs", "sns", "kinesis", "logs", "events"})
"""Services that targets may belong to."""


def read_pattern(text: str) -> Matches:
    """A pattern out of its JSON. Raises InvalidEventPatternException."""
    try:
        return compile_pattern(json.loads(text))
    except InvalidPattern as error:
        raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {error}") from error
    except ValueError as error:
        raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {error}") from error


class RuleOperations:
    """Rules of all buses. `changed` is told of each rule that was put, and of the key of one that is gone."""

    def __init__(
        self, buses: BusOperations, clock: Clock, changed: Callable[[tuple[str, ...], Rule | None], None]
    ) -> None:
        self._buses = buses
        self._rules = buses.rules
        self._clock = clock
        self._changed = changed

    def _get(self, caller: Caller, params: dict[str, Any], member: str = "Name") -> Rule:
        bus = bus_name(params.get("EventBusName"))
        self._buses.get(caller, bus)
        rule = self._rules.get(caller.account_id, caller.region, bus, params[member])
        if rule is None:
            raise ResourceNotFoundException(f"Rule {params[member]} does not exist on EventBus {bus}.")
        return rule

    def _put(self, rule: Rule) -> None:
        self._rules.put(rule, *rule.key)

    @operation("PutRule")
    def put_rule(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Make a rule or change it; its targets stay."""
        bus, name = bus_name(params.get("EventBusName")), params["Name"]
        pattern, schedule = params.get("EventPattern") or "", params.get("ScheduleExpression") or ""
        if not pattern and not schedule:
            raise ValidationException("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        if schedule and bus != DEFAULT_BUS:
            raise ValidationException("ScheduleExpression is supported only on the default event bus.")
        if pattern:
            read_pattern(pattern)
        if schedule:
            _check(schedule)
        now = self._clock.time()
        with self._buses.store.transaction():
            self._buses.get(caller, bus)
            before = self._rules.get(caller.account_id, caller.region, bus, name)
            kept = before or Rule(caller.account_id, caller.region, bus, name, created=now)
            rule = replace(
                kept,
                pattern=pattern,
                schedule=schedule,
                enabled=params.get("State") != "DISABLED",
                description=params.get("Description") or "",
                role=params.get("RoleArn") or "",
                created=kept.created if kept.schedule == schedule else now,
                tags={**kept.tags, **{tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}},
            )
            self._put(rule)
        self._changed(rule.key, rule)
        return {"RuleArn": rule.arn}

    @operation("DescribeRule")
    def describe_rule(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One rule."""
        return {**_described(self._get(caller, params)), "CreatedBy": caller.account_id}

    @operation("ListRules")
    def list_rules(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The rules of a bus."""
        bus = bus_name(params.get("EventBusName"))
        self._buses.get(caller, bus)
        rules = self._rules.scan(caller.account_id, caller.region, bus)
        prefix = params.get("NamePrefix") or ""
        return page([_described(rule) for rule in rules if rule.name.startswith(prefix)], params, "Rules")

    @operation("ListRuleNamesByTarget")
    def list_rule_names(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The rules that have a target."""
        bus, wanted = bus_name(params.get("EventBusName")), params["TargetArn"]
        rules = self._rules.scan(caller.account_id, caller.region, bus)
        names = [rule.name for rule in rules if any(t["Arn"] == wanted for t in rule.targets.values())]
        return page(names, params, "RuleNames")

    @operation("DeleteRule")
    def delete_rule(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a rule away, which has to have no targets any more."""
        bus, name = bus_name(params.get("EventBusName")), params["Name"]
        with self._buses.store.transaction():
            rule = self._rules.get(caller.account_id, caller.region, bus, name)
            if rule is None:
                return {}
            if rule.targets:
                raise ValidationException("Rule can't be deleted since it has targets.")
            self._rules.delete(*rule.key)
        self._changed(rule.key, None)
        return {}

    @operation("EnableRule")
    def enable_rule(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let it fire."""
        return self._switch(caller, params, enabled=True)

    @operation("DisableRule")
    def disable_rule(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let it rest."""
        return self._switch(caller, params, enabled=False)

    def _switch(self, caller: Caller, params: dict[str, Any], *, enabled: bool) -> dict[str, Any]:
        with self._buses.store.transaction():
            rule = replace(self._get(caller, params), enabled=enabled)
            self._put(rule)
        self._changed(rule.key, rule)
        return {}

    @operation("PutTargets")
    def put_targets(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add targets, or replace those of the same id. NotEmulated for a service that nothing is delivered to."""
        for target in params["Targets"]:
            service = target["Arn"].split(":")[2]
            if service not in _DELIVERED:
                raise NotEmulated(f"EventBridge targets of '{service}' are not emulated by dewstack")
        with self._buses.store.transaction():
            rule = self._get(caller, params, "Rule")
            targets = {**rule.targets, **{target["Id"]: target for target in params["Targets"]}}
            if len(targets) > MAX_TARGETS:
                raise ValidationException("The requested resource exceeds the maximum number allowed.")
            self._put(replace(rule, targets=targets))
        return {"FailedEntryCount": 0, "FailedEntries": []}

    @operation("RemoveTargets")
    def remove_targets(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take targets away."""
        with self._buses.store.transaction():
            rule = self._get(caller, params, "Rule")
            gone = frozenset(params["Ids"])
            kept = {name: target for name, target in rule.targets.items() if name not in gone}
            self._put(replace(rule, targets=kept))
        failed = [
            {
                "TargetId": name,
                "ErrorCode": "ResourceNotFoundException",
                "ErrorMessage": f"Rule {rule.name} has no target {name}.",
            }
            for name in params["Ids"]
            if name not in rule.targets
        ]
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    @operation("ListTargetsByRule")
    def list_targets(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The targets of a rule."""
        return page(list(self._get(caller, params, "Rule").targets.values()), params, "Targets")

    @operation("TestEventPattern")
    def test_event_pattern(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Whether an event matches a pattern."""
        matches = read_pattern(params["EventPattern"])
        try:
            event = json.loads(params["Event"])
        except ValueError as error:
            raise ValidationException("Parameter Event is not valid.") from error
        return {"Result": matches(event)}


def _check(schedule: str) -> None:
    try:
        if schedule.startswith("at("):
            raise ValueError("only EventBridge Scheduler takes at(...)")
        parse(schedule)
    except ValueError as error:
        raise ValidationException("Parameter ScheduleExpression is not valid.") from error


def _described(rule: Rule) -> dict[str, Any]:
    optional = {
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "Description": rule.description,
        "RoleArn": rule.role,
    }
    return {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventBusName": rule.bus,
        "State": "ENABLED" if rule.enabled else "DISABLED",
        **{name: value for name, value in optional.items() if value},
    }
