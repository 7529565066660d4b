"""What a destination is told of an event, and what a dead-letter queue gets of it.

Shapes as recorded on AWS (2022 to 2024); the page "Capturing records of Lambda asynchronous invocations" has them too.
"""

from datetime import datetime
from typing import Any

import msgspec

from dewstack.lambda_.asynchronous.model import Event
from dewstack.lambda_.model import LATEST, Outcome
from dewstack.lambda_.recursion import refusal

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"
RECURSIVE_INVOCATION = "RecursiveInvocation"
"""AWS documents that such an event goes where failed ones go, and not under which condition."""
MAX_ERROR_MESSAGE_BYTES = 1024


def invocation_record(
    event: Event, arn: str, condition: str, outcome: Outcome | None, at: datetime
) -> dict[str, Any]:
    """The invocation record. `arn` has a qualifier; `outcome` is that of the last invocation, if there was one."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": arn,
            "condition": condition,
            "approximateInvokeCount": event.invocations,
        },
        "requestPayload": msgspec.Raw(event.payload),
    }
    if outcome is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": outcome.executed_version or LATEST}
        if outcome.function_error:
            context["functionError"] = outcome.function_error
        record["responseContext"] = context
        record["responsePayload"] = _document(outcome.payload)
    return record


def _document(payload: bytes) -> Any:
    """A response as it stands in a record; what is no JSON is a string."""
    try:
        msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return payload.decode("utf-8", "replace")
    return msgspec.Raw(payload)


def dead_letter_attributes(
    event: Event, condition: str, outcome: Outcome | None
) -> dict[str, dict[str, str]]:
    """The message attributes of a dead letter: what went wrong, and with which request."""
    if condition == RECURSIVE_INVOCATION:
        code, text = "400", refusal().message
    elif outcome is None:
        code, text = "429", "Rate Exceeded."
    else:
        code, text = "200", _error_message(outcome.payload)
    attributes = {"RequestID": {"DataType": "String", "StringValue": event.request_id}}
    attributes["ErrorCode"] = {"DataType": "Number", "StringValue": code}
    if text:
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": text}
    return attributes


def _error_message(payload: bytes) -> str:
    """The first kilobyte of the function's error message."""
    try:
        text = str(msgspec.json.decode(payload).get("errorMessage") or "")
    except (msgspec.DecodeError, AttributeError):
        text = payload.decode("utf-8", "replace")
    return text.encode()[:MAX_ERROR_MESSAGE_BYTES].decode("utf-8", "ignore")
