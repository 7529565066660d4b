"""Flask and Lambda side by side: what corresponds lights up, by mouse and by keyboard, and all is the API's."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dewstack.testing import Dew
from tests.browser.console_world import ANN, PASSWORD, ask, axe_script, world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PATH = "/auth/login?from=page&lang=de&lang=en"


@pytest.fixture(scope="module")
def console() -> Iterator[Dew]:
    """The reference service, and requests of all kinds."""
    with world() as dew, httpx.Client(base_url=dew.url) as client:
        body = {"email": ANN, "password": PASSWORD}
        client.get("/nowhere")
        tokens = client.post(PATH, json=body, headers={"Cookie": "theme=dark"}).json()
        headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
        assert client.get("/dev/auth/profile?x=1", headers=headers).is_success
        yield dew


def compare(dew: Dew, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the API says of the newest request that fits."""
    rows = ask(dew, "invocations", limit=100)["invocations"]
    row = next(row for row in rows if wanted.items() <= row.items())
    told: dict[str, Any] = httpx.post(f"{dew.aws_url}/_dew/comparison", json={"id": row["id"]}).json()
    return told


def look(page: Page, dew: Dew, told: dict[str, Any]) -> None:
    """Open its page."""
    number = told["summary"]["id"]
    page.goto(f"{dew.aws_url}/_dew/#/comparison/{number}")
    expect(page.locator(f".compared[data-id='{number}'] #verdict")).to_be_visible()


def left(page: Page, expression: str) -> Locator:
    """Flask's expression."""
    return page.locator(".left-line", has_text=re.compile(re.escape(expression) + " = "))


def right(page: Page, part: str, line: str) -> Locator:
    """A line of the event."""
    return page.get_by_role("group", name=f"{part}: event").locator(".wired", has_text=line)


def lit(*lines: Locator) -> None:
    """Exactly these are lit up, and joined by lines that end at them."""
    page = lines[0].page
    for line in lines:
        expect(line).to_have_class(re.compile("is-lit"))
    expect(page.locator(".wired.is-lit")).to_have_count(len(lines))
    expect(page.locator(".wire.is-lit")).to_have_count(len(lines) - 1)


def test_what_corresponds_lights_up_with_a_line_between(page: Page, console: Dew) -> None:
    look(page, console, compare(console, {"path": "/auth/login", "status": 200}))
    flask, event = left(page, 'request.args["from"]'), right(page, "Query string", '"from": "page"')
    flask.hover()
    lit(flask, event)
    said = page.locator(".said")
    expect(said).to_contain_text('request.args["from"] ⇄ event["queryStringParameters"]["from"]')
    several = right(page, "Query string", '"lang": "de,en"')
    several.hover()
    lit(several, left(page, 'request.args["lang"]'), left(page, 'request.args.getlist("lang")'))
    expect(said).to_contain_text("several values are one text here, with commas")
    reaches = """([path, from, to]) => {
        const [start, end] = [path.getPointAtLength(0), path.getPointAtLength(path.getTotalLength())]
            .map((point) => point.matrixTransform(path.getScreenCTM()));
        const at = (point, box) => point.y >= box.top - 1 && point.y <= box.bottom + 1
            && Math.min(Math.abs(point.x - box.left), Math.abs(point.x - box.right)) < 2;
        return at(start, from.getBoundingClientRect()) && at(end, to.getBoundingClientRect());
    }"""
    for width in (page.viewport_size or {"width": 0})["width"], 900, 1200:
        page.set_viewport_size({"width": width, "height": 700})
        flask.hover()
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        ends = [page.locator(".wire.is-lit").element_handle(), flask.element_handle(), event.element_handle()]
        assert page.evaluate(reaches, ends), width


def test_the_keyboard_is_enough(page: Page, console: Dew) -> None:
    look(page, console, compare(console, {"path": "/auth/login", "status": 200}))
    first, second = left(page, 'request.args["from"]'), left(page, 'request.args.getlist("lang")')
    first.focus()
    lit(first, right(page, "Query string", '"from": "page"'))
    page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(right(page, "Query string", '"lang"')).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(right(page, "Query string", '"from"')).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    page.locator("h1").evaluate("(heading) => heading.focus()")
    lit(first, right(page, "Query string", '"from": "page"'))


def test_what_is_folded_is_reached_and_unfolded(page: Page, console: Dew) -> None:
    look(page, console, compare(console, {"path": "/auth/login", "status": 200}))
    fold = page.get_by_role("button", name=re.compile('"queryStringParameters"'))
    fold.click()
    event = right(page, "Query string", '"from": "page"')
    expect(event).to_be_hidden()
    left(page, 'request.args["from"]').focus()
    page.keyboard.press("ArrowRight")
    expect(event).to_be_focused()


@pytest.mark.parametrize("path", ["/auth/login", "/dev/auth/profile", "/auth/profile"])
def test_every_value_is_the_api_s(page: Page, console: Dew, path: str) -> None:
    told = compare(console, {"path": path, "status": 200})
    look(page, console, told)
    assert told["same"]
    expect(page.locator("#verdict")).to_have_text(
        "Flask and API Gateway make the same event, and the same answer"
    )
    pairs = told["mapping"]
    expect(page.locator(".left-line")).to_have_count(len(pairs))
    expect(page.locator(".wire")).to_have_count(len(pairs))
    shown = page.locator(".left-line .expression").all_inner_texts()
    assert sorted(shown) == sorted(pair["flask"] for pair in pairs)
    page.get_by_text("The whole event as JSON").click()
    whole = page.get_by_role("region", name="Event", exact=True).inner_text()
    assert httpx.Response(200, text=whole).json() == told["event"]
    for name in ("status", *(name for name, _ in told["http_response"]["headers"])):
        row = page.get_by_role("row").filter(
            has=page.get_by_role("cell", name=re.compile(f"^(Part )?{name}$"))
        )
        reason = next(
            (one["reason"] for one in told["response_differences"] if name.lower() in one["field"]),
            "the same",
        )
        expect(row.first).to_contain_text(reason)


def test_either_payload_format_is_shown(page: Page, console: Dew) -> None:
    told = compare(console, {"path": "/auth/login", "status": 200})
    look(page, console, told)
    expect(page.get_by_role("button", name="Payload 2.0")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Payload 1.0").click()
    expect(page.get_by_text("what it would get by another payload in the map")).to_be_visible()
    expect(right(page, "Query string", '"lang": "en"')).to_be_visible()
    expect(page.locator(".left-line")).to_have_count(len(told["payloads"]["v1_mapping"]))
    moved = [one for one in told["payloads"]["moved"] if not one["same"]]
    page.get_by_text(f"Payload 1.0 and 2.0 differ in {len(moved)} fields").click()
    table = page.get_by_role("region", name="What differs between the payload formats")
    expect(table.get_by_role("row").filter(has_text="moved into requestContext.http")).to_be_visible()


def test_requests_come_live_and_can_be_sent_from_the_page(page: Page, console: Dew) -> None:
    look(page, console, compare(console, {"path": "/auth/login", "status": 200}))
    strip = page.get_by_role("navigation", name="Requests, the newest first")
    httpx.get(f"{console.url}/came-live")
    expect(strip.get_by_role("link").first).to_contain_text("/came-live")
    strip.get_by_role("link").first.click()
    expect(page.locator("#verdict")).to_have_text("Both answer 404 before any function is called")
    page.get_by_role("button", name="Send a request").click()
    form = page.get_by_role("dialog", name="Send a request")
    form.get_by_label("Path and query").fill("/auth/profile?sent=1")
    form.get_by_role("button", name="Send and compare").click()
    expect(page.locator(".compared-title")).to_contain_text("GET /auth/profile?sent=1 401")
    page.goto(page.url.replace("comparison", "invocations"))
    page.get_by_role("link", name="Compare with Flask").click()
    expect(page.locator(".compared-title")).to_contain_text("GET /auth/profile?sent=1 401")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_it(chromium: Browser, console: Dew, theme: Any, width: int) -> None:
    """axe-core finds nothing, nothing is wider than the window, and no policy stops anything."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
    context.add_init_script(axe_script())
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    found = {}
    for path, status in (("/auth/login", 200), ("/dev/auth/profile", 200), ("/auth/profile", 401)):
        look(page, console, compare(console, {"path": path, "status": status}))
        if status == 200:
            page.locator(".left-line").nth(3).focus()
        for each in page.locator("details.moved summary").all():
            each.click()
        violations = page.evaluate(
            "async () => (await axe.run()).violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)])"
        )
        if violations:
            found[path] = violations
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
    assert not found and not said
