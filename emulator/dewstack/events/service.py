"""What invokes functions by itself, as a whole: event buses, schedules, notices, event sources."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.events.bridge.bus import Bus, envelope
from dewstack.events.bridge.buses import BusOperations
from dewstack.events.bridge.model import Rule
from dewstack.events.bridge.rules import RuleOperations
from dewstack.events.delivery import Delivery, Permits, Shipment
from dewstack.events.notices import Notices
from dewstack.events.outbox import Outbox
from dewstack.events.schedules.expressions import Between, parse
from dewstack.events.schedules.model import StoredSchedule
from dewstack.events.schedules.operations import SchedulerOperations
from dewstack.events.schedules.timetable import Key, Timetable
from dewstack.events.sources import EventSources
from dewstack.events.subscriptions import LogSource, Subscriptions
from dewstack.ids import uuid4
from dewstack.store import Store
from dewstack.store.ledger import Ledger
from dewstack.wire import Call, Handler, operations_of

_RULE, _SCHEDULE = "rule", "schedule"


class Events:
    """What invokes functions by itself. Make it on the loop; `operations` has the APIs by boto3's names. What was
    acknowledged is delivered even by the next emulator, if `durable`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        call: Call,
        permits: Permits,
        logs: LogSource,
        *,
        durable: bool = False,
    ) -> None:
        self._clock = clock
        self.delivery = Delivery(call, permits)
        self._timetable = Timetable(clock, self._due)
        self._buses = BusOperations(store, clock)
        self._outbox = Outbox(self.delivery, Ledger(store, "events.shipments", Shipment, durable=durable))
        self.bus = Bus(self._buses, clock, self._outbox)
        self.notices = Notices(clock, self._outbox, self.bus)
        self.subscriptions = Subscriptions(store, clock, call, self.delivery, permits, logs)
        self.sources = EventSources(store, clock, call, self.delivery)
        self._scheduler = SchedulerOperations(store, clock, self._set_schedule)
        self.operations: Mapping[str, dict[str, Handler]] = {
            "events": operations_of(
                self._buses, RuleOperations(self._buses, clock, self._set_rule), self.bus
            ),
            "scheduler": operations_of(self._scheduler),
            "logs": operations_of(self.subscriptions),
            "lambda": operations_of(self.sources.operations),
        }

    def resume(self) -> None:
        """Go on with deliveries that were left, and with the schedules that are kept; what these missed is not made
        up for."""
        self._outbox.resume()
        self.subscriptions.resume()
        self.sources.resume()
        for rule in self._buses.rules.scan():
            self._set_rule(rule.key, rule)
        for schedule in self._scheduler.schedules.scan():
            self._set_schedule(schedule.key, schedule, resumed=True)

    def close(self) -> None:
        """Fire and deliver nothing any more."""
        self._timetable.close()
        self.sources.close()
        self.notices.close()
        self.subscriptions.close()
        self._outbox.close()

    def _set_rule(self, key: tuple[str, ...], rule: Rule | None) -> None:
        if rule is None or not rule.enabled or not rule.schedule:
            self._timetable.remove((_RULE, *key))
            return
        schedule = parse(rule.schedule, start=rule.created)
        self._timetable.set((_RULE, *key), schedule, self._clock.time())

    def _set_schedule(
        self, key: tuple[str, ...], schedule: StoredSchedule | None, *, resumed: bool = False
    ) -> None:
        if schedule is None or not schedule.enabled:
            self._timetable.remove((_SCHEDULE, *key))
            return
        start = schedule.begin or schedule.created
        parsed = parse(schedule.expression, schedule.zone, start, at_once=True)
        # A rate without a start begins when it is made, which is a moment ago.
        fresh = not resumed and schedule.created == schedule.modified and schedule.begin is None
        after = schedule.created - 0.001 if fresh else self._clock.time()
        self._timetable.set((_SCHEDULE, *key), Between(parsed, schedule.begin, schedule.end), after)

    async def _due(self, key: Key, moment: float) -> None:
        kind, *rest = key
        await (self._fire_rule if kind == _RULE else self._fire_schedule)(rest, moment)

    async def _fire_rule(self, key: list[str], moment: float) -> None:
        rule = await asyncio.to_thread(self._buses.rules.get, *key)
        if rule is not None:
            caller = Caller(rule.account_id, rule.region)
            event = envelope(caller, "aws.events", "Scheduled Event", {}, [rule.arn], moment)
            await self.bus.fire(rule, event)

    async def _fire_schedule(self, key: list[str], moment: float) -> None:
        schedule = await asyncio.to_thread(self._scheduler.schedules.get, *key)
        if schedule is None:
            return
        target = schedule.target
        caller = Caller(schedule.account_id, schedule.region)
        await self.delivery.send(
            Shipment(
                target["Arn"],
                scheduled_input(schedule, moment),
                schedule.arn,
                caller,
                dead_letters=(target.get("DeadLetterConfig") or {}).get("Arn") or "",
                attributes={"SCHEDULE_ARN": schedule.arn, "TARGET_ARN": target["Arn"]},
                settings=target,
            )
        )
        if schedule.after_completion == "DELETE" and schedule.expression.startswith("at("):
            named = {"Name": schedule.name, "GroupName": schedule.group}
            await asyncio.to_thread(self._scheduler.delete, caller, named)

    async def fire(self, name: str) -> bool:
        """Fire the rules and schedules called `name` (or by their ARN) now; whether there was one."""
        fired = False
        for rule in await asyncio.to_thread(self._buses.rules.scan):
            if rule.schedule and name in (rule.name, rule.arn):
                fired = True
                await self._fire_rule(list(rule.key), self._clock.time())
        for schedule in await asyncio.to_thread(self._scheduler.schedules.scan):
            if name in (schedule.name, schedule.arn):
                fired = True
                await self._fire_schedule(list(schedule.key), self._clock.time())
        return fired


def scheduled_input(schedule: StoredSchedule, moment: float) -> str:
    """What a schedule sends: its input with AWS's placeholders filled; an event of its own where it has none."""
    given = schedule.target.get("Input")
    caller = Caller(schedule.account_id, schedule.region)
    if not given:
        event = envelope(caller, "aws.scheduler", "Scheduled Event", "{}", [schedule.arn], moment)
        return json.dumps(event, separators=(",", ":"))
    at = datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {"schedule-arn": schedule.arn, "scheduled-time": at, "execution-id": uuid4()}
    text = str(given)
    for name, value in {**values, "attempt-number": "1"}.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text
