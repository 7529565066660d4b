"""Many requests at the same moment: one wins, nothing is half done."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from dewstack.config import Caller
from dewstack.errors import AwsError

CALLER = Caller()


def at_once(world, operation: str, *requests: dict[str, Any]) -> Counter[str]:
    """Call an operation with all requests at once; how often it came to what."""

    async def one(params: dict[str, Any]) -> str:
        try:
            await world.cognito.operations[operation](CALLER, params)
        except AwsError as error:
            return f"{error.code}: {error.message}"
        return "done"

    async def all_of_them() -> Counter[str]:
        return Counter(await asyncio.gather(*(one(params) for params in requests)))

    return asyncio.run(all_of_them())


@pytest.fixture
def mails(world):
    world.make_pool(UsernameAttributes=["email"])
    return world


def test_one_of_many_sign_ups_wins(mails):
    request = {"ClientId": mails.client, "Username": "ada@example.com", "Password": mails.password}
    assert at_once(mails, "SignUp", *[request] * 12) == {
        "done": 1,
        "UsernameExistsException: An account with the given email already exists.": 11,
    }
    assert len(mails.api.list_users(UserPoolId=mails.pool)["Users"]) == 1
    assert len(mails.cognito.mailbox.messages()) == 1


def test_a_code_is_used_once(mails):
    mails.sign_up("ada@example.com")
    request = {
        "ClientId": mails.client,
        "Username": "ada@example.com",
        "ConfirmationCode": mails.mail().code,
    }
    results = at_once(mails, "ConfirmSignUp", *[request] * 12)
    assert results["done"] == 1


def test_a_session_is_used_once(mails):
    mails.api.admin_create_user(
        UserPoolId=mails.pool, Username="ada@example.com", TemporaryPassword="Temporary-1"
    )
    session = mails.sign_in("ada@example.com", "Temporary-1")["Session"]
    request = {
        "ClientId": mails.client,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": session,
        "ChallengeResponses": {"USERNAME": "ada@example.com", "NEW_PASSWORD": "Changed-1!"},
    }
    assert at_once(mails, "RespondToAuthChallenge", *[request] * 8)["done"] == 1


def test_guesses_at_the_same_time_are_not_more_guesses(mails):
    mails.confirmed("ada@example.com")

    def attempt(password: str) -> dict[str, Any]:
        return {
            "ClientId": mails.client,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "ada@example.com", "PASSWORD": password},
        }

    results = at_once(mails, "InitiateAuth", *[attempt(f"Wrong-Horse-{n}") for n in range(30)])
    assert results["NotAuthorizedException: Incorrect username or password."] == 5
    assert results["NotAuthorizedException: Password attempts exceeded"] == 25


def test_many_users_sign_in_at_once(mails):
    mails.confirmed("ada@example.com")
    request = {
        "ClientId": mails.client,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ada@example.com", "PASSWORD": mails.password},
    }
    assert at_once(mails, "InitiateAuth", *[request] * 30) == {"done": 30}
    assert len(mails.cognito.jwks(mails.pool)["keys"]) == 2


def test_first_tokens_of_a_pool_at_once_are_of_the_same_keys(world):
    world.make_pool()
    kids = []

    async def ask() -> None:
        found = await asyncio.gather(*(asyncio.to_thread(world.cognito.jwks, world.pool) for _ in range(6)))
        kids.extend(key["kid"] for document in found for key in document["keys"])

    asyncio.run(ask())
    assert len(set(kids)) == 2
