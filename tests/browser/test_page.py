"""The page of the reference service, used as a person uses it: by what is written on it."""

import itertools
import os
import re
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Page, expect

from dewstack.testing import Dew

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PASSWORD = "Difference-1"
_number = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Gateway:
    """One of the two kinds of API Gateway, and what the page must say of a request through it."""

    name: str
    key: str
    stage: str
    payload: str
    authorizer: str
    request_id: str


HTTP = Gateway("HTTP API", "apiUrl", "", "2.0", "JWT authorizer", "apigw-requestid")
REST = Gateway("REST API", "restApiUrl", "/dev", "1.0", "User-pool authorizer", "x-amzn-requestid")


@pytest.fixture(params=[HTTP, REST], ids=["http", "rest"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    chosen: Gateway = request.param
    return chosen


def config(dew: Dew) -> dict[str, str]:
    """The addresses that the page is given."""
    addresses: dict[str, str] = httpx.get(f"{dew.frontend_url}/config.json").json()
    return addresses


def choose(page: Page, gateway: Gateway) -> None:
    page.get_by_role("radio", name=gateway.name).check()


def somebody_new() -> str:
    return f"grace.{os.getpid()}.{next(_number)}@example.com"


@pytest.fixture
def email(dew: Dew, page: Page, gateway: Gateway) -> str:
    """The address of somebody new, with the page open in front of them and a gateway chosen."""
    page.goto(dew.frontend_url)
    choose(page, gateway)
    return somebody_new()


def code(dew: Dew, email: str) -> str:
    """The newest code, from the mailbox whose address the page has."""
    return str(httpx.get(config(dew)["mailboxUrl"], params={"to": email}).json()["messages"][-1]["code"])


def press(page: Page, name: str) -> None:
    page.locator("#account").get_by_role("button", name=name, exact=True).click()


def fill(page: Page, **fields: str) -> None:
    """Fill in the form that is shown, by its labels."""
    labels = {"email": "E-mail address", "password": "Password", "new": "New password", "name": "Name"}
    for field, value in fields.items():
        label = labels.get(field, field.capitalize())
        page.locator("#account form:visible").get_by_label(re.compile(f"^{label}")).fill(value)


def heading(page: Page, text: str) -> None:
    expect(page.locator("#account").get_by_role("heading", name=text)).to_be_visible()


def notice(page: Page, text: str) -> None:
    expect(page.locator("#notice")).to_contain_text(text)


def journey(page: Page, *states: str) -> None:
    """How far the last request got: browser, API Gateway, Lambda, Cognito."""
    stops = page.locator("#journey li")
    for index, state in enumerate(states):
        expect(stops.nth(index)).to_have_attribute("data-state", state)


def become_member(page: Page, dew: Dew, email: str) -> None:
    """Register, confirm, log in."""
    fill(page, email=email, password=PASSWORD, name="Grace Hopper")
    press(page, "Create account")
    heading(page, "Confirm your address")
    fill(page, code=code(dew, email))
    press(page, "Confirm")
    heading(page, "Log in")
    fill(page, password=PASSWORD)
    press(page, "Log in")
    heading(page, "Grace Hopper")


def test_the_whole_flow(page: Page, dew: Dew, email: str) -> None:
    fill(page, email=email, password=PASSWORD, name="Grace Hopper")
    press(page, "Create account")
    heading(page, "Confirm your address")
    expect(page.locator("form:visible .lead")).to_contain_text("g***@e***")
    journey(page, "passed", "passed", "passed", "passed")

    page.goto(f"{dew.frontend_url}/#log-in")
    fill(page, email=email, password=PASSWORD)
    press(page, "Log in")
    heading(page, "Confirm your address")
    notice(page, "User is not confirmed.")
    press(page, "Send a new code")
    notice(page, "A new code is on its way")
    fill(page, code=code(dew, email))
    press(page, "Confirm")
    notice(page, "Your address is confirmed.")

    fill(page, password=PASSWORD)
    press(page, "Log in")
    heading(page, "Grace Hopper")
    expect(page.locator("#who")).to_have_text(email)
    expect(page.locator("#verified")).to_be_visible()
    expect(page.locator("#life-left")).to_have_text(re.compile(r"^(1:00:0\d|5\d:\d\d) left$"))
    expect(page.locator("#claims")).to_contain_text("aws.cognito.signin.user.admin")

    fill(page, name="Rear Admiral", city="Arlington")
    press(page, "Save")
    notice(page, "Your profile is saved.")
    page.get_by_role("tab", name="ID").click()
    expect(page.locator("#claims")).to_contain_text("Grace Hopper")
    press(page, "Get fresh ones")
    expect(page.locator("#claims")).to_contain_text("Arlington")
    expect(page.locator("#claims")).to_contain_text("Rear Admiral")

    page.reload()
    heading(page, "Rear Admiral")
    expect(page.get_by_label("City")).to_have_value("Arlington")

    press(page, "Log out")
    heading(page, "Log in")
    notice(page, "You are logged out.")
    assert "dewstack.session" not in page.evaluate("Object.keys(sessionStorage)")

    page.get_by_role("link", name="Forgot your password?").click()
    fill(page, email=email)
    press(page, "Send the code")
    heading(page, "Choose a new password")
    fill(page, code=code(dew, email), new="Difference-2")
    press(page, "Set the new password")
    notice(page, "Your password is changed.")
    fill(page, email=email, password="Difference-2")
    press(page, "Log in")
    heading(page, "Rear Admiral")
    press(page, "Log out everywhere")
    notice(page, "You are logged out.")


def test_errors_stand_at_their_field_and_the_journey_shows_where_it_ended(
    page: Page, dew: Dew, email: str
) -> None:
    press(page, "Create account")
    expect(page.get_by_role("alert")).to_have_text("E-mail address is required.")
    expect(page.locator("#su-email")).to_be_focused()

    fill(page, email="grace", password=PASSWORD)
    press(page, "Create account")
    expect(page.locator("#su-email")).to_have_attribute("aria-invalid", "true")
    journey(page, "passed", "passed", "stopped", "skipped")

    fill(page, email=email, password="Difference")
    press(page, "Create account")
    expect(page.locator(".field", has=page.locator("#su-password")).get_by_role("alert")).to_contain_text(
        "numeric"
    )
    expect(page.locator("#su-email")).not_to_have_attribute("aria-invalid", "true")
    journey(page, "passed", "passed", "passed", "stopped")
    expect(page.locator("#verdict")).to_contain_text("400")

    fill(page, password=PASSWORD)
    press(page, "Create account")
    heading(page, "Confirm your address")
    right = code(dew, email)
    fill(page, code=f"{(int(right) + 1) % 1_000_000:06}")
    press(page, "Confirm")
    expect(page.locator("#co-code")).to_have_attribute("aria-invalid", "true")
    fill(page, code=right)
    press(page, "Confirm")
    heading(page, "Log in")
    fill(page, password="Wrong-1234")
    press(page, "Log in")
    expect(page.locator("form:visible").get_by_role("alert")).to_have_text("Incorrect username or password.")


def test_a_session_that_was_ended_elsewhere_leads_back_to_log_in(page: Page, dew: Dew, email: str) -> None:
    become_member(page, dew, email)
    dew.client("cognito-idp").admin_user_global_sign_out(UserPoolId=dew.outputs["UserPoolId"], Username=email)
    fill(page, name="Somebody")
    press(page, "Save")
    notice(page, "Access Token has been revoked")
    heading(page, "Log in")


def spoil_the_access_token(page: Page) -> None:
    """Leave the tab with an access token that API Gateway refuses, as it refuses one that has expired."""
    page.evaluate(
        """() => {
            const session = JSON.parse(sessionStorage.getItem("dewstack.session"));
            session.accessToken = session.accessToken.slice(0, -8) + "AAAAAAAA";
            sessionStorage.setItem("dewstack.session", JSON.stringify(session));
        }"""
    )
    page.reload()
    notice(page, "API Gateway refused the access token")
    journey(page, "passed", "stopped", "skipped", "skipped")
    expect(page.locator("#verdict")).to_contain_text("401")


def test_a_token_that_api_gateway_refuses_is_refreshed_on_the_spot(page: Page, dew: Dew, email: str) -> None:
    become_member(page, dew, email)
    spoil_the_access_token(page)
    press(page, "Get fresh ones")
    heading(page, "Grace Hopper")
    expect(page.locator("#who")).to_have_text(email)


def test_logging_out_with_a_stale_access_token_still_ends_the_session(
    page: Page, dew: Dew, email: str
) -> None:
    become_member(page, dew, email)
    token = page.evaluate("JSON.parse(sessionStorage.getItem('dewstack.session')).refreshToken")
    spoil_the_access_token(page)
    press(page, "Log out")
    notice(page, "You are logged out.")
    assert httpx.post(f"{dew.url}/auth/refresh", json={"refreshToken": token}).status_code == 401


def test_passwords_and_tokens_are_cut_short_on_the_wire_panel(page: Page, dew: Dew, email: str) -> None:
    become_member(page, dew, email)
    token = page.evaluate("JSON.parse(sessionStorage.getItem('dewstack.session')).accessToken")
    for row in page.locator("#history button").all():
        row.click()
        shown = page.locator("#wire").inner_text()
        assert PASSWORD not in shown and token not in shown


def test_the_page_fits_and_every_field_has_a_label(page: Page, dew: Dew, email: str) -> None:
    become_member(page, dew, email)
    for view in ("sign-up", "confirm", "log-in", "forgot", "reset", "profile"):
        page.evaluate("view => { location.hash = view }", view)
        expect(page.locator(f"[data-view={view}]")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert page.evaluate("[...document.querySelectorAll('input')].every((input) => input.labels.length)")


def test_what_a_user_writes_is_shown_as_text(page: Page, dew: Dew, email: str) -> None:
    become_member(page, dew, email)
    evil = "<img src=x onerror=alert(1)>"
    fill(page, name=evil)
    press(page, "Save")
    notice(page, "Your profile is saved.")
    heading(page, evil)
    assert page.locator("img").count() == 0


def fact(page: Page, term: str) -> str:
    """What the trace says of the request that it shows."""
    row = page.locator("#facts > div", has=page.get_by_text(term, exact=True))
    return row.locator("dd").inner_text()


def test_the_trace_names_the_gateway_and_what_is_its_own(
    page: Page, dew: Dew, email: str, gateway: Gateway
) -> None:
    become_member(page, dew, email)
    journey(page, "passed", "passed", "passed", "passed")
    expect(page.locator("#journey li").nth(1)).to_contain_text(gateway.name)
    expect(page.locator("#request")).to_contain_text(f"GET {gateway.stage}/auth/profile")
    assert fact(page, "URL").startswith(f"{gateway.stage}/auth/profile")
    assert gateway.payload in fact(page, "Event")
    assert gateway.authorizer in fact(page, "Authorizer")
    assert gateway.request_id in fact(page, "Request id")
    shown = page.locator("#response").inner_text()
    written = re.search(rf"^{gateway.request_id}: (\S+)$", shown, re.MULTILINE)
    assert written and written[1] in fact(page, "Request id")
    spoil_the_access_token(page)
    assert "not exposed" not in fact(page, "Request id")


def test_what_the_trace_says_of_preflights_is_so(page: Page, dew: Dew, email: str, gateway: Gateway) -> None:
    fill(page, email=email, password=PASSWORD)
    press(page, "Create account")
    heading(page, "Confirm your address")
    asked = {
        "origin": dew.frontend_url,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    answer = httpx.options(f"{config(dew)[gateway.key].rstrip('/')}/auth/register", headers=asked)
    assert f"OPTIONS → {answer.status_code}" in fact(page, "Preflight")
    assert answer.headers["access-control-allow-origin"] == dew.frontend_url


def test_the_switch_is_worked_with_the_keyboard_and_remembered(page: Page, dew: Dew) -> None:
    page.goto(dew.frontend_url)
    http, rest = (page.get_by_role("radio", name=each.name) for each in (HTTP, REST))
    expect(http).to_be_checked()
    http.focus()
    page.keyboard.press("ArrowRight")
    expect(rest).to_be_checked()
    expect(rest).to_be_focused()
    ring = "() => getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
    assert page.evaluate(ring) == "solid"
    expect(page.locator("#gateway-about")).to_contain_text("Older")
    page.reload()
    expect(rest).to_be_checked()


def test_a_session_goes_on_through_the_other_gateway(page: Page, dew: Dew) -> None:
    page.goto(dew.frontend_url)
    become_member(page, dew, somebody_new())
    choose(page, REST)
    expect(page.locator("#journey li").nth(1)).to_contain_text("HTTP API")
    fill(page, city="Arlington")
    press(page, "Save")
    notice(page, "Your profile is saved.")
    expect(page.locator("#journey li").nth(1)).to_contain_text("REST API")
    choose(page, HTTP)
    page.reload()
    expect(page.get_by_label("City")).to_have_value("Arlington")
    expect(page.locator("#journey li").nth(1)).to_contain_text("HTTP API")


@pytest.mark.parametrize("missing", ["apiUrl", "restApiUrl"])
def test_one_gateway_alone_needs_no_switch(page: Page, dew: Dew, missing: str) -> None:
    rest = {key: value for key, value in config(dew).items() if key != missing}
    page.route("**/config.json", lambda route: route.fulfill(json=rest))
    page.goto(dew.frontend_url)
    expect(page.locator("#mailbox")).to_be_visible()
    expect(page.locator("#gateways")).to_be_hidden()
    fill(page, email=somebody_new(), password=PASSWORD)
    press(page, "Create account")
    heading(page, "Confirm your address")


def test_an_api_that_does_not_answer_is_said(page: Page, dew: Dew, email: str, gateway: Gateway) -> None:
    page.route(f"{config(dew)[gateway.key].rstrip('/')}/**", lambda route: route.abort())
    fill(page, email=email, password=PASSWORD)
    press(page, "Create account")
    expect(page.get_by_role("alert")).to_contain_text("doesn't answer")
    journey(page, "passed", "stopped", "skipped", "skipped")


def test_a_missing_configuration_is_said_and_can_be_tried_again(page: Page, dew: Dew, email: str) -> None:
    page.route("**/config.json", lambda route: route.fulfill(status=404, body="no"))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("/config.json")
    page.unroute("**/config.json")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#trouble")).to_be_hidden()
    fill(page, email=email, password=PASSWORD)
    press(page, "Create account")
    heading(page, "Confirm your address")
