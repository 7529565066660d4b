"""CloudWatch Logs through boto3, its paginators included."""

import time

import pytest

from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.logs import Logs


@pytest.fixture
def logs(served):
    served.api.register("logs", Logs(Clock(), Config()).operations)
    client = served.client("logs", region="us-east-1")
    client.create_log_group(logGroupName="/g", tags={"a": "1"})
    client.create_log_stream(logGroupName="/g", logStreamName="s")
    return client


def put(client, texts):
    now = int(time.time() * 1000)
    events = [{"timestamp": now + index, "message": text} for index, text in enumerate(texts)]
    return client.put_log_events(logGroupName="/g", logStreamName="s", logEvents=events)


def test_events_come_back_through_the_paginator(logs):
    assert put(logs, [f"line {number}" for number in range(25)])["nextSequenceToken"]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/g", filterPattern="line", PaginationConfig={"PageSize": 10}
    )
    found = [event["message"] for page in pages for event in page["events"]]
    assert found == [f"line {number}" for number in range(25)]


def test_a_stream_is_read_by_tokens(logs):
    put(logs, "abc")
    read = {"logGroupName": "/g", "logStreamName": "s", "startFromHead": True, "limit": 2}
    first = logs.get_log_events(**read)
    rest = logs.get_log_events(nextToken=first["nextForwardToken"], **read)
    assert [event["message"] for event in first["events"] + rest["events"]] == ["a", "b", "c"]


def test_groups_are_described_tagged_and_deleted(logs):
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/g")["logGroups"]
    logs.tag_resource(resourceArn=group["logGroupArn"], tags={"b": "2"})
    assert logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"] == {"a": "1", "b": "2"}
    logs.put_retention_policy(logGroupName="/g", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    logs.delete_log_group(logGroupName="/g")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.describe_log_streams(logGroupName="/g")


def test_a_group_name_is_checked_by_the_model(logs):
    with pytest.raises(logs.exceptions.InvalidParameterException) as failure:
        logs.create_log_group(logGroupName="not a name")
    assert failure.value.response["Error"]["Message"] == (
        "1 validation error detected: Value 'not a name' at 'logGroupName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
    )
