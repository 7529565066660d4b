"""Resource types that nothing observes locally: they exist, have ids, ARNs and attributes, and can be listed.

A type whose absence would be noticed (an event source that nobody polls) says so in its `ResourceStatusReason`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.shape import check

Namer = Callable[[Context, dict[str, Any]], str]
Attributes = Callable[[Context, str, dict[str, Any]], dict[str, Any]]


def _no_attributes(context: Context, physical_id: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Record(Provider):
    """A type that is only recorded. Its properties are kept as they are."""

    identify: Namer
    attributes: Attributes = _no_attributes
    required: tuple[str, ...] = ()
    replacement: frozenset[str] = frozenset()
    name_property: str | None = None
    needs_capability: bool = False
    note: str | None = None
    silent: bool = False
    """Whether there is nothing to make of such a resource, on AWS neither."""

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties, if the required ones are there."""
        check(logical_id, properties, dict.fromkeys(properties, object), self.required)
        return dict(properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Give it an id."""
        physical_id = self.identify(context, properties)
        return Outcome(physical_id, self.attributes(context, physical_id, properties), self.note)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Keep the id and the attributes."""
        return Outcome(current.physical_id, current.attributes, self.note)

    async def delete(self, context: Context, current: Resource) -> None:
        """Nothing else was made."""


def named(name: str, limit: int = 64) -> Namer:
    """The name that a property gives, or a generated one."""
    return lambda context, properties: properties.get(name) or context.generated_name(limit)


def _consumer_arn(context: Context, properties: dict[str, Any]) -> str:
    return f"{properties['StreamARN']}/consumer/{properties['ConsumerName']}:1"


def record_types() -> dict[str, Provider]:
    """The record-only types."""
    return {
        "AWS::Kinesis::StreamConsumer": Record(
            _consumer_arn,
            lambda context, arn, properties: {"ConsumerARN": arn, "ConsumerName": properties["ConsumerName"]},
            required=("StreamARN", "ConsumerName"),
            replacement=frozenset({"StreamARN", "ConsumerName"}),
            note="Recorded only: functions read the stream itself",
        ),
    }
