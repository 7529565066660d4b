"""EventBridge's API: buses, their policies, and tags."""

from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.events.bridge.model import DEFAULT_BUS, EventBus, Rule
from dewstack.events.errors import (
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from dewstack.store import Store
from dewstack.wire import operation


def bus_name(given: str | None) -> str:
    """A bus's name out of its name, its ARN, or nothing."""
    return (given or DEFAULT_BUS).rpartition("/")[2]


def page(items: list[Any], params: dict[str, Any], key: str) -> dict[str, Any]:
    """One page of a list: `Limit` long, going on at `NextToken`, the position of the next item."""
    token = params.get("NextToken") or "0"
    if not token.isdigit():
        raise ValidationException("The token is not valid.")
    start, size = int(token), int(params.get("Limit") or params.get("MaxResults") or 100)
    answer: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer["NextToken"] = str(start + size)
    return answer


class BusOperations:
    """Buses; the default one is always there."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock
        self._buses = store.collection("events.buses", EventBus)
        self.rules = store.collection("events.rules", Rule)

    def get(self, caller: Caller, name: str) -> EventBus:
        """A bus. Raises ResourceNotFoundException."""
        bus = self._buses.get(caller.account_id, caller.region, name)
        if bus is None and name == DEFAULT_BUS:
            return EventBus(caller.account_id, caller.region, name)
        if bus is None:
            raise ResourceNotFoundException(f"Event bus {name} does not exist.")
        return bus

    def _put(self, bus: EventBus) -> None:
        self._buses.put(bus, bus.account_id, bus.region, bus.name)

    @operation("CreateEventBus")
    def create_bus(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Make a bus."""
        name = params["Name"]
        with self.store.transaction():
            if name == DEFAULT_BUS or self._buses.get(caller.account_id, caller.region, name):
                raise ResourceAlreadyExistsException(f"Event bus {name} already exists.")
            tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
            described = params.get("Description") or ""
            bus = EventBus(
                caller.account_id, caller.region, name, described, tags, created=self._clock.time()
            )
            self._put(bus)
        return {"EventBusArn": bus.arn}

    @operation("DeleteEventBus")
    def delete_bus(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a bus away; its rules have to be gone."""
        name = params["Name"]
        if name == DEFAULT_BUS:
            raise ValidationException("Cannot delete event bus default.")
        with self.store.transaction():
            if self.rules.count(caller.account_id, caller.region, name):
                raise ValidationException(f"Event bus {name} cannot be deleted since it has rules.")
            self._buses.delete(caller.account_id, caller.region, name)
        return {}

    @operation("DescribeEventBus")
    def describe_bus(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One bus."""
        return _described(self.get(caller, bus_name(params.get("Name"))))

    @operation("ListEventBuses")
    def list_buses(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """All buses, the default one first."""
        others = [
            bus for bus in self._buses.scan(caller.account_id, caller.region) if bus.name != DEFAULT_BUS
        ]
        prefix = params.get("NamePrefix") or ""
        buses = [self.get(caller, DEFAULT_BUS), *others]
        return page([_described(bus) for bus in buses if bus.name.startswith(prefix)], params, "EventBuses")

    @operation("TagResource")
    def tag(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add or replace tags of a bus or a rule."""
        added = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        with self.store.transaction():
            found = self._tagged(caller, params["ResourceARN"])
            self._keep(found, {**found.tags, **added})
        return {}

    @operation("UntagResource")
    def untag(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Remove tags."""
        with self.store.transaction():
            found = self._tagged(caller, params["ResourceARN"])
            gone = params["TagKeys"]
            self._keep(found, {key: value for key, value in found.tags.items() if key not in gone})
        return {}

    @operation("ListTagsForResource")
    def list_tags(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The tags of a bus or a rule."""
        tags = self._tagged(caller, params["ResourceARN"]).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _tagged(self, caller: Caller, arn: str) -> EventBus | Rule:
        kind, _, path = arn.split(":", 5)[-1].partition("/")
        if kind == "event-bus":
            return self.get(caller, path)
        bus, _, name = path.rpartition("/")
        rule = self.rules.get(caller.account_id, caller.region, bus or DEFAULT_BUS, name)
        if rule is None:
            raise ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus or DEFAULT_BUS}.")
        return rule

    def _keep(self, found: EventBus | Rule, tags: dict[str, str]) -> None:
        if isinstance(found, EventBus):
            self._put(replace(found, tags=tags))
        else:
            self.rules.put(replace(found, tags=tags), *found.key)


def _described(bus: EventBus) -> dict[str, Any]:
    described: dict[str, Any] = {"Name": bus.name, "Arn": bus.arn}
    if bus.description:
        described["Description"] = bus.description
    if bus.created:
        described["CreationTime"] = described["LastModifiedTime"] = bus.created
    return described
