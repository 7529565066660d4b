"""What the maps of the corpus ask AWS for: an emulator that has a stack, a bucket and parameters."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from dewstack.deploy.remote import boto3_call
from dewstack.deploy.target import Call
from dewstack.service import Ask
from dewstack.testing import start

STACK = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "corpus-topic"}}},
    "Outputs": {"TopicName": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}}},
}
PARAMETERS = (
    ("/corpus/plain", "String", "a plain value"),
    ("/corpus/flag", "String", "true"),
    ("/corpus/list", "StringList", "one,two"),
    ("/corpus/secret", "SecureString", "a secret value"),
    ("/corpus/structured", "SecureString", '{"user": "somebody"}'),
)


class World(Struct, frozen=True):
    """Where the emulator is, and the callable that asks it."""

    url: str
    ask: Ask


@contextmanager
def world() -> Iterator[World]:
    """An emulator with all that the corpus asks for, for the length of a `with`."""
    with start() as dew:
        cloudformation = dew.client("cloudformation")
        cloudformation.create_stack(StackName="corpus-other", TemplateBody=json.dumps(STACK))
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="corpus-other", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        storage = dew.client("s3")
        storage.create_bucket(Bucket="corpus-bucket")
        storage.put_object(Bucket="corpus-bucket", Key="values/one.txt", Body=b"an object")
        for name, kind, value in PARAMETERS:
            dew.client("ssm").put_parameter(Name=name, Type=kind, Value=value)
        yield World(dew.aws_url, _asking(dew.aws_url))


def _asking(endpoint: str) -> Ask:
    """Asks as a deployment does: by boto3, in the region that the variable names."""

    calls: dict[str, Call] = {}

    def ask(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        if region not in calls:
            calls[region] = boto3_call(endpoint=endpoint, region=region, access_key="test", secret_key="test")
        return calls[region](service, operation, params)

    return ask
