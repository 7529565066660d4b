"""Maps with serverless-apigateway-service-proxy, served: each route reaches its service."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dewstack.testing import Dew, start

pytest.importorskip("moto", reason="needs the extra aws")
pytestmark = pytest.mark.xdist_group("moto")

MAP = """\
service: proxies
provider: { name: aws, region: us-east-1 }
plugins: [serverless-apigateway-service-proxy]
custom:
  apiGatewayServiceProxies:
    - kinesis: { path: "/clicks/{key}", method: post, streamName: { Ref: Stream }, partitionKey: { pathParam: key } }
    - sqs: { path: /orders, method: post, queueName: { "Fn::GetAtt": [Queue, QueueName] }, cors: true }
    - sns: { path: /news, method: post, topicName: { "Fn::GetAtt": [Topic, TopicName] } }
    - s3: { path: "/files/{name}", method: put, action: PutObject, bucket: { Ref: Bucket }, key: { pathParam: name } }
    - s3: { path: "/files/{name}", method: get, action: GetObject, bucket: { Ref: Bucket }, key: { pathParam: name } }
    - dynamodb:
        path: "/items/{id}"
        method: put
        action: PutItem
        tableName: { Ref: Table }
        hashKey: { pathParam: id, attributeType: S }
    - dynamodb:
        path: "/items/{id}"
        method: get
        action: GetItem
        tableName: { Ref: Table }
        hashKey: { pathParam: id, attributeType: S }
    - eventbridge: { path: /events, method: post, source: web, detailType: made, eventBusName: { Ref: Bus } }
resources:
  Resources:
    Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: orders } }
    Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: news } }
    Bus: { Type: "AWS::Events::EventBus", Properties: { Name: shop } }
    Bucket: { Type: "AWS::S3::Bucket", Properties: { BucketName: files } }
    Stream: { Type: "AWS::Kinesis::Stream", Properties: { Name: clicks, ShardCount: 1 } }
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: items
        KeySchema: [{ AttributeName: id, KeyType: HASH }]
        AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
        BillingMode: PAY_PER_REQUEST
"""


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The map, served."""
    directory: Path = tmp_path_factory.mktemp("proxies")
    (directory / "serverless.yml").write_text(MAP)
    with start(directory) as served:
        yield served


def call(dew: Dew, verb: str, path: str, **more: object) -> httpx.Response:
    return httpx.request(verb, f"{dew.url}/dev{path}", **more)  # type: ignore[arg-type]


def test_a_queue_gets_what_is_posted(dew: Dew) -> None:
    answer = call(dew, "POST", "/orders", json={"n": 1})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    url = dew.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    assert json.loads(dew.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"]) == {"n": 1}
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    preflight = call(dew, "OPTIONS", "/orders", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == "https://a.example"


def test_a_topic_and_a_bus_are_told(dew: Dew) -> None:
    assert call(dew, "POST", "/news", json={"n": 1}).json()["PublishResponse"]
    answer = call(dew, "POST", "/events", json={"n": 1})
    assert (answer.status_code, answer.json()["FailedEntryCount"]) == (200, 0)


def test_a_stream_gets_a_record(dew: Dew) -> None:
    assert call(dew, "POST", "/clicks/blue", json={"n": 1}).json()["ShardId"]
    kinesis = dew.client("kinesis")
    shard = {"StreamName": "clicks", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    record = kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**shard)["ShardIterator"])[
        "Records"
    ]
    assert (json.loads(record[0]["Data"]), record[0]["PartitionKey"]) == ({"n": 1}, "blue")


def test_a_bucket_keeps_and_gives_an_object(dew: Dew) -> None:
    sent = {"content": b"hello", "headers": {"content-type": "text/plain"}}
    assert call(dew, "PUT", "/files/a.txt", **sent).status_code == 200
    answer = call(dew, "GET", "/files/a.txt", headers={"range": "bytes=0-3"})
    assert (answer.status_code, answer.text) == (206, "hell")


def test_a_table_keeps_and_gives_an_item(dew: Dew) -> None:
    assert call(dew, "PUT", "/items/a", json={"n": {"N": "5"}}).status_code == 200
    assert call(dew, "GET", "/items/a", headers={"content-type": "application/json"}).json() == {
        "id": "a",
        "n": "5",
    }
