"""HTTP APIs that call services by themselves: AWS_PROXY with an IntegrationSubtype."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

pytest.importorskip("moto", reason="needs the extra aws")
pytestmark = pytest.mark.xdist_group("moto")

ROLE = "arn:aws:iam::000000000000:role/gateway"


@pytest.fixture(scope="module")
def aws() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as dew:
        yield dew


class Api:
    """An HTTP API, and its client."""

    def __init__(self, aws: Dew) -> None:
        self._client = aws.client("apigatewayv2")
        self.api_id = self._client.create_api(Name="services", ProtocolType="HTTP")["ApiId"]
        self._client.create_stage(ApiId=self.api_id, StageName="$default", AutoDeploy=True)
        self._url = f"{aws.aws_url}/_aws/execute-api/{self.api_id}/$default"

    def integration(self, subtype: str, parameters: dict[str, str], **more: Any) -> dict[str, Any]:
        given = {"CredentialsArn": ROLE, "PayloadFormatVersion": "1.0"} | more
        made: dict[str, Any] = self._client.create_integration(
            ApiId=self.api_id,
            IntegrationType="AWS_PROXY",
            IntegrationSubtype=subtype,
            RequestParameters=parameters,
            **given,
        )
        return made

    def route(self, key: str, subtype: str, parameters: dict[str, str], **more: Any) -> None:
        made = self.integration(subtype, parameters, **more)
        target = f"integrations/{made['IntegrationId']}"
        self._client.create_route(ApiId=self.api_id, RouteKey=key, Target=target)

    def __call__(self, verb: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(verb, self._url + path, **more)


@pytest.fixture(scope="module")
def api(aws: Dew) -> Api:
    """An API for all tests, each with routes of its own."""
    return Api(aws)


def text_of(answer: httpx.Response, name: str) -> str | None:
    """What an element of an answer of SQS says."""
    assert answer.headers["content-type"].startswith("text/xml")
    found = ElementTree.fromstring(answer.text).find(f".//{{*}}{name}")
    return None if found is None else found.text


def test_a_message_is_sent_received_and_deleted(aws: Dew, api: Api) -> None:
    url = aws.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    attributes = {"kind": {"DataType": "String", "StringValue": "${request.header.x-kind}"}}
    sent = {
        "QueueUrl": url,
        "MessageBody": "$request.body.order",
        "MessageAttributes": json.dumps(attributes),
        "DelaySeconds": "0",
    }
    api.route("POST /orders", "SQS-SendMessage", sent)
    received = {
        "QueueUrl": url,
        "MaxNumberOfMessages": "$request.querystring.most",
        "MessageAttributeNames": "All",
    }
    api.route("GET /orders", "SQS-ReceiveMessage", received)
    deleted = {"QueueUrl": url, "ReceiptHandle": "$request.path.handle"}
    api.route("DELETE /orders/{handle}", "SQS-DeleteMessage", deleted)
    answer = api("POST", "/orders", json={"order": {"id": 7, "what": "<ü&>"}}, headers={"x-kind": "new"})
    assert answer.status_code == 200, answer.text
    assert text_of(answer, "MessageId")
    assert answer.headers["apigw-requestid"]
    answer = api("GET", "/orders", params={"most": "5"})
    assert json.loads(text_of(answer, "Body") or "") == {"id": 7, "what": "<ü&>"}
    assert text_of(answer, "StringValue") == "new"
    handle = text_of(answer, "ReceiptHandle")
    assert api("DELETE", f"/orders/{handle}").status_code == 200
    counted = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == counted["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_queue_is_purged_and_a_fifo_queue_told_its_group(aws: Dew, api: Api) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="all.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sent = {
        "QueueUrl": url,
        "MessageBody": "$request.body",
        "MessageGroupId": "$context.routeKey",
        "MessageDeduplicationId": "$request.header.x-once",
    }
    api.route("POST /fifo", "SQS-SendMessage", sent)
    api.route("DELETE /fifo", "SQS-PurgeQueue", {"QueueUrl": url})
    assert text_of(api("POST", "/fifo", content=b"plain", headers={"x-once": "1"}), "SequenceNumber")
    found = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], VisibilityTimeout=0)["Messages"][0]
    assert (found["Body"], found["Attributes"]["MessageGroupId"]) == ("plain", "POST /fifo")
    assert api("DELETE", "/fifo").status_code == 200
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_events_go_to_their_bus(aws: Dew, api: Api) -> None:
    url = aws.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    events = aws.client("events")
    events.create_event_bus(Name="shop")
    events.put_rule(Name="all", EventBusName="shop", EventPattern='{"source": ["web"]}')
    target = {"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:000000000000:told"}
    events.put_targets(Rule="all", EventBusName="shop", Targets=[target])
    parameters = {
        "Source": "web",
        "DetailType": "$request.path.type",
        "Detail": "$request.body.detail",
        "EventBusName": "shop",
        "Resources": '["arn:aws:s3:::one"]',
        "Time": "$request.header.x-time",
    }
    api.route("POST /events/{type}", "EventBridge-PutEvents", parameters)
    sent = {"json": {"detail": {"n": 1}}, "headers": {"x-time": "2030-01-02T03:04:05Z"}}
    answer = api("POST", "/events/bought", **sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["FailedEntryCount"] == 0
    assert answer.json()["Entries"][0]["EventId"]
    message = aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["detail"], event["resources"], event["time"]) == (
        "bought",
        {"n": 1},
        ["arn:aws:s3:::one"],
        "2030-01-02T03:04:05Z",
    )


def test_records_go_to_their_stream(aws: Dew, api: Api) -> None:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    parameters = {
        "StreamName": "$request.body.stream",
        "Data": "$request.body.data",
        "PartitionKey": "$request.body.key",
    }
    api.route("POST /records", "Kinesis-PutRecord", parameters)
    told = {"stream": "clicks", "data": base64.b64encode(b"hello").decode(), "key": "a"}
    answer = api("POST", "/records", content=json.dumps(told))
    assert answer.status_code == 200, answer.text
    assert answer.json()["ShardId"] == "shardId-000000000000"
    shard = {"StreamName": "clicks", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    start = kinesis.get_shard_iterator(**shard)["ShardIterator"]
    assert kinesis.get_records(ShardIterator=start)["Records"][0]["Data"] == b"hello"
    # As recorded on AWS: what isn't there is 400 before the service is asked, what it refuses is 500.
    for wrong in ({"stream": ""}, {"data": None}):
        answer = api("POST", "/records", json=told | wrong)
        assert (answer.status_code, answer.json()) == (400, {"message": "Bad Request"})
    answer = api("POST", "/records", json=told | {"stream": "nowhere"})
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_a_parameter_that_is_no_number_is_400_and_a_response_can_be_mapped(aws: Dew, api: Api) -> None:
    url = aws.client("sqs").create_queue(QueueName="mapped")["QueueUrl"]
    parameters = {"QueueUrl": url, "MessageBody": "x", "DelaySeconds": "$request.querystring.delay"}
    mapped = {"200": {"overwrite:statuscode": "202", "append:header.x-route": "$context.routeKey"}}
    api.route("POST /mapped", "SQS-SendMessage", parameters, ResponseParameters=mapped)
    answer = api("POST", "/mapped", params={"delay": "0"})
    assert (answer.status_code, answer.headers["x-route"]) == (202, "POST /mapped")
    assert api("POST", "/mapped", params={"delay": "soon"}).status_code == 400
    assert api("POST", "/mapped").status_code == 400


def test_a_region_of_its_own(aws: Dew, api: Api) -> None:
    url = aws.client("sqs", region="eu-west-1").create_queue(QueueName="far")["QueueUrl"]
    api.route("GET /far", "SQS-SendMessage", {"QueueUrl": url, "MessageBody": "hi", "Region": "eu-west-1"})
    assert api("GET", "/far").status_code == 200
    there = aws.client("sqs", region="eu-west-1").receive_message(QueueUrl=url)["Messages"]
    assert [message["Body"] for message in there] == ["hi"]


def test_what_an_integration_shows(api: Api) -> None:
    made = api.integration("SQS-PurgeQueue", {"QueueUrl": "https://x"})
    assert made["IntegrationSubtype"] == "SQS-PurgeQueue"
    assert (made["PayloadFormatVersion"], made["TimeoutInMillis"]) == ("1.0", 30000)
    assert made["ConnectionType"] == "INTERNET"
    assert "IntegrationMethod" not in made


@pytest.mark.parametrize(
    ("subtype", "parameters", "more", "said"),
    [
        ("SQS-Fly", {}, {}, "Invalid integration subtype specified: SQS-Fly"),
        ("SQS-SendMessage", {"QueueUrl": "x"}, {}, "MessageBody"),
        ("SQS-PurgeQueue", {"QueueUrl": "x", "Colour": "red"}, {}, "Colour"),
        ("SQS-PurgeQueue", {"QueueUrl": "x"}, {"PayloadFormatVersion": "2.0"}, "must be 1.0"),
        ("SQS-PurgeQueue", {"QueueUrl": "x"}, {"CredentialsArn": ""}, "CredentialsArn is required"),
        ("SQS-PurgeQueue", {"QueueUrl": "$request.cookie.x"}, {}, "Invalid mapping expression"),
    ],
)
def test_what_cannot_work_is_refused(
    api: Api, subtype: str, parameters: dict[str, str], more: dict[str, str], said: str
) -> None:
    with pytest.raises(ClientError, match=said) as refused:
        api.integration(subtype, parameters, **more)
    assert refused.value.response["Error"]["Code"] == "BadRequestException"


@pytest.mark.parametrize(
    "subtype",
    [
        "AppConfig-GetConfiguration",
        "StepFunctions-StartExecution",
        "StepFunctions-StartSyncExecution",
        "StepFunctions-StopExecution",
    ],
)
def test_services_that_are_not_here_are_refused_by_name(api: Api, subtype: str) -> None:
    with pytest.raises(ClientError, match=subtype) as refused:
        api.integration(subtype, {})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
