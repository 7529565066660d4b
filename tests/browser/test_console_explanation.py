"""The console explains what failed; and a browser's own words about CORS are those that dew explain knows."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from dewstack.explain.errors import explained
from dewstack.testing import Dew
from tests.browser.console_world import ask, axe_script, world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def console() -> Iterator[Dew]:
    with world() as dew:
        yield dew


def test_a_failure_is_explained_as_the_api_does(console: Dew, page: Page) -> None:
    httpx.get(f"{console.url}/nowhere")
    told = ask(console, "explain", last=1)
    page.context.add_init_script(axe_script())
    page.goto(f"{console.aws_url}/_dew/#/invocations/{told['summary']['id']}")
    page.get_by_role("tab", name="Explain").click()
    panel = page.get_by_role("tabpanel")
    expect(panel.get_by_role("heading", name=told["candidates"][0]["title"])).to_be_visible()
    for cause in told["candidates"][0]["causes"]:
        expect(panel).to_contain_text(cause["why"])
        expect(panel).to_contain_text(cause["find"])
    for sentence in told["found"]:
        expect(panel).to_contain_text(sentence)
    violations = page.evaluate("async () => (await axe.run()).violations.map(({id}) => id)")
    assert violations == []


def test_a_request_that_went_well_has_its_routes_story(console: Dew, page: Page) -> None:
    row = next(
        one
        for one in ask(console, "invocations", limit=200, status="ok")["invocations"]
        if one["kind"] == "http" and one["route"]
    )
    told = ask(console, "explain", id=row["id"])
    page.goto(f"{console.aws_url}/_dew/#/invocations/{row['id']}")
    page.get_by_role("tab", name="Explain").click()
    panel = page.get_by_role("tabpanel")
    expect(panel.get_by_role("heading", name=f"What AWS does with {row['route']}")).to_be_visible()
    expect(panel).to_contain_text(told["route"]["defined_at"])
    for step in told["route"]["steps"]:
        expect(panel).to_contain_text(step["text"])


def test_what_chromium_says_of_cors_is_known(console: Dew, page: Page) -> None:
    """A page of another origin than the service allows asks it."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{console.aws_url}/_localstack/health")
    assert page.evaluate(
        "url => fetch(url).then(() => 'read', () => 'kept from it')", f"{console.url}/x"
    ) == ("kept from it")
    assert "cors" in {one.id for text in said if "CORS" in text for one in explained(text)}, said
