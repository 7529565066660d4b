"""Credentials that have ended, perhaps with a former emulator: they are nobody's, and never the developer's."""

import logging
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dewstack.iam.sessions import new_key
from dewstack.testing import Dew, start

INVALID = "The security token included in the request is invalid."


def client(dew: Dew, service: str, key: str, secret: str, token: str | None) -> Any:
    """A client that holds these credentials."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=dew.aws_url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )


@pytest.mark.parametrize(
    ("service", "operation", "code", "message"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId", INVALID),
        ("logs", "describe_log_groups", "UnrecognizedClientException", INVALID),
        ("lambda", "list_functions", "UnrecognizedClientException", INVALID),
        (
            "s3",
            "list_buckets",
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
    ],
)
def test_keys_of_a_former_emulator_are_refused(
    dew: Dew, service: str, operation: str, code: str, message: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(dew, service, *new_key()), operation)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"] == message


@pytest.mark.parametrize(
    "key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "anything"]
)
def test_the_developers_own_keys_may_do_everything(dew: Dew, key: str) -> None:
    token = "of-a-single-sign-on" if key.startswith("ASIA") else None
    assert client(dew, "sts", key, "test", token).get_caller_identity()["Arn"].endswith(":root")


def test_ended_keys_are_told_of_where_nothing_is_enforced(caplog: pytest.LogCaptureFixture) -> None:
    with start() as dew, caplog.at_level(logging.WARNING, logger="dewstack.iam"):
        key, secret, token = new_key()
        logs = client(dew, "logs", key, secret, token)
        for _ in range(2):
            logs.describe_log_groups()
    assert [message for message in caplog.messages if key in message] == [
        f"the access key {key} belongs to an environment or session that has ended: AWS refuses it. Don't keep"
        " credentials longer than the environment that was given them"
    ]
