"""Identity providers: what a configuration must have, and how it is kept and found."""

import pytest

OIDC = {
    "client_id": "client",
    "client_secret": "secret",
    "authorize_scopes": "openid email",
    "oidc_issuer": "https://id.example.com",
    "attributes_request_method": "GET",
}
SOCIAL = {"client_id": "client", "client_secret": "secret", "authorize_scopes": "email"}
APPLE = {"client_id": "c", "team_id": "t", "key_id": "k", "private_key": "p", "authorize_scopes": "email"}


@pytest.fixture
def pool(world):
    return world.make_pool()


def create(world, pool, name="Example", kind="OIDC", details=OIDC, **params):
    return world.api.create_identity_provider(
        UserPoolId=pool, ProviderName=name, ProviderType=kind, ProviderDetails=details, **params
    )["IdentityProvider"]


def refused(world, pool, name, kind, details, **params):
    return world.refused(
        "create_identity_provider",
        UserPoolId=pool,
        ProviderName=name,
        ProviderType=kind,
        ProviderDetails=details,
        **params,
    )


def test_an_oidc_provider_is_kept_as_it_was_given(world, pool):
    mapping = {"email": "email", "username": "sub"}
    provider = create(world, pool, AttributeMapping=mapping, IdpIdentifiers=["example.com"])
    assert provider["ProviderDetails"] == {**OIDC, "attributes_url_add_attributes": "false"}
    assert provider["AttributeMapping"] == mapping and provider["IdpIdentifiers"] == ["example.com"]
    described = world.api.describe_identity_provider(UserPoolId=pool, ProviderName="Example")
    assert described["IdentityProvider"] == provider
    found = world.api.get_identity_provider_by_identifier(UserPoolId=pool, IdpIdentifier="example.com")
    assert found["IdentityProvider"] == provider


def test_a_provider_is_found_by_name_and_by_identifier(world, pool):
    create(world, pool, IdpIdentifiers=["example.com"])
    known = world.cognito._directory.pool_anywhere(pool)
    providers = world.cognito._parts.providers
    provider = providers.named(known, "Example")
    assert provider.type == "OIDC" and provider.details["oidc_issuer"] == "https://id.example.com"
    assert providers.identified(known, "example.com") == provider
    assert providers.named(known, "Other") is None and providers.identified(known, "other") is None
    assert providers.of(known) == [provider]


@pytest.mark.parametrize("kind", ["Google", "Facebook", "LoginWithAmazon", "SignInWithApple"])
def test_social_providers_get_their_endpoints(world, pool, kind):
    given = APPLE if kind == "SignInWithApple" else SOCIAL
    details = create(world, pool, kind, kind, given)["ProviderDetails"]
    assert details.items() >= given.items()
    assert details["authorize_url"].startswith("https://") and details["token_url"].startswith("https://")


@pytest.mark.parametrize(
    ("name", "kind", "details", "message"),
    [
        ("Mine", "Google", SOCIAL, "Provider Mine cannot be of type Google."),
        (
            "Google",
            "Google",
            {"client_id": "c"},
            "clientId, clientSecret and authorizeScopes are all required idp details.",
        ),
        (
            "SignInWithApple",
            "SignInWithApple",
            {"client_id": "c"},
            "clientId, privateKey, teamId, and keyId are all required idp details.",
        ),
        (
            "Example",
            "OIDC",
            {key: value for key, value in OIDC.items() if key != "oidc_issuer"},
            "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details.",
        ),
        (
            "Example",
            "OIDC",
            {**OIDC, "oidc_issuer": "http://id.example.com"},
            "OIDC endpoint must start with https://",
        ),
        (
            "Example",
            "OIDC",
            {**OIDC, "oidc_issuer": "https://[id.example.com"},
            "OIDC endpoint must start with https://",
        ),
        (
            "Corp",
            "SAML",
            {"IDPSignout": "true"},
            "At least one of the MetadataURL or MetadataFile should be provided.",
        ),
        (
            "Corp",
            "SAML",
            {"MetadataURL": "https://idp.example.com/metadata", "MetadataFile": "<xml/>"},
            "Only one of the MetadataURL or MetadataFile should be provided.",
        ),
    ],
)
def test_incomplete_details_are_refused(world, pool, name, kind, details, message):
    assert refused(world, pool, name, kind, details) == ("InvalidParameterException", message)


def test_the_method_of_an_oidc_provider_is_get_or_post(world, pool):
    details = {**OIDC, "attributes_request_method": "PUT"}
    code, text = refused(world, pool, "Example", "OIDC", details)
    assert code == "InvalidParameterException"
    assert text.endswith("Member must satisfy enum value set: [POST, GET]")


def test_a_local_pool_may_be_the_issuer(world, pool):
    issuer = f"http://localhost:4566/{pool}"
    details = create(world, pool, details={**OIDC, "oidc_issuer": issuer})["ProviderDetails"]
    assert details["oidc_issuer"] == issuer


def test_names_and_identifiers_are_given_once(world, pool):
    create(world, pool, IdpIdentifiers=["example.com"])
    code, _ = refused(world, pool, "Example", "OIDC", OIDC)
    assert code == "DuplicateProviderException"
    code, _ = refused(world, pool, "Another", "OIDC", OIDC, IdpIdentifiers=["example.com"])
    assert code == "DuplicateProviderException"


def test_only_attributes_of_the_pool_can_be_mapped(world, pool):
    code, text = refused(world, pool, "Example", "OIDC", OIDC, AttributeMapping={"custom:nothing": "x"})
    assert code == "InvalidParameterException" and "custom:nothing" in text
    assert refused(world, pool, "Example", "OIDC", OIDC, AttributeMapping={"sub": "sub"})[0] == code


def test_an_update_keeps_what_is_not_given(world, pool):
    create(world, pool, AttributeMapping={"email": "email"})
    changed = {**OIDC, "client_id": "changed"}
    world.api.update_identity_provider(UserPoolId=pool, ProviderName="Example", ProviderDetails=changed)
    provider = world.api.update_identity_provider(
        UserPoolId=pool, ProviderName="Example", IdpIdentifiers=["example.com"]
    )["IdentityProvider"]
    assert provider["ProviderDetails"]["client_id"] == "changed"
    assert provider["AttributeMapping"] == {"email": "email"}
    assert provider["IdpIdentifiers"] == ["example.com"]
    code, _ = world.refused(
        "update_identity_provider",
        UserPoolId=pool,
        ProviderName="Example",
        ProviderDetails={"client_id": "x"},
    )
    assert code == "InvalidParameterException"


def test_providers_are_listed_and_deleted(world, pool):
    create(world, pool, "Google", "Google", SOCIAL)
    create(world, pool)
    listed = world.api.list_identity_providers(UserPoolId=pool)["Providers"]
    assert [(entry["ProviderName"], entry["ProviderType"]) for entry in listed] == [
        ("Example", "OIDC"),
        ("Google", "Google"),
    ]
    world.api.delete_identity_provider(UserPoolId=pool, ProviderName="Google")
    missing = ("ResourceNotFoundException", "Identity provider Google does not exist.")
    named = {"UserPoolId": pool, "ProviderName": "Google"}
    assert world.refused("describe_identity_provider", **named) == missing
    assert world.refused("delete_identity_provider", **named) == missing
    code, _ = world.refused("get_identity_provider_by_identifier", UserPoolId=pool, IdpIdentifier="x")
    assert code == "ResourceNotFoundException"
