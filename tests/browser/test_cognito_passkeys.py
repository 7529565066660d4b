"""Passkeys in a real Chromium, with a virtual authenticator: what the browser makes is what a user pool takes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from dewstack.testing import Dew, start
from tests.browser.application import served
from tests.e2e.clients.people import Pool

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
REGISTER = """
async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}
"""
SIGN = """
async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options));
  return JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON());
}
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page of an application, in a browser with an authenticator."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Application</title>")
    with served(tmp_path) as url:
        context = chromium.new_context()
        page = context.new_page()
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto(url)
        yield page
        context.close()


def begin(pool: Pool, client: str, name: str) -> dict[str, Any]:
    parameters = {"USERNAME": name, "PREFERRED_CHALLENGE": "WEB_AUTHN"}
    answer: dict[str, Any] = pool.admin.initiate_auth(
        ClientId=client, AuthFlow="USER_AUTH", AuthParameters=parameters
    )
    return answer


def test_a_passkey_of_the_browser_signs_in(dew: Dew, page: Page) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    pool = Pool.made(dew, Policies=factors)
    passkeys = {"RelyingPartyId": "localhost", "UserVerification": "required"}
    pool.allow_mfa(MfaConfiguration="OFF", WebAuthnConfiguration=passkeys)
    name, client = pool.user(), pool.client().id
    token = pool.tokens(client, name)["AccessToken"]

    options = pool.admin.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    made = page.evaluate(REGISTER, options)
    pool.admin.complete_web_authn_registration(AccessToken=token, Credential=made)
    [listed] = pool.admin.list_web_authn_credentials(AccessToken=token)["Credentials"]
    assert listed["CredentialId"] == made["id"]
    assert listed["AuthenticatorTransports"] == ["internal"]

    for _ in range(2):
        asked = begin(pool, client, name)
        proof = page.evaluate(SIGN, asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        answer = pool.admin.respond_to_auth_challenge(
            ClientId=client,
            ChallengeName="WEB_AUTHN",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": name, "CREDENTIAL": proof},
        )
        assert answer["AuthenticationResult"]["AccessToken"]
    assert json.loads(proof)["id"] == made["id"]
