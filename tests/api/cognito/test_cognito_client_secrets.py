"""Client secrets, and how one is replaced without a moment in which no secret is good."""

import pytest

from dewstack.cognito.clients.secret_hash import secret_hash


@pytest.fixture
def client(world):
    world.make_pool()
    made = world.make_client(GenerateSecret=True)
    world.client = made["ClientId"]
    name = world.api.admin_create_user(UserPoolId=world.pool, Username="ada")["User"]["Username"]
    world.api.admin_set_user_password(
        UserPoolId=world.pool, Username=name, Password=world.password, Permanent=True
    )
    return made


def named(world):
    return {"UserPoolId": world.pool, "ClientId": world.client}


def listed(world):
    return world.api.list_user_pool_client_secrets(**named(world))["ClientSecrets"]


def sign_in(world, secret):
    return world.sign_in("ada", SECRET_HASH=secret_hash(world.client, secret, "ada"))


def test_a_secret_is_replaced_while_both_are_good(world, client):
    first = listed(world)
    assert len(first) == 1 and first[0]["ClientSecretId"].startswith(f"{world.client}--")
    added = world.api.add_user_pool_client_secret(**named(world))["ClientSecretDescriptor"]
    for secret in (client["ClientSecret"], added["ClientSecretValue"]):
        assert "AuthenticationResult" in sign_in(world, secret)
    assert listed(world) == [
        first[0],
        {key: value for key, value in added.items() if key != "ClientSecretValue"},
    ]
    world.api.delete_user_pool_client_secret(ClientSecretId=first[0]["ClientSecretId"], **named(world))
    assert "AuthenticationResult" in sign_in(world, added["ClientSecretValue"])
    old = secret_hash(world.client, client["ClientSecret"], "ada")
    assert world.sign_in_refused("ada", SECRET_HASH=old) == (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {world.client}",
    )
    described = world.api.describe_user_pool_client(**named(world))["UserPoolClient"]
    assert described["ClientSecret"] == added["ClientSecretValue"]
    assert [secret["ClientSecretId"] for secret in listed(world)] == [added["ClientSecretId"]]


def test_a_refresh_token_is_revoked_with_either_secret(world, client):
    added = world.api.add_user_pool_client_secret(**named(world))["ClientSecretDescriptor"]
    for secret in (client["ClientSecret"], added["ClientSecretValue"]):
        token = sign_in(world, secret)["AuthenticationResult"]["RefreshToken"]
        world.api.revoke_token(Token=token, ClientId=world.client, ClientSecret=secret)
    code, _ = world.refused("revoke_token", Token=token, ClientId=world.client, ClientSecret="wrong" * 6)
    assert code == "UnauthorizedException"


def test_ones_own_secret_is_not_told(world, client):
    own = "A" * 30
    added = world.api.add_user_pool_client_secret(ClientSecret=own, **named(world))["ClientSecretDescriptor"]
    assert "ClientSecretValue" not in added
    assert "AuthenticationResult" in sign_in(world, own)
    rest = {"ClientSecretId": added["ClientSecretId"], **named(world)}
    world.api.delete_user_pool_client_secret(**rest)
    same = client["ClientSecret"]
    code, _ = world.refused("add_user_pool_client_secret", ClientSecret=same, **named(world))
    assert code == "InvalidParameterException"


def test_there_are_at_most_two_and_at_least_one(world, client):
    world.api.add_user_pool_client_secret(**named(world))
    assert world.refused("add_user_pool_client_secret", **named(world))[0] == "LimitExceededException"
    first, second = (secret["ClientSecretId"] for secret in listed(world))
    world.api.delete_user_pool_client_secret(ClientSecretId=first, **named(world))
    last = world.refused("delete_user_pool_client_secret", ClientSecretId=second, **named(world))
    assert last[0] == "InvalidParameterException"
    gone = world.refused("delete_user_pool_client_secret", ClientSecretId=first, **named(world))
    assert gone[0] == "ResourceNotFoundException"


def test_a_public_client_has_no_secrets(world):
    world.make_pool()
    assert listed(world) == []
    assert world.refused("add_user_pool_client_secret", **named(world))[0] == "InvalidParameterException"
