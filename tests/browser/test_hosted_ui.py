"""The hosted UI in a real browser, at a desk and on a phone: by what is written on it, and by keyboard alone."""

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from dewstack.cognito.signin import totp
from dewstack.testing import Dew, start
from tests.browser.application import served
from tests.e2e.clients.people import OAUTH, PASSWORD, Pool

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NEW = "Another-Horse-2"
_number = itertools.count(1)


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def callback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where people come back to: an empty page of an application."""
    directory = tmp_path_factory.mktemp("application")
    (directory / "callback.html").write_text("<!doctype html><title>An application</title>")
    with served(directory) as url:
        yield f"{url}/callback.html"


@dataclass(frozen=True)
class App:
    """An application that sends people to the hosted UI."""

    dew: Dew
    pool: Pool
    client: str
    host: str
    callback: str

    def url(self, path: str = "/oauth2/authorize", **changes: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.callback,
            "scope": "openid email",
            "state": "s",
            **changes,
        }
        return f"{self.host}{path}?{urlencode(query)}"

    def code_sent_to(self, address: str) -> str:
        messages = httpx.get(f"{self.dew.aws_url}/_dew/mail", params={"to": address}).json()["messages"]
        return str(messages[-1]["code"])

    def tokens(self, page: Page) -> dict[str, str]:
        """Where the browser came back to, changed for tokens."""
        page.wait_for_url(f"{self.callback}?**")
        told = parse_qs(urlsplit(page.url).query)
        assert told["state"] == ["s"]
        form = {
            "grant_type": "authorization_code",
            "code": told["code"][0],
            "client_id": self.client,
            "redirect_uri": self.callback,
        }
        answer = httpx.post(f"{self.dew.aws_url}/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def make_app(dew: Dew, prefix: str, callback: str) -> App:
    pool = Pool.made(dew)
    pool.admin.create_user_pool_domain(UserPoolId=pool.id, Domain=prefix)
    port = urlsplit(dew.aws_url).port
    client = pool.client(**{**OAUTH, "CallbackURLs": [callback]})
    return App(dew, pool, client.id, f"http://{prefix}.auth.localhost:{port}", callback)


@pytest.fixture(scope="module")
def app(dew: Dew, callback: str) -> App:
    return make_app(dew, "people", callback)


def somebody() -> str:
    return f"lin{os.getpid()}n{next(_number)}"


def fits(page: Page) -> None:
    """Nothing is wider than the window, and no control smaller than a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for control in page.locator("button, a.button, input:not([type=hidden]):not([type=radio])").all():
        box = control.bounding_box()
        assert box is not None and box["height"] >= 44


def test_sign_up_to_tokens(app: App, page: Page) -> None:
    name = somebody()
    page.goto(app.url())
    fits(page)
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_label("Password, again").fill(NEW)
    fits(page)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Confirm your account")).to_be_visible()
    fits(page)
    page.get_by_label("Verification code").fill(app.code_sent_to(f"{name}@example.com"))
    page.get_by_role("button", name="Confirm account").click()
    assert set(app.tokens(page)) >= {"id_token", "access_token", "refresh_token"}


def test_a_wrong_password_is_told_and_can_be_mended(app: App, page: Page) -> None:
    name = app.pool.user()
    page.goto(app.url())
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill("Wrong-Horse-1")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Incorrect username or password.")
    fits(page)
    expect(page.get_by_label("Username")).to_have_value(name)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert app.tokens(page)["id_token"]


def test_a_weak_password_is_told_at_its_field(app: App, page: Page) -> None:
    page.goto(app.url("/signup"))
    page.get_by_label("Username").fill(somebody())
    page.get_by_label("E-mail address").fill("lin@example.com")
    page.get_by_label("Password", exact=True).fill("onlyletters")
    page.get_by_label("Password, again").fill("onlyletters")
    page.get_by_role("button", name="Sign up").click()
    field = page.get_by_label("Password", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("Password must have .*At least", re.DOTALL))
    expect(field).to_be_focused()
    fits(page)


def test_signing_in_by_keyboard_alone(app: App, page: Page) -> None:
    name = app.pool.user()
    page.goto(app.url())
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    assert app.tokens(page)["id_token"]
    page.goto(app.url("/login"))
    page.keyboard.press("Tab")
    for _ in range(6):
        if page.evaluate("document.activeElement.textContent").startswith("Continue as"):
            break
        page.keyboard.press("Tab")
    fits(page)
    page.keyboard.press("Enter")
    assert app.tokens(page)["id_token"]


def test_an_authenticator_app_is_set_up_and_used(dew: Dew, callback: str, page: Page) -> None:
    app = make_app(dew, f"factors{next(_number)}", callback)
    app.pool.admin.set_user_pool_mfa_config(
        UserPoolId=app.pool.id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    page.goto(app.url())
    page.get_by_label("Username").fill(app.pool.user())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("img", name="QR code for an authenticator app")).to_be_visible()
    fits(page)
    secret = page.locator("code").inner_text()
    now = httpx.get(f"{dew.aws_url}/_dew/clock").json()["time"]
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Code", exact=True).fill(totp.code(secret, totp.step_at(now)))
    page.get_by_role("button", name="Continue").click()
    assert app.tokens(page)["id_token"]


def test_a_forgotten_password_is_replaced(app: App, page: Page) -> None:
    name = app.pool.user()
    page.goto(app.url())
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Username").fill(name)
    fits(page)
    page.get_by_role("button", name="Reset my password").click()
    page.get_by_label("Code", exact=True).fill(app.code_sent_to(f"{name}@example.com"))
    page.get_by_label("New password").fill(NEW)
    fits(page)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_contain_text("has been changed")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert app.tokens(page)["id_token"]


def test_another_pool_signs_people_in(dew: Dew, app: App, page: Page) -> None:
    shop = make_app(dew, f"shop{next(_number)}", app.callback)
    back = f"http://localhost:{urlsplit(dew.aws_url).port}/oauth2/idpresponse"
    staff = app.pool.client(**{**OAUTH, "CallbackURLs": [back]}, GenerateSecret=True)
    region = app.pool.id.partition("_")[0]
    shop.pool.admin.create_identity_provider(
        UserPoolId=shop.pool.id,
        ProviderName="Staff",
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": staff.id,
            "client_secret": staff.secret,
            "oidc_issuer": f"https://cognito-idp.{region}.amazonaws.com/{app.pool.id}",
            "authorize_scopes": "openid email",
            "attributes_request_method": "GET",
        },
        AttributeMapping={"email": "email"},
    )
    both = {"CallbackURLs": [app.callback], "SupportedIdentityProviders": ["COGNITO", "Staff"]}
    shop = replace(shop, client=shop.pool.client(**{**OAUTH, **both}).id)
    page.goto(shop.url())
    fits(page)
    page.get_by_role("link", name="Continue with Staff").click()
    page.get_by_label("Username").fill(app.pool.user())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert shop.tokens(page)["id_token"]


def test_an_error_page_says_what_to_change(app: App, page: Page) -> None:
    page.goto(app.url(redirect_uri="https://somewhere.example.com/"))
    expect(page.get_by_role("alert")).to_have_text("redirect_mismatch")
    expect(page.get_by_text(f"CallbackURLs: {app.callback}")).to_be_visible()
    fits(page)


def test_pages_follow_the_dark_mode(app: App, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(app.url())
    colours = page.evaluate(
        "[document.body, document.querySelector('.card')].map(e => getComputedStyle(e).backgroundColor)"
    )
    assert colours == ["rgb(12, 22, 24)", "rgb(19, 33, 36)"]
