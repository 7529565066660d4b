"""Asynchronous invocations: retries on the emulator's clock, destinations, dead letters, configurations."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

pytest.importorskip("moto", reason="needs the extra aws")

T = TypeVar("T")
ROLE = "arn:aws:iam::000000000000:role/test"
FAILS = """
import os
def handler(event, context):
    with open(os.environ["ATTEMPTS"], "a") as file:
        file.write(context.aws_request_id + "\\n")
    if event.get("fail"):
        raise ValueError("no luck")
    return {"served": event}
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def client(dew: Dew) -> Any:
    """boto3's client of Lambda."""
    return dew.client("lambda")


class Failing:
    """A function that fails when its event says so, and how often it was invoked."""

    def __init__(self, client: Any, directory: Path, name: str, **settings: Any) -> None:
        code = directory / "code"
        code.mkdir(parents=True, exist_ok=True)
        (code / "f.py").write_text(FAILS)
        self.name = name
        self._attempts = directory / "attempts"
        self._client = client
        self.arn = client.create_function(
            FunctionName=name,
            Handler="f.handler",
            Runtime="python3.11",
            Role=ROLE,
            Code={"S3Bucket": "hot-reload", "S3Key": str(code)},
            Environment={"Variables": {"ATTEMPTS": str(self._attempts)}},
            **settings,
        )["FunctionArn"]

    def send(self, **event: Any) -> str:
        """Hand an event over; its request id."""
        answer = self._client.invoke(
            FunctionName=self.name, InvocationType="Event", Payload=json.dumps(event)
        )
        assert answer["StatusCode"] == 202
        return str(answer["ResponseMetadata"]["RequestId"])

    @property
    def attempts(self) -> list[str]:
        return self._attempts.read_text().split() if self._attempts.exists() else []


def until(probe: Callable[[], T], seconds: float = 20) -> T:
    """What `probe` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.01)
    return found


class Queue:
    """An SQS queue of its own."""

    def __init__(self, dew: Dew, name: str) -> None:
        self._client = dew.client("sqs")
        self._url = self._client.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{dew.region}:000000000000:{name}"

    def _receive(self) -> list[Any]:
        found: list[Any] = self._client.receive_message(
            QueueUrl=self._url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
        ).get("Messages", [])
        return found

    def message(self) -> dict[str, Any]:
        """The message that comes."""
        (found,) = until(self._receive)
        return dict(found)

    def record(self) -> dict[str, Any]:
        """The invocation record that comes."""
        return dict(json.loads(self.message()["Body"]))


def refused(code: str, text: str, call: Any, **params: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert (caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]) == (code, text)


def test_a_failing_event_is_tried_three_times_and_told_of(dew: Dew, client: Any, tmp_path: Path) -> None:
    function, failures, dead = (
        Failing(client, tmp_path, "thrice"),
        Queue(dew, "failures"),
        Queue(dew, "dead"),
    )
    client.update_function_configuration(FunctionName=function.name, DeadLetterConfig={"TargetArn": dead.arn})
    client.put_function_event_invoke_config(
        FunctionName=function.name, DestinationConfig={"OnFailure": {"Destination": failures.arn}}
    )
    request_id = function.send(fail=True, n=1)
    for count in (1, 2, 3):

        def tried(count: int = count) -> bool:
            if count > 1:
                dew.clock.advance(20)
            return len(function.attempts) == count

        until(tried)
    assert function.attempts == [request_id] * 3
    record = failures.record()
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{function.arn}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"fail": True, "n": 1}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "no luck"
    letter = dead.message()
    assert json.loads(letter["Body"]) == {"fail": True, "n": 1}
    assert {
        name: (each["DataType"], each["StringValue"]) for name, each in letter["MessageAttributes"].items()
    } == {
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "no luck"),
        "RequestID": ("String", request_id),
    }


def test_a_success_is_told_to_its_destination(dew: Dew, client: Any, tmp_path: Path) -> None:
    function, successes = Failing(client, tmp_path, "well"), Queue(dew, "successes")
    client.put_function_event_invoke_config(
        FunctionName=function.name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnSuccess": {"Destination": successes.arn}},
    )
    function.send(n=2)
    record = successes.record()
    assert (record["version"], record["requestContext"]["condition"]) == ("1.0", "Success")
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == {"served": {"n": 2}}


def test_an_event_that_would_be_too_old_for_its_retry_is_given_up(
    dew: Dew, client: Any, tmp_path: Path
) -> None:
    function, failures = Failing(client, tmp_path, "old"), Queue(dew, "too-old")
    client.put_function_event_invoke_config(
        FunctionName=function.name,
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    function.send(fail=True)
    context = failures.record()["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 1)


def test_a_function_without_concurrency_is_not_invoked(dew: Dew, client: Any, tmp_path: Path) -> None:
    function, failures = Failing(client, tmp_path, "none"), Queue(dew, "no-concurrency")
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    client.put_function_event_invoke_config(
        FunctionName=function.name, DestinationConfig={"OnFailure": {"Destination": failures.arn}}
    )
    function.send(n=1)
    record = failures.record()
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert ("responseContext" in record, function.attempts) == (False, [])


WAITS = """
import os, time
def handler(event, context):
    open(os.environ["ATTEMPTS"], "a").write(event["name"] + " ")
    while event["name"] == "first" and not os.path.exists(os.environ["ATTEMPTS"] + ".go"):
        time.sleep(0.01)
"""


def test_a_throttled_event_is_served_when_there_is_room(dew: Dew, client: Any, tmp_path: Path) -> None:
    function = Failing(client, tmp_path, "narrow", Timeout=30)
    (tmp_path / "code" / "f.py").write_text(WAITS)
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(client.invoke, FunctionName=function.name, Payload=b'{"name": "first"}')
        until(lambda: function.attempts == ["first"])
        function.send(name="second")
        with pytest.raises(ClientError, match="TooManyRequests"):
            impatient(dew).invoke(FunctionName=function.name, Payload=b'{"name": "third"}')
        (tmp_path / "attempts.go").touch()
        assert "FunctionError" not in held.result(timeout=20)

    def served() -> bool:
        dew.clock.advance(1)
        return function.attempts == ["first", "second"]

    until(served)


def impatient(dew: Dew) -> Any:
    """A client that does not try again."""
    config = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("lambda", dew.region, endpoint_url=dew.aws_url, config=config, **keys)


def test_sns_lambda_the_event_bus_and_s3_are_destinations(dew: Dew, client: Any, tmp_path: Path) -> None:
    function, queue = Failing(client, tmp_path / "from", "tells"), Queue(dew, "told")
    receiver = Failing(client, tmp_path / "to", "is-told")
    topic = dew.client("sns").create_topic(Name="told")["TopicArn"]
    dew.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    events, s3 = dew.client("events"), dew.client("s3")
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": queue.arn}])
    bus = events.describe_event_bus(Name="default")["Arn"]
    s3.create_bucket(Bucket="told")

    def tell(end: str, arn: str, **event: Any) -> None:
        client.put_function_event_invoke_config(
            FunctionName=function.name, MaximumRetryAttempts=0, DestinationConfig={end: {"Destination": arn}}
        )
        function.send(**event)

    tell("OnSuccess", topic, n=1)
    assert json.loads(queue.record()["Message"])["responsePayload"] == {"served": {"n": 1}}
    tell("OnSuccess", receiver.arn, n=2)
    until(lambda: receiver.attempts)
    tell("OnFailure", bus, fail=True)
    event = queue.record()
    assert event["detail-type"] == "Lambda Function Invocation Result - Failure"
    assert event["resources"] == [bus, f"{function.arn}:$LATEST"]
    assert event["detail"]["requestContext"]["condition"] == "RetriesExhausted"
    tell("OnFailure", "arn:aws:s3:::told", fail=True)
    (key,) = until(lambda: [each["Key"] for each in s3.list_objects_v2(Bucket="told").get("Contents", [])])
    assert key.startswith("aws/lambda/async/tells/")
    assert json.load(s3.get_object(Bucket="told", Key=key)["Body"])["requestPayload"] == {"fail": True}


def test_configurations_are_put_changed_listed_and_deleted(client: Any, tmp_path: Path) -> None:
    function = Failing(client, tmp_path, "configured")
    put, where = client.put_function_event_invoke_config, {"FunctionName": function.name}
    made = put(**where, MaximumRetryAttempts=1)
    assert made["FunctionArn"] == f"{function.arn}:$LATEST"
    assert made["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    changed = client.update_function_event_invoke_config(**where, MaximumEventAgeInSeconds=100)
    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (1, 100)
    client.publish_version(**where)
    put(**where, Qualifier="1", MaximumRetryAttempts=0)
    listed = client.list_function_event_invoke_configs(**where)["FunctionEventInvokeConfigs"]
    assert [each["FunctionArn"].rpartition(":")[2] for each in listed] == ["$LATEST", "1"]
    client.delete_function_event_invoke_config(**where, Qualifier="1")
    refused(
        "ResourceNotFoundException",
        f"The function {function.arn}:1 doesn't have an EventInvokeConfig",
        client.get_function_event_invoke_config,
        **where,
        Qualifier="1",
    )
    assert client.get_function_event_invoke_config(**where)["MaximumEventAgeInSeconds"] == 100


def test_what_is_no_configuration_is_refused_with_awss_words(client: Any, tmp_path: Path) -> None:
    function = Failing(client, tmp_path, "strict")
    put, where, invalid = (
        client.put_function_event_invoke_config,
        {"FunctionName": function.name},
        "InvalidParameterValueException",
    )
    nothing = "You must specify at least one of error handling or destination setting."
    refused(invalid, nothing, put, **where)
    itself = {"OnFailure": {"Destination": function.arn}}
    text = "You can't specify the function as a destination for itself."
    refused(invalid, text, put, **where, DestinationConfig=itself)
    other = {"OnFailure": {"Destination": "arn:aws:iam::000000000000:role/x"}}
    text = (
        "The provided destination config DestinationConfig(onSuccess=null,"
        " onFailure=OnFailure(destination=arn:aws:iam::000000000000:role/x)) is invalid."
    )
    refused(invalid, text, put, **where, DestinationConfig=other)
    refused(
        "ResourceNotFoundException",
        "The function doesn't exist.",
        put,
        FunctionName="nobody",
        MaximumRetryAttempts=0,
    )


def test_an_event_survives_the_emulator_that_accepted_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with start(state_dir=state) as dew:
        function = Failing(dew.client("lambda"), tmp_path / "code", "late")
        request_id = function.send(fail=True)
        until(lambda: function.attempts)
    with start(state_dir=state) as dew:

        def tried_again() -> bool:
            dew.clock.advance(20)
            return len(function.attempts) == 3

        until(tried_again)
    assert function.attempts == [request_id] * 3


MAP = """
service: later
provider: {name: aws, runtime: python3.11, region: us-east-1}
functions:
  work:
    handler: f.handler
    onError: {Ref: Letters}
    maximumRetryAttempts: 0
    destinations: {onSuccess: cheer, onFailure: {type: sqs, arn: {Fn::GetAtt: [Failures, Arn]}}}
    environment: {ATTEMPTS: "%(attempts)s"}
  cheer: {handler: f.handler, environment: {ATTEMPTS: "%(cheers)s"}}
resources:
  Resources:
    Failures: {Type: AWS::SQS::Queue, Properties: {QueueName: failures-of-work}}
    Letters: {Type: AWS::SNS::Topic, Properties: {TopicName: letters}}
    Read: {Type: AWS::SQS::Queue, Properties: {QueueName: letters-read}}
    Reader:
      Type: AWS::SNS::Subscription
      Properties: {Protocol: sqs, TopicArn: {Ref: Letters}, Endpoint: {Fn::GetAtt: [Read, Arn]}}
"""


@pytest.mark.parametrize("target", ["arn:aws:kinesis:us-east-1:000000000000:stream/x", "arn:aws:sqs:torn"])
def test_dead_letters_that_cannot_be_sent_are_named(
    client: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, target: str
) -> None:
    function = Failing(client, tmp_path, f"undead-{len(target)}", DeadLetterConfig={"TargetArn": target})
    client.put_function_event_invoke_config(FunctionName=function.name, MaximumRetryAttempts=0)
    function.send(fail=True)
    until(lambda: f"could not be sent to {target}" in caplog.text)
    assert "is lost" not in caplog.text


def test_a_maps_destinations_retries_and_dead_letters_work(tmp_path: Path) -> None:
    files = {"attempts": str(tmp_path / "attempts"), "cheers": str(tmp_path / "cheers")}
    service = tmp_path / "service"
    service.mkdir()
    (service / "f.py").write_text(FAILS)
    (service / "serverless.yml").write_text(MAP % files)
    with start(service) as dew:
        client = dew.client("lambda")
        failures, letters = Queue(dew, "failures-of-work"), Queue(dew, "letters-read")

        def send(event: bytes) -> None:
            client.invoke(FunctionName="later-dev-work", InvocationType="Event", Payload=event)

        send(b'{"fail": true}')
        assert failures.record()["requestContext"]["approximateInvokeCount"] == 1
        letter = letters.record()
        assert json.loads(letter["Message"]) == {"fail": True}
        assert letter["MessageAttributes"]["ErrorMessage"]["Value"] == "no luck"
        send(b"{}")
        until(Path(files["cheers"]).exists)
