"""What happens to events: they are put onto a bus, rules are asked, targets are sent."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.events.bridge.buses import BusOperations, bus_name
from dewstack.events.bridge.inputs import target_input
from dewstack.events.bridge.model import Rule
from dewstack.events.bridge.rules import read_pattern
from dewstack.events.delivery import Shipment
from dewstack.events.outbox import Outbox, TooMuch
from dewstack.ids import uuid4
from dewstack.wire import operation

PRINCIPAL = "events.amazonaws.com"
MAX_BYTES = 1024 * 1024


def envelope(
    caller: Caller, source: str, detail_type: str, detail: Any, resources: list[str], moment: float
) -> dict[str, Any]:
    """An event as targets see it; `moment` is in seconds since the epoch."""
    return {
        "version": "0",
        "id": uuid4(),
        "detail-type": detail_type,
        "source": source,
        "account": caller.account_id,
        "time": datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": caller.region,
        "resources": resources,
        "detail": detail,
    }


class Bus:
    """The events of all buses. What it has taken lies in the outbox."""

    def __init__(self, buses: BusOperations, clock: Clock, outbox: Outbox) -> None:
        self._buses = buses
        self._clock = clock
        self._outbox = outbox

    @operation("PutEvents")
    async def put_events(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take events; each entry is answered for itself."""
        answers = [await self._take(caller, entry) for entry in params["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}

    async def _take(self, caller: Caller, entry: dict[str, Any]) -> dict[str, Any]:
        for member in ("Source", "DetailType", "Detail"):
            if not entry.get(member):
                return _refused(
                    "InvalidArgument",
                    f"Parameter {member} is not valid. Reason: {member} is a required argument.",
                )
        if str(entry["Source"]).startswith("aws."):
            return _refused(
                "NotAuthorizedForSourceException", f"Not authorized for the source: {entry['Source']}"
            )
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return _refused("MalformedDetail", "Detail is malformed.")
        at = entry.get("Time")
        moment = at.timestamp() if isinstance(at, datetime) else float(at) if at else self._clock.time()
        resources = list(entry.get("Resources") or ())
        event = envelope(caller, entry["Source"], entry["DetailType"], detail, resources, moment)
        try:
            await self.publish(caller, event, entry.get("EventBusName"))
        except TooMuch as error:
            return _refused(error.code, str(error))
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
        return {"EventId": event["id"]}

    async def publish(self, caller: Caller, event: dict[str, Any], bus: str | None = None) -> None:
        """Put an event onto a bus: targets of the rules that match will be sent it, which nobody waits for.

        Raises ResourceNotFoundException for a bus that isn't there, TooMuch.
        """
        if bus and bus.startswith("arn:"):
            caller = Caller(bus.split(":")[4], bus.split(":")[3])
        matching = await asyncio.to_thread(self._matching, caller, bus_name(bus), event)
        await self._outbox.post([one for rule in matching for one in self._shipments(rule, event)])

    def _matching(self, caller: Caller, bus: str, event: dict[str, Any]) -> list[Rule]:
        self._buses.get(caller, bus)
        rules = self._buses.rules.scan(caller.account_id, caller.region, bus)
        return [rule for rule in rules if rule.enabled and rule.pattern and read_pattern(rule.pattern)(event)]

    async def fire(self, rule: Rule, event: dict[str, Any]) -> None:
        """Send an event to all targets of a rule. Raises TooMuch."""
        await self._outbox.post(self._shipments(rule, event))

    def _shipments(self, rule: Rule, event: dict[str, Any]) -> list[Shipment]:
        caller = Caller(rule.account_id, rule.region)
        return [
            Shipment(
                target["Arn"],
                target_input(target, event, rule.arn),
                rule.arn,
                caller,
                () if target.get("RoleArn") else (PRINCIPAL,),
                (target.get("DeadLetterConfig") or {}).get("Arn") or "",
                {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"]},
                {**target, "timestamp_ms": int(self._clock.time() * 1000)},
            )
            for target in rule.targets.values()
        ]


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}
