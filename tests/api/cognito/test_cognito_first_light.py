"""The main road: sign up, confirm, sign in, be known, refresh, sign out."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet


@pytest.fixture
def ada(world):
    world.make_pool(UsernameAttributes=["email"])
    world.confirmed("ada@example.com")
    return world


def test_a_code_confirms_a_sign_up(world):
    world.make_pool(UsernameAttributes=["email"])
    answer = world.sign_up("ada@example.com")
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    message = world.mail("ada@example.com")
    assert message.medium == "EMAIL"
    assert message.code.isdigit() and len(message.code) == 6
    assert message.subject == "Your verification code"
    assert message.body == f"Your verification code is {message.code}."
    assert world.sign_in_refused("ada@example.com") == ("UserNotConfirmedException", "User is not confirmed.")
    world.api.confirm_sign_up(
        ClientId=world.client, Username="ada@example.com", ConfirmationCode=message.code
    )
    assert world.status("ada@example.com") == "CONFIRMED"
    assert world.attributes("ada@example.com")["email_verified"] == "true"


def test_tokens_are_rs256_by_two_keys_of_the_jwks(ada):
    result = ada.tokens("ada@example.com")
    assert result["TokenType"] == "Bearer" and result["ExpiresIn"] == 3600
    jwks = ada.cognito.jwks(ada.pool)
    assert all(list(key) == ["alg", "e", "kid", "kty", "n", "use"] for key in jwks["keys"])
    keys = KeySet.import_key_set(jwks)
    headers = []
    for name in ("IdToken", "AccessToken"):
        token = jwt.decode(result[name], keys, algorithms=["RS256"])
        assert list(token.header) == ["kid", "alg"]
        headers.append(token.header["kid"])
    assert headers == [key["kid"] for key in jwks["keys"]]
    assert len(set(headers)) == 2
    assert len(result["RefreshToken"].split(".")) == 5


def test_claims_come_in_aws_order(ada):
    ada.api.create_group(UserPoolId=ada.pool, GroupName="crew")
    ada.api.admin_add_user_to_group(UserPoolId=ada.pool, Username="ada@example.com", GroupName="crew")
    result = ada.tokens("ada@example.com")
    identity, access = ada.claims(result["IdToken"]), ada.claims(result["AccessToken"])
    assert " ".join(access) == (
        "sub cognito:groups iss client_id origin_jti event_id token_use scope auth_time exp iat jti username"
    )
    assert " ".join(identity) == (
        "sub cognito:groups email_verified iss cognito:username origin_jti aud event_id token_use auth_time exp"
        " iat jti email"
    )
    assert identity["cognito:username"] == identity["sub"] == access["username"]
    assert identity["email_verified"] is True
    assert identity["aud"] == access["client_id"] == ada.client
    assert identity["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{ada.pool}"
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert access["cognito:groups"] == ["crew"]
    assert access["exp"] == access["iat"] + 3600


def test_get_user_knows_the_bearer(ada):
    token = ada.tokens("ada@example.com")["AccessToken"]
    user = ada.api.get_user(AccessToken=token)
    attributes = {entry["Name"]: entry["Value"] for entry in user["UserAttributes"]}
    assert next(iter(attributes)) == "sub"
    assert user["Username"] == attributes["sub"]
    assert attributes["email"] == "ada@example.com" and attributes["email_verified"] == "true"


def test_refresh_keeps_the_family_and_makes_new_ids(ada):
    first = ada.tokens("ada@example.com")
    ada.clock.advance(100)
    second = ada.refresh(first["RefreshToken"])
    assert "RefreshToken" not in second
    before, after = ada.claims(first["AccessToken"]), ada.claims(second["AccessToken"])
    for kept in ("origin_jti", "auth_time", "event_id", "sub"):
        assert before[kept] == after[kept]
    assert before["jti"] != after["jti"]
    assert after["iat"] >= before["iat"] + 100


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
def test_both_names_refresh(ada, flow):
    token = ada.tokens("ada@example.com")["RefreshToken"]
    answer = ada.api.initiate_auth(
        ClientId=ada.client, AuthFlow=flow, AuthParameters={"REFRESH_TOKEN": token}
    )
    assert answer["AuthenticationResult"]["AccessToken"]


def test_the_issuer_leads_to_the_keys(ada):
    jwks = ada.cognito.jwks(ada.pool)
    for issuer in (
        f"https://cognito-idp.us-east-1.amazonaws.com/{ada.pool}",
        f"http://localhost:4566/{ada.pool}",
        f"http://127.0.0.1:4566/{ada.pool}",
    ):
        assert ada.cognito.keys(issuer) == jwks
    for issuer in (
        f"https://cognito-idp.eu-west-1.amazonaws.com/{ada.pool}",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_nowhere00",
        f"https://evil.example/{ada.pool}",
        f"http://localhost:4566.evil.example/{ada.pool}",
    ):
        assert ada.cognito.keys(issuer) is None


def test_the_discovery_document_names_issuer_and_keys(ada):
    document = ada.cognito.openid_configuration(ada.pool, "http://localhost:4566")
    assert document["issuer"] == f"https://cognito-idp.us-east-1.amazonaws.com/{ada.pool}"
    assert document["jwks_uri"] == f"http://localhost:4566/{ada.pool}/.well-known/jwks.json"
    assert ada.cognito.openid_configuration("us-east-1_nowhere00", "http://localhost:4566") is None


def test_the_operations_run_unsigned_and_from_any_region(ada):
    other = ada.door.client("eu-west-1")
    answer = other.initiate_auth(
        ClientId=ada.client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada@example.com", "PASSWORD": ada.password},
    )
    user = other.get_user(AccessToken=answer["AuthenticationResult"]["AccessToken"])
    assert user["Username"]


def test_everything_survives_a_restart(ada):
    from dewstack.cognito import Cognito
    from dewstack.config import Config

    result = ada.tokens("ada@example.com")
    again = Cognito(ada.store, ada.clock, Config(), None)
    assert again.jwks(ada.pool) == ada.cognito.jwks(ada.pool)
    assert [m.id for m in again.mailbox.messages()] == [m.id for m in ada.cognito.mailbox.messages()]
    ada.door.api.register("cognito-idp", again.operations)
    assert ada.api.get_user(AccessToken=result["AccessToken"])["Username"]
    assert ada.refresh(result["RefreshToken"])["AccessToken"]
