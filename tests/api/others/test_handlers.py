"""A map with a table, a bucket, a queue and a secret: deployed, served, used by handlers by what `!Ref` gave them."""

import textwrap
from collections.abc import Iterator

import httpx
import pytest

from dewstack.testing import Dew, start

pytestmark = pytest.mark.xdist_group("moto")  # which is loaded once, and slowly

MAP = """
service: orders
provider:
  name: aws
  runtime: python3.11
  environment:
    TABLE: !Ref Table
    TABLE_ARN: !GetAtt Table.Arn
    BUCKET: !Ref Bucket
    QUEUE: !Ref Queue
    SECRET: !Ref Secret
  iam:
    role:
      statements:
        - {Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt Table.Arn}
functions:
  place: {handler: app.place, events: [{httpApi: POST /orders}]}
  read: {handler: app.read, events: [{httpApi: 'GET /orders/{id}'}]}
resources:
  Resources:
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: ${self:service}-${sls:stage}
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
        KeySchema: [{AttributeName: id, KeyType: HASH}]
    Bucket: {Type: AWS::S3::Bucket}
    Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 30}}
    Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: hush}}
"""
HANDLERS = """
import json, os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
s3, sqs, secrets = boto3.client("s3"), boto3.client("sqs"), boto3.client("secretsmanager")


def place(event, context):
    order = json.loads(event["body"])
    table.put_item(Item={"id": order["id"], "amount": order["amount"]})
    s3.put_object(Bucket=os.environ["BUCKET"], Key=order["id"], Body=bytes([0, 255]))
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=order["id"])
    return {"statusCode": 201}


def read(event, context):
    identity = event["pathParameters"]["id"]
    item = table.get_item(Key={"id": identity})["Item"]
    content = s3.get_object(Bucket=os.environ["BUCKET"], Key=identity)["Body"].read()
    [message] = sqs.receive_message(QueueUrl=os.environ["QUEUE"])["Messages"]
    secret = secrets.get_secret_value(SecretId=os.environ["SECRET"])["SecretString"]
    return {
        "amount": int(item["amount"]),
        "content": list(content),
        "message": message["Body"],
        "secret": secret,
        "table": os.environ["TABLE_ARN"],
    }
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    directory = tmp_path_factory.mktemp("orders")
    (directory / "serverless.yml").write_text(textwrap.dedent(MAP))
    (directory / "app.py").write_text(HANDLERS)
    with start(directory) as dew:
        yield dew


def test_handlers_use_what_the_map_declares(orders: Dew) -> None:
    placed = httpx.post(f"{orders.url}/orders", json={"id": "o-1", "amount": 5}, timeout=30)
    assert placed.status_code == 201
    assert httpx.get(f"{orders.url}/orders/o-1", timeout=30).json() == {
        "amount": 5,
        "content": [0, 255],
        "message": "o-1",
        "secret": "hush",
        "table": "arn:aws:dynamodb:us-east-1:000000000000:table/orders-dev",
    }


def test_the_same_data_is_seen_from_outside(orders: Dew) -> None:
    httpx.post(f"{orders.url}/orders", json={"id": "o-2", "amount": 7}, timeout=30)
    item = orders.client("dynamodb").get_item(TableName="orders-dev", Key={"id": {"S": "o-2"}})["Item"]
    assert item["amount"] == {"N": "7"}
    [resource] = [
        each["PhysicalResourceId"]
        for each in orders.client("cloudformation").describe_stack_resources(StackName="orders-dev")[
            "StackResources"
        ]
        if each["ResourceType"] == "AWS::S3::Bucket" and each["LogicalResourceId"] == "Bucket"
    ]
    assert orders.client("s3").get_object(Bucket=resource, Key="o-2")["Body"].read() == b"\x00\xff"
