"""Where records of invocations and dead letters go: SQS, SNS, Lambda, EventBridge and S3."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.ids import uuid4
from dewstack.wire import Call

logger = logging.getLogger("dewstack.lambda")


class Letter(NamedTuple):
    """Something to be sent for a function (its ARN without a qualifier, and with one)."""

    function_arn: str
    qualified_arn: str
    body: bytes
    at: datetime
    succeeded: bool = False
    attributes: dict[str, dict[str, str]] | None = None


class Destinations:
    """Sends letters by calling the operations that AWS's Lambda calls."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def send(self, target: str, letter: Letter) -> None:
        """Send a letter to the ARN `target`. What cannot be delivered is logged: nobody waits for it."""
        parts = target.split(":", 5)
        sender = SENDERS.get(parts[2]) if len(parts) == 6 else None
        try:
            if sender is None:
                raise AwsError("nothing is sent to such a target")
            region, account, resource = parts[3:]
            caller = Caller(account or _account(letter), region or _region(letter))
            await sender(self._call, caller, target, resource, letter)
        except AwsError as error:
            logger.error(
                "%s: a record of an asynchronous invocation could not be sent to %s: %s: %s",
                letter.qualified_arn,
                target,
                error.code,
                error,
            )


def _region(letter: Letter) -> str:
    return letter.function_arn.split(":")[3]


def _account(letter: Letter) -> str:
    return letter.function_arn.split(":")[4]


async def _to_sqs(call: Call, caller: Caller, target: str, resource: str, letter: Letter) -> None:
    queue = {"QueueName": resource, "QueueOwnerAWSAccountId": caller.account_id}
    url = (await call("sqs", "GetQueueUrl", queue, caller))["QueueUrl"]
    message: dict[str, Any] = {"QueueUrl": url, "MessageBody": letter.body.decode()}
    if letter.attributes:
        message["MessageAttributes"] = letter.attributes
    await call("sqs", "SendMessage", message, caller)


async def _to_sns(call: Call, caller: Caller, target: str, resource: str, letter: Letter) -> None:
    message: dict[str, Any] = {"TopicArn": target, "Message": letter.body.decode()}
    if letter.attributes:
        message["MessageAttributes"] = letter.attributes
    await call("sns", "Publish", message, caller)


async def _to_lambda(call: Call, caller: Caller, target: str, resource: str, letter: Letter) -> None:
    event = {"FunctionName": target, "InvocationType": "Event", "Payload": letter.body}
    await call("lambda", "Invoke", event, caller)


async def _to_event_bus(call: Call, caller: Caller, target: str, resource: str, letter: Letter) -> None:
    result = "Success" if letter.succeeded else "Failure"
    entry = {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {result}",
        "Resources": [target, letter.qualified_arn],
        "Detail": letter.body.decode(),
        "EventBusName": target,
    }
    answer = await call("events", "PutEvents", {"Entries": [entry]}, caller)
    if answer.get("FailedEntryCount"):
        failed = answer["Entries"][0]
        raise AwsError(f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}")


async def _to_s3(call: Call, caller: Caller, target: str, resource: str, letter: Letter) -> None:
    name, at = letter.function_arn.rpartition(":")[2], letter.at
    key = f"aws/lambda/async/{name}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{uuid4()}"
    await call("s3", "PutObject", {"Bucket": resource, "Key": key, "Body": letter.body}, caller)


SENDERS: Mapping[str, Callable[[Call, Caller, str, str, Letter], Awaitable[None]]] = {
    "sqs": _to_sqs,
    "sns": _to_sns,
    "lambda": _to_lambda,
    "events": _to_event_bus,
    "s3": _to_s3,
}


def encoded(record: dict[str, Any]) -> bytes:
    """A record as JSON."""
    return msgspec.json.encode(record)
