"""Who is believed: only tokens this pool signed, for this use, still valid and not revoked."""

import base64
import json

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

UNSIGNED = ("NotAuthorizedException", "Could not verify signature for Access Token")
INVALID = ("NotAuthorizedException", "Invalid Access Token")
REVOKED = ("NotAuthorizedException", "Access Token has been revoked")


@pytest.fixture
def ada(world):
    world.make_pool()
    world.confirmed("ada", "ada@example.com")
    return world


@pytest.fixture
def tokens(ada):
    return ada.tokens("ada")


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def header(token):
    text = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def get_user_refused(world, token):
    return world.refused("get_user", AccessToken=token)


def test_a_foreign_signature_is_refused(ada, tokens):
    payload = json.dumps(ada.claims(tokens["AccessToken"])).encode()
    foreign = RSAKey.generate_key(2048)
    forged = jws.serialize_compact(header(tokens["AccessToken"]), payload, foreign)
    assert get_user_refused(ada, forged) == UNSIGNED


def test_a_changed_claim_is_refused(ada, tokens):
    head, _, signature = tokens["AccessToken"].split(".")
    changed = {**ada.claims(tokens["AccessToken"]), "username": "eve"}
    assert get_user_refused(ada, f"{head}.{part(changed)}.{signature}") == UNSIGNED


def test_no_signature_and_public_key_signatures_are_refused(ada, tokens):
    claims = ada.claims(tokens["AccessToken"])
    kid = header(tokens["AccessToken"])["kid"]
    unsigned = f"{part({'kid': kid, 'alg': 'none'})}.{part(claims)}."
    assert get_user_refused(ada, unsigned)[0] == "NotAuthorizedException"
    modulus = next(k["n"] for k in ada.cognito.jwks(ada.pool)["keys"] if k["kid"] == kid)
    secret = OctKey.import_key(modulus)
    confused = jws.serialize_compact({"kid": kid, "alg": "HS256"}, json.dumps(claims).encode(), secret)
    assert get_user_refused(ada, confused) == INVALID


def test_an_unknown_key_id_is_refused(ada, tokens):
    _, body, signature = tokens["AccessToken"].split(".")
    assert get_user_refused(ada, f"{part({'kid': 'x', 'alg': 'RS256'})}.{body}.{signature}") == UNSIGNED


def test_an_identity_token_is_no_access_token(ada, tokens):
    assert get_user_refused(ada, tokens["IdToken"]) == INVALID


@pytest.mark.parametrize(
    "text", ["nonsense", "a.b.c", "e30.e30.e30", "W10.W10.", "eyJhbGciOiJSUzI1NiJ9.e30.x"]
)
def test_what_is_no_token_is_refused(ada, text):
    assert get_user_refused(ada, text) == INVALID


def test_deep_nesting_is_no_token(ada):
    deep = base64.urlsafe_b64encode(b"[" * 50_000).rstrip(b"=").decode()
    assert get_user_refused(ada, f"{deep}.{deep}.x") == INVALID


def test_another_pools_token_is_that_pools(ada, tokens):
    first = ada.client
    ada.make_pool()
    assert ada.client != first
    assert ada.api.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ada"
    pool = ada.claims(tokens["AccessToken"])["iss"].rsplit("/", 1)[1]
    ada.api.delete_user_pool(UserPoolId=pool)
    assert get_user_refused(ada, tokens["AccessToken"]) == INVALID


def test_an_access_token_expires(ada, tokens):
    ada.clock.advance(3600)
    refusal = ("NotAuthorizedException", "Access Token has expired")
    assert get_user_refused(ada, tokens["AccessToken"]) == refusal


def test_a_signature_that_was_verified_once_vouches_for_its_own_token_only(ada, tokens):
    """Verified signatures are remembered: the token's bytes and the key have to be the same."""
    token = tokens["AccessToken"]
    ada.api.get_user(AccessToken=token)
    signed, _, signature = token.rpartition(".")
    swapped = "A" if signature[0] != "A" else "B"
    assert get_user_refused(ada, f"{signed}.{swapped}{signature[1:]}") == UNSIGNED
    other = ada.tokens("ada")["AccessToken"].rpartition(".")[0]
    assert get_user_refused(ada, f"{other}.{signature}") == UNSIGNED
    ada.api.get_user(AccessToken=token)
    ada.clock.advance(3600)
    assert get_user_refused(ada, token) == ("NotAuthorizedException", "Access Token has expired")


def test_validity_is_the_clients(ada):
    client = ada.make_client(
        AccessTokenValidity=10,
        IdTokenValidity=2,
        RefreshTokenValidity=90,
        TokenValidityUnits={"AccessToken": "minutes", "RefreshToken": "minutes"},
    )
    ada.client = client["ClientId"]
    tokens = ada.tokens("ada")
    access, identity = ada.claims(tokens["AccessToken"]), ada.claims(tokens["IdToken"])
    assert (tokens["ExpiresIn"], access["exp"] - access["iat"]) == (600, 600)
    assert identity["exp"] - identity["iat"] == 7200
    ada.clock.advance(89 * 60)
    assert ada.refresh(tokens["RefreshToken"])
    ada.clock.advance(60)
    refresh = {
        "ClientId": ada.client,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": tokens["RefreshToken"]},
    }
    assert ada.refused("initiate_auth", **refresh)[1] == "Refresh Token has expired"


@pytest.mark.parametrize(
    "settings",
    [
        {"AccessTokenValidity": 4, "TokenValidityUnits": {"AccessToken": "minutes"}},
        {"IdTokenValidity": 25},
        {"RefreshTokenValidity": 59, "TokenValidityUnits": {"RefreshToken": "minutes"}},
        {"RefreshTokenValidity": 3651},
    ],
)
def test_validity_has_a_range(ada, settings):
    refusal = ada.refused("create_user_pool_client", UserPoolId=ada.pool, ClientName="c", **settings)
    assert refusal == ("InvalidParameterException", "Invalid range for token validity.")


def test_revoking_ends_one_sign_in(ada, tokens):
    other = ada.tokens("ada")
    renewed = ada.refresh(tokens["RefreshToken"])
    ada.api.revoke_token(ClientId=ada.client, Token=tokens["RefreshToken"])
    for token in (tokens["AccessToken"], renewed["AccessToken"]):
        assert get_user_refused(ada, token) == REVOKED
    refresh = {
        "ClientId": ada.client,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": tokens["RefreshToken"]},
    }
    assert ada.refused("initiate_auth", **refresh) == (
        "NotAuthorizedException",
        "Refresh Token has been revoked",
    )
    assert ada.api.get_user(AccessToken=other["AccessToken"])


def test_only_refresh_tokens_of_the_client_are_revoked(ada, tokens):
    code, _ = ada.refused("revoke_token", ClientId=ada.client, Token=tokens["AccessToken"])
    assert code == "UnsupportedTokenTypeException"
    ada.api.revoke_token(ClientId=ada.make_client()["ClientId"], Token=tokens["RefreshToken"])
    assert ada.refresh(tokens["RefreshToken"])


def test_a_client_with_a_secret_shows_it_to_revoke(ada):
    client = ada.make_client(GenerateSecret=True)
    request = {"ClientId": client["ClientId"], "Token": "a.b.c.d.e"}
    assert ada.refused("revoke_token", **request)[0] == "UnauthorizedException"
    ada.api.revoke_token(**request, ClientSecret=client["ClientSecret"])


def test_signing_out_everywhere_ends_all_sign_ins(ada, tokens):
    other = ada.tokens("ada")
    ada.api.global_sign_out(AccessToken=tokens["AccessToken"])
    for ended in (tokens, other):
        assert get_user_refused(ada, ended["AccessToken"]) == REVOKED
    assert ada.tokens("ada")["AccessToken"]
    third = ada.tokens("ada")
    ada.api.admin_user_global_sign_out(UserPoolId=ada.pool, Username="ada")
    assert get_user_refused(ada, third["AccessToken"]) == REVOKED


def test_without_revocation_tokens_have_no_ids_but_sign_out_works(ada):
    ada.client = ada.make_client(EnableTokenRevocation=False)["ClientId"]
    tokens = ada.tokens("ada")
    for name in ("IdToken", "AccessToken"):
        assert not {"jti", "origin_jti"} & set(ada.claims(tokens[name]))
    code, _ = ada.refused("revoke_token", ClientId=ada.client, Token=tokens["RefreshToken"])
    assert code == "UnsupportedOperationException"
    ada.api.global_sign_out(AccessToken=tokens["AccessToken"])
    assert get_user_refused(ada, tokens["AccessToken"]) == REVOKED


def test_a_deleted_user_is_gone_even_when_made_again(ada, tokens):
    ada.api.delete_user(AccessToken=tokens["AccessToken"])
    gone = ("UserNotFoundException", "User does not exist.")
    assert get_user_refused(ada, tokens["AccessToken"]) == gone
    ada.confirmed("ada", "ada@example.com")
    assert get_user_refused(ada, tokens["AccessToken"]) == gone


def test_a_deleted_clients_tokens_are_invalid(ada, tokens):
    ada.api.delete_user_pool_client(UserPoolId=ada.pool, ClientId=ada.client)
    assert get_user_refused(ada, tokens["AccessToken"]) == INVALID


def test_groups_and_roles_are_claimed(ada):
    for name, precedence in (("later", 5), ("first", 1)):
        ada.api.create_group(
            UserPoolId=ada.pool,
            GroupName=name,
            Precedence=precedence,
            RoleArn=f"arn:aws:iam::000000000000:role/{name}",
        )
        ada.api.admin_add_user_to_group(UserPoolId=ada.pool, Username="ada", GroupName=name)
    identity = ada.claims(ada.tokens("ada")["IdToken"])
    assert identity["cognito:groups"] == ["first", "later"]
    assert identity["cognito:preferred_role"].endswith("/first")
    assert len(identity["cognito:roles"]) == 2


def test_a_client_reads_what_it_may(world):
    world.make_pool(Schema=[{"Name": "plan", "AttributeDataType": "String"}])
    world.confirmed("ada", "ada@example.com", custom__plan="pro", given_name="Ada")
    everything = world.claims(world.tokens("ada")["IdToken"])
    assert (everything["custom:plan"], everything["given_name"]) == ("pro", "Ada")
    world.client = world.make_client(ReadAttributes=["email"])["ClientId"]
    tokens = world.tokens("ada")
    identity = world.claims(tokens["IdToken"])
    assert "email" in identity
    assert not {"custom:plan", "given_name", "email_verified"} & set(identity)
    shown = world.api.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"]
    assert [entry["Name"] for entry in shown] == ["sub", "email"]


def test_nothing_secret_is_stored_in_clear(ada, tokens):
    ada.make_client(GenerateSecret=True)
    rows = ada.store.read("SELECT value FROM items WHERE collection <> ?", ("cognito-idp.mailbox",))
    stored = b"".join(row[0] for row in rows)
    assert ada.password.encode() not in stored
    assert tokens["RefreshToken"].encode() not in stored
    assert tokens["AccessToken"].encode() not in stored
    ada.sign_up("eve", "eve@example.com")
    rows = ada.store.read("SELECT value FROM items WHERE collection = ?", ("cognito-idp.codes",))
    assert ada.mail("eve@example.com").code.encode() not in rows[0][0]
