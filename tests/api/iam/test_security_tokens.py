"""STS for the developer: who he is, and credentials that he hands out."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dewstack.clock import Clock
from dewstack.testing import Dew, start

ROLE = "arn:aws:iam::000000000000:role/made-up"


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def dew(clock: Clock) -> Iterator[Dew]:
    with start(iam="enforce", clock=clock) as running:
        yield running


def client(dew: Dew, service: str, held: dict[str, str]) -> Any:
    return boto3.client(
        service,
        endpoint_url=dew.aws_url,
        region_name="us-east-1",
        aws_access_key_id=held["AccessKeyId"],
        aws_secret_access_key=held["SecretAccessKey"],
        aws_session_token=held["SessionToken"],
    )


def test_a_session_of_the_developers_may_everything(dew: Dew) -> None:
    held = dew.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    assert client(dew, "sts", held).get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    assert client(dew, "logs", held).describe_log_groups()["logGroups"] == []
    with pytest.raises(ClientError, match="AccessDenied"):
        client(dew, "sts", held).get_session_token()


def test_a_role_without_a_record_may_nothing(dew: Dew) -> None:
    answer = dew.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="me")
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/made-up/me"
    with pytest.raises(ClientError) as refused:
        client(dew, "logs", answer["Credentials"]).describe_log_groups()
    assert refused.value.response["Error"] == {
        "Code": "AccessDeniedException",
        "Message": "User: arn:aws:sts::000000000000:assumed-role/made-up/me is not authorized to perform:"
        " logs:DescribeLogGroups on resource: arn:aws:logs:us-east-1:000000000000:log-group::log-stream: because no"
        " identity-based policy allows the logs:DescribeLogGroups action",
    }


def test_a_key_tells_its_account(dew: Dew) -> None:
    held = dew.client("sts").assume_role(RoleArn="arn:aws:iam::111111111111:role/other", RoleSessionName="me")
    key = held["Credentials"]["AccessKeyId"]
    assert dew.client("sts").get_access_key_info(AccessKeyId=key)["Account"] == "111111111111"


def test_a_session_policy_must_be_one(dew: Dew) -> None:
    with pytest.raises(ClientError, match="MalformedPolicyDocument"):
        dew.client("sts").assume_role(
            RoleArn=ROLE, RoleSessionName="me", Policy=json.dumps({"Statement": [{"Effect": "Maybe"}]})
        )


def test_what_is_no_arn_is_no_role(dew: Dew) -> None:
    answer = dew.client("sts").assume_role(RoleArn="not-the-arn-of-a-role", RoleSessionName="me")
    with pytest.raises(ClientError, match="AccessDenied"):
        client(dew, "logs", answer["Credentials"]).describe_log_groups()


def test_a_session_ends(dew: Dew, clock: Clock) -> None:
    held = dew.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    clock.advance(899)
    sts = client(dew, "sts", held)
    clock.advance(2)
    with pytest.raises(
        ClientError, match=r"ExpiredToken.*The security token included in the request is expired"
    ):
        sts.get_caller_identity()
