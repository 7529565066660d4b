"""The console's pages."""

import re
from importlib.resources import files

import pytest

from dewstack.console import Console
from dewstack.http import Request


def get(path: str, accept: str = "text/html,*/*", method: str = "GET"):
    return Console()(Request(method, path, "", [(b"Accept", accept.encode())], b""))


def test_a_browser_gets_the_mailbox_as_a_page_and_a_program_does_not():
    page = get("/_dew/mail")
    assert page is not None and b'id="mail"' in page.body
    assert get("/_dew/mail", "*/*") is None
    assert get("/_dew/health") is None
    assert get("/_dew/", method="POST") is None


@pytest.mark.parametrize("path", ["/_dew/", "/_dew/console.js", "/_dew/console.css"])
def test_pages_run_nothing_but_their_own_files(path):
    response = get(path)
    headers = dict(response.headers)
    policy = headers[b"Content-Security-Policy"].decode()
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert b"https://" not in response.body


def test_the_page_has_no_inline_script_and_sets_no_markup_from_data():
    html = files("dewstack.console").joinpath("console.html").read_text()
    script = files("dewstack.console").joinpath("console.js").read_text()
    assert not re.search(r"<script(?![^>]*src=)", html) and " on" + "click" not in html
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script
