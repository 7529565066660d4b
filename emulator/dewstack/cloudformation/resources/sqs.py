"""`AWS::SQS::Queue` and `AWS::SQS::QueuePolicy`."""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import Named, Restored, changed
from dewstack.cloudformation.resources.shape import STRINGS, TAGS, Kind, tag_map

_ATTRIBUTES: Mapping[str, Kind] = {
    "ContentBasedDeduplication": bool,
    "DeduplicationScope": str,
    "DelaySeconds": int,
    "FifoQueue": bool,
    "FifoThroughputLimit": str,
    "KmsDataKeyReusePeriodSeconds": int,
    "KmsMasterKeyId": str,
    "MaximumMessageSize": int,
    "MessageRetentionPeriod": int,
    "ReceiveMessageWaitTimeSeconds": int,
    "RedriveAllowPolicy": object,
    "RedrivePolicy": object,
    "SqsManagedSseEnabled": bool,
    "VisibilityTimeout": int,
}


def attribute_text(value: Any) -> str:
    """An attribute as SQS and SNS take them: all are text, documents are JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)


class Queue(Named):
    """A queue. `Ref` gives its URL."""

    service = "sqs"
    properties: Mapping[str, Kind] = {**_ATTRIBUTES, "QueueName": str, "Tags": TAGS}
    replacement = frozenset({"FifoQueue", "QueueName"})
    name_property = "QueueName"
    name_limit = 80

    def generated(self, context: Context, properties: dict[str, Any]) -> str:
        """A name that ends as that of a FIFO queue has to."""
        return (
            f"{context.generated_name(75)}.fifo"
            if properties.get("FifoQueue")
            else super().generated(context, properties)
        )

    def name_of(self, current: Resource) -> str:
        """The last part of the URL."""
        return current.physical_id.rpartition("/")[2]

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateQueue."""
        attributes = {key: attribute_text(properties[key]) for key in _ATTRIBUTES if key in properties}
        if attributes.get("FifoQueue") == "false":
            del attributes["FifoQueue"]  # SQS takes only "true"
        output = await context.invoke(
            "sqs",
            "CreateQueue",
            QueueName=name,
            Attributes=attributes,
            tags=tag_map(properties["Tags"]) if "Tags" in properties else None,
        )
        url = str(output["QueueUrl"])
        return Outcome(url, {"Arn": context.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """SetQueueAttributes for what changed; what was taken away is emptied where that means something."""
        changes = {key: value for key, value in changed(current, properties).items() if key in _ATTRIBUTES}
        attributes = {key: "" if value is None else attribute_text(value) for key, value in changes.items()}
        kept = {key: value for key, value in attributes.items() if value or key.startswith("Redrive")}
        if kept:
            await context.invoke("sqs", "SetQueueAttributes", QueueUrl=current.physical_id, Attributes=kept)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteQueue."""
        await context.invoke("sqs", "DeleteQueue", QueueUrl=current.physical_id)


class QueuePolicy(Restored):
    """One policy for some queues."""

    service = "sqs"
    properties: Mapping[str, Kind] = {"PolicyDocument": object, "Queues": STRINGS}
    required = ("PolicyDocument", "Queues")

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """SetQueueAttributes for each queue."""
        await self._put(context, properties["Queues"], attribute_text(properties["PolicyDocument"]))
        name = context.generated_name(128)
        return Outcome(name, {"Id": name})

    @staticmethod
    async def _put(context: Context, queues: list[str], policy: str) -> None:
        for url in queues:
            await context.invoke("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": policy})

    async def restore(self, context: Context, current: Resource) -> None:
        """The same as before."""
        given = current.properties
        await self._put(context, given["Queues"], attribute_text(given["PolicyDocument"]))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Take it from the queues that are not named any more, give it to the others."""
        gone = [url for url in current.properties["Queues"] if url not in properties["Queues"]]
        await self._put(context, gone, "")
        await self._put(context, properties["Queues"], attribute_text(properties["PolicyDocument"]))
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """Take it from its queues."""
        await self._put(context, current.properties["Queues"], "")


def sqs_types() -> dict[str, Provider]:
    """The types of SQS."""
    return {"AWS::SQS::Queue": Queue(), "AWS::SQS::QueuePolicy": QueuePolicy()}
