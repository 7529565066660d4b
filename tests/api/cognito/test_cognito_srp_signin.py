"""USER_SRP_AUTH: the password never travels, and everything else is as with a password."""

import base64
from typing import Any

import pytest

from tests.srp_client import SrpClient

FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
WRONG = ("NotAuthorizedException", "Incorrect username or password.")


def begin(world, name: str, srp: SrpClient, **more: str) -> dict[str, Any]:
    return world.api.initiate_auth(
        ClientId=world.client,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": name, "SRP_A": srp.large_a, **more},
    )


def respond(world, answer: dict[str, str]) -> dict[str, Any]:
    return {"ClientId": world.client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": answer}


@pytest.fixture
def people(world):
    world.make_pool()
    world.client = world.make_client(ExplicitAuthFlows=FLOWS)["ClientId"]
    world.confirmed("ada", "ada@example.com")
    return world


def client_of(world, password: str | None = None) -> SrpClient:
    return SrpClient(world.pool.split("_")[1], password or world.password)


def srp_sign_in(world, name: str, password: str | None = None) -> dict[str, Any]:
    srp = client_of(world, password)
    asked = begin(world, name, srp)
    return world.api.respond_to_auth_challenge(**respond(world, srp.answer(asked["ChallengeParameters"])))


def srp_refused(world, name: str, password: str | None = None) -> tuple[str, str]:
    srp = client_of(world, password)
    asked = begin(world, name, srp)
    answer = srp.answer(asked["ChallengeParameters"])
    return world.refused("respond_to_auth_challenge", **respond(world, answer))


def test_the_challenge_has_no_session_and_the_right_password_gets_tokens(people):
    srp = client_of(people)
    asked = begin(people, "ada", srp)
    assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
    assert "Session" not in asked
    parameters = asked["ChallengeParameters"]
    assert set(parameters) == {"SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "USER_ID_FOR_SRP"}
    assert parameters["USER_ID_FOR_SRP"] == "ada"
    answer = srp.answer(parameters)
    tokens = people.api.respond_to_auth_challenge(**respond(people, answer))["AuthenticationResult"]
    assert people.claims(tokens["AccessToken"])["username"] == "ada"
    assert people.refresh(tokens["RefreshToken"])["AccessToken"]
    used = people.refused("respond_to_auth_challenge", **respond(people, answer))
    assert used[0] == "NotAuthorizedException"


def test_a_wrong_password_is_refused_and_counted(people):
    for _ in range(5):
        assert srp_refused(people, "ada", "Wrong-Horse-1") == WRONG
    locked = people.refused(
        "initiate_auth",
        ClientId=people.client,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "ada", "SRP_A": client_of(people).large_a},
    )
    assert locked == ("NotAuthorizedException", "Password attempts exceeded")
    people.clock.offset += 2
    assert srp_sign_in(people, "ada")["AuthenticationResult"]


def test_an_a_that_makes_the_key_known_lets_nobody_in(people):
    srp = client_of(people)
    srp.large_a = "0"
    asked = begin(people, "ada", srp)["ChallengeParameters"]
    assert people.refused("respond_to_auth_challenge", **respond(people, srp.answer(asked))) == WRONG


def test_whoever_does_not_exist_is_told_so_or_challenged_alike(people):
    srp = client_of(people)
    parameters = {"USERNAME": "nobody", "SRP_A": srp.large_a}
    asked = {"ClientId": people.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters}
    assert people.refused("initiate_auth", **asked) == ("UserNotFoundException", "User does not exist.")
    settings = {"ExplicitAuthFlows": FLOWS, "PreventUserExistenceErrors": "ENABLED"}
    people.client = people.make_client(**settings)["ClientId"]
    first, second = (begin(people, "nobody", srp)["ChallengeParameters"] for _ in range(2))
    assert first["SALT"] == second["SALT"]
    assert first["USER_ID_FOR_SRP"] == second["USER_ID_FOR_SRP"] != "nobody"
    assert first["SRP_B"] != second["SRP_B"]
    assert people.refused("respond_to_auth_challenge", **respond(people, srp.answer(first))) == WRONG
    for _ in range(4):
        assert srp_refused(people, "nobody") == WRONG
    asked["ClientId"] = people.client
    assert people.refused("initiate_auth", **asked) == (
        "NotAuthorizedException",
        "Password attempts exceeded",
    )


def test_a_password_changed_between_the_steps_ends_the_sign_in(people):
    srp = client_of(people)
    asked = begin(people, "ada", srp)["ChallengeParameters"]
    people.api.admin_set_user_password(
        UserPoolId=people.pool, Username="ada", Password="Battery-Staple-2", Permanent=True
    )
    assert people.refused("respond_to_auth_challenge", **respond(people, srp.answer(asked))) == WRONG
    assert srp_sign_in(people, "ada", "Battery-Staple-2")["AuthenticationResult"]


def test_the_answer_of_another_user_client_or_time_is_refused(people):
    people.confirmed("bob", "bob@example.com")
    srp = client_of(people)
    asked = begin(people, "ada", srp)["ChallengeParameters"]
    answer = srp.answer(asked)
    refused = people.refused("respond_to_auth_challenge", **respond(people, {**answer, "USERNAME": "bob"}))
    assert refused == WRONG
    mine, people.client = people.client, people.make_client(ExplicitAuthFlows=FLOWS)["ClientId"]
    assert people.refused("respond_to_auth_challenge", **respond(people, answer)) == WRONG
    people.client = mine
    block = bytearray(base64.b64decode(asked["SECRET_BLOCK"]))
    block[40] ^= 1
    forged = {**asked, "SECRET_BLOCK": base64.b64encode(block).decode()}
    assert people.refused("respond_to_auth_challenge", **respond(people, srp.answer(forged))) == WRONG
    people.clock.offset += 181
    code, message = people.refused("respond_to_auth_challenge", **respond(people, answer))
    assert (code, "session is expired" in message) == ("NotAuthorizedException", True)


def test_state_is_told_after_the_proof_only(people):
    people.sign_up("eve", "eve@example.com")
    assert srp_refused(people, "eve", "Wrong-Horse-1") == WRONG
    assert srp_refused(people, "eve") == ("UserNotConfirmedException", "User is not confirmed.")
    people.api.admin_disable_user(UserPoolId=people.pool, Username="ada")
    assert srp_refused(people, "ada") == ("NotAuthorizedException", "User is disabled.")


def test_a_temporary_password_leads_to_a_new_one(people):
    people.api.admin_create_user(
        UserPoolId=people.pool,
        Username="tim",
        TemporaryPassword="Temporary-Horse-1",
        MessageAction="SUPPRESS",
    )
    asked = srp_sign_in(people, "tim", "Temporary-Horse-1")
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    done = people.api.respond_to_auth_challenge(
        ClientId=people.client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "tim", "NEW_PASSWORD": "Battery-Staple-2"},
    )
    assert done["AuthenticationResult"]
    assert srp_sign_in(people, "tim", "Battery-Staple-2")["AuthenticationResult"]


def test_an_alias_signs_in_with_the_canonical_username(world):
    world.make_pool(UsernameAttributes=["email"])
    world.client = world.make_client(ExplicitAuthFlows=FLOWS)["ClientId"]
    sub = world.confirmed("ada@example.com")
    asked = begin(world, "ada@example.com", client_of(world))["ChallengeParameters"]
    assert asked["USER_ID_FOR_SRP"] == asked["USERNAME"] == sub
    tokens = srp_sign_in(world, "ada@example.com")["AuthenticationResult"]
    assert world.claims(tokens["IdToken"])["sub"] == sub
