"""Asking triggers: events of custom sign-ins as AWS's samples have them, retries, and what is applied to claims."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.triggers import Asker, ChallengeResult, Occasion, Triggers
from dewstack.errors import AwsError

T = TypeVar("T")
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
TRIGGERS = (
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "PreAuthentication",
)
POOL = UserPool(
    account_id="000000000000",
    region="us-east-1",
    id="us-east-1_abcdefghi",
    name="people",
    created=0,
    modified=0,
    schema=[],
    settings={
        "LambdaConfig": {
            **dict.fromkeys(TRIGGERS, ARN),
            "InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": ARN},
        }
    },
)
USER = User(
    username="ada",
    sub="5b1d",
    attributes={"email": "ada@example.com"},
    status="CONFIRMED",
    created=0,
    modified=0,
)
ATTRIBUTES = {"sub": "5b1d", "cognito:user_status": "CONFIRMED", "email": "ada@example.com"}
ON = Occasion(pool=POOL, client_id="client", metadata={"lang": "de"})
SESSION = [
    ChallengeResult("PASSWORD_VERIFIER", True),
    ChallengeResult("CUSTOM_CHALLENGE", False, "CAPTCHA"),
]
SESSION_JSON = [
    {"challengeName": "PASSWORD_VERIFIER", "challengeResult": True},
    {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": "CAPTCHA"},
]


class Throttled(AwsError):
    code = "TooManyRequestsException"
    status = 429


class Answer(Struct, frozen=True):
    """What a function gave."""

    payload: bytes
    function_error: str | None = None


class Function:
    """A function in this process: it notes its events and answers with `response`, or as often as told not at all."""

    def __init__(self, response: dict[str, Any] | None = None, failures: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self._response = response or {}
        self._failures = failures

    async def __call__(self, arn: str, payload: bytes, *, seconds: float | None = None) -> Answer:
        event = json.loads(payload)
        self.events.append(event)
        if len(self.events) <= self._failures:
            raise Throttled("Rate Exceeded.")
        return Answer(json.dumps({**event, "response": {**event["response"], **self._response}}).encode())


def asked(function: Function, question: Callable[[Triggers], Awaitable[T]]) -> T:
    async def ask() -> T:
        return await question(Triggers(Asker(function, None, None)))

    return asyncio.run(ask())


def test_define_auth_challenge() -> None:
    function = Function({"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False})
    answer = asked(function, lambda on: on.define_auth_challenge(ON, USER, "ada", SESSION))
    assert answer is not None
    assert (answer.challenge_name, answer.issue_tokens) == ("CUSTOM_CHALLENGE", False)
    assert function.events == [
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": POOL.id,
            "userName": "ada",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client"},
            "triggerSource": "DefineAuthChallenge_Authentication",
            "request": {
                "userAttributes": ATTRIBUTES,
                "session": SESSION_JSON,
                "clientMetadata": {"lang": "de"},
            },
            "response": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
        }
    ]


def test_create_auth_challenge() -> None:
    given = {
        "publicChallengeParameters": {"url": "u"},
        "privateChallengeParameters": {"answer": "5"},
        "challengeMetadata": "CAPTCHA",
    }
    function = Function(given)
    answer = asked(function, lambda on: on.create_auth_challenge(ON, USER, "ada", SESSION))
    assert answer is not None
    assert answer.public_challenge_parameters == {"url": "u"}
    assert (answer.private_challenge_parameters, answer.challenge_metadata) == ({"answer": "5"}, "CAPTCHA")
    assert function.events[0]["request"] == {
        "userAttributes": ATTRIBUTES,
        "challengeName": "CUSTOM_CHALLENGE",
        "session": SESSION_JSON,
        "clientMetadata": {"lang": "de"},
    }
    assert function.events[0]["response"] == dict.fromkeys(given)


def test_verify_auth_challenge() -> None:
    function = Function({"answerCorrect": True})
    answer = asked(function, lambda on: on.verify_auth_challenge(ON, USER, "ada", {"answer": "5"}, "5"))
    assert answer is not None and answer.answer_correct
    event = function.events[0]
    assert event["triggerSource"] == "VerifyAuthChallengeResponse_Authentication"
    assert event["request"] == {
        "userAttributes": ATTRIBUTES,
        "privateChallengeParameters": {"answer": "5"},
        "challengeAnswer": "5",
        "clientMetadata": {"lang": "de"},
    }
    assert event["response"] == {"answerCorrect": None}


def test_an_answer_that_was_not_said_to_be_right_is_wrong() -> None:
    answer = asked(Function(), lambda on: on.verify_auth_challenge(ON, USER, "ada", {}, "5"))
    assert answer is not None and not answer.answer_correct


def test_somebody_who_does_not_exist() -> None:
    function = Function()
    asked(function, lambda on: on.define_auth_challenge(ON, None, "nobody", []))
    assert function.events[0]["userName"] == "nobody"
    assert function.events[0]["request"] == {
        "userAttributes": {},
        "userNotFound": True,
        "session": [],
        "clientMetadata": {"lang": "de"},
    }


def test_inbound_federation() -> None:
    function = Function({"userAttributesToMap": {"email": "ada@work.example.com"}})
    said = {"idToken": {"email": "ada@example.com"}}
    mapped = asked(function, lambda on: on.inbound_federation(ON, "work", "OIDC", "work_1", said))
    assert mapped == {"email": "ada@work.example.com"}
    event = function.events[0]
    assert event["triggerSource"] == "InboundFederation_ExternalProvider"
    assert event["request"] == {"providerName": "work", "providerType": "OIDC", "attributes": said}
    assert event["response"] == {"userAttributesToMap": None}


def test_a_throttled_function_is_asked_three_times_in_all() -> None:
    function = Function(failures=2)
    asked(function, lambda on: on.pre_authentication(ON, USER, "ada"))
    assert len(function.events) == 3
    with pytest.raises(errors.UnexpectedLambdaException, match="TooManyRequestsException"):
        asked(Function(failures=3), lambda on: on.pre_authentication(ON, USER, "ada"))


def test_a_pool_without_the_trigger_asks_nobody() -> None:
    function = Function()
    assert asked(function, lambda on: on.migrate_user(ON, "UserMigration_Authentication", "a", "b")) is None
    assert function.events == []
