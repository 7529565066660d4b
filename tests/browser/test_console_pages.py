"""The console as people use it, page by page: what it shows is what the API says, and everybody can use it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dewstack.testing import Dew
from tests.browser.console_world import ANN, BOB, PASSWORD, ask, axe_script, world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = {
    "": "Overview",
    "invocations": "Invocations",
    "logs": "Logs",
    "metrics": "Metrics",
    "load": "Load & cost",
    "users": "Users",
    "mail": "Mailbox",
    "tokens": "Tokens",
    "stacks": "Stacks",
    "configuration": "Configuration",
}


@pytest.fixture(scope="module")
def console() -> Iterator[Dew]:
    """The reference service with something to see."""
    with world() as dew:
        yield dew


JSON = [
    *(
        '{"a": [1, -2.5e3, true, null, "\\u00e9\\n"], "b": {}}',
        "[]",
        '""',
        " 0 ",
        "[[[]]]",
        '{"a":{"b":[{}]}}',
    ),
    *(
        "",
        "{",
        "[1,]",
        "{'a': 1}",
        "{a: 1}",
        '{"a" 1}',
        '{"a": True}',
        "[1 2]",
        '"open',
        "01",
        "1.",
        "--1",
        "nul",
    ),
    *(
        '["\\x"]',
        '["\t"]',
        "{} {}",
        '{"a": 1,}',
        "[1",
        '{"a":',
        "]",
        "+1",
        ".5",
        '{"a": undefined}',
        "1e",
        "\ufeff1",
    ),
]
"""Texts, of which Python knows whether they are JSON."""


def visit(page: Page, dew: Dew, place: str = "") -> None:
    """Open a page of the console."""
    page.goto(f"{dew.aws_url}/_dew/#/{place}")
    expect(page.locator("main h1")).to_be_visible()


def rows(page: Page, caption: str) -> Locator:
    """The rows of a table."""
    return page.get_by_role("region", name=caption, exact=True).locator("tbody tr")


def cells(page: Page, caption: str) -> list[list[str]]:
    """What the rows of a table say."""
    expect(rows(page, caption).first).to_be_visible()
    table: list[list[str]] = rows(page, caption).evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return table


def test_the_overview_says_what_the_api_says(page: Page, console: Dew) -> None:
    visit(page, console)
    routes, health = ask(console, "routes")["routes"], ask(console, "health")
    shown = cells(page, "Routes")
    assert [row[:3] for row in shown] == [[each["method"], each["path"], each["function"]] for each in routes]
    open_to_all = [not each["authorizer"] for each in routes]
    assert [row[3] == "anyone" for row in shown] == open_to_all
    functions = ask(console, "functions")["functions"]
    assert [row[0] for row in cells(page, "Functions")] == [each["key"] for each in functions]
    assert [row[3] for row in cells(page, "Functions")] == [f"{each['memory_size']} MB" for each in functions]
    page.get_by_text("ARNs of", exact=False).click()
    for value in (health["urls"]["service"], health["urls"]["aws"], *health["outputs"].values()):
        expect(page.get_by_text(value, exact=True).first).to_be_visible()
    expect(page.locator("#state")).to_contain_text(health["version"])


def test_the_mailbox_shows_letters_with_codes_to_copy(page: Page, console: Dew) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{console.aws_url}/_dew/mail")
    messages = ask(console, "mail")["messages"]
    letters = page.locator("#mail li")
    expect(letters).to_have_count(len(messages))
    assert [letters.nth(at).get_attribute("data-id") for at in range(len(messages))] == [
        str(each["id"]) for each in reversed(messages)
    ]
    code = next(each["code"] for each in reversed(messages) if each["code"])
    page.get_by_role("button", name=f"{code}copy").first.click()
    expect(page.locator("#toasts")).to_contain_text(code)
    assert page.evaluate("navigator.clipboard.readText()") == code
    page.get_by_label("Search the mailbox").fill(BOB)
    expect(letters.first).to_contain_text(BOB)
    expect(letters).to_have_count(sum(each["to"] == BOB for each in messages))


def test_users_are_found_created_disabled_grouped_and_deleted(page: Page, console: Dew) -> None:
    visit(page, console, "users")
    listed = console.call("cognito-idp", "ListUsers", {"UserPoolId": console.outputs["UserPoolId"]})["Users"]
    assert {row[1] for row in cells(page, "Users")} == {user["Username"] for user in listed}
    width = page.viewport_size["width"] if page.viewport_size else 0
    dan, name, group = f"dan.{width}@example.com", f"carol.{width}@example.com", f"editors-{width}"
    email = {"UserAttributes": [{"Name": "email", "Value": dan}, {"Name": "name", "Value": "Dan"}]}
    client = {"ClientId": console.outputs["UserPoolClientId"]}
    console.call("cognito-idp", "SignUp", {**client, "Username": dan, "Password": PASSWORD, **email})
    page.get_by_label("Search users").fill(dan)
    expect(rows(page, "Users")).to_have_count(1)
    rows(page, "Users").get_by_role("link").click()
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.locator("main").get_by_text("CONFIRMED", exact=True)).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("disabled", exact=True)).to_be_visible()
    page.get_by_role("button", name="Enable").click()
    page.get_by_role("link", name="All users").click()

    page.get_by_role("button", name="Create group").click()
    page.get_by_label("Name", exact=True).fill(group)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(rows(page, "Groups").filter(has_text=group)).to_be_visible()
    page.get_by_role("button", name="Create user").click()
    page.get_by_role("dialog").get_by_label("E-mail").fill(name)
    page.get_by_role("dialog").get_by_label(re.compile("^Password")).fill("short")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("assword")
    page.get_by_role("dialog").get_by_label(re.compile("^Password")).fill(PASSWORD)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_label("Search users").fill(name)
    expect(rows(page, "Users")).to_have_count(1)
    rows(page, "Users").get_by_role("link").click()
    page.get_by_role("checkbox", name=group).check()
    expect(page.locator("#toasts")).to_contain_text(f"Added to {group}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Create user")).to_be_visible()
    left = console.call("cognito-idp", "ListUsers", {"UserPoolId": console.outputs["UserPoolId"]})["Users"]
    assert not any(each["Value"] == name for user in left for each in user["Attributes"])


def test_a_pasted_token_is_verified_and_a_changed_one_is_not(page: Page, console: Dew) -> None:
    flow = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": console.outputs["UserPoolClientId"]}
    auth = {"AuthParameters": {"USERNAME": ANN, "PASSWORD": PASSWORD}}
    token = console.call("cognito-idp", "InitiateAuth", {**flow, **auth})["AuthenticationResult"][
        "AccessToken"
    ]
    visit(page, console, "tokens")
    page.get_by_label("Token", exact=True).fill(token)
    expect(page.get_by_role("status").filter(has_text="This access token is good")).to_be_visible()
    assert dict(row[:2] for row in cells(page, "Claims"))["client_id"] == flow["ClientId"]
    page.get_by_label("Token", exact=True).fill(token[:-8] + "AAAAAAAA")
    expect(page.locator("#token-report")).to_contain_text("This access token is not good. Signature:")


def test_stacks_and_configuration_are_what_they_are(page: Page, console: Dew) -> None:
    visit(page, console, "stacks")
    stack = {"StackName": console.service.stack_name}
    resources = console.call("cloudformation", "DescribeStackResources", stack)["StackResources"]
    shown = cells(page, "Resources")
    assert {(row[0], row[2]) for row in shown} == {
        (each["LogicalResourceId"], each.get("PhysicalResourceId", "")) for each in resources
    }
    page.get_by_role("tab", name="Template").click()
    text = page.get_by_role("region", name="Template", exact=True)
    expect(text).to_contain_text("AWS::Cognito::UserPool")
    body = console.call("cloudformation", "GetTemplate", stack)["TemplateBody"]
    assert json.loads(text.inner_text()) == (body if isinstance(body, dict) else json.loads(body))

    visit(page, console, "configuration")
    told = ask(console, "configuration")["functions"]
    login = next(each for each in told if each["key"] == "login")
    shown_variables = {row[0]: row[1] for row in cells(page, f"Environment of {login['name']}")}
    assert shown_variables == login["environment"]


def test_metrics_count_what_was_counted(page: Page, console: Dew) -> None:
    visit(page, console, "metrics")
    for _ in range(2):  # the second reading is of a page that had time to be shown
        told = ask(console, "metrics", minutes=60)
        shown = {
            row[0]: [int(each.replace(",", "")) for each in row[1:5]] for row in cells(page, "Functions")
        }
    assert shown == {
        each["function"]: [each["invocations"], each["errors"], each["throttles"], each["cold_starts"]]
        for each in told["functions"]
    }
    page.get_by_text("As a table").first.click()
    plotted = page.locator(".plot").first.locator("tbody tr")
    expect(plotted.first).to_be_visible()
    totals = plotted.evaluate_all("rows => rows.map(row => Number(row.cells[1].textContent))")
    assert sum(totals) == sum(each["invocations"] for each in told["functions"])
    page.get_by_role("region", name="Routes").get_by_role("button", name="GET /auth/profile").first.click()
    expect(page.locator(".plot h2").first).to_have_text("Requests")


def test_logs_are_followed_and_searched(page: Page, console: Dew) -> None:
    visit(page, console, "logs")
    lines = page.get_by_role("listitem")
    expect(lines.filter(has_text="START RequestId").first).to_be_visible()
    page.get_by_label("Search the logs").fill("no such text")
    expect(page.get_by_text("No line fits.")).to_be_visible()
    page.get_by_label("Search the logs").fill("REPORT")
    expect(lines.filter(has_text="REPORT RequestId").first).to_be_visible()
    page.get_by_label("Search the logs").fill("")
    page.get_by_label("Function").select_option("confirm")
    expect(lines.filter(has_text="confirm").first).to_be_visible()
    assert page.locator(".list-row .by").all_inner_texts().count("login") == 0


def test_the_keyboard_goes_everywhere(page: Page, console: Dew) -> None:
    visit(page, console)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for key, title in (("m", "Metrics"), ("u", "Users"), ("s", "Stacks"), ("b", "Mailbox"), ("l", "Logs")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_label("Search the logs")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search the logs")).to_be_focused()
    page.keyboard.type("g m?")
    expect(page.get_by_label("Search the logs")).to_have_value("g m?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Follow the newest line")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("T")
    page.keyboard.press("T")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    expect(page.locator("#theme")).to_have_text("Theme: dark")


def test_what_people_write_is_shown_as_text(page: Page, console: Dew) -> None:
    evil = "<img src=x onerror=alert(1)>"
    user = {"UserPoolId": console.outputs["UserPoolId"], "Username": ANN}
    console.call(
        "cognito-idp",
        "AdminUpdateUserAttributes",
        {**user, "UserAttributes": [{"Name": "name", "Value": evil}]},
    )
    visit(page, console, f"users/{ANN}")
    expect(page.get_by_text(evil)).to_be_visible()
    assert page.locator("img").count() == 0


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_the_editor_knows_what_is_json_and_where_it_is_not(page: Page, console: Dew) -> None:
    visit(page, console)
    check = "async texts => { const {mistake} = await import('/_dew/json.js'); return texts.map(mistake) }"
    told = page.evaluate(check, JSON)
    assert [mistake is None for mistake in told] == [is_json(text) for text in JSON]
    text = '{\n  "a": 1,\n  "b": None\n}'
    [mistake] = page.evaluate(check, [text])
    assert (mistake["line"], mistake["column"]) == (3, 8) and "'null'" in mistake["says"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_every_page(chromium: Browser, console: Dew, theme: Any, width: int) -> None:
    """axe-core finds nothing, nothing is wider than the window, and no policy stops anything."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, reduced_motion="reduce"
    )
    context.add_init_script(axe_script())
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    found = {}
    for place, title in PAGES.items():
        visit(page, console, place)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator("main .page > *").first).to_be_visible()
        violations = page.evaluate(
            "async () => (await axe.run()).violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)])"
        )
        if violations:
            found[place] = violations
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
    context.close()
    assert not found and not said
