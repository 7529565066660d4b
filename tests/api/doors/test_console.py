"""The console's pages."""

import re
from importlib.resources import files

import httpx
import pytest

from dewstack.console import FILES, Console
from dewstack.http import Request
from dewstack.testing import Dew

PLACE = files("dewstack.console")
SCRIPTS = sorted(file.name for file in PLACE.iterdir() if file.name.endswith(".js"))


def get(path: str, accept: str = "text/html,*/*", method: str = "GET"):
    return Console()(Request(method, path, "", [(b"Accept", accept.encode())], b""))


def test_a_browser_gets_the_mailbox_as_a_page_and_a_program_does_not():
    page = get("/_dew/mail")
    assert page is not None and b"main.js" in page.body
    assert get("/_dew/mail", "*/*") is None
    assert get("/_dew/health") is None
    assert get("/_dew/", method="POST") is None


@pytest.mark.parametrize("path", ["/_dew/", "/_dew/main.js", "/_dew/console.css"])
def test_pages_run_nothing_but_their_own_files(path):
    response = get(path)
    headers = dict(response.headers)
    policy = headers[b"Content-Security-Policy"].decode()
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert b"https://" not in response.body


@pytest.mark.parametrize(
    "path", ["/_dew/__init__.py", "/_dew/../app.py", "/_dew/%2e%2e/app.py", "/_dew/console.html"]
)
def test_nothing_else_is_served(path):
    assert get(path) is None


def test_the_page_has_no_inline_script():
    html = PLACE.joinpath("console.html").read_text()
    assert not re.search(r"<script(?![^>]*src=)", html) and not re.search(r"\son[a-z]+=|style=", html)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_set_no_markup_from_data_and_load_only_what_is_served(name):
    script = PLACE.joinpath(name).read_text()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script
    )
    for loaded in re.findall(r"""(?:from|import\()\s*["']([^"']+)["']""", script):
        assert loaded.startswith("./") and f"/_dew/{loaded[2:]}" in FILES, loaded


def test_the_address_without_its_slash_leads_there(dew: Dew):
    answer = httpx.get(f"{dew.aws_url}/_dew", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/_dew/")
