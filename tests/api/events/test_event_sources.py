"""Event source mappings: functions invoked with what queues and streams hold, through boto3 and real functions."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

ROLE = "arn:aws:iam::000000000000:role/test"
SOURCE = """
import json

tries = {}

def handler(event, context):
    print("got", json.dumps(event), flush=True)
    failures = []
    for record in event["Records"]:
        if "body" in record:
            text, name = record["body"], record["messageId"]
        elif "kinesis" in record:
            import base64
            text, name = base64.b64decode(record["kinesis"]["data"]).decode(), record["kinesis"]["sequenceNumber"]
        else:
            text, name = record["dynamodb"]["Keys"]["id"]["S"], record["dynamodb"]["SequenceNumber"]
        tries[text] = tries.get(text, 0) + 1
        if text.startswith("always") or (text.startswith("once") and tries[text] == 1):
            failures.append({"itemIdentifier": name})
    if failures and MODE == "raise":
        raise ValueError("as asked")
    return {"batchItemFailures": failures}
"""


class World:
    """An emulator, and what tests do with it."""

    def __init__(self, dew: Dew) -> None:
        self.dew = dew
        self.functions = dew.client("lambda")
        self.queues = dew.client("sqs")
        self._made = 0

    def name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"

    def function(self, mode: str = "report", **settings: Any) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("f.py", f"MODE = {mode!r}\n{SOURCE}")
        name = self.name("function")
        self.functions.create_function(
            FunctionName=name,
            Handler="f.handler",
            Runtime="python3.11",
            Role=ROLE,
            Code={"ZipFile": buffer.getvalue()},
            **settings,
        )
        return name

    def queue(self, **attributes: str) -> tuple[str, str]:
        """A queue's URL and ARN."""
        fifo = attributes.get("FifoQueue") == "true"
        name = self.name("queue") + (".fifo" if fifo else "")
        url = self.queues.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        asked = self.queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, asked["Attributes"]["QueueArn"]

    def connect(self, function: str, source: str, **settings: Any) -> str:
        made = self.functions.create_event_source_mapping(
            FunctionName=function, EventSourceArn=source, **settings
        )
        return str(made["UUID"])

    def events(self, function: str) -> list[dict[str, Any]]:
        """What a function has got, oldest first."""
        try:
            found = self.dew.client("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{function}", filterPattern='"got "'
            )
        except ClientError:
            return []
        return [json.loads(event["message"].removeprefix("got ")) for event in found["events"]]

    def bodies(self, function: str) -> list[str]:
        return [record["body"] for event in self.events(function) for record in event["Records"]]

    def left(self, url: str) -> int:
        """How many messages a queue has, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


def until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """What `condition` gives once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """An emulator without a map."""
    with start() as running:
        yield World(running)


def test_a_message_invokes_the_function_and_is_gone(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    world.connect(function, arn)
    world.queues.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={"who": {"DataType": "String", "StringValue": "Ada"}},
    )
    (event,) = until(lambda: world.events(function))
    (record,) = event["Records"]
    assert record["body"] == "hello"
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == (
        "aws:sqs",
        arn,
        "us-east-1",
    )
    assert record["messageAttributes"]["who"] == {
        "stringValue": "Ada",
        "dataType": "String",
        "stringListValues": [],
        "binaryListValues": [],
    }
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"messageId", "receiptHandle", "md5OfBody", "md5OfMessageAttributes"} <= set(record)
    until(lambda: world.left(url) == 0)


def test_batches_are_as_large_as_they_may_be(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    world.connect(function, arn, BatchSize=4, MaximumBatchingWindowInSeconds=1)
    entries = [{"Id": str(n), "MessageBody": f"m{n}"} for n in range(8)]
    world.queues.send_message_batch(QueueUrl=url, Entries=entries)
    until(lambda: len(world.bodies(function)) == 8)
    assert max(len(event["Records"]) for event in world.events(function)) == 4


def test_what_a_function_says_has_failed_comes_again_alone(world: World) -> None:
    function, (url, arn) = world.function(Timeout=1), world.queue(VisibilityTimeout="1")
    world.connect(function, arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(["good", "once-bad"])]
    world.queues.send_message_batch(QueueUrl=url, Entries=entries)
    until(lambda: world.bodies(function).count("once-bad") == 2)
    until(lambda: world.left(url) == 0)
    assert world.bodies(function).count("good") == 1


def test_what_fails_for_good_ends_in_the_dead_letter_queue(world: World) -> None:
    dead_url, dead = world.queue()
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "2"})
    function = world.function("raise", Timeout=1)
    url, arn = world.queue(VisibilityTimeout="1", RedrivePolicy=policy)
    world.connect(function, arn)
    world.queues.send_message(QueueUrl=url, MessageBody="always bad")
    until(lambda: world.left(dead_url) == 1)
    assert world.bodies(function) == ["always bad", "always bad"]


def test_filters_let_through_what_they_match_and_drop_the_rest(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    pattern = json.dumps({"body": {"kind": ["order"], "total": [{"numeric": [">", 10]}]}})
    world.connect(function, arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    bodies = ['{"kind": "order", "total": 5}', '{"kind": "order", "total": 50}', "plain"]
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    world.queues.send_message_batch(QueueUrl=url, Entries=entries)
    until(lambda: world.left(url) == 0)
    assert world.bodies(function) == [bodies[1]]


def test_groups_of_a_fifo_queue_keep_their_order(world: World) -> None:
    function, (url, arn) = world.function(), world.queue(FifoQueue="true", ContentBasedDeduplication="true")
    world.connect(function, arn, BatchSize=2)
    for number in range(6):
        world.queues.send_message(QueueUrl=url, MessageBody=f"{number}", MessageGroupId="one")
    until(lambda: len(world.bodies(function)) == 6)
    assert world.bodies(function) == [str(number) for number in range(6)]


def test_a_disabled_mapping_reads_nothing_until_it_is_enabled(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    uuid = world.connect(function, arn, Enabled=False)
    assert world.functions.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    world.queues.send_message(QueueUrl=url, MessageBody="waiting")
    assert world.left(url) == 1
    assert world.functions.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Updating"
    until(lambda: world.bodies(function) == ["waiting"])
    assert world.functions.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.functions.get_event_source_mapping(UUID=uuid)


def table(world: World) -> tuple[str, str]:
    """A table with a stream: its name and the stream's ARN."""
    name = world.name("table")
    made = world.dew.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name, made["TableDescription"]["LatestStreamArn"]


def keys(world: World, function: str) -> list[str]:
    return [
        record["dynamodb"]["Keys"]["id"]["S"]
        for event in world.events(function)
        for record in event["Records"]
    ]


def test_changes_of_a_table_invoke_the_function(world: World) -> None:
    function, (name, stream) = world.function(), table(world)
    world.connect(function, stream, StartingPosition="TRIM_HORIZON")
    items = world.dew.client("dynamodb")
    items.put_item(TableName=name, Item={"id": {"S": "a"}, "n": {"N": "1"}, "raw": {"B": b"\x00\xff"}})
    items.put_item(TableName=name, Item={"id": {"S": "a"}, "n": {"N": "2"}})
    items.delete_item(TableName=name, Key={"id": {"S": "a"}})
    until(lambda: len(keys(world, function)) == 3)
    records = [record for event in world.events(function) for record in event["Records"]]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    first, second, _ = records
    assert first["dynamodb"]["NewImage"]["raw"] == {"B": "AP8="}
    assert second["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert second["dynamodb"]["NewImage"]["n"] == {"N": "2"}
    assert (first["eventSource"], first["eventSourceARN"]) == ("aws:dynamodb", stream)
    assert isinstance(first["dynamodb"]["ApproximateCreationDateTime"], float | int)


def test_latest_begins_after_what_is_there(world: World) -> None:
    function, (name, stream) = world.function(), table(world)
    items = world.dew.client("dynamodb")
    items.put_item(TableName=name, Item={"id": {"S": "before"}})
    world.connect(function, stream, StartingPosition="LATEST")
    number = iter(range(1000))

    def after() -> bool:
        items.put_item(TableName=name, Item={"id": {"S": f"after-{next(number)}"}})
        return bool(keys(world, function))

    until(after)
    assert "before" not in keys(world, function)


def test_a_bad_record_is_given_up_after_its_retries_and_the_rest_goes_on(world: World) -> None:
    function, (name, stream) = world.function("raise"), table(world)
    failed_url, failed = world.queue()
    world.connect(
        function,
        stream,
        StartingPosition="TRIM_HORIZON",
        BatchSize=1,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": failed}},
    )
    items = world.dew.client("dynamodb")
    for key in ("always-bad", "good"):
        items.put_item(TableName=name, Item={"id": {"S": key}})
    until(lambda: "good" in keys(world, function))
    assert keys(world, function) == ["always-bad", "always-bad", "good"]
    (message,) = until(lambda: world.queues.receive_message(QueueUrl=failed_url).get("Messages"))
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1
    assert told["DDBStreamBatchInfo"]["streamArn"] == stream


def test_records_of_a_kinesis_stream_arrive_in_order(world: World) -> None:
    function, streams = world.function(), world.dew.client("kinesis")
    name = world.name("stream")
    streams.create_stream(StreamName=name, ShardCount=1)
    arn = streams.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
    world.connect(
        function,
        arn,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    records = [{"Data": text.encode(), "PartitionKey": "p"} for text in ("one", "once-two", "three")]
    streams.put_records(StreamName=name, Records=records)

    def texts() -> list[str]:
        import base64

        return [
            base64.b64decode(record["kinesis"]["data"]).decode()
            for event in world.events(function)
            for record in event["Records"]
        ]

    until(lambda: len(texts()) >= 5)
    assert texts() == ["one", "once-two", "three", "once-two", "three"]


def test_a_stream_that_is_made_anew_is_read_again(world: World) -> None:
    function, streams = world.function(), world.dew.client("kinesis")
    name = world.name("stream")
    streams.create_stream(StreamName=name, ShardCount=1)
    arn = streams.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
    world.connect(function, arn, StartingPosition="TRIM_HORIZON")
    streams.put_record(StreamName=name, Data=b"one", PartitionKey="p")
    until(lambda: world.events(function))
    streams.delete_stream(StreamName=name)
    streams.create_stream(StreamName=name, ShardCount=1)
    streams.put_record(StreamName=name, Data=b"two", PartitionKey="p")
    until(lambda: len(world.events(function)) == 2)


def test_mappings_are_described_listed_and_not_made_twice(world: World) -> None:
    function, (_, arn) = world.function(), world.queue()
    uuid = world.connect(function, arn)
    told = world.functions.get_event_source_mapping(UUID=uuid)
    assert (told["State"], told["BatchSize"], told["EventSourceArn"]) == ("Enabled", 10, arn)
    assert told["FunctionArn"].endswith(f":function:{function}")
    assert told["EventSourceMappingArn"].endswith(f":event-source-mapping:{uuid}")
    listed = world.functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    assert [each["UUID"] for each in listed] == [uuid]
    with pytest.raises(ClientError, match="ResourceConflictException") as caught:
        world.connect(function, arn)
    assert uuid in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"BatchSize": 100}, "Maximum batch window in seconds must be greater than 0"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern definition"),
        ({"FunctionName": "nobody"}, "Function not found"),
        ({"EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:nowhere"}, "queue does not exist"),
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}, "startingPosition"),
        ({"EventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:b"}, "not emulated"),
    ],
)
def test_what_cannot_be_read_is_refused(world: World, settings: dict[str, Any], message: str) -> None:
    function, (_, arn) = world.function(), world.queue()
    with pytest.raises(ClientError, match=message):
        world.functions.create_event_source_mapping(
            **{"FunctionName": function, "EventSourceArn": arn, **settings}
        )


def test_a_function_slower_than_the_queue_waits_is_refused(world: World) -> None:
    function, (_, arn) = world.function(Timeout=60), world.queue()
    with pytest.raises(ClientError, match="Queue visibility timeout: 30 seconds is less than"):
        world.connect(function, arn)
