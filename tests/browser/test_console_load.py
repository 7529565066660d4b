"""The page of load and cost: one drags a load, watches environments come and go, and reads what it costs."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from dewstack.testing import Dew
from tests.browser.console_world import ask, world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PATIENCE = 20_000
"""Milliseconds until environments have started, or vanished."""


@pytest.fixture(scope="module")
def console() -> Iterator[Dew]:
    """The reference service with something to see."""
    with world() as dew:
        yield dew


def opened(page: Page, dew: Dew, target: str = "") -> None:
    """The page of load and cost, for a target or for what it takes itself."""
    page.goto(f"{dew.aws_url}/_dew/#/load{target}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Load & cost")
    expect(page.locator(".points")).to_be_visible()


def figure(page: Page, name: str) -> Locator:
    """A number as the page shows it; its `value` is as the API told it."""
    return page.locator(f'data[data-figure="{name}"]')


def value(page: Page, name: str) -> float:
    """A number of the page."""
    text = figure(page, name).first.get_attribute("value")
    assert text is not None
    return float(text)


def test_a_load_is_dragged_and_every_number_is_the_apis(page: Page, console: Dew) -> None:
    opened(page, console)
    expect(page.get_by_label("What is called")).to_have_value("GET /auth/profile")
    page.get_by_label("Load in requests per second").fill("6")
    expect(page.locator("output.rate")).to_have_text("5 requests per second")
    page.get_by_label("Load in requests per second").press("ArrowRight")
    expect(page.locator("output.rate")).to_have_text("8 requests per second")
    expect(page.get_by_text("serving", exact=True).first).to_be_visible(timeout=PATIENCE)
    expect(figure(page, "counted")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("output.rate")).to_have_text("0 requests per second")
    expect(page.get_by_text("under way")).to_have_count(0, timeout=PATIENCE)

    def settled() -> tuple[dict[str, float], dict[str, float]]:
        load = ask(console, "load")["load"]
        cost, always = load["cost"], load["cost"]["server"]
        told = {
            "sent": load["sent"],
            "status.200": load["statuses"]["200"],
            "counted": cost["counted"],
            "billed": cost["billed_seconds"],
            "so_far": cost["so_far"]["cost_usd"],
            "lambda.hourly": cost["hourly_usd"],
            "lambda.monthly": cost["monthly_usd"],
            "lambda.free": cost["monthly_with_free_tier_usd"],
            "per_million": cost["per_request_usd"],
            "server.monthly": always["monthly_usd"],
        }
        return told, {name: value(page, name) for name in told}

    said, shown = settled()
    if said != shown:  # what was counted last reaches the page a moment later
        expect(figure(page, "counted")).to_have_attribute(
            "value", str(int(said["counted"])), timeout=PATIENCE
        )
        said, shown = settled()
    assert shown == said
    assert said["sent"] == said["counted"] == said["status.200"] > 0 < said["so_far"]


def test_environments_start_for_ten_at_once_and_vanish(page: Page, console: Dew) -> None:
    opened(page, console, "?target=GET+%2Fauth%2Fprofile")
    page.get_by_label("How long environments may idle").select_option("3")
    page.get_by_role("button", name="10 at once, from none").click()
    tiles = page.locator(".pool-tile:not([data-state=gone])")
    expect(tiles).to_have_count(10, timeout=PATIENCE)
    [told] = [each for each in ask(console, "environments")["functions"] if "rofile" in each["function"]]
    assert len(told["environments"]) == 10
    expect(page.get_by_text("No environment: nothing runs, nothing costs.")).to_be_visible(timeout=PATIENCE)
    assert (
        page.get_by_text("A server", exact=True).is_visible()
        and page.get_by_text("on", exact=True).first.is_visible()
    )


def test_a_load_ends_with_its_page(page: Page, console: Dew) -> None:
    opened(page, console)
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.locator("output.rate")).to_have_text("0.5 requests per second")
    expect(figure(page, "sent")).to_be_visible()
    ended = page.expect_response(lambda response: response.request.method == "DELETE")
    with ended:
        page.goto(f"{console.aws_url}/_dew/#/users")
        expect(page.get_by_role("heading", level=1)).to_have_text("Users")
    assert httpx.get(f"{console.aws_url}/_dew/load").json()["load"]["running"] is False
