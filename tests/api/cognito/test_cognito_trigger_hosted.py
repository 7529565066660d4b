"""Triggers at the hosted UI and at the token endpoint: the same functions, the same words."""

import html
import re

import httpx
import pytest

from tests.trigger_world import PASSWORD, claims_of

CALLBACK = "http://localhost:5173/callback"
OAUTH = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email"],
    "CallbackURLs": [CALLBACK],
    "SupportedIdentityProviders": ["COGNITO"],
}


def version(number):
    return lambda arn: {"PreTokenGenerationConfig": {"LambdaVersion": f"V{number}_0", "LambdaArn": arn}}


@pytest.fixture
def browser(triggers):
    with httpx.Client(base_url=triggers.dew.aws_url, timeout=60) as client:
        yield client


def hosted(triggers):
    triggers.api.create_user_pool_domain(UserPoolId=triggers.pool, Domain=triggers.pool[-9:].lower())
    triggers.client = triggers.make_client(**OAUTH)


def form_of(browser, triggers, path):
    """The page's address and hidden fields."""
    query = {
        "client_id": triggers.client,
        "response_type": "code",
        "scope": "openid email",
        "redirect_uri": CALLBACK,
    }
    page = browser.get(path, params=query)
    action = html.unescape(re.search(r'<form method="post" action="([^"]+)"', page.text)[1])
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return action, {name: html.unescape(value) for name, value in hidden}


def test_the_hosted_ui_asks_the_same_triggers(triggers, browser):
    triggers.make("", "PreAuthentication", "PostAuthentication", config=version(2))
    triggers.add("ada", "ada@example.com")
    hosted(triggers)
    action, hidden = form_of(browser, triggers, "/login")
    answer = browser.post(action, data={**hidden, "username": "ada", "password": PASSWORD})
    assert answer.headers["location"].startswith(CALLBACK + "?code=")
    assert triggers.sources == [
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_HostedAuth",
    ]
    assert triggers.events[-1]["request"]["scopes"] == ["openid", "email"]


def test_the_hosted_ui_says_what_a_trigger_says(triggers, browser):
    triggers.make("raise ValueError('members only')", "PreSignUp")
    hosted(triggers)
    action, hidden = form_of(browser, triggers, "/signup")
    filled = {"username": "eve", "password": PASSWORD, "email": "eve@example.com"}
    page = browser.post(action, data={**hidden, **filled})
    assert "PreSignUp failed with error members only." in html.unescape(page.text)
    assert triggers.missing("eve")


def machine(triggers):
    """A client that gets tokens for itself: its id and secret."""
    triggers.api.create_user_pool_domain(UserPoolId=triggers.pool, Domain=triggers.pool[-9:].lower())
    triggers.api.create_resource_server(
        UserPoolId=triggers.pool,
        Identifier="orders",
        Name="orders",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "Read orders"}],
    )
    made = triggers.api.create_user_pool_client(
        UserPoolId=triggers.pool,
        ClientName="machine",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["orders/read"],
    )["UserPoolClient"]
    return made["ClientId"], made["ClientSecret"]


def test_version_three_changes_the_tokens_of_machines(triggers, browser):
    body = """
    claims = {"tenant": request["clientMetadata"]["tenant"]}
    details = {"accessTokenGeneration": {"claimsToAddOrOverride": claims, "scopesToAdd": ["orders/write"]}}
    response["claimsAndScopeOverrideDetails"] = details
    """
    triggers.make(body, config=version(3))
    auth = machine(triggers)
    form = {"grant_type": "client_credentials", "aws_client_metadata": '{"tenant": "blue"}'}
    claims = claims_of(browser.post("/oauth2/token", data=form, auth=auth).json()["access_token"])
    assert (claims["tenant"], claims["scope"]) == ("blue", "orders/read orders/write")
    event = triggers.event
    assert (event["version"], event["triggerSource"]) == ("3", "TokenGeneration_ClientCredentials")
    assert event["request"]["scopes"] == ["orders/read"]
    assert event["callerContext"]["clientId"] == auth[0] and "userName" not in event


@pytest.mark.parametrize("number", [1, 2])
def test_earlier_versions_are_not_asked_about_machines(triggers, browser, number):
    triggers.make("", config=version(number))
    auth = machine(triggers)
    answer = browser.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=auth)
    assert answer.status_code == 200 and triggers.events == []


def test_metadata_that_is_not_an_object_of_texts_is_refused(triggers, browser):
    triggers.make("", config=version(3))
    auth = machine(triggers)
    form = {"grant_type": "client_credentials", "aws_client_metadata": "[1]"}
    answer = browser.post("/oauth2/token", data=form, auth=auth)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
