"""What a stack's topics are told: each of its events, as a message of lines.

AWS publishes an event as it happens; here all of them are published in their order when the operation is through.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from dewstack.cloudformation.model import Stack, StackEvent
from dewstack.errors import AwsError
from dewstack.wire import Call

_SUBJECT = "AWS CloudFormation Notification"
_log = logging.getLogger("dewstack.cloudformation")


async def publish(call: Call, stack: Stack, events: Iterable[StackEvent]) -> None:
    """Tell the stack's topics of the events. A topic that cannot be told is named in the log."""
    for topic in stack.notification_arns:
        try:
            for event in events:
                params = {"TopicArn": topic, "Subject": _SUBJECT, "Message": message(stack, event)}
                await call("sns", "Publish", params, stack.caller)
        except AwsError as error:
            _log.warning("stack %s: %s is not told of events: %s", stack.name, topic, error.message)


def message(stack: Stack, event: StackEvent) -> str:
    """An event as AWS words it: a name and a quoted value in each line."""
    moment = datetime.fromtimestamp(event.timestamp, UTC).isoformat(timespec="milliseconds")
    values = {
        "StackId": stack.stack_id,
        "Timestamp": f"{moment[:-6]}Z",
        "EventId": event.event_id,
        "LogicalResourceId": event.logical_id,
        "Namespace": stack.account_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceProperties": event.properties or "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or "",
        "ResourceType": event.type,
        "StackName": stack.name,
        "ClientRequestToken": event.token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in values.items())
