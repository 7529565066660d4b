"""Records as functions get them, of what queues and streams gave; and which of them a mapping's filters let through.

Shapes: the pages "Using Lambda with" SQS, DynamoDB and Kinesis of the Lambda developer guide.
"""

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from dewstack.events.patterns import Matches, compile_pattern

Record = dict[str, Any]
_DATA_TYPES = {"StringValue": "stringValue", "BinaryValue": "binaryValue", "DataType": "dataType"}


def queue_record(message: dict[str, Any], arn: str, region: str) -> Record:
    """A message of ReceiveMessage."""
    attributes = message.get("MessageAttributes") or {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        **({"md5OfMessageAttributes": message["MD5OfMessageAttributes"]} if attributes else {}),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    told = {_DATA_TYPES[name]: _plain(each) for name, each in value.items() if name in _DATA_TYPES}
    return {"stringListValues": [], "binaryListValues": [], **told}


def table_record(record: dict[str, Any], arn: str) -> Record:
    """A record of GetRecords of DynamoDB Streams."""
    change = dict(record["dynamodb"])
    at = change.get("ApproximateCreationDateTime")
    if at is not None:
        change["ApproximateCreationDateTime"] = _seconds(at)
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion", "1.1"),
        "eventSource": "aws:dynamodb",
        "awsRegion": record["awsRegion"],
        "dynamodb": _plain(change),
        "eventSourceARN": arn,
    }


def stream_record(record: dict[str, Any], arn: str, shard: str, role: str) -> Record:
    """A record of GetRecords of Kinesis."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": _seconds(record["ApproximateArrivalTimestamp"]),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": arn.split(":")[3],
        "eventSourceARN": arn,
    }


def arrival(record: Record) -> float:
    """When a stream's record came, in seconds since the epoch."""
    if "kinesis" in record:
        return float(record["kinesis"]["approximateArrivalTimestamp"])
    return float(record["dynamodb"].get("ApproximateCreationDateTime") or 0)


def sequence_number(record: Record) -> str:
    """A stream's record's place in its shard."""
    part = (
        record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"]
    )
    return str(part)


def identifier(record: Record) -> str:
    """What a function calls a record that failed."""
    return str(record["messageId"]) if "messageId" in record else sequence_number(record)


class Filters:
    """A mapping's filter criteria: a record passes that any of them matches. Raises InvalidPattern."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._tests: list[tuple[Matches, bool]] = []
        for text in patterns:
            pattern = json.loads(text)
            # A body that the pattern looks into is read as JSON, one that it compares is a text.
            reads = any(isinstance(pattern.get(part), dict) for part in ("body", "data"))
            self._tests.append((compile_pattern(pattern), reads))

    def __bool__(self) -> bool:
        return bool(self._tests)

    def passes(self, record: Record) -> bool:
        """Whether the function gets the record."""
        return not self._tests or any(test(self._seen(record, reads)) for test, reads in self._tests)

    @staticmethod
    def _seen(record: Record, reads: bool) -> Any:
        """A record as a pattern sees it."""
        if "body" in record:
            return {**record, "body": _document(record["body"])} if reads else record
        if "kinesis" not in record:
            return record
        data = base64.b64decode(record["kinesis"]["data"]).decode("utf-8", "replace")
        seen: Callable[[str], Any] = _document if reads else str
        return {**record["kinesis"], "data": seen(data)}


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def failed_items(payload: bytes, records: Iterable[Record]) -> tuple[str, ...] | None:
    """The identifiers in `batchItemFailures` of a response; None where it isn't one, or names what there isn't: then
    all of the batch failed."""
    known = {identifier(record) for record in records}
    try:
        document = json.loads(payload or b"null")
        failures = (document or {}).get("batchItemFailures") or []
        named = [failure["itemIdentifier"] for failure in failures]
    except (ValueError, AttributeError, KeyError, TypeError):
        return None
    return tuple(named) if all(isinstance(name, str) and name in known for name in named) else None


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def _plain(value: Any) -> Any:
    """A value as JSON can say it: bytes in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | set | tuple):
        return [_plain(each) for each in value]
    return value
