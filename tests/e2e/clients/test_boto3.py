"""boto3 on a server that signs its users in: a client with a secret, challenges, and the end of a session."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.clients.people import PASSWORD, ROTATING, AppClient, Pool


def secret_hash(name: str, client: AppClient) -> str:
    """SECRET_HASH."""
    digest = hmac.new(client.secret.encode(), (name + client.id).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    """The message of the error that a call answers."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    message: str = caught.value.response["Error"]["Message"]
    return message


@pytest.fixture
def public(pool: Pool) -> Iterator[Any]:
    """A client of Cognito's without credentials, as an application of a user's has it."""
    client = boto3.client(
        "cognito-idp",
        endpoint_url=pool.dew.aws_url,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED),
    )
    yield client
    client.close()


def test_a_server_signs_an_invited_user_in(pool: Pool) -> None:
    client = pool.client(GenerateSecret=True)
    email = pool.address()
    name = email.split("@")[0]
    pool.invite(name, email=email, email_verified="true")
    proof = {"USERNAME": name, "SECRET_HASH": secret_hash(name, client)}
    asked = pool.admin.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=client.id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={**proof, "PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    result = pool.admin.admin_respond_to_auth_challenge(
        UserPoolId=pool.id,
        ClientId=client.id,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={**proof, "NEW_PASSWORD": "Another-Horse-2"},
    )["AuthenticationResult"]
    sub = pool.admin.get_user(AccessToken=result["AccessToken"])["UserAttributes"][0]["Value"]
    renewed = pool.admin.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=client.id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={
            "REFRESH_TOKEN": result["RefreshToken"],
            "SECRET_HASH": secret_hash(name, client),
        },
    )["AuthenticationResult"]
    told = pool.admin.get_user(AccessToken=renewed["AccessToken"])
    assert {"Name": "sub", "Value": sub} in told["UserAttributes"] and told["Username"] == name


def test_a_rotated_refresh_token_is_good_for_once(pool: Pool, public: Any) -> None:
    client = pool.client(**ROTATING)
    name = pool.user()
    first = pool.tokens(client.id, name)["RefreshToken"]
    renew = public.get_tokens_from_refresh_token
    renewed = renew(ClientId=client.id, RefreshToken=first)["AuthenticationResult"]
    assert renewed["RefreshToken"] != first
    with pytest.raises(public.exceptions.RefreshTokenReuseException):
        renew(ClientId=client.id, RefreshToken=first)
    again = renew(ClientId=client.id, RefreshToken=renewed["RefreshToken"])["AuthenticationResult"]
    assert public.get_user(AccessToken=again["AccessToken"])["Username"] == name


def test_a_revoked_session_ends_and_others_go_on(pool: Pool, public: Any) -> None:
    client, name = pool.client(), pool.user()
    here, there = pool.tokens(client.id, name), pool.tokens(client.id, name)
    public.revoke_token(Token=here["RefreshToken"], ClientId=client.id)
    assert refusal(public.get_user, AccessToken=here["AccessToken"]) == "Access Token has been revoked"
    assert public.get_user(AccessToken=there["AccessToken"])["Username"] == name
    public.global_sign_out(AccessToken=there["AccessToken"])
    assert refusal(public.get_user, AccessToken=there["AccessToken"]) == "Access Token has been revoked"
    assert (
        refusal(
            public.initiate_auth,
            ClientId=client.id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": there["RefreshToken"]},
        )
        == "Refresh Token has been revoked"
    )


def test_failures_lock_a_user_for_a_while(pool: Pool, public: Any) -> None:
    client, name = pool.client(), pool.user()

    def attempt(password: str) -> dict[str, Any]:
        answer: dict[str, Any] = public.initiate_auth(
            ClientId=client.id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        return answer

    for _ in range(5):
        assert refusal(attempt, password="Wrong-Horse-1") == "Incorrect username or password."
    assert refusal(attempt, password=PASSWORD) == "Password attempts exceeded"
    pool.dew.clock.advance(2)
    assert "AuthenticationResult" in attempt(PASSWORD)
