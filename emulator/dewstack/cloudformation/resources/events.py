"""`AWS::Events::Rule` and `EventBus`, `AWS::Scheduler::Schedule` and `ScheduleGroup`."""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import without_effect
from dewstack.cloudformation.resources.shape import TAGS, Kind

_DELIVERED = frozenset({"lambda", "sqs", "sns", "kinesis", "logs", "events"})


class EventBus(Provider):
    """An event bus."""

    properties: Mapping[str, Kind] = {
        "DeadLetterConfig": object,
        "Description": str,
        "EventSourceName": str,
        "KmsKeyIdentifier": str,
        "LogConfig": object,
        "Name": str,
        "Policy": object,
        "Tags": TAGS,
    }
    required = ("Name",)
    replacement = frozenset({"EventSourceName", "Name"})
    name_property = "Name"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateEventBus."""
        given = {name: properties.get(name) for name in ("Name", "Description", "Tags")}
        output = await context.invoke("events", "CreateEventBus", **given)
        name = properties["Name"]
        note = without_effect(properties, frozenset({"Description", "Name", "Tags"}))
        return Outcome(name, {"Arn": output["EventBusArn"], "Name": name}, note)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Nothing that would show."""
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteEventBus."""
        await context.invoke("events", "DeleteEventBus", Name=current.physical_id)


class Rule(Provider):
    """A rule with its targets. One of a service that dewstack delivers nothing to is named in the event."""

    properties: Mapping[str, Kind] = {
        "Description": str,
        "EventBusName": str,
        "EventPattern": object,
        "Name": str,
        "RoleArn": str,
        "ScheduleExpression": str,
        "State": str,
        "Tags": TAGS,
        "Targets": [object],
    }
    replacement = frozenset({"EventBusName", "Name"})
    name_property = "Name"

    async def leftover(self, context: Context, properties: dict[str, Any]) -> str | None:
        """None: PutRule changes what is there."""
        return None

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PutRule and PutTargets."""
        return await self._put(context, properties.get("Name") or context.generated_name(), properties, ())

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """PutRule and PutTargets again; RemoveTargets for those that have gone."""
        before = [target["Id"] for target in current.properties.get("Targets") or ()]
        return await self._put(context, _rule_name(current), properties, before)

    @staticmethod
    async def _put(
        context: Context, name: str, properties: dict[str, Any], before: list[str] | tuple[()]
    ) -> Outcome:
        bus, pattern = properties.get("EventBusName"), properties.get("EventPattern")
        passed = ("Description", "RoleArn", "ScheduleExpression", "State", "Tags")
        if isinstance(pattern, dict):
            pattern = json.dumps(pattern)
        given = {name: properties.get(name) for name in passed}
        output = await context.invoke(
            "events", "PutRule", Name=name, EventBusName=bus, EventPattern=pattern, **given
        )
        physical_id = f"{bus.rpartition('/')[2]}|{name}" if bus and bus != "default" else name
        targets = properties.get("Targets") or []
        idle = sorted({kind for target in targets if (kind := _service(target)) not in _DELIVERED})
        note = f"Recorded only: dewstack delivers no events to {', '.join(idle)}" if idle else None
        outcome = Outcome(physical_id, {"Arn": output["RuleArn"], "RuleName": name}, note)
        context.made.append(outcome)
        served = [target for target in targets if _service(target) in _DELIVERED]
        if gone := [each for each in before if each not in {target["Id"] for target in served}]:
            await context.invoke("events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=gone)
        if served:
            await context.invoke("events", "PutTargets", Rule=name, EventBusName=bus, Targets=served)
        return outcome

    async def delete(self, context: Context, current: Resource) -> None:
        """RemoveTargets and DeleteRule."""
        rule, bus = _rule_name(current), current.properties.get("EventBusName")
        listed = await context.invoke("events", "ListTargetsByRule", Rule=rule, EventBusName=bus)
        if ids := [target["Id"] for target in listed["Targets"]]:
            await context.invoke("events", "RemoveTargets", Rule=rule, EventBusName=bus, Ids=ids)
        await context.invoke("events", "DeleteRule", Name=rule, EventBusName=bus)


def _rule_name(current: Resource) -> str:
    return current.physical_id.rpartition("|")[2]


def _service(target: Mapping[str, Any]) -> str:
    return f"{target['Arn']}:::".split(":")[2]


class Schedule(Provider):
    """A schedule of EventBridge Scheduler."""

    properties: Mapping[str, Kind] = {
        "ActionAfterCompletion": str,
        "Description": str,
        "EndDate": str,
        "FlexibleTimeWindow": {"Mode": str, "MaximumWindowInMinutes": int},
        "GroupName": str,
        "KmsKeyArn": str,
        "Name": str,
        "ScheduleExpression": str,
        "ScheduleExpressionTimezone": str,
        "StartDate": str,
        "State": str,
        "Target": object,
    }
    required = ("FlexibleTimeWindow", "ScheduleExpression", "Target")
    replacement = frozenset({"GroupName", "Name"})
    name_property = "Name"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateSchedule."""
        name = properties.get("Name") or context.generated_name()
        output = await context.invoke("scheduler", "CreateSchedule", **{**properties, "Name": name})
        return Outcome(name, {"Arn": output["ScheduleArn"]})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateSchedule."""
        given = {**properties, "Name": current.physical_id}
        await context.invoke("scheduler", "UpdateSchedule", **given)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteSchedule."""
        group = current.properties.get("GroupName")
        await context.invoke("scheduler", "DeleteSchedule", Name=current.physical_id, GroupName=group)


class ScheduleGroup(Provider):
    """A group of schedules."""

    properties: Mapping[str, Kind] = {"Name": str, "Tags": TAGS}
    replacement = frozenset({"Name"})
    name_property = "Name"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateScheduleGroup."""
        name = properties.get("Name") or context.generated_name()
        output = await context.invoke(
            "scheduler", "CreateScheduleGroup", Name=name, Tags=properties.get("Tags")
        )
        return Outcome(name, {"Arn": output["ScheduleGroupArn"], "State": "ACTIVE"})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Nothing that would show."""
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteScheduleGroup."""
        await context.invoke("scheduler", "DeleteScheduleGroup", Name=current.physical_id)


def event_types() -> dict[str, Provider]:
    """The types of EventBridge and EventBridge Scheduler."""
    return {
        "AWS::Events::EventBus": EventBus(),
        "AWS::Events::Rule": Rule(),
        "AWS::Scheduler::Schedule": Schedule(),
        "AWS::Scheduler::ScheduleGroup": ScheduleGroup(),
    }
