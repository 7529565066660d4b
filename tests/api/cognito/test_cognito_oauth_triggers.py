"""Triggers where the hosted UI alone asks them: what they refuse is told to the app, and whom providers bring."""

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.trigger_world import PASSWORD, TriggerWorld

CALLBACK = "http://localhost:5173/callback"
OAUTH: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email"],
    "SupportedIdentityProviders": ["COGNITO"],
}


def signed_in(browser: httpx.Client, client: str, **query: str) -> dict[str, str]:
    """What the app is told, once somebody has signed in wherever the redirects lead."""
    asked = {"client_id": client, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid email"}
    answer = browser.get("/oauth2/authorize", params={**asked, **query})
    while not (answer.has_redirect_location and answer.headers["location"].startswith(CALLBACK)):
        if answer.has_redirect_location:
            answer = browser.get(answer.headers["location"])
            continue
        form = re.search(r'(?s)<form method="post" action="([^"]+)">(.*?)</form>', answer.text)
        assert form, answer.text
        hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]))
        sent = {**hidden, "username": "ada", "password": PASSWORD}
        answer = browser.post(html.unescape(form[1]), data=sent)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def add_domain(triggers: TriggerWorld) -> None:
    triggers.api.create_user_pool_domain(UserPoolId=triggers.pool, Domain=triggers.pool[-9:].lower())


def test_what_pre_token_generation_refuses_is_told_at_the_redirect(triggers: TriggerWorld) -> None:
    triggers.make("raise ValueError('not today')", "PreTokenGeneration")
    triggers.add("ada", "ada@example.com")
    add_domain(triggers)
    client = triggers.make_client(**OAUTH, CallbackURLs=[CALLBACK])
    with httpx.Client(base_url=triggers.dew.aws_url, timeout=60) as browser:
        told = signed_in(browser, client, state="s")
    assert told == {
        "error_description": "PreTokenGeneration failed with error not today.",
        "state": "s",
        "error": "invalid_request",
    }


def test_whom_a_provider_brings_is_asked_about_as_aws_does(triggers: TriggerWorld) -> None:
    triggers.make("", "PreSignUp")
    staff, address = triggers.pool, triggers.dew.aws_url
    triggers.add("ada", "ada@example.com")
    add_domain(triggers)
    back = f"{address}/oauth2/idpresponse"
    staff_client = triggers.make_client(**OAUTH, CallbackURLs=[back])
    triggers.make("", "PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication")
    add_domain(triggers)
    triggers.api.create_identity_provider(
        UserPoolId=triggers.pool,
        ProviderName="Staff",
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": staff_client,
            "oidc_issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{staff}",
            "authorize_scopes": "openid email",
            "attributes_request_method": "GET",
        },
        AttributeMapping={"email": "email"},
    )
    client = triggers.make_client(
        **{**OAUTH, "SupportedIdentityProviders": ["Staff"]}, CallbackURLs=[CALLBACK]
    )
    with httpx.Client(base_url=address, timeout=60) as browser:
        assert "code" in signed_in(browser, client)
        assert triggers.sources == ["PreSignUp_ExternalProvider", "PostConfirmation_ConfirmSignUp"]
        assert triggers.events[0]["request"]["userAttributes"]["email"] == "ada@example.com"
        assert triggers.events[0]["userName"].startswith("Staff_")
        assert "code" in signed_in(browser, client, prompt="login")
    assert triggers.sources[2:] == ["PreAuthentication_Authentication", "PostAuthentication_Authentication"]
