"""App clients: which settings go together, and which AWS refuses."""

import pytest

CODE = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "CallbackURLs": ["https://example.com/back"],
}
PINPOINT = "arn:aws:mobiletargeting:us-east-1:000000000000:apps/abcdef"


@pytest.fixture
def pool(world):
    world.make_pool()
    world.api.create_resource_server(
        UserPoolId=world.pool,
        Identifier="photos",
        Name="photos",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}],
    )
    return world.pool


def refused(world, **settings):
    return world.refused("create_user_pool_client", UserPoolId=world.pool, ClientName="web", **settings)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/back?a=b",
        "http://localhost:3000/back",
        "http://127.0.0.1/back",
        "http://[::1]:8080/",
        "myapp://callback",
        "com.example.app:/callback",
    ],
)
def test_places_to_go_back_to(world, pool, url):
    made = world.make_client(
        **{**CODE, "CallbackURLs": [url], "LogoutURLs": [url], "DefaultRedirectURI": url}
    )
    assert (made["CallbackURLs"], made["DefaultRedirectURI"]) == ([url], url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.com/back", "http://example.com/back cannot use the HTTP protocol."),
        ("http://localhost.com/", "http://localhost.com/ cannot use the HTTP protocol."),
        ("https://example.com/#here", "https://example.com/#here cannot contain a fragment."),
        ("/back", "/back is not a valid URL."),
        ("https:///back", "https:///back is not a valid URL."),
        ("https://[1/", "https://[1/ is not a valid URL."),
        ("javascript:alert(1)", "javascript:alert(1) is not a valid URL."),
    ],
)
@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
def test_places_that_are_refused(world, pool, member, url, message):
    settings = {**CODE, member: [url]}
    assert refused(world, **settings) == ("InvalidParameterException", message)


def test_the_default_place_is_one_of_the_list(world, pool):
    assert refused(world, **CODE, DefaultRedirectURI="https://example.com/other") == (
        "InvalidParameterException",
        "The default redirect URI https://example.com/other is not in the callback URIs list.",
    )


REQUIRED = (
    "InvalidParameterException",
    "AllowedOAuthFlows and AllowedOAuthScopes are required "
    "if user pool client is allowed to use OAuth flows.",
)


@pytest.mark.parametrize(
    ("missing", "refusal"),
    [
        ("AllowedOAuthFlows", REQUIRED),
        ("AllowedOAuthScopes", REQUIRED),
        (
            "CallbackURLs",
            (
                "InvalidOAuthFlowException",
                "CallbackUrls can not be empty when code flow or implicit flow is selected",
            ),
        ),
    ],
)
def test_a_client_for_the_hosted_ui_is_complete(world, pool, missing, refusal):
    settings = {key: value for key, value in CODE.items() if key != missing}
    assert refused(world, **settings) == refusal


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"AllowedOAuthFlows": ["client_credentials", "code"], "GenerateSecret": True},
            "client_credentials flow can not be selected along with code flow or implicit flow.",
        ),
        (
            {"AllowedOAuthFlows": ["client_credentials"]},
            "client_credentials flow can not be selected if client does not have a client secret.",
        ),
        (
            {"AllowedOAuthFlows": ["client_credentials"], "GenerateSecret": True},
            "openid is not supported with client_credentials flow",
        ),
    ],
)
def test_machines_have_clients_of_their_own(world, pool, settings, message):
    assert refused(world, **{**CODE, **settings}) == ("InvalidOAuthFlowException", message)


def test_a_machine_gets_scopes_of_resource_servers(world, pool):
    machine = {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["photos/read"],
        "GenerateSecret": True,
    }
    made = world.make_client(**machine)
    assert made["AllowedOAuthScopes"] == ["photos/read"]
    named = {"UserPoolId": world.pool, "ClientId": made["ClientId"]}
    del machine["GenerateSecret"]
    world.api.update_user_pool_client(**named, **machine)
    missing = {**machine, "AllowedOAuthScopes": ["photos/write"]}
    assert world.refused("update_user_pool_client", **named, **missing) == (
        "ScopeDoesNotExistException",
        "Invalid scope requested: photos/write",
    )


def test_providers_of_a_client_exist(world, pool):
    settings = {"SupportedIdentityProviders": ["COGNITO", "Google"]}
    assert refused(world, **settings) == (
        "InvalidParameterException",
        f"The provider Google does not exist for User Pool {world.pool}.",
    )
    world.api.create_identity_provider(
        UserPoolId=world.pool,
        ProviderName="Google",
        ProviderType="Google",
        ProviderDetails={"client_id": "c", "client_secret": "s", "authorize_scopes": "email"},
    )
    assert world.make_client(**settings)["SupportedIdentityProviders"] == ["COGNITO", "Google"]


def test_flows_are_named_in_one_way(world, pool):
    assert refused(world, ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", "USER_PASSWORD_AUTH"]) == (
        "InvalidParameterException",
        "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.",
    )
    code, text = refused(world, ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_DELEGATION"])
    assert code == "NotImplemented" and "ALLOW_TOKEN_EXCHANGE_DELEGATION" in text


def test_refresh_tokens_rotate_only_without_refresh_token_auth(world, pool):
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60}
    made = world.make_client(RefreshTokenRotation=rotation, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    assert made["RefreshTokenRotation"] == rotation
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    code, text = refused(world, RefreshTokenRotation=rotation, ExplicitAuthFlows=flows)
    assert code == "InvalidParameterException" and "ALLOW_REFRESH_TOKEN_AUTH" in text
    rotation["RetryGracePeriodSeconds"] = 61
    code, text = refused(world, RefreshTokenRotation=rotation)
    assert code == "InvalidParameterException" and "less than or equal to 60" in text


@pytest.mark.parametrize(
    "analytics",
    [
        {"ApplicationId": "abcdef"},
        {"ApplicationArn": PINPOINT, "ExternalId": "x"},
        {"UserDataShared": True},
    ],
)
def test_analytics_are_by_arn_or_by_id_and_role(world, pool, analytics):
    code, text = refused(world, AnalyticsConfiguration=analytics)
    assert code == "InvalidParameterException" and text.startswith("Invalid analytics configuration given")


def test_a_client_with_analytics(world, pool):
    assert world.make_client(AnalyticsConfiguration={"ApplicationArn": PINPOINT})["AnalyticsConfiguration"]


@pytest.mark.parametrize(
    ("token", "value", "unit"),
    [("AccessToken", 4, "minutes"), ("IdToken", 2, "days"), ("RefreshToken", 59, "minutes")],
)
def test_tokens_live_within_bounds(world, pool, token, value, unit):
    settings = {f"{token}Validity": value, "TokenValidityUnits": {token: unit}}
    assert refused(world, **settings) == (
        "InvalidParameterException",
        "Invalid range for token validity.",
    )
