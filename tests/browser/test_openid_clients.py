"""OpenID Connect clients off the shelf, and a Chromium on the hosted UI: the code flow with PKCE, from Node.js
(openid-client) and from Python (Authlib)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.sync_api import Browser, Page

from dewstack.testing import Dew, start
from tests.browser.application import served
from tests.e2e.clients.peer import Peer, install_modules, refused
from tests.e2e.clients.people import OAUTH, PASSWORD, AppClient, Pool

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@dataclass(frozen=True)
class Place:
    """A pool with a hosted UI, the issuer where clients find it, and the application that people come back to."""

    pool: Pool
    issuer: str
    home: str
    callback: str

    def client(self, **settings: Any) -> AppClient:
        """A client that may use the hosted UI."""
        addresses = {"CallbackURLs": [self.callback], "LogoutURLs": [self.home]}
        return self.pool.client(**{**OAUTH, **addresses, **settings})


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator that is its pools' issuer."""
    with start(issuer="local") as running:
        yield running


@pytest.fixture(scope="module")
def place(dew: Dew, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A pool with a domain."""
    pool = Pool.made(dew)
    pool.admin.create_user_pool_domain(UserPoolId=pool.id, Domain="people")
    application = tmp_path_factory.mktemp("application")
    for name in ("home.html", "callback.html"):
        (application / name).write_text("<!doctype html><title>An application</title>")
    with served(application) as url:
        issuer = f"{dew.aws_url.replace('127.0.0.1', 'localhost')}/{pool.id}"
        yield Place(pool, issuer, f"{url}/home.html", f"{url}/callback.html")


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Page]:
    """A window in a fresh profile."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def openid() -> Iterator[Peer]:
    """openid-client."""
    install_modules()
    peer = Peer("openid")
    yield peer
    peer.close()


def sign_in(place: Place, browser: Page, url: str, name: str) -> str:
    """Sign in where the client has sent the browser; the address that it comes back to."""
    browser.goto(url)
    browser.get_by_label("Username").fill(name)
    browser.get_by_label("Password", exact=True).fill(PASSWORD)
    browser.get_by_role("button", name="Sign in", exact=True).click()
    browser.wait_for_url(f"{place.callback}?**")
    return browser.url


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
def test_openid_client_signs_in_and_out(place: Place, openid: Peer, browser: Page, secret: bool) -> None:
    pool, client = place.pool, place.client(GenerateSecret=secret)
    name = pool.user(name="Ada")
    found = openid("discover", place.issuer, client.id, client.secret)
    assert found["issuer"] == place.issuer

    back = sign_in(place, browser, openid("begin", place.callback, "openid email profile"), name)
    tokens = openid("finish", back)
    assert tokens["claims"]["cognito:username"] == name
    told = openid("userInfo", tokens["access_token"], tokens["claims"]["sub"])
    assert told["email"] == f"{name}@example.com" and told["name"] == "Ada"

    renewed = openid("refresh", tokens["refresh_token"])
    assert renewed["access_token"] != tokens["access_token"]
    assert renewed["claims"]["sub"] == tokens["claims"]["sub"]
    openid("revoke", tokens["refresh_token"])
    with refused("invalid_grant"):
        openid("refresh", tokens["refresh_token"])

    # The hosted UI remembers who was there; after signing out it asks again.
    again = openid("begin", place.callback, "openid")
    browser.goto(again)
    browser.wait_for_url(f"{place.callback}?**")
    assert openid("finish", browser.url)["claims"]["sub"] == tokens["claims"]["sub"]
    browser.goto(openid("signOut", {"client_id": client.id, "logout_uri": place.home}))
    browser.wait_for_url(place.home)
    again = openid("begin", place.callback, "openid")
    assert openid("finish", sign_in(place, browser, again, name))["claims"]["sub"] == tokens["claims"]["sub"]


def test_a_code_is_good_for_once(place: Place, openid: Peer, browser: Page) -> None:
    client = place.client()
    openid("discover", place.issuer, client.id, "")
    back = sign_in(place, browser, openid("begin", place.callback, "openid"), place.pool.user())
    assert openid("finish", back)["access_token"]
    with refused("invalid_grant"):
        openid("finish", back)


def test_another_verifier_does_not_get_the_tokens(place: Place, openid: Peer, browser: Page) -> None:
    client = place.client()
    openid("discover", place.issuer, client.id, "")
    back = sign_in(place, browser, openid("begin", place.callback, "openid"), place.pool.user())
    code = parse_qs(urlsplit(back).query)["code"][0]
    state = parse_qs(urlsplit(openid("begin", place.callback, "openid")).query)["state"][0]
    with refused("invalid_grant"):
        openid("finish", f"{place.callback}?code={code}&state={state}")


def test_openid_client_signs_a_machine_in(place: Place, openid: Peer) -> None:
    admin = place.pool.admin
    admin.create_resource_server(
        UserPoolId=place.pool.id,
        Identifier="https://shop.example.com",
        Name="shop",
        Scopes=[
            {"ScopeName": "read", "ScopeDescription": "see"},
            {"ScopeName": "write", "ScopeDescription": "do"},
        ],
    )
    scopes = ["https://shop.example.com/read", "https://shop.example.com/write"]
    client = place.pool.client(
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=scopes,
    )
    openid("discover", place.issuer, client.id, client.secret)
    tokens = openid("credentials", scopes[0])
    assert tokens["token_type"].lower() == "bearer" and "refresh_token" not in tokens
    claims = verified(place, tokens["access_token"])
    assert (claims["sub"], claims["scope"]) == (client.id, scopes[0])
    assert verified(place, openid("credentials", "")["access_token"])["scope"].split() == scopes
    openid("discover", place.issuer, client.id, "wrong")
    with refused("invalid_client"):
        openid("credentials", scopes[0])


def verified(place: Place, token: str) -> dict[str, Any]:
    """A token's claims, by the keys that the issuer publishes."""
    keys = KeySet.import_key_set(httpx.get(f"{place.issuer}/.well-known/jwks.json").json())
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
def test_authlib_signs_in(place: Place, browser: Page, method: str) -> None:
    client = place.client(GenerateSecret=method != "none")
    name = place.pool.user()
    found = httpx.get(f"{place.issuer}/.well-known/openid-configuration").json()
    with OAuth2Session(
        client.id,
        client.secret or None,
        scope="openid email",
        redirect_uri=place.callback,
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
    ) as authlib:
        verifier = "v" * 64
        url, state = authlib.create_authorization_url(
            found["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
        )
        back = sign_in(place, browser, url, name)
        token = authlib.fetch_token(
            found["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
        )
        claims = verified(place, token["id_token"])
        assert (claims["aud"], claims["nonce"], claims["iss"]) == (client.id, "n-1", place.issuer)
        told = authlib.get(found["userinfo_endpoint"]).json()
        assert told["email"] == f"{name}@example.com"
        renewed = authlib.refresh_token(found["token_endpoint"])
        assert renewed["access_token"] != token["access_token"]
        authlib.revoke_token(found["revocation_endpoint"], token=token["refresh_token"])
        with pytest.raises(Exception, match="invalid_grant"):
            authlib.refresh_token(found["token_endpoint"], refresh_token=token["refresh_token"])
