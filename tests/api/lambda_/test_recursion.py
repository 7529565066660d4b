"""Functions that invoke themselves: sixteen times in a chain, and no more."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dewstack.lambda_.recursion import is_loop, passed_on
from dewstack.testing import Dew, start

pytest.importorskip("moto", reason="needs the extra aws")

ROLE = "arn:aws:iam::000000000000:role/test"
SOURCE = """
import json, os
import boto3

client = boto3.client("lambda")

def handler(event, context):
    with open(os.environ["RUNS"], "a") as file:
        file.write(os.environ["_X_AMZN_TRACE_ID"] + "\\n")
    if event["depth"] >= 20:
        return
    event["depth"] += 1
    kind = "RequestResponse" if event["depth"] >= event["asks_at"] else "Event"
    sent = {"FunctionName": context.function_name, "Payload": json.dumps(event)}
    try:
        client.invoke(InvocationType=kind, **sent)
    except client.exceptions.RecursiveInvocationException as error:
        with open(os.environ["RUNS"], "a") as file:
            file.write(f"{error.response['Error']['Code']}\\n")
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    with start() as running:
        yield running


class Looping:
    """A function that hands its event on to itself, and what it saw."""

    def __init__(self, dew: Dew, directory: Path, **settings: Any) -> None:
        code = directory / "code"
        code.mkdir(exist_ok=True)
        (code / "f.py").write_text(SOURCE)
        self.name = directory.name
        self._runs = directory / "runs"
        self.client = dew.client("lambda")
        self.client.create_function(
            FunctionName=self.name,
            Handler="f.handler",
            Runtime="python3.11",
            Role=ROLE,
            Timeout=30,
            MemorySize=512,
            Code={"S3Bucket": "hot-reload", "S3Key": str(code)},
            Environment={"Variables": {"RUNS": str(self._runs)}},
            **settings,
        )

    def begin(self, *, depth: int = 0, asks_at: int = 99) -> None:
        """Send an event, which is handed on asynchronously, and from `asks_at` on by a caller that waits."""
        payload = json.dumps({"depth": depth, "asks_at": asks_at})
        self.client.invoke(FunctionName=self.name, InvocationType="Event", Payload=payload)

    @property
    def traces(self) -> list[str]:
        return self._runs.read_text().split() if self._runs.exists() else []

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.traces) < count and time.monotonic() < deadline:
            time.sleep(0.02)


def test_what_would_be_the_seventeenth_invocation_becomes_a_dead_letter(dew: Dew, tmp_path: Path) -> None:
    queue = dew.client("sqs").create_queue(QueueName="loops")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:loops"
    function = Looping(dew, tmp_path, DeadLetterConfig={"TargetArn": arn})
    function.begin()
    received = dew.client("sqs").receive_message(
        QueueUrl=queue, WaitTimeSeconds=20, MessageAttributeNames=["All"]
    )
    [letter] = received["Messages"]
    assert json.loads(letter["Body"])["depth"] == 16
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "400"
    assert "recursive loop" in letter["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert len(function.traces) == 16
    assert len({trace.partition(";")[0] for trace in function.traces}) == 1  # one chain
    assert function.traces[-1].endswith(":15")


def test_a_function_may_be_allowed_to_loop(dew: Dew, tmp_path: Path) -> None:
    function = Looping(dew, tmp_path)
    function.client.put_function_recursion_config(FunctionName=function.name, RecursiveLoop="Allow")
    function.begin()
    function.wait_for(21)
    assert len(function.traces) == 21


def test_a_map_may_allow_it(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def a(event, context): pass\ndef b(event, context): pass\n")
    (tmp_path / "serverless.yml").write_text(
        "service: loops\nprovider: {name: aws, runtime: python3.11}\n"
        "functions: {a: {handler: f.a, recursiveLoop: Allow}, b: {handler: f.b}}\n"
    )
    with start(tmp_path) as dew:
        told = [
            dew.client("lambda").get_function_recursion_config(FunctionName=f"loops-dev-{name}")[
                "RecursiveLoop"
            ]
            for name in "ab"
        ]
    assert told == ["Allow", "Terminate"]


def test_a_caller_that_waits_is_told(dew: Dew, tmp_path: Path) -> None:
    function = Looping(dew, tmp_path)
    function.begin(asks_at=16)
    function.wait_for(17)
    assert function.traces[16:] == ["RecursiveInvocationException"]


def test_events_from_outside_are_no_loop(dew: Dew, tmp_path: Path) -> None:
    function = Looping(dew, tmp_path)
    for _ in range(20):
        function.begin(depth=20)
    function.wait_for(20)
    assert len(function.traces) == 20


def test_each_function_of_a_chain_is_counted_for_itself() -> None:
    trace = "Root=1-0-0;Parent=0;Sampled=0"
    for _ in range(15):
        trace = passed_on(passed_on(trace, "a"), "b")
    assert not is_loop(trace, "a") and not is_loop(trace, "c")
    trace = passed_on(trace, "a")
    assert is_loop(trace, "a") and not is_loop(trace, "b")
    assert trace.count("Lineage=") == 1
