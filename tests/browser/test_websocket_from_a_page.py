"""The chat of the examples from a page: Chromium's own WebSocket, which has opinions of its own on handshakes."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from dewstack.testing import Dew, start

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "websocket-chat"
CHAT = """
url => new Promise((resolve, reject) => {
  const seen = []
  const socket = new WebSocket(url + '?name=ann')
  socket.onopen = () => socket.send(JSON.stringify({action: 'say', text: 'grüß Gott'}))
  socket.onmessage = ({data}) => {
    seen.push(JSON.parse(data))
    if (seen.length === 1) socket.send('help')
    else socket.close(1000, 'bye')
  }
  socket.onclose = ({code, wasClean}) => resolve({seen, code, wasClean})
  setTimeout(() => reject(new Error(`only ${JSON.stringify(seen)}`)), 15000)
})
"""
STRANGER = """
url => new Promise(resolve => {
  const socket = new WebSocket(url)
  socket.onopen = () => resolve('open')
  socket.onclose = ({code}) => resolve(code)
})
"""


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The example, running."""
    copy = tmp_path_factory.mktemp("chat") / "chat"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns(".dew", "__pycache__"))
    with start(copy) as running:
        yield running


def test_a_page_talks_by_websocket(dew: Dew, chromium: Browser) -> None:
    page = chromium.new_page()
    url = dew.url.replace("http://", "ws://") + "/dev"
    said: Any = page.evaluate(CHAT, url)
    assert said["seen"][0] == {"from": "ann", "text": "grüß Gott"}
    assert "usage" in said["seen"][1]
    assert (said["code"], said["wasClean"]) == (1000, True)
    assert page.evaluate(STRANGER, url) == 1006
    page.close()
