"""EventBridge Scheduler's API: schedules and their groups."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.events.bridge.buses import page
from dewstack.events.errors import ConflictException, NoSuchSchedule, ValidationException
from dewstack.events.schedules.expressions import parse
from dewstack.events.schedules.model import DEFAULT_GROUP, ScheduleGroup, StoredSchedule
from dewstack.store import Store
from dewstack.wire import operation


class SchedulerOperations:
    """Schedules of all groups. `changed` is told of each that was put, and of the key of one that is gone."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        changed: Callable[[tuple[str, ...], StoredSchedule | None], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        self.schedules = store.collection("scheduler.schedules", StoredSchedule)
        self._groups = store.collection("scheduler.groups", ScheduleGroup)

    def _group(self, caller: Caller, name: str) -> ScheduleGroup:
        group = self._groups.get(caller.account_id, caller.region, name)
        if group is None and name != DEFAULT_GROUP:
            raise NoSuchSchedule(f"Schedule group {name} does not exist.")
        return group or ScheduleGroup(caller.account_id, caller.region, name)

    def _get(self, caller: Caller, params: dict[str, Any]) -> StoredSchedule:
        group = params.get("GroupName") or DEFAULT_GROUP
        found = self.schedules.get(caller.account_id, caller.region, group, params["Name"])
        if found is None:
            raise NoSuchSchedule(f"Schedule {params['Name']} does not exist.")
        return found

    @operation("CreateSchedule")
    def create(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Make a schedule."""
        group = params.get("GroupName") or DEFAULT_GROUP
        with self._store.transaction():
            self._group(caller, group)
            if self.schedules.get(caller.account_id, caller.region, group, params["Name"]):
                raise ConflictException(f"Schedule {params['Name']} already exists.")
            schedule = _read(caller, group, params, self._clock.time())
            self.schedules.put(schedule, *schedule.key)
        self._changed(schedule.key, schedule)
        return {"ScheduleArn": schedule.arn}

    @operation("UpdateSchedule")
    def update(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Replace a schedule: what isn't given gets its default."""
        with self._store.transaction():
            before = self._get(caller, params)
            same = before.expression == params["ScheduleExpression"]
            now = self._clock.time()
            schedule = _read(caller, before.group, params, before.created if same else now, now)
            self.schedules.put(schedule, *schedule.key)
        self._changed(schedule.key, schedule)
        return {"ScheduleArn": schedule.arn}

    @operation("GetSchedule")
    def get(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One schedule."""
        found = self._get(caller, params)
        optional = {"Description": found.description, "KmsKeyArn": found.kms_key}
        times = {"StartDate": found.begin, "EndDate": found.end}
        return {
            **_summary(found),
            "ScheduleExpression": found.expression,
            "ScheduleExpressionTimezone": found.zone,
            "FlexibleTimeWindow": found.window,
            "ActionAfterCompletion": found.after_completion,
            "Target": found.target,
            **{name: value for name, value in (optional | times).items() if value},
        }

    @operation("DeleteSchedule")
    def delete(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a schedule away."""
        with self._store.transaction():
            found = self._get(caller, params)
            self.schedules.delete(*found.key)
        self._changed(found.key, None)
        return {}

    @operation("ListSchedules")
    def list(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """All schedules, or those of a group, by a prefix and a state."""
        group = (params["GroupName"],) if params.get("GroupName") else ()
        found = [
            _summary(each) | {"Target": {"Arn": each.target["Arn"]}}
            for each in self.schedules.scan(caller.account_id, caller.region, *group)
            if each.name.startswith(params.get("NamePrefix") or "")
        ]
        wanted = params.get("State")
        return page([each for each in found if wanted in (None, each["State"])], params, "Schedules")

    @operation("CreateScheduleGroup")
    def create_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Make a group."""
        name = params["Name"]
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
        with self._store.transaction():
            if name == DEFAULT_GROUP or self._groups.get(caller.account_id, caller.region, name):
                raise ConflictException(f"Schedule group {name} already exists.")
            group = ScheduleGroup(caller.account_id, caller.region, name, self._clock.time(), tags)
            self._groups.put(group, caller.account_id, caller.region, name)
        return {"ScheduleGroupArn": group.arn}

    @operation("GetScheduleGroup")
    def get_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One group."""
        return _described(self._group(caller, params["Name"]))

    @operation("ListScheduleGroups")
    def list_groups(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """All groups."""
        groups = [
            self._group(caller, DEFAULT_GROUP),
            *self._groups.scan(caller.account_id, caller.region),
        ]
        prefix = params.get("NamePrefix") or ""
        found = [_described(each) for each in groups if each.name.startswith(prefix)]
        return page(found, params, "ScheduleGroups")

    @operation("DeleteScheduleGroup")
    def delete_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a group away, with its schedules."""
        name = params["Name"]
        if name == DEFAULT_GROUP:
            raise ValidationException("The default schedule group cannot be deleted.")
        with self._store.transaction():
            self._group(caller, name)
            gone = self.schedules.scan(caller.account_id, caller.region, name)
            self.schedules.clear(caller.account_id, caller.region, name)
            self._groups.delete(caller.account_id, caller.region, name)
        for each in gone:
            self._changed(each.key, None)
        return {}


def _read(
    caller: Caller, group: str, params: dict[str, Any], created: float, modified: float | None = None
) -> StoredSchedule:
    expression, zone = params["ScheduleExpression"], params.get("ScheduleExpressionTimezone") or "UTC"
    try:
        parse(expression, zone)
    except KeyError as error:
        raise ValidationException(
            f"The ScheduleExpressionTimezone parameter value '{zone}' is not valid."
        ) from error
    except ValueError as error:
        raise ValidationException(f"Invalid Schedule Expression {expression}.") from error
    return StoredSchedule(
        caller.account_id,
        caller.region,
        group,
        params["Name"],
        expression,
        params["Target"],
        zone,
        params.get("State") != "DISABLED",
        params.get("Description") or "",
        params.get("FlexibleTimeWindow") or {"Mode": "OFF"},
        _seconds(params.get("StartDate")),
        _seconds(params.get("EndDate")),
        params.get("ActionAfterCompletion") or "NONE",
        params.get("KmsKeyArn") or "",
        created,
        created if modified is None else modified,
    )


def _seconds(given: Any) -> float | None:
    """A time as seconds since the epoch: clients give them, CloudFormation gives ISO 8601."""
    if given is None:
        return None
    if isinstance(given, str):
        given = datetime.fromisoformat(given)
    return given.timestamp() if isinstance(given, datetime) else float(given)


def _summary(found: StoredSchedule) -> dict[str, Any]:
    return {
        "Arn": found.arn,
        "Name": found.name,
        "GroupName": found.group,
        "State": "ENABLED" if found.enabled else "DISABLED",
        "CreationDate": found.created,
        "LastModificationDate": found.modified,
    }


def _described(group: ScheduleGroup) -> dict[str, Any]:
    return {
        "Arn": group.arn,
        "Name": group.name,
        "State": "ACTIVE",
        "CreationDate": group.created,
        "LastModificationDate": group.created,
    }
