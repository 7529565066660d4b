"""A real Chromium. Without one these tests fail: a page that nobody has opened is not tested."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",  # containers of CI jobs have no user namespaces
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE = 20_000  # milliseconds: on a busy machine the first request of a function takes its time


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser that CHROMIUM names, or the one on the path.

    Of a module and no longer: Playwright runs an event loop in this thread while it is open, and no test that has
    a loop of its own could run after it.
    """
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.fail("no Chromium: install one, or name it by the environment variable CHROMIUM")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page in a fresh profile, at the width of a desk or of a phone. An error in its script fails the test.

    The environment variable SCREENSHOTS names a directory that takes a picture of where each test ended.
    """
    size = {"desktop": (1280, 860), "phone": (360, 740)}[request.param]
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 500)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on(
        "console", lambda message: broken.append(message.text) if "Content Security" in message.text else None
    )
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        name = request.node.name.replace("[", "-").strip("]")
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
    context.close()
    assert not broken
