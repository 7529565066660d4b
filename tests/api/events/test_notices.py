"""Buckets and topics that invoke functions."""

import base64
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start
from tests.api.events.keeping import Keeper, until

pytest.importorskip("moto", reason="needs the extra aws")


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


def test_objects_invoke_functions_by_their_keys(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "objects", "s3.amazonaws.com")
    s3 = dew.client("s3")
    s3.create_bucket(Bucket="pictures")
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".png"}]
    configuration: Any = {
        "Id": "pictures",
        "LambdaFunctionArn": kept.arn,
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    s3.put_bucket_notification_configuration(
        Bucket="pictures", NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]}
    )
    for key in ("out/a.png", "in/a.txt", "in/my picture+ü.png"):
        s3.put_object(Bucket="pictures", Key=key, Body=b"12345")
    s3.delete_object(Bucket="pictures", Key="in/my picture+ü.png")
    events = until(lambda: len(kept.events) == 2 and kept.events)
    records = {event["Records"][0]["eventName"]: event["Records"][0] for event in events}
    made, removed = records["ObjectCreated:Put"], records["ObjectRemoved:Delete"]
    assert made["s3"]["object"].items() >= {"key": "in/my+picture%2B%C3%BC.png", "size": 5}.items()
    assert made["s3"]["object"]["eTag"] == "827ccb0eea8a706c4c34a16891f84e7b"
    assert (made["eventSource"], made["s3"]["configurationId"]) == ("aws:s3", "pictures")
    assert removed["s3"]["object"].keys() == {"key", "sequencer"}


def test_messages_invoke_functions_that_their_policies_let_pass(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "messages", "sns.amazonaws.com")
    sns = dew.client("sns")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=kept.arn,
        Attributes={"FilterPolicy": json.dumps({"kind": ["paid"]})},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    for kind in ("open", "paid"):
        attributes: Any = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=kind, Subject="order", MessageAttributes=attributes)
    (event,) = until(lambda: kept.events)
    (record,) = event["Records"]
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", subscription)
    assert (record["Sns"]["Message"], record["Sns"]["Subject"]) == ("paid", "order")
    assert record["Sns"]["MessageAttributes"] == {"kind": {"Type": "String", "Value": "paid"}}


def test_what_a_function_may_not_be_told_goes_to_the_dead_letters(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "closed")
    sns, sqs = dew.client("sns"), dew.client("sqs")
    queue = sqs.create_queue(QueueName="undelivered")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="closed")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=kept.arn,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn})},
    )
    sns.publish(TopicArn=topic, Message="lost")
    (message,) = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(message["Body"])["Records"][0]["Sns"]["Message"] == "lost"
    assert kept.events == []


def test_buckets_of_stacks_tell_the_default_bus(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "bridged", "events.amazonaws.com")
    template = {
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "BucketName": "bridged",
                    "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
                },
            },
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {"source": ["aws.s3"], "detail-type": ["Object Created"]},
                    "Targets": [{"Id": "1", "Arn": kept.arn}],
                },
            },
        }
    }
    formation = dew.client("cloudformation")
    formation.create_stack(StackName="bridged", TemplateBody=json.dumps(template))
    formation.get_waiter("stack_create_complete").wait(StackName="bridged", WaiterConfig={"Delay": 1})
    dew.client("s3").put_object(Bucket="bridged", Key="a b", Body=b"1")
    (event,) = until(lambda: kept.events)
    assert (event["source"], event["detail"]["reason"]) == ("aws.s3", "PutObject")
    assert event["detail"]["object"]["key"] == "a b"


def test_events_reach_queues_and_log_groups(dew: Dew) -> None:
    sqs, events, logs = dew.client("sqs"), dew.client("events"), dew.client("logs")
    queue = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    logs.create_log_group(logGroupName="/aws/events/all")
    group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/all"
    events.put_rule(Name="both", EventPattern='{"source": [{"prefix": "shop"}]}')
    events.put_targets(Rule="both", Targets=[{"Id": "q", "Arn": arn}, {"Id": "l", "Arn": group}])
    events.put_events(Entries=[{"Source": "shop.till", "DetailType": "t", "Detail": '{"n": 1}'}])
    (message,) = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    (line,) = until(lambda: logs.filter_log_events(logGroupName="/aws/events/all")["events"])
    assert json.loads(line["message"])["source"] == "shop.till"


def test_lines_of_a_log_group_invoke_functions(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "lines", "logs.amazonaws.com")
    logs = dew.client("logs")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    logs.put_subscription_filter(
        logGroupName="/app", filterName="errors", filterPattern="ERROR", destinationArn=kept.arn
    )
    now = int(time.time() * 1000)
    elsewhere = dew.client("logs", region="eu-west-1")
    elsewhere.create_log_group(logGroupName="/app")
    elsewhere.create_log_stream(logGroupName="/app", logStreamName="one")
    strange: Any = [{"timestamp": now, "message": "ERROR of another region"}]
    elsewhere.put_log_events(logGroupName="/app", logStreamName="one", logEvents=strange)
    lines: Any = [{"timestamp": now, "message": text} for text in ("INFO a", "ERROR b", "ERROR c")]
    logs.put_log_events(logGroupName="/app", logStreamName="one", logEvents=lines)
    (event,) = until(lambda: kept.events)
    batch = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert [line["message"] for line in batch.pop("logEvents")] == ["ERROR b", "ERROR c"]
    assert batch == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": "/app",
        "logStream": "one",
        "subscriptionFilters": ["errors"],
    }
    logs.delete_subscription_filter(logGroupName="/app", filterName="errors")
    assert logs.describe_subscription_filters(logGroupName="/app")["subscriptionFilters"] == []


def test_lines_that_are_too_many_at_a_time_are_missed_loudly(
    dew: Dew, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Keeper(dew, tmp_path, "many", "logs.amazonaws.com")
    logs = dew.client("logs")
    logs.create_log_group(logGroupName="/many")
    logs.create_log_stream(logGroupName="/many", logStreamName="one")
    logs.put_subscription_filter(
        logGroupName="/many", filterName="all", filterPattern="", destinationArn=kept.arn
    )
    now = int(time.time() * 1000)
    lines: Any = [{"timestamp": now, "message": str(number)} for number in range(1500)]
    logs.put_log_events(logGroupName="/many", logStreamName="one", logEvents=lines)
    (event,) = until(lambda: kept.events)
    batch = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    missed = 1500 - len(batch["logEvents"])
    assert missed > 0 and f"misses {missed} lines" in caplog.text
    logs.delete_subscription_filter(logGroupName="/many", filterName="all")


def test_a_function_that_may_not_be_invoked_cannot_subscribe(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "refused")
    logs = dew.client("logs")
    logs.create_log_group(logGroupName="/refused")
    with pytest.raises(ClientError, match="Could not execute the lambda function"):
        logs.put_subscription_filter(
            logGroupName="/refused", filterName="f", filterPattern="", destinationArn=kept.arn
        )
