"""Events on their way to a target: a function, a queue, a topic, a stream, a log group, another bus.

What cannot be delivered goes to the target's dead-letter queue, or is said in the log: nobody waits for it.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct, field

from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.wire import Call

logger = logging.getLogger("dewstack.events")

Permits = Callable[[str, str, str], bool]
"""Whether a function's policy lets a service (principal) invoke it on behalf of an ARN. Called in a thread."""


class Shipment(Struct, frozen=True):
    """What is sent: for whom (`source`, an ARN in the account and region), and by which service, whose name is empty
    where a role's own policy decides and not the function's."""

    target: str
    body: str
    source: str
    caller: Caller
    principals: tuple[str, ...] = ()
    dead_letters: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    """What the dead-letter queue is told beside the error."""
    settings: dict[str, Any] = field(default_factory=dict)
    """A target's own: `SqsParameters`, `KinesisParameters`."""


class NotPermitted(AwsError):
    """The function's policy has no statement for this source."""

    code = "NO_PERMISSIONS"
    status = 403


class NoSuchTarget(AwsError):
    """Nothing here takes events for such an ARN."""

    code = "RESOURCE_NOT_FOUND"
    status = 404


class Delivery:
    """Sends by calling the operations that AWS's services call."""

    def __init__(self, call: Call, permits: Permits) -> None:
        self._call = call
        self._permits = permits
        self._senders: Mapping[str, Callable[[Shipment, Caller], Awaitable[None]]] = {
            "lambda": self._to_function,
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "logs": self._to_log_group,
            "kinesis": self._to_stream,
            "events": self._to_bus,
        }

    async def send(self, shipment: Shipment) -> None:
        """Deliver once."""
        parts = shipment.target.split(":", 5)
        try:
            sender = self._senders.get(parts[2]) if len(parts) == 6 else None
            if sender is None:
                raise NoSuchTarget("dewstack does not deliver to such a target")
            caller = Caller(parts[4] or shipment.caller.account_id, parts[3] or shipment.caller.region)
            await sender(shipment, caller)
        except AwsError as error:
            await self._give_up(shipment, error)

    async def _give_up(self, shipment: Shipment, error: AwsError) -> None:
        logger.warning(
            "an event of %s did not reach %s: %s: %s", shipment.source, shipment.target, error.code, error
        )
        if not shipment.dead_letters:
            return
        told = {"ERROR_CODE": error.code, "ERROR_MESSAGE": str(error) or error.code, **shipment.attributes}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
        try:
            await self._send_message(shipment.dead_letters, shipment.body, MessageAttributes=attributes)
        except AwsError as failed:
            logger.error("nor its dead-letter queue %s: %s: %s", shipment.dead_letters, failed.code, failed)

    async def _to_function(self, shipment: Shipment, caller: Caller) -> None:
        allowed = not shipment.principals
        for principal in shipment.principals:
            allowed = allowed or await asyncio.to_thread(
                self._permits, shipment.target, principal, shipment.source
            )
        if not allowed:
            raise NotPermitted(
                f"its policy lets nobody invoke it for this source; AWS::Lambda::Permission with Principal"
                f" {shipment.principals[0]} and SourceArn {shipment.source} would"
            )
        event = {"FunctionName": shipment.target, "InvocationType": "Event"}
        await self._call("lambda", "Invoke", {**event, "Payload": shipment.body.encode()}, caller)

    async def _to_queue(self, shipment: Shipment, caller: Caller) -> None:
        group = (shipment.settings.get("SqsParameters") or {}).get("MessageGroupId")
        await self._send_message(
            shipment.target, shipment.body, **({"MessageGroupId": group} if group else {})
        )

    async def _send_message(self, queue: str, body: str, **more: Any) -> None:
        region, account, name = queue.split(":")[3:6]
        caller = Caller(account, region)
        named = {"QueueName": name, "QueueOwnerAWSAccountId": account}
        url = (await self._call("sqs", "GetQueueUrl", named, caller))["QueueUrl"]
        await self._call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": body, **more}, caller)

    async def _to_topic(self, shipment: Shipment, caller: Caller) -> None:
        await self._call("sns", "Publish", {"TopicArn": shipment.target, "Message": shipment.body}, caller)

    async def _to_stream(self, shipment: Shipment, caller: Caller) -> None:
        name = shipment.target.partition("/")[2]
        record = {"StreamName": name, "Data": shipment.body.encode(), "PartitionKey": shipment.source[-256:]}
        await self._call("kinesis", "PutRecord", record, caller)

    async def _to_log_group(self, shipment: Shipment, caller: Caller) -> None:
        group = shipment.target.partition(":log-group:")[2].removesuffix(":*")
        if not group:
            raise NoSuchTarget("its ARN names no log group")
        event = json.loads(shipment.body) if shipment.body.startswith("{") else {}
        stream = {"logGroupName": group, "logStreamName": str(event.get("id") or "events")}
        try:
            await self._call("logs", "CreateLogStream", stream, caller)
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
        at = shipment.settings.get("timestamp_ms")
        if at is None:
            raise NoSuchTarget("log groups take what rules send, and nothing else")
        line = {"timestamp": at, "message": shipment.body}
        await self._call("logs", "PutLogEvents", {**stream, "logEvents": [line]}, caller)

    async def _to_bus(self, shipment: Shipment, caller: Caller) -> None:
        event = json.loads(shipment.body)
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event["resources"],
            "EventBusName": shipment.target,
        }
        await self._call("events", "PutEvents", {"Entries": [entry]}, caller)
