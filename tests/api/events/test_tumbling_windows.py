"""Tumbling windows: a state from invocation to invocation, and one more at the end."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start
from tests.api.events.keeping import until

pytest.importorskip("moto", reason="needs the extra aws")

SOURCE = """
import json

tries = 0

def handler(event, context):
    global tries
    seen = event if MODE != "large" else {**event, "state": None}
    print("got", json.dumps(seen), flush=True)
    tries += 1
    if MODE == "silent":
        return {}
    if MODE == "fails at the end" and event["isFinalInvokeForWindow"] and tries < 4:
        raise ValueError("as asked")
    if MODE == "large":
        return {"state": {"much": "x" * 2_000_000}}
    return {"state": {"count": event["state"].get("count", 0) + len(event["Records"])}}
"""
SECONDS = 900
"""So long that no window ends by itself while a test runs, but where a test asks the clock for it."""


@pytest.fixture
def dew() -> Iterator[Dew]:
    """An emulator without a map, of each test its own: they move its clock."""
    with start() as running:
        yield running


class Stream:
    """A stream of Kinesis and a function that reads it in windows."""

    def __init__(self, dew: Dew, mode: str, **settings: Any) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("f.py", f"MODE = {mode!r}\n{SOURCE}")
        self.name = mode.replace(" ", "-")
        self._dew = dew
        self._streams = dew.client("kinesis")
        functions = dew.client("lambda")
        functions.create_function(
            FunctionName=self.name,
            Handler="f.handler",
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/test",
            Code={"ZipFile": buffer.getvalue()},
        )
        self._streams.create_stream(StreamName=self.name, ShardCount=1)
        described = self._streams.describe_stream(StreamName=self.name)["StreamDescription"]
        self.arn = described["StreamARN"]
        made = functions.create_event_source_mapping(
            FunctionName=self.name,
            EventSourceArn=self.arn,
            StartingPosition="TRIM_HORIZON",
            TumblingWindowInSeconds=SECONDS,
            BatchSize=1,
            **settings,
        )
        assert made["TumblingWindowInSeconds"] == SECONDS

    def put(self, *texts: str) -> None:
        for text in texts:
            self._streams.put_record(StreamName=self.name, Data=text.encode(), PartitionKey="p")

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the function has got, oldest first."""
        try:
            found = self._dew.client("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{self.name}", filterPattern='"got "'
            )
        except ClientError:
            return []
        return [json.loads(event["message"].removeprefix("got ")) for event in found["events"]]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        until(lambda: len(self.events) >= count)
        return self.events


def test_the_state_is_handed_on_and_the_window_ends(dew: Dew) -> None:
    stream = Stream(dew, "counts")
    stream.put("a", "b", "c")
    events = stream.wait_for(3)
    assert [event["state"] for event in events] == [{}, {"count": 1}, {"count": 2}]
    first = events[0]
    assert first["shardId"].startswith("shardId-") and first["eventSourceARN"] == stream.arn
    assert (first["isFinalInvokeForWindow"], first["isWindowTerminatedEarly"]) == (False, False)
    assert first["window"]["start"] < first["window"]["end"] and first["window"]["start"].endswith("Z")
    dew.clock.advance(SECONDS)
    last = stream.wait_for(4)[3]
    assert (last["Records"], last["state"], last["isFinalInvokeForWindow"]) == ([], {"count": 3}, True)
    assert last["window"] == first["window"]


def test_a_last_invocation_that_fails_is_tried_again(dew: Dew) -> None:
    stream = Stream(dew, "fails at the end")
    stream.put("a")
    stream.wait_for(1)
    dew.clock.advance(SECONDS)
    events = stream.wait_for(4)
    assert [event["isFinalInvokeForWindow"] for event in events] == [False, True, True, True]
    assert {event["state"]["count"] for event in events[1:]} == {1}


def test_a_state_that_is_too_large_ends_its_window_early(dew: Dew) -> None:
    stream = Stream(dew, "large")
    stream.put("a")
    last = stream.wait_for(2)[1]
    assert (last["isFinalInvokeForWindow"], last["isWindowTerminatedEarly"]) == (True, True)


def test_a_response_without_a_state_has_failed(dew: Dew) -> None:
    stream = Stream(dew, "silent", MaximumRetryAttempts=1)
    stream.put("a", "b")
    events = [event for event in stream.wait_for(4) if event["Records"]]
    numbers = [event["Records"][0]["kinesis"]["sequenceNumber"] for event in events]
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_queues_have_no_windows(dew: Dew) -> None:
    queue = dew.client("sqs").create_queue(QueueName="windowless")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{queue.rpartition('/')[2]}"
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        dew.client("lambda").create_event_source_mapping(
            FunctionName=Stream(dew, "counts").name, EventSourceArn=arn, TumblingWindowInSeconds=60
        )
