"""Clients with PreventUserExistenceErrors: somebody and nobody are told apart by no word, shape or length."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.srp_client import SrpClient

FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH"]
FACTORS = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
SOMEBODY, NOBODY, DISABLED = "ada@example.com", "eve@example.com", "bob@example.com"
AS_IT_CAME = {"AttributeName", "DeliveryMedium", "CODE_DELIVERY_DELIVERY_MEDIUM", "ChallengeName"}


@pytest.fixture
def hidden(world):
    world.make_pool(UsernameAttributes=["email"], Policies=FACTORS, UserPoolTier="ESSENTIALS")
    for name in (SOMEBODY, DISABLED):
        world.confirmed(name)
    world.api.admin_disable_user(UserPoolId=world.pool, Username=DISABLED)
    made = world.make_client(ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")
    world.client = made["ClientId"]
    return world


def outline(value: Any, name: str = "") -> Any:
    """What is the same for all: words, and the lengths of what is random. Hexadecimal numbers may be shorter."""
    if isinstance(value, dict):
        return {key: outline(each, key) for key, each in sorted(value.items()) if key != "ResponseMetadata"}
    if isinstance(value, list):
        return value
    if name in ("SALT", "SRP_B"):
        return "a number"
    return value if name in AS_IT_CAME else len(value)


def heard(world, operation: str, **params: Any) -> Any:
    """Status, error and outline of an answer."""
    try:
        answer = getattr(world.api, operation)(ClientId=world.client, **params)
    except ClientError as error:
        told = error.response
        length = told["ResponseMetadata"]["HTTPHeaders"].get("content-length")
        return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"], length
    return 200, outline(answer)


def by_password(world, name: str) -> Any:
    parameters = {"USERNAME": name, "PASSWORD": "Wrong-Horse-1"}
    return heard(world, "initiate_auth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)


def by_srp(world, name: str) -> Any:
    srp = SrpClient(world.pool.split("_")[1], "Wrong-Horse-1")
    parameters = {"USERNAME": name, "SRP_A": srp.large_a}
    begun = heard(world, "initiate_auth", AuthFlow="USER_SRP_AUTH", AuthParameters=parameters)
    if begun[0] != 200:
        return begun
    asked = world.api.initiate_auth(
        ClientId=world.client, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters
    )
    answer = srp.answer(asked["ChallengeParameters"])
    proof = {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": {**answer, "USERNAME": name}}
    return begun, heard(world, "respond_to_auth_challenge", **proof)


def by_choice(world, name: str) -> Any:
    return heard(world, "initiate_auth", AuthFlow="USER_AUTH", AuthParameters={"USERNAME": name})


def by_chosen_password(world, name: str) -> Any:
    asked = world.api.initiate_auth(
        ClientId=world.client,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, "PREFERRED_CHALLENGE": "PASSWORD"},
    )
    responses = {"USERNAME": name, "PASSWORD": "Wrong-Horse-1"}
    params = {"ChallengeName": "PASSWORD", "Session": asked["Session"], "ChallengeResponses": responses}
    return outline(asked), heard(world, "respond_to_auth_challenge", **params)


def by_code(world, name: str) -> Any:
    parameters = {"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"}
    begun = heard(world, "initiate_auth", AuthFlow="USER_AUTH", AuthParameters=parameters)
    if begun[0] != 200:
        return begun
    asked = world.api.initiate_auth(ClientId=world.client, AuthFlow="USER_AUTH", AuthParameters=parameters)
    responses = {"USERNAME": name, "EMAIL_OTP_CODE": "no code"}
    params = {"ChallengeName": "EMAIL_OTP", "Session": asked["Session"], "ChallengeResponses": responses}
    return begun, heard(world, "respond_to_auth_challenge", **params)


def by_recovery(world, name: str) -> Any:
    begun = heard(world, "forgot_password", Username=name)
    params = {"Username": name, "Password": "Another-Horse-1", "ConfirmationCode": "000"}
    return begun, heard(world, "confirm_forgot_password", **params)


WAYS = [by_password, by_srp, by_choice, by_chosen_password, by_code, by_recovery]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("real", [SOMEBODY, DISABLED])
def test_nobody_hears_what_somebody_hears(hidden, way, real):
    for _ in range(8):  # Beyond the first failures, where people are locked out.
        assert way(hidden, real) == way(hidden, NOBODY)


@pytest.mark.parametrize("way", [by_password, by_srp])
def test_failures_of_one_way_count_in_the_others(hidden, way):
    for name in (SOMEBODY, NOBODY):
        for _ in range(5):
            by_chosen_password(hidden, name)
        error = way(hidden, name)[1]
        assert error["Message"] == "Password attempts exceeded"
