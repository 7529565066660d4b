"""aws-jwt-verify: CognitoJwtVerifier takes our tokens for what they are, and refuses the others."""

from collections.abc import Callable

import pytest

from tests.e2e.clients.peer import Peer, refused
from tests.e2e.clients.people import AppClient, Pool

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def client(pool: Pool) -> AppClient:
    """A client of the pool."""
    return pool.client()


@pytest.fixture
def verifier_for(make_peer: Callable[..., Peer], pool: Pool, client: AppClient) -> Callable[..., Peer]:
    """A verifier of one kind of token of the client, with further properties."""

    def configured(token_use: str, **properties: object) -> Peer:
        peer = make_peer("verifier")
        expected = {"userPoolId": pool.id, "tokenUse": token_use, "clientId": client.id, **properties}
        peer("configure", pool.dew.aws_url, expected)
        return peer

    return configured


def test_access_and_id_tokens_pass(pool: Pool, client: AppClient, verifier_for: Callable[..., Peer]) -> None:
    name = pool.user()
    pool.admin.create_group(UserPoolId=pool.id, GroupName="readers")
    pool.admin.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName="readers")
    given = pool.tokens(client.id, name)

    access = verifier_for("access", groups="readers", scope="aws.cognito.signin.user.admin")
    claims = access("verify", given["AccessToken"])
    assert (claims["username"], claims["cognito:groups"]) == (name, ["readers"])
    identity = verifier_for("id")
    claims = identity("verify", given["IdToken"])
    assert claims["cognito:username"] == name and claims["email_verified"] is True

    with refused("CognitoJwtInvalidTokenUseError"):
        identity("verify", given["AccessToken"])
    with refused("CognitoJwtInvalidGroupError"):
        verifier_for("access", groups="writers")("verify", given["AccessToken"])


def test_tokens_of_another_client_or_changed_ones_do_not(
    pool: Pool, client: AppClient, verifier_for: Callable[..., Peer]
) -> None:
    name = pool.user()
    access = verifier_for("access")
    with refused("CognitoJwtInvalidClientIdError"):
        access("verify", pool.tokens(pool.client().id, name)["AccessToken"])
    token = pool.tokens(client.id, name)["AccessToken"]
    head, payload, signature = token.split(".")
    forged = f"{head}.{payload}.{signature[:-8]}{'A' * 8}"
    with refused("JwtInvalidSignatureError"):
        access("verify", forged)
    with refused("JwtParseError"):
        access("verify", f"{head}.{payload}")


def test_an_expired_token_does_not(pool: Pool, client: AppClient, verifier_for: Callable[..., Peer]) -> None:
    token = pool.tokens(client.id, pool.user())["AccessToken"]
    access = verifier_for("access")
    access("advance", 3590)
    assert access("verify", token)["token_use"] == "access"
    access("advance", 3610)
    with refused("JwtExpiredError"):
        access("verify", token)
