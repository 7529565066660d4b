"""A map whose function calls whatever AWS operation it is told to, under the policies of its role."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dewstack.testing import Dew, start

MAP = """
service: guarded
provider:
  name: aws
  runtime: python3.11
  iam:
    role:
      managedPolicies:
        - arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess
      statements:
        - Effect: Allow
          Action: [dynamodb:PutItem, dynamodb:BatchWriteItem]
          Resource: arn:aws:dynamodb:*:*:table/notes
        - Effect: Allow
          Action: [sqs:SendMessage]
          Resource: !GetAtt Jobs.Arn
        - Effect: Allow
          Action: s3:GetObject
          Resource: arn:aws:s3:::open-*/public/*
        - Effect: Allow
          Action: s3:ListBucket
          Resource: arn:aws:s3:::open-*
          Condition: { StringLike: { 's3:prefix': public/* } }
        - Effect: Deny
          Action: lambda:InvokeFunction
          Resource: '*'
functions:
  caller:
    handler: calling.handler
resources:
  Resources:
    Jobs:
      Type: AWS::SQS::Queue
      Properties: { QueueName: jobs }
    Notes:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: notes
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
        KeySchema: [{ AttributeName: id, KeyType: HASH }]
"""
HANDLER = """
import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ONCE = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})


def handler(event, context):
    own = boto3.Session().get_credentials()
    held = {
        "aws_access_key_id": own.access_key,
        "aws_secret_access_key": own.secret_key,
        "aws_session_token": own.token,
        **event["credentials"],
    }
    client = boto3.client(event["service"], config=ONCE, **held)
    if event["operation"] == "presign":
        return client.generate_presigned_url(event["params"]["Method"], Params=event["params"]["Params"])
    try:
        answer = getattr(client, event["operation"])(**event.get("params", {}))
    except ClientError as error:
        told = error.response
        return {**told["Error"], "Status": told["ResponseMetadata"]["HTTPStatusCode"]}
    answer.pop("ResponseMetadata")
    return json.loads(json.dumps(answer, default=lambda value: value.isoformat()))
"""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the map."""
    directory = tmp_path_factory.mktemp("guarded")
    (directory / "serverless.yml").write_text(MAP)
    (directory / "calling.py").write_text(HANDLER)
    return directory


@pytest.fixture(scope="module")
def mode() -> str:
    """What `--iam` is."""
    return "enforce"


@pytest.fixture(scope="module")
def dew(guarded: Path, mode: str) -> Iterator[Dew]:
    """The map, running."""
    pytest.importorskip("moto", reason="needs the extra aws")
    with start(guarded, iam=mode) as running:
        yield running


@pytest.fixture
def ask(dew: Dew) -> Ask:
    """Let the function call an operation, in boto3's spelling: the answer, or the error with its `Status`."""
    functions = dew.client("lambda")

    def call(service: str, operation: str, **params: Any) -> dict[str, Any]:
        credentials = params.pop("credentials", {})
        event = {"service": service, "operation": operation, "params": params, "credentials": credentials}
        answer = functions.invoke(FunctionName="guarded-dev-caller", Payload=json.dumps(event))
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    return call
