"""CUSTOM_AUTH, with real functions that define, create and verify its challenges."""

from typing import Any

import pytest

from tests.srp_client import SrpClient
from tests.trigger_world import PASSWORD, refused

TRIGGERS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
FLOWS = ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
RIDDLES = """
if source.startswith("Define"):
    steps = request["session"]
    wrong = [step for step in steps if not step["challengeResult"]]
    right = [step for step in steps if step["challengeResult"] and step["challengeName"] == "CUSTOM_CHALLENGE"]
    response["issueTokens"] = len(right) == 2
    response["failAuthentication"] = len(wrong) == 3
    if not response["issueTokens"] and not response["failAuthentication"]:
        response["challengeName"] = "CUSTOM_CHALLENGE"
elif source.startswith("Create"):
    number = len(request["session"])
    response["publicChallengeParameters"] = {"riddle": f"What is 6 x {number}?"}
    response["privateChallengeParameters"] = {"answer": str(6 * number)}
    response["challengeMetadata"] = f"RIDDLE_{number}"
else:
    response["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
"""
AFTER_THE_PASSWORD = """
if source.startswith("Define"):
    names = [step["challengeName"] for step in request["session"]]
    following = {(): None, ("SRP_A",): "PASSWORD_VERIFIER", ("SRP_A", "PASSWORD_VERIFIER"): "CUSTOM_CHALLENGE"}
    response["challengeName"] = following.get(tuple(names))
    response["issueTokens"] = names[-1:] == ["CUSTOM_CHALLENGE"] and request["session"][-1]["challengeResult"]
    response["failAuthentication"] = not response["challengeName"] and not response["issueTokens"]
elif source.startswith("Create"):
    response["publicChallengeParameters"] = {"hint": "a secret"}
    response["privateChallengeParameters"] = {"answer": "dew"}
else:
    response["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
"""
WRONG = ("NotAuthorizedException", "Incorrect username or password.")


def begin(triggers, name: str = "ada", **parameters: str) -> dict[str, Any]:
    return triggers.api.initiate_auth(
        ClientId=triggers.client,
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": name, **parameters},
    )


def answer(triggers, asked: dict[str, Any], name: str = "ada", **responses: str) -> dict[str, Any]:
    return triggers.api.respond_to_auth_challenge(
        ClientId=triggers.client,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, **responses},
    )


def make(triggers, body: str, **settings: Any) -> None:
    triggers.make(body, *TRIGGERS)
    triggers.client = triggers.make_client(ExplicitAuthFlows=FLOWS, **settings)
    triggers.add("ada", "ada@example.com")


def test_challenges_are_asked_until_the_function_is_satisfied(triggers):
    make(triggers, RIDDLES)
    asked = begin(triggers)
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert asked["ChallengeParameters"] == {"riddle": "What is 6 x 0?", "USERNAME": "ada"}
    second = answer(triggers, asked, ANSWER="0")
    assert second["ChallengeParameters"]["riddle"] == "What is 6 x 1?"
    third = answer(triggers, second, ANSWER="7")
    assert third["ChallengeName"] == "CUSTOM_CHALLENGE"
    done = answer(triggers, third, ANSWER="12")
    assert done["AuthenticationResult"]["RefreshToken"]
    last = [event for event in triggers.events if event["triggerSource"].startswith("Define")][-1]
    assert last["request"]["session"] == [
        {
            "challengeName": "CUSTOM_CHALLENGE",
            "challengeResult": right,
            "challengeMetadata": f"RIDDLE_{number}",
        }
        for number, right in enumerate([True, False, True])
    ]
    assert refused(answer, triggers, third, ANSWER="12")[0] == "NotAuthorizedException"


def test_private_parameters_never_leave(triggers):
    make(triggers, RIDDLES)
    asked = begin(triggers)
    assert "answer" not in str(asked["ChallengeParameters"])
    assert "answer" not in asked["Session"]


def test_the_function_ends_a_sign_in_that_failed(triggers):
    make(triggers, RIDDLES)
    asked = begin(triggers)
    for _ in range(2):
        asked = answer(triggers, asked, ANSWER="wrong")
    assert refused(answer, triggers, asked, ANSWER="wrong") == WRONG


def test_the_password_can_come_first(triggers):
    make(triggers, AFTER_THE_PASSWORD)
    srp = SrpClient(triggers.pool.split("_")[1], PASSWORD)
    asked = begin(triggers, SRP_A=srp.large_a, CHALLENGE_NAME="SRP_A")
    assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
    responses = srp.answer(asked["ChallengeParameters"])
    custom = answer(triggers, asked, **responses)
    assert custom["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert custom["ChallengeParameters"]["hint"] == "a secret"
    assert answer(triggers, custom, ANSWER="dew")["AuthenticationResult"]


def test_the_password_alone_does_not_complete_it(triggers):
    make(triggers, AFTER_THE_PASSWORD)
    srp = SrpClient(triggers.pool.split("_")[1], PASSWORD)
    asked = begin(triggers, SRP_A=srp.large_a, CHALLENGE_NAME="SRP_A")
    without_session = {
        "ClientId": triggers.client,
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeResponses": srp.answer(asked["ChallengeParameters"]),
    }
    assert refused(triggers.api.respond_to_auth_challenge, **without_session) == (
        "NotAuthorizedException",
        "Invalid session for the user.",
    )
    following = answer(triggers, asked, **without_session["ChallengeResponses"])
    assert following["ChallengeName"] == "CUSTOM_CHALLENGE"


def test_a_wrong_password_ends_it_before_any_challenge(triggers):
    make(triggers, AFTER_THE_PASSWORD)
    srp = SrpClient(triggers.pool.split("_")[1], "Wrong-Horse-1")
    asked = begin(triggers, SRP_A=srp.large_a, CHALLENGE_NAME="SRP_A")
    assert refused(answer, triggers, asked, **srp.answer(asked["ChallengeParameters"])) == WRONG
    assert not any(source.startswith("Create") for source in triggers.sources)


def test_nobody_is_asked_like_somebody_where_that_is_hidden(triggers):
    make(triggers, RIDDLES, PreventUserExistenceErrors="ENABLED")
    asked = begin(triggers, "nobody")
    assert asked["ChallengeParameters"] == {"riddle": "What is 6 x 0?", "USERNAME": "nobody"}
    assert triggers.events[-1]["request"]["userNotFound"] is True
    second = answer(triggers, asked, "nobody", ANSWER="0")
    assert refused(answer, triggers, second, "nobody", ANSWER="6") == WRONG
    triggers.client = triggers.make_client(ExplicitAuthFlows=FLOWS)
    assert refused(begin, triggers, "nobody") == ("UserNotFoundException", "User does not exist.")


def test_the_session_is_of_one_user(triggers):
    make(triggers, RIDDLES)
    triggers.add("bob")
    asked = begin(triggers)
    assert refused(answer, triggers, asked, "bob", ANSWER="0")[0] == "NotAuthorizedException"
    assert answer(triggers, asked, ANSWER="0")["ChallengeName"] == "CUSTOM_CHALLENGE"


@pytest.mark.parametrize("body", ["", "response['challengeName'] = 'NONSENSE'"])
def test_a_decision_that_is_none_is_told(triggers, body):
    make(triggers, body)
    code, _ = refused(begin, triggers)
    assert code in ("InvalidLambdaResponseException", "NotImplemented")


def test_without_triggers_there_is_no_custom_sign_in(world):
    world.make_pool()
    world.confirmed("ada", "ada@example.com")
    world.client = world.make_client(ExplicitAuthFlows=FLOWS)["ClientId"]
    assert world.refused(
        "initiate_auth",
        ClientId=world.client,
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": "ada"},
    ) == (
        "InvalidParameterException",
        "Custom auth lambda trigger is not configured for the user pool.",
    )
