"""The pictures of the course, made from what they show: the console and the page of the reference service.

    COURSE_PICTURES=docs/course/pictures ./dew test -m browser tests/browser/test_course_pictures.py

writes them where the lessons show them. Without the variable each is made all the same, and what must be in it is
looked for.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from dewstack.testing import Dew
from tests.browser.console_world import ANN, PASSWORD, ask, world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

COURSE = Path(__file__).parents[2] / "docs/course"
PICTURE = re.compile(r"!\[[^\]]+\]\(pictures/([\w-]+)\.png\)")
SIZE = {"width": 1280, "height": 760}
LARGEST = 180_000
"""Bytes of a picture."""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """The reference service with something to see."""
    with world() as dew:
        yield dew


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A window that looks the same every time."""
    context = chromium.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def opened(page: Page, dew: Dew, place: str) -> None:
    """A page of the console."""
    page.goto(f"{dew.aws_url}/_dew/#/{place}")
    expect(page.locator("main h1")).to_be_visible()


def load_and_cost(page: Page, dew: Dew) -> None:
    opened(page, dew, "load?target=GET+%2Fauth%2Fprofile")
    expect(page.locator(".points")).to_be_visible()
    page.get_by_role("button", name="10 at once", exact=True).click()  # what is measured then is warm
    counted = page.locator('data[data-figure="counted"]')
    expect(counted).to_have_text("10")
    rate = page.get_by_label("Load in requests per second")
    rate.fill("1")
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        page.get_by_role("button", name="Stop").click()
    rate.fill("4")
    expect(counted).to_have_text(re.compile("^[4-9]$"))
    expect(page.locator(".pool-tile").first).to_be_visible()
    expect(page.get_by_text("under way")).to_have_count(0)


def invocation(page: Page, dew: Dew) -> None:
    rows = ask(dew, "invocations", route="POST /auth/login", status="ok")["invocations"]
    opened(page, dew, f"invocations/{rows[-1]['id']}")
    expect(page.locator("main")).to_contain_text("POST /auth/login")
    expect(page.get_by_role("tab", name="Event")).to_be_visible()


def overview(page: Page, dew: Dew) -> None:
    opened(page, dew, "")
    expect(page.get_by_role("region", name="Routes", exact=True).locator("tbody tr").first).to_be_visible()
    expect(page.get_by_role("region", name="Functions", exact=True).locator("tbody tr").first).to_be_visible()


def comparison(page: Page, dew: Dew) -> None:
    body = {"email": ANN, "password": PASSWORD}
    cookies = {"Cookie": "theme=dark"}
    path = "/auth/login?from=page&lang=de&lang=en"
    assert httpx.post(dew.url + path, json=body, headers=cookies).is_success
    [row] = ask(dew, "invocations", route="POST /auth/login", limit=1)["invocations"]
    opened(page, dew, f"comparison/{row['id']}")
    page.get_by_text('request.args["from"]', exact=True).first.hover()
    expect(page.locator("main")).to_contain_text("Flask and API Gateway make the same event")


def mailbox(page: Page, dew: Dew) -> None:
    opened(page, dew, "mail")
    expect(page.locator("#mail li").first).to_contain_text("code")


def token(page: Page, dew: Dew) -> None:
    asked = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": dew.outputs["UserPoolClientId"]}
    answer = dew.call(
        "cognito-idp", "InitiateAuth", asked | {"AuthParameters": {"USERNAME": ANN, "PASSWORD": PASSWORD}}
    )
    opened(page, dew, "tokens")
    page.get_by_label("Token", exact=True).fill(answer["AuthenticationResult"]["AccessToken"])
    expect(page.get_by_role("status").filter(has_text="This access token is good")).to_be_visible()


def refusals(page: Page, dew: Dew) -> None:
    for path in ("/nowhere", "/auth/profile"):
        assert httpx.get(dew.url + path).is_client_error
    assert httpx.post(f"{dew.url}/auth/login", json={"email": ANN, "password": "Wrong-1234"}).is_client_error
    opened(page, dew, "invocations")
    expect(page.locator("main")).to_contain_text("/nowhere")
    expect(page.locator("main")).to_contain_text("401")


def page_of_the_service(page: Page, dew: Dew) -> None:
    page.goto(dew.frontend_url)
    expect(page.get_by_role("radio", name="HTTP API")).to_be_visible()


def logs(page: Page, dew: Dew) -> None:
    opened(page, dew, "logs")
    page.get_by_label("Search the logs").fill("REPORT")
    expect(page.get_by_role("listitem").filter(has_text="REPORT RequestId").first).to_be_visible()


def stacks(page: Page, dew: Dew) -> None:
    opened(page, dew, "stacks")
    expect(page.get_by_role("region", name="Resources", exact=True).locator("tbody tr").first).to_be_visible()


PICTURES: dict[str, Callable[[Page, Dew], None]] = {
    "02-invocation": invocation,
    "06-overview": overview,
    "03-comparison": comparison,
    "04-mailbox": mailbox,
    "05-token": token,
    "07-refusals": refusals,
    "08-page": page_of_the_service,
    "09-logs": logs,
    "10-stacks": stacks,
    "01-load-and-cost": load_and_cost,
}
"""The last one puts a load on the service, which would be in the others."""


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_it_should(name: str, page: Page, dew: Dew, tmp_path: Path) -> None:
    PICTURES[name](page, dew)
    picture = Path(os.environ.get("COURSE_PICTURES", tmp_path)) / f"{name}.png"
    page.screenshot(path=picture, animations="disabled", caret="hide")
    assert 5_000 < picture.stat().st_size < LARGEST


def test_lessons_show_the_pictures_that_are_made() -> None:
    lessons = {path.name[:2]: PICTURE.findall(path.read_text()) for path in COURSE.glob("[0-9]*.md")}
    assert all(name.startswith(number) for number, names in lessons.items() for name in names)
    assert sorted(name for names in lessons.values() for name in names) == sorted(PICTURES)
    assert {path.stem for path in (COURSE / "pictures").glob("*")} == set(PICTURES)
    assert len(lessons) == 10 and all(lessons.values()), "each lesson has one"
