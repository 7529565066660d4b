"""GetTokensFromRefreshToken, and refresh tokens that are used once."""

from typing import Any

import pytest

from tests.api.cognito.test_cognito_at_once import at_once
from tests.whole import check_whole

FLOWS = ["ALLOW_USER_PASSWORD_AUTH"]
REUSED = "RefreshTokenReuseException"
INVALID = ("NotAuthorizedException", "Invalid Refresh Token")


def rotating(world, grace: int, **settings: Any) -> None:
    """Make the world's client one that rotates."""
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
    made = world.make_client(ExplicitAuthFlows=FLOWS, RefreshTokenRotation=rotation, **settings)
    world.client = made["ClientId"]


def renew(world, token: str, **more: str) -> dict[str, Any]:
    answer = world.api.get_tokens_from_refresh_token(ClientId=world.client, RefreshToken=token, **more)
    return answer["AuthenticationResult"]


def renewal_refused(world, token: str, **more: str) -> tuple[str, str]:
    return world.refused("get_tokens_from_refresh_token", ClientId=world.client, RefreshToken=token, **more)


@pytest.fixture
def people(world):
    world.make_pool()
    world.confirmed("ada", "ada@example.com")
    yield world
    check_whole(world.cognito)


def test_without_rotation_the_refresh_token_stays(people):
    first = people.tokens("ada")
    tokens = renew(people, first["RefreshToken"])
    assert set(tokens) == {"AccessToken", "ExpiresIn", "IdToken", "TokenType"}
    before, after = (people.claims(made["AccessToken"]) for made in (first, tokens))
    assert before["origin_jti"] == after["origin_jti"] and before["jti"] != after["jti"]
    assert renew(people, first["RefreshToken"])


def test_a_rotated_token_is_known_when_it_comes_again(people):
    rotating(people, 0)
    first = people.tokens("ada")["RefreshToken"]
    second = renew(people, first)["RefreshToken"]
    assert second != first
    assert renewal_refused(people, first)[0] == REUSED
    third = renew(people, second)["RefreshToken"]
    assert renewal_refused(people, first)[0] == renewal_refused(people, second)[0] == REUSED
    assert renew(people, third)
    assert renewal_refused(people, "a.stranger") == INVALID


def test_in_the_grace_period_a_client_may_ask_again(people):
    rotating(people, 30)
    first = people.tokens("ada")["RefreshToken"]
    answers = [renew(people, first)["RefreshToken"] for _ in range(3)]
    assert len({first, *answers}) == 4
    people.clock.offset += 29
    assert renew(people, answers[-1])["RefreshToken"]
    people.clock.offset += 2
    assert renewal_refused(people, first)[0] == REUSED


def test_rotation_makes_a_sign_in_no_longer(people):
    rotating(people, 0, RefreshTokenValidity=1, TokenValidityUnits={"RefreshToken": "hours"})
    token = people.tokens("ada")["RefreshToken"]
    people.clock.offset += 3000
    token = renew(people, token)["RefreshToken"]
    people.clock.offset += 601
    assert renewal_refused(people, token) == ("NotAuthorizedException", "Refresh Token has expired")


def test_revoking_any_token_of_the_sign_in_ends_it(people):
    rotating(people, 60)
    first = people.tokens("ada")["RefreshToken"]
    second = renew(people, first)["RefreshToken"]
    people.api.revoke_token(ClientId=people.client, Token=second)
    for token in (first, second):
        assert renewal_refused(people, token) == (
            "NotAuthorizedException",
            "Refresh Token has been revoked",
        )


def test_a_client_that_rotates_has_one_way_to_refresh(people):
    rotating(people, 0)
    token = people.tokens("ada")["RefreshToken"]
    code, message = people.refused(
        "initiate_auth",
        ClientId=people.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token},
    )
    assert (code, message) == ("InvalidParameterException", "Auth flow not enabled for this client")


def test_a_client_with_a_secret_has_to_say_it(people):
    made = people.make_client(GenerateSecret=True)
    people.client = made["ClientId"]
    for more in ({}, {"ClientSecret": "0" * 51}):
        assert renewal_refused(people, "a.b.c.d.e", **more)[0] == "NotAuthorizedException"
    assert renewal_refused(people, "a.b.c.d.e", ClientSecret=made["ClientSecret"]) == INVALID


def test_of_many_at_once_without_grace_one_gets_tokens(people):
    rotating(people, 0)
    token = people.tokens("ada")["RefreshToken"]
    request = {"ClientId": people.client, "RefreshToken": token}
    came = at_once(people, "GetTokensFromRefreshToken", *[request] * 8)
    assert came["done"] == 1
    assert sum(count for outcome, count in came.items() if outcome.startswith(REUSED)) == 7


def test_a_user_who_goes_takes_rotated_tokens_along(people):
    rotating(people, 60)
    token = people.tokens("ada")["RefreshToken"]
    renew(people, token)
    people.api.admin_delete_user(UserPoolId=people.pool, Username="ada")
    assert renewal_refused(people, token) == INVALID
