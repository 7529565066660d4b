"""What is told of a function's calls where `--iam warn` is on, as by default: nothing is refused, all is said once."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def mode() -> str:
    return "warn"


def test_the_missing_statement_is_told_once(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="dewstack.iam"):
        for _ in range(2):
            answer = ask("dynamodb", "get_item", TableName="notes", Key={"id": {"S": "1"}})
            assert "Code" not in answer
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/notes"
    assert caplog.messages == [
        f"guarded-dev-caller may not dynamodb:GetItem on {arn}: AccessDenied on AWS. Its role lacks, under"
        " provider.iam.role.statements:  - { Effect: Allow, Action: 'dynamodb:GetItem',"
        " Resource: 'arn:aws:dynamodb:${aws:region}:${aws:accountId}:table/notes' }"
    ]


def test_what_is_permitted_is_not_spoken_of(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="dewstack.iam"):
        ask("dynamodb", "put_item", TableName="notes", Item={"id": {"S": "1"}})
        ask("sts", "get_caller_identity")
    assert caplog.messages == []


def test_a_deny_is_told_as_one(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="dewstack.iam"):
        ask("lambda", "invoke", FunctionName="nobody")
    assert caplog.messages == [
        "guarded-dev-caller may not lambda:InvokeFunction on"
        " arn:aws:lambda:us-east-1:000000000000:function:nobody: AccessDenied on AWS, with an explicit deny in an"
        " identity-based policy"
    ]


def test_a_lost_session_token_is_told(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="dewstack.iam"):
        assert "Arn" in ask("sts", "get_caller_identity", credentials={"aws_session_token": None})
    assert caplog.messages == [
        "guarded-dev-caller signs its calls so that AWS would answer UnrecognizedClientException:"
        " The security token included in the request is invalid."
    ]
