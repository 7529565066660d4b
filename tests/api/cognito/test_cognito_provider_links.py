"""Users and their identities at identity providers."""

import json

import pytest

GOOGLE = {"client_id": "client", "client_secret": "secret", "authorize_scopes": "email"}


@pytest.fixture
def pool(world):
    pool = world.make_pool()
    for name in ("ada", "bob"):
        world.api.admin_create_user(UserPoolId=pool, Username=name)
    world.api.create_identity_provider(
        UserPoolId=pool, ProviderName="Google", ProviderType="Google", ProviderDetails=GOOGLE
    )
    return pool


def source(value="1234", provider="Google"):
    return {
        "ProviderName": provider,
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": value,
    }


def link(pool, name="ada", value="1234"):
    destination = {"ProviderName": "Cognito", "ProviderAttributeValue": name}
    return {"UserPoolId": pool, "DestinationUser": destination, "SourceUser": source(value)}


def identities(world, name):
    return json.loads(world.attributes(name).get("identities", "[]"))


def owner(world, pool, value="1234", **claims):
    found = world.cognito._parts.identities.signing_in(
        world.cognito._directory.pool_anywhere(pool), "Google", value, claims
    )
    return found and found.username


def test_a_linked_identity_leads_to_its_user(world, pool):
    world.api.admin_link_provider_for_user(**link(pool))
    (identity,) = identities(world, "ada")
    assert identity.pop("dateCreated") > 0
    assert identity == {
        "userId": "1234",
        "providerName": "Google",
        "providerType": "Google",
        "issuer": None,
        "primary": False,
    }
    assert owner(world, pool) == "ada" and owner(world, pool, "4321") is None


def test_identities_are_read_and_never_written(world, pool):
    world.api.admin_link_provider_for_user(**link(pool))
    listed = world.api.list_users(UserPoolId=pool, Filter='username = "ada"', AttributesToGet=["identities"])
    assert [entry["Name"] for entry in listed["Users"][0]["Attributes"]] == ["identities"]
    forged = [{"Name": "identities", "Value": "[]"}]
    for operation in ("admin_create_user", "admin_update_user_attributes"):
        name = "eve" if "create" in operation else "ada"
        code, _ = world.refused(operation, UserPoolId=pool, Username=name, UserAttributes=forged)
        assert code == "InvalidParameterException"
    code, _ = world.refused(
        "create_user_pool_client", UserPoolId=pool, ClientName="x", WriteAttributes=["identities"]
    )
    assert code == "InvalidParameterException"
    assert world.make_client(ReadAttributes=["identities"])["ReadAttributes"] == ["identities"]


def test_a_linked_user_may_have_to_choose_a_password(world, pool):
    world.api.admin_link_provider_for_user(**link(pool))
    world.api.admin_set_user_password(
        UserPoolId=pool, Username="ada", Password=world.password, Permanent=False
    )
    challenge = world.sign_in("ada")
    answered = world.api.respond_to_auth_challenge(
        ClientId=world.client,
        ChallengeName=challenge["ChallengeName"],
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": "Another-Horse-2"},
    )
    token = answered["AuthenticationResult"]["IdToken"]
    (identity,) = world.claims(token)["identities"]
    assert identity["userId"] == "1234" and identity["primary"] == "false"


def test_a_link_may_be_by_another_claim(world, pool):
    by_mail = {**link(pool), "SourceUser": {**source("ada@example.com"), "ProviderAttributeName": "email"}}
    world.api.admin_link_provider_for_user(**by_mail)
    assert owner(world, pool, "1", email="ada@example.com") == "ada"
    assert owner(world, pool, "1", email="bob@example.com") is None


def test_an_identity_belongs_to_one_user(world, pool):
    world.api.admin_link_provider_for_user(**link(pool))
    assert world.refused("admin_link_provider_for_user", **link(pool)) == (
        "InvalidParameterException",
        "SourceUser is already linked to DestinationUser",
    )
    code, text = world.refused("admin_link_provider_for_user", **link(pool, "bob"))
    assert code == "InvalidParameterException" and text.startswith("Merging is not currently supported")


def test_a_user_has_at_most_five(world, pool):
    for number in range(5):
        world.api.admin_link_provider_for_user(**link(pool, value=str(number)))
    assert world.refused("admin_link_provider_for_user", **link(pool))[0] == "LimitExceededException"
    assert len(identities(world, "ada")) == 5


def test_user_and_provider_have_to_exist(world, pool):
    assert world.refused("admin_link_provider_for_user", **link(pool, "nobody")) == (
        "UserNotFoundException",
        "User does not exist.",
    )
    unknown = {**link(pool), "SourceUser": source(provider="Facebook")}
    assert world.refused("admin_link_provider_for_user", **unknown)[0] == "ResourceNotFoundException"
    native = {**link(pool), "SourceUser": source(provider="Cognito")}
    assert world.refused("admin_link_provider_for_user", **native)[0] == "InvalidParameterException"


def test_a_link_ends(world, pool):
    world.api.admin_link_provider_for_user(**link(pool))
    world.api.admin_disable_provider_for_user(UserPoolId=pool, User=source())
    assert owner(world, pool) is None and "identities" not in world.attributes("ada")
    again = {"UserPoolId": pool, "User": source()}
    assert world.refused("admin_disable_provider_for_user", **again)[0] == "UserNotFoundException"
    world.api.admin_link_provider_for_user(**link(pool, "bob"))
    assert owner(world, pool) == "bob"


def test_a_link_goes_with_its_user(world, pool):
    world.api.admin_link_provider_for_user(**link(pool))
    world.api.admin_delete_user(UserPoolId=pool, Username="ada")
    assert owner(world, pool) is None
    assert world.store.read("SELECT key FROM items WHERE collection='cognito-idp.identities'", ()) == []
    world.api.admin_create_user(UserPoolId=pool, Username="ada")
    assert owner(world, pool) is None
    world.api.admin_link_provider_for_user(**link(pool, "bob"))
    assert owner(world, pool) == "bob"


def test_a_user_without_the_provider_cognito_has_no_password(world, pool):
    world.api.admin_set_user_password(
        UserPoolId=pool, Username="ada", Password=world.password, Permanent=True
    )
    assert "AuthenticationResult" in world.sign_in("ada")
    native = {**source("ada", "Cognito")}
    world.api.admin_disable_provider_for_user(UserPoolId=pool, User=native)
    assert world.sign_in_refused("ada")[0] == "NotAuthorizedException"
