"""Signing in with an identity provider: another pool of the same emulator, and an OIDC server on this machine."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.api.cognito.conftest import World
from tests.api.cognito.oauth_world import CALLBACK, OAUTH, Answer, Browser, Site, make_site

RETURN = "http://localhost:4566/oauth2/idpresponse"
MAPPING = {"email": "email", "email_verified": "email_verified", "given_name": "given_name"}


@pytest.fixture
def staff(world: World) -> Site:
    """The pool that is the provider, with one user."""
    site = make_site(world, GenerateSecret=True, CallbackURLs=[RETURN, CALLBACK])
    world.client = site.client
    world.api.admin_create_user(
        UserPoolId=world.pool,
        Username="ada",
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": "ada@example.com"},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "given_name", "Value": "Ada"},
        ],
    )
    world.api.admin_set_user_password(
        UserPoolId=world.pool, Username="ada", Password=world.password, Permanent=True
    )
    return site


def make_shop(world: World, details: dict[str, str], *, own: bool = True, **settings: Any) -> Site:
    """A pool whose client lets people in by the provider Staff."""
    world.make_pool(**settings)
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="shop")
    world.api.create_identity_provider(
        UserPoolId=world.pool,
        ProviderName="Staff",
        ProviderType="OIDC",
        ProviderDetails={
            "authorize_scopes": "openid profile email",
            "attributes_request_method": "GET",
            **details,
        },
        AttributeMapping=MAPPING,
        IdpIdentifiers=["staff.example.com"],
    )
    providers = ["COGNITO", "Staff"] if own else ["Staff"]
    return make_site(world, SupportedIdentityProviders=providers)


@pytest.fixture
def shop(world: World, staff: Site) -> Site:
    """A pool that knows the other one as a provider, in the same browser."""
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{world.pool}"
    details = {"client_id": staff.client, "client_secret": staff.secret or "", "oidc_issuer": issuer}
    site = make_shop(world, details)
    site.browser = staff.browser
    return site


def through(site: Site, left: Answer, name: str = "ada") -> Answer:
    """From the provider's authorize endpoint, over its login page where it asks, back to the app."""
    answer = site.browser.go(left.location)
    if answer.location.startswith("/login?"):
        page = site.browser.go(answer.location)
        answer = site.browser.submit(page, username=name, password=site.world.password)
    assert answer.location.startswith(f"{RETURN}?code="), answer.location
    return site.browser.go(answer.location)


def test_another_pool_signs_people_in(shop: Site, world: World) -> None:
    left = shop.authorize(identity_provider="Staff")
    assert left.location.startswith("http://localhost:4566/oauth2/authorize?")
    back = through(shop, left)
    assert back.told["state"] == "s & 1"
    tokens = shop.exchange(back.told["code"]).json
    claims = world.claims(tokens["id_token"])
    name = claims["cognito:username"]
    assert name.startswith("Staff_") and claims["email"] == "ada@example.com" and claims["email_verified"]
    (identity,) = claims["identities"]
    assert identity["providerName"] == "Staff" and identity["providerType"] == "OIDC"
    assert identity["primary"] == "true" and name == f"Staff_{identity['userId']}"
    assert claims["cognito:groups"] == [f"{world.pool}_Staff"]
    assert world.status(name) == "EXTERNAL_PROVIDER"
    assert world.attributes(name)["given_name"] == "Ada"


def test_who_comes_again_is_the_same_user_brought_up_to_date(shop: Site, staff: Site, world: World) -> None:
    first = shop.exchange(through(shop, shop.authorize(identity_provider="Staff")).told["code"]).json
    provider = world.api.list_user_pools(MaxResults=10)["UserPools"]
    other = next(pool["Id"] for pool in provider if pool["Id"] != world.pool)
    world.api.admin_update_user_attributes(
        UserPoolId=other, Username="ada", UserAttributes=[{"Name": "given_name", "Value": "Countess"}]
    )
    left = shop.authorize(identity_provider="Staff", prompt="login")
    second = shop.exchange(through(shop, left).told["code"]).json
    assert world.claims(first["id_token"])["sub"] == world.claims(second["id_token"])["sub"]
    assert world.attributes(world.claims(second["id_token"])["cognito:username"])["given_name"] == "Countess"
    assert len(world.api.list_users(UserPoolId=world.pool)["Users"]) == 1


def test_a_provider_is_found_by_button_identifier_or_because_it_is_the_only_one(
    shop: Site, world: World
) -> None:
    page = shop.browser.go(shop.authorize().location)
    assert "Continue with Staff" in page.words and "identity_provider=Staff" in page.text
    by_identifier = shop.authorize(idp_identifier="staff.example.com")
    assert by_identifier.location.startswith("http://localhost:4566/oauth2/authorize?")
    only = make_site(world, SupportedIdentityProviders=["Staff"])
    assert only.authorize().location.startswith("http://localhost:4566/oauth2/authorize?")
    assert only.browser.go(only.authorize(identity_provider="Other").location).status == 400


def test_a_linked_user_signs_in_as_themselves(shop: Site, staff: Site, world: World) -> None:
    world.api.admin_create_user(UserPoolId=world.pool, Username="countess", MessageAction="SUPPRESS")
    world.api.admin_link_provider_for_user(
        UserPoolId=world.pool,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "countess"},
        SourceUser={
            "ProviderName": "Staff",
            "ProviderAttributeName": "email",
            "ProviderAttributeValue": "ada@example.com",
        },
    )
    tokens = shop.exchange(through(shop, shop.authorize(identity_provider="Staff")).told["code"]).json
    assert world.claims(tokens["id_token"])["cognito:username"] == "countess"


def test_a_state_is_good_for_the_browser_that_was_given_it(shop: Site, staff: Site) -> None:
    answer = shop.browser.go(shop.authorize(identity_provider="Staff").location)
    back = shop.browser.submit(
        shop.browser.go(answer.location), username="ada", password=shop.world.password
    ).location
    stranger = Browser(shop.world)
    assert stranger.go(back).location.startswith("/error?")
    assert "reason=state" in stranger.go(back).location
    query = dict(parse_qsl(urlsplit(back).query))
    for state in ("", "x.y", query["state"][:-4], query["state"].partition(".")[0]):
        assert (
            "reason=state" in shop.browser("GET", "/oauth2/idpresponse", {**query, "state": state}).location
        )
    assert shop.browser.go(back).location.startswith(f"{CALLBACK}?code=")
    assert shop.browser.go(back).told["error"] == "invalid_request"  # the provider's code is used up


def test_what_the_provider_refuses_goes_back_to_the_app(shop: Site) -> None:
    left = shop.authorize(identity_provider="Staff")
    state = dict(parse_qsl(urlsplit(left.location).query))["state"]
    back = shop.browser("GET", "/oauth2/idpresponse", {"state": state, "error": "access_denied"})
    assert back.told == {
        "error_description": "Staff Error - 400 - access_denied",
        "state": "s & 1",
        "error": "invalid_request",
    }


def test_a_disabled_user_stays_outside(shop: Site, world: World) -> None:
    through(shop, shop.authorize(identity_provider="Staff"))
    (user,) = world.api.list_users(UserPoolId=world.pool)["Users"]
    world.api.admin_disable_user(UserPoolId=world.pool, Username=user["Username"])
    back = through(shop, shop.authorize(identity_provider="Staff", prompt="login"))
    assert back.told["error_description"] == "User is disabled."


def test_required_attributes_must_come_from_the_provider(world: World, staff: Site) -> None:
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{world.pool}"
    details = {"client_id": staff.client, "client_secret": staff.secret or "", "oidc_issuer": issuer}
    shop = make_shop(world, details, Schema=[{"Name": "family_name", "Required": True, "Mutable": True}])
    shop.browser = staff.browser
    back = through(shop, shop.authorize(identity_provider="Staff"))
    assert "family_name: The attribute is required" in back.told["error_description"]


def test_saml_is_refused_by_name(world: World) -> None:
    site = make_site(world)
    world.api.create_identity_provider(
        UserPoolId=world.pool,
        ProviderName="Campus",
        ProviderType="SAML",
        ProviderDetails={"MetadataFile": "<EntityDescriptor/>"},
    )
    campus = make_site(world, SupportedIdentityProviders=["COGNITO", "Campus"])
    page = campus.authorize(identity_provider="Campus")
    assert page.status == 501 and "Campus, a SAML provider, is not emulated" in page.words
    assert site.authorize().status == 302


# an OIDC server that isn't ours


@dataclass
class Issuer:
    """A small OIDC server whose answers a test can bend."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k", "use": "sig"}))
    claims: dict[str, Any] = field(default_factory=dict)
    signer: RSAKey | None = None
    user: dict[str, Any] = field(default_factory=lambda: {"sub": "7", "email": "lin@example.com"})
    token_status: int = 200
    url: str = ""

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "userinfo_endpoint": f"{self.url}/user",
            }
        if path == "/keys":
            return 200, KeySet([self.key]).as_dict(private=False)
        if path == "/user":
            return 200, self.user
        if self.token_status != 200:
            return self.token_status, {"error": "invalid_client", "error_description": "who are you"}
        signer = self.signer or self.key
        token = jwt.encode({"alg": "RS256", "kid": "k"}, self.claims, signer)
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, document = issuer.answer(self.path)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield issuer
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def abroad(world: World, issuer: Issuer) -> Site:
    return make_shop(world, {"client_id": "shop", "client_secret": "s", "oidc_issuer": issuer.url})


def returned(site: Site, issuer: Issuer, **claims: Any) -> Answer:
    """Leave for the issuer, which signs the user in at once, and come back."""
    left = site.authorize(identity_provider="Staff").location
    assert left.startswith(f"{issuer.url}/authorize?")
    sent = dict(parse_qsl(urlsplit(left).query))
    now = int(site.world.clock.time())
    good = {"iss": issuer.url, "aud": "shop", "sub": "7", "exp": now + 60, "iat": now, "nonce": sent["nonce"]}
    issuer.claims = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return site.browser("GET", "/oauth2/idpresponse", {"code": "c", "state": sent["state"]})


def test_any_oidc_server_on_this_machine_will_do(abroad: Site, issuer: Issuer, world: World) -> None:
    tokens = abroad.exchange(returned(abroad, issuer).told["code"]).json
    claims = world.claims(tokens["id_token"])
    assert (claims["cognito:username"], claims["email"]) == ("Staff_7", "lin@example.com")
    assert claims["email_verified"] is False


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example.com"}, "another issuer"),
        ({"aud": "another"}, "another client"),
        ({"aud": ["shop", "x"], "azp": "x"}, "another client"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"nonce": "another"}, "another sign-in"),
        ({"nonce": None}, "another sign-in"),
        ({"sub": None}, "no sub"),
        ({"sub": "8"}, "another user"),
    ],
)
def test_a_bad_identity_token_lets_nobody_in(
    abroad: Site, issuer: Issuer, claims: dict[str, Any], why: str
) -> None:
    back = returned(abroad, issuer, **claims)
    assert back.told["error"] == "invalid_request" and why in back.told["error_description"]
    assert abroad.world.api.list_users(UserPoolId=abroad.world.pool)["Users"] == []


def test_a_forged_identity_token_lets_nobody_in(abroad: Site, issuer: Issuer) -> None:
    issuer.signer = RSAKey.generate_key(2048, {"kid": "k"})
    assert "signature" in returned(abroad, issuer).told["error_description"]


def test_a_provider_that_answers_an_error_is_quoted(abroad: Site, issuer: Issuer) -> None:
    issuer.token_status = 401
    told = returned(abroad, issuer).told["error_description"]
    assert told == "Staff Error - 401 - invalid_client who are you"


def test_a_provider_that_is_down_sends_people_back(world: World) -> None:
    site = make_shop(world, {"client_id": "shop", "oidc_issuer": "http://127.0.0.1:9"})
    told = site.authorize(identity_provider="Staff").told
    assert told["error"] == "invalid_request" and "could not be asked" in told["error_description"]


def test_people_may_come_by_a_client_that_has_no_users_of_its_own(abroad: Site, world: World) -> None:
    only = make_site(world, **{**OAUTH, "SupportedIdentityProviders": ["Staff"]})
    page = only.browser("GET", "/login", only.request())
    assert "Continue with Staff" in page.words and "Password" not in page.words


def test_who_is_at_the_pools_own_domain_leaves_from_the_address_that_the_provider_knows(shop: Site) -> None:
    there = Browser(shop.world, "shop.auth.localhost:4566")
    asked = shop.request(identity_provider="Staff")
    answer = there("GET", "/oauth2/authorize", asked)
    assert answer.location.startswith("http://localhost:4566/oauth2/authorize?")
    assert dict(parse_qsl(urlsplit(answer.location).query)) == asked
