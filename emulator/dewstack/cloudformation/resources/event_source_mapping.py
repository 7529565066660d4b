"""`AWS::Lambda::EventSourceMapping`: a function and the queue or stream that it is invoked with."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.functions import SERVICE
from dewstack.cloudformation.resources.shape import TAGS, Kind, tag_map
from dewstack.errors import NotEmulated
from dewstack.ids import uuid4

RECORDED = "Recorded only: {}"
CONSUMER = "/consumer/"


class EventSourceMapping(Provider):
    """A mapping. One of a source that is not read here is recorded, and says so."""

    properties: Mapping[str, Kind] = {
        "AmazonManagedKafkaEventSourceConfig": object,
        "BatchSize": int,
        "BisectBatchOnFunctionError": bool,
        "DestinationConfig": {"OnFailure": {"Destination": str}},
        "DocumentDBEventSourceConfig": object,
        "Enabled": bool,
        "EventSourceArn": str,
        "FilterCriteria": object,
        "FunctionName": str,
        "FunctionResponseTypes": object,
        "KmsKeyArn": str,
        "MaximumBatchingWindowInSeconds": int,
        "MaximumRecordAgeInSeconds": int,
        "MaximumRetryAttempts": int,
        "MetricsConfig": object,
        "ParallelizationFactor": int,
        "ProvisionedPollerConfig": object,
        "Queues": object,
        "ScalingConfig": {"MaximumConcurrency": int},
        "SelfManagedEventSource": object,
        "SelfManagedKafkaEventSourceConfig": object,
        "SourceAccessConfigurations": object,
        "StartingPosition": str,
        "StartingPositionTimestamp": object,
        "Tags": TAGS,
        "Topics": object,
        "TumblingWindowInSeconds": int,
    }
    required = ("FunctionName",)
    replacement = frozenset({"EventSourceArn", "StartingPosition", "SelfManagedEventSource"})

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateEventSourceMapping."""
        try:
            tags = tag_map(properties.get("Tags") or ())
            made = await context.invoke(SERVICE, "CreateEventSourceMapping", **_given(properties), Tags=tags)
        except NotEmulated as error:
            identity = uuid4()
            return Outcome(identity, _attributes(context, identity), RECORDED.format(error))
        return Outcome(made["UUID"], _attributes(context, made["UUID"]))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateEventSourceMapping."""
        changes = {name: value for name, value in _given(properties).items() if name not in self.replacement}
        if "FilterCriteria" in current.properties and "FilterCriteria" not in changes:
            changes["FilterCriteria"] = {}
        try:
            await context.invoke(SERVICE, "UpdateEventSourceMapping", UUID=current.physical_id, **changes)
        except NotEmulated as error:
            return Outcome(current.physical_id, current.attributes, RECORDED.format(error))
        before, after = (tag_map(each.get("Tags") or ()) for each in (current.properties, properties))
        if before != after:
            arn = current.attributes["EventSourceMappingArn"]
            if gone := sorted(before.keys() - after.keys()):
                await context.invoke(SERVICE, "UntagResource", Resource=arn, TagKeys=gone)
            if after:
                await context.invoke(SERVICE, "TagResource", Resource=arn, Tags=after)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteEventSourceMapping."""
        await context.invoke(SERVICE, "DeleteEventSourceMapping", UUID=current.physical_id)


def _given(properties: dict[str, Any]) -> dict[str, Any]:
    """The operation's params. A consumer of a stream is told from its stream: what it reads is the same."""
    given = {name: value for name, value in properties.items() if name not in ("Tags", "KmsKeyArn")}
    source = given.get("EventSourceArn")
    if isinstance(source, str) and CONSUMER in source:
        given["EventSourceArn"] = source.partition(CONSUMER)[0]
    return given


def _attributes(context: Context, identity: str) -> dict[str, Any]:
    arn = context.arn("lambda", f"event-source-mapping:{identity}")
    return {"Id": identity, "EventSourceMappingArn": arn}
