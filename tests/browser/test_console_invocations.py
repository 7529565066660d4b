"""Live invocations: what ran is shown as the API tells it, found, used again, and as quick with a hundred thousand."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from dewstack.console import Console
from dewstack.recording import Shelf
from dewstack.recording.model import Row
from dewstack.testing import Dew, start
from tests.browser.console_world import ROOT, ask, world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LIST = "Invocations, the newest first"
MANY = 100_000
ROWS_IN_SIGHT = 80
"""More rows than fit any window of these tests, with those beside."""


@pytest.fixture(scope="module")
def console() -> Iterator[Dew]:
    """The reference service with something to see."""
    with world() as dew:
        yield dew


def look(page: Page, dew: Dew, number: int) -> Locator:
    """Open one invocation; what is shown of it."""
    page.goto(f"{dew.aws_url}/_dew/#/invocations/{number}")
    shown = page.get_by_role("region", name="Invocation", exact=True)
    expect(shown.get_by_role("heading").first).to_be_visible()
    return shown


def visit(page: Page, dew: Dew) -> Locator:
    """Open the list; its rows."""
    page.goto(f"{dew.aws_url}/_dew/#/invocations")
    rows = page.get_by_role("listbox", name=LIST).get_by_role("option")
    expect(rows.first).to_be_visible()
    return rows


def newest(dew: Dew, **wanted: Any) -> dict[str, Any]:
    """The newest summary that fits."""
    summary: dict[str, Any] = ask(dew, "invocations", limit=1, **wanted)["invocations"][0]
    return summary


def same(rows: Locator, told: list[dict[str, Any]]) -> None:
    """Whether the rows in the document are the first of what the API tells."""
    shown = rows.evaluate_all(
        "rows => rows.map(row => ['.what', '.status'].map(part => row.querySelector(part).textContent))"
    )
    assert shown and shown == [[what(each), str(outcome(each))] for each in told[: len(shown)]]


def what(summary: dict[str, Any]) -> str:
    """What ran, as the list has it."""
    if summary["method"] and summary["path"]:
        return f"{summary['method']} {summary['path']}"
    return str(summary["route"] or f"{summary['kind']} {summary['function'] or ''}".strip())


def outcome(summary: dict[str, Any]) -> Any:
    """How it ended."""
    return summary["status"] or ("error" if summary["error"] else "ok")


def opened(page: Page) -> int:
    """The id of the invocation that is shown."""
    expect(page).to_have_url(re.compile(r"#/invocations/\d+"))
    found = re.search(r"#/invocations/(\d+)", page.url)
    assert found
    return int(found[1])


def test_the_list_and_the_detail_say_what_the_api_says(page: Page, console: Dew) -> None:
    rows = visit(page, console)
    told = ask(console, "invocations", limit=100)
    expect(page.get_by_text(f"{told['total']} recorded")).to_be_visible()
    same(rows, told["invocations"])
    profile = newest(console, route="GET /auth/profile", status="ok")
    detail = ask(console, "invocation", id=profile["id"])
    shown = look(page, console, profile["id"])
    expect(shown.get_by_role("heading", name="GET /auth/profile")).to_be_visible()
    expect(shown.get_by_text(f"{profile['billed_ms']} ms", exact=True)).to_be_visible()
    memory = f"{profile['max_memory_mb']} of {profile['memory_mb']} MB"
    expect(shown.get_by_text(memory, exact=True)).to_be_visible()
    expect(shown.get_by_text(profile["request_id"], exact=True)).to_be_visible()
    for tab, label, value in (
        ("Event", "Event", "event"),
        ("Response", "The function's response", "response"),
    ):
        page.get_by_role("tab", name=tab).click()
        assert json.loads(page.get_by_role("region", name=label, exact=True).inner_text()) == detail[value]
    page.get_by_role("tab", name=re.compile("Logs")).click()
    expect(page.get_by_role("region", name="Log lines")).to_contain_text(profile["request_id"])


def test_filters_and_search_find_what_the_api_finds(page: Page, console: Dew) -> None:
    rows = visit(page, console)
    page.get_by_label("Outcome").select_option("4xx")
    refused = ask(console, "invocations", status="4xx")["invocations"]
    expect(page.get_by_text(f"{len(refused)} found")).to_be_visible()
    same(rows, refused)
    expect(page).to_have_url(re.compile("status=4xx"))
    page.get_by_label("Search invocations").fill("no such thing")
    expect(page.get_by_text("Nothing fits these filters.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Search invocations")).to_have_value("no such thing")
    page.get_by_label("Search invocations").fill("/auth/profile")
    found = ask(console, "invocations", status="4xx", q="/auth/profile")["invocations"]
    expect(page.get_by_text(f"{len(found)} found")).to_be_visible()
    same(rows, found)


def test_what_happens_appears_by_itself(page: Page, console: Dew) -> None:
    rows = visit(page, console)
    httpx.get(f"{console.url}/auth/nowhere")
    expect(rows.first).to_contain_text("GET /auth/nowhere")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Paused")).to_be_visible()
    httpx.get(f"{console.url}/auth/elsewhere")
    assert newest(console)["path"] == "/auth/elsewhere"
    expect(rows.first).to_contain_text("GET /auth/nowhere")
    page.keyboard.press("p")
    expect(rows.first).to_contain_text("GET /auth/elsewhere")


def test_the_keyboard_moves_opens_and_closes(page: Page, console: Dew) -> None:
    rows = visit(page, console)
    first, second = (each["id"] for each in ask(console, "invocations", limit=2)["invocations"])
    page.keyboard.press("j")
    expect(rows.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    assert opened(page) == first
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"invocations/{second}"))
    page.keyboard.press("2")
    expect(page.get_by_role("tab", selected=True)).to_be_visible()
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(f"invocations/{first}"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Invocation", exact=True)).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_label("Search invocations")).to_be_focused()


def test_a_request_is_replayed_as_it_was_and_edited(page: Page, console: Dew) -> None:
    profile = newest(console, route="GET /auth/profile", status="ok")
    look(page, console, profile["id"])
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("200")
    again = opened(page)
    assert again > profile["id"]
    was, now = (ask(console, "invocation", id=each) for each in (profile["id"], again))
    assert now["http_response"]["body"] == was["http_response"]["body"]

    page.get_by_role("button", name="Edit and replay").click()
    headers = page.get_by_role("textbox", name="Headers")
    headers.fill('[["accept", "*/*"],]')
    expect(page.get_by_role("dialog")).to_contain_text("Line 1, column 19: a ',' may not stand before ']'")
    replay = page.get_by_role("dialog").get_by_role("button", name="Replay", exact=True)
    expect(replay).to_be_disabled()
    headers.fill('[["accept", "*/*"]]')
    replay.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).not_to_have_url(re.compile(f"invocations/{again}$"))
    refused = ask(console, "invocation", id=opened(page))["summary"]
    assert (refused["status"], refused["function"]) == (401, None)


def test_an_event_is_edited_for_the_function_itself(page: Page, console: Dew) -> None:
    login = newest(console, route="POST /auth/login", status="4xx")
    look(page, console, login["id"])
    page.get_by_role("button", name="Edit and replay").click()
    page.get_by_role("button", name="Event, to the function").click()
    editor = page.get_by_role("textbox", name="Event")
    event = json.loads(editor.input_value())
    assert event == ask(console, "invocation", id=login["id"])["event"]
    event["body"] = "{}"
    editor.fill(json.dumps(event))
    editor.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).not_to_have_url(re.compile(f"invocations/{login['id']}$"))
    made = ask(console, "invocation", id=opened(page))
    assert made["event"]["body"] == "{}" and made["response"]["statusCode"] == 400


def test_it_leaves_as_curl_fixture_and_test(page: Page, console: Dew) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    profile = newest(console, route="GET /auth/profile", status="ok")
    look(page, console, profile["id"])
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.locator("#toasts")).to_contain_text("curl")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl -i '{console.url}/auth/profile'") and "Bearer" in copied
    page.get_by_role("button", name="pytest").click()
    url = f"{console.aws_url}/_dew/invocations/export"
    exported = httpx.get(url, params={"id": profile["id"], "as": "pytest"}).text
    assert page.get_by_role("dialog").locator("pre").inner_text() == exported


SUMMARY = {
    **{
        "id": 1,
        "at": 1.8e9,
        "kind": "http",
        "function": "dewstack-dev-login",
        "api": "a",
        "stage": "$default",
    },
    **{"route": "GET /made-up", "method": "GET", "path": "/made-up/1", "status": 200, "duration_ms": 1.5},
    **{
        "total_ms": 2.0,
        "init_ms": None,
        "cold": False,
        "billed_ms": 2,
        "memory_mb": 256,
        "max_memory_mb": 60,
    },
    **{"request_id": "r", "error": None, "cost_usd": 2e-7},
}
MULTIPLY = """
WITH RECURSIVE numbers(number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
INSERT INTO runs (id, function, route, status, failed, cold, words, summary, detail)
SELECT number, function, route, status, failed, cold, '/made-up/' || number,
  CAST(json_set(summary, '$.id', number, '$.path', '/made-up/' || number) AS BLOB), detail
FROM runs, numbers WHERE id = 1
"""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The reference service, on which very much has run."""
    state = tmp_path_factory.mktemp("state")
    shelf = Shelf(state / "recorded.db")
    shelf.add([Row(dict(SUMMARY), {"event": {}}, None)])
    shelf.close()
    with closing(sqlite3.connect(state / "recorded.db")) as database, database:
        database.execute(MULTIPLY, (MANY,))
    with start(ROOT, pages=Console(), state_dir=state) as dew:
        yield dew


def test_a_hundred_thousand_are_as_quick_as_ten(page: Page, crowded: Dew) -> None:
    """A few rows are in the document and a few pages are asked for, wherever one looks."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/_dew/invocations?" in one.url else None)
    rows = visit(page, crowded)
    expect(page.get_by_text("100,000 recorded")).to_be_visible()
    expect(rows.first).to_contain_text(f"/made-up/{MANY}")
    for share in (0.5, 1.0):
        page.get_by_role("listbox", name=LIST).evaluate(
            "(list, share) => { list.scrollTop = share * (list.scrollHeight - list.clientHeight) }", share
        )
        wanted = MANY - round((MANY - 1) * share)
        expect(rows.filter(has_text=re.compile(rf"/made-up/{wanted}(?!\d)"))).to_be_visible()
        assert rows.count() <= ROWS_IN_SIGHT
    page.get_by_label("Search invocations").fill("made-up/777")
    expect(rows.first).to_contain_text("/made-up/77799")
    expect(page.get_by_text("111 found")).to_be_visible()
    assert rows.count() <= ROWS_IN_SIGHT
    assert len(asked) <= 8, asked
    assert page.evaluate("document.querySelectorAll('*').length") < 2000
