"""`url:` of a map: what docs/function-urls.md shows, URLs of every kind, and what lists them."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from dewstack.testing import Dew, start
from tests.e2e.cli.service import Project

pytestmark = pytest.mark.node
DOCUMENT = Path(__file__).parents[3] / "docs/function-urls.md"
BLOCK = re.compile(r"^```\w+ (?P<file>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
MAP = """
service: addressed
provider: {name: aws, runtime: python3.12}
functions:
  open: {handler: f.handler, url: true}
  guarded: {handler: f.handler, url: {authorizer: aws_iam}}
  warm: {handler: f.handler, provisionedConcurrency: 1, url: true}
  listed: {handler: f.handler, events: [{httpApi: GET /listed}]}
"""


def write_example(directory: Path) -> None:
    for block in BLOCK.finditer(DOCUMENT.read_text()):
        (directory / block["file"]).write_text(block["text"])


@pytest.fixture
def documented(tmp_path: Path) -> Iterator[Dew]:
    write_example(tmp_path)
    with start(tmp_path) as dew:
        yield dew


def test_the_documented_example(documented: Dew) -> None:
    address = documented.outputs["StoryLambdaFunctionUrl"]
    host = urlsplit(address).netloc
    shown = re.search(r"http://(\w+)\.lambda-url\.us-east-1\.localhost:4566/", DOCUMENT.read_text())
    assert shown
    assert host.startswith(f"{shown[1]}.lambda-url.us-east-1.localhost:")
    headers = {"host": host, "origin": "http://127.0.0.1:8000"}
    with httpx.stream("GET", documented.aws_url, headers=headers, timeout=10) as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
        assert [text for text in response.iter_text()] == [
            f"data: {word}\n\n" for word in ("once", "upon", "a", "time")
        ]


@pytest.fixture
def addressed(tmp_path: Path) -> Path:
    (tmp_path / "serverless.yml").write_text(MAP)
    (tmp_path / "f.py").write_text("def handler(event, context): return context.invoked_function_arn")
    return tmp_path


def test_urls_of_every_kind_are_served(addressed: Path) -> None:
    with start(addressed) as dew:

        def get(name: str) -> httpx.Response:
            host = urlsplit(dew.outputs[f"{name}LambdaFunctionUrl"]).netloc
            return httpx.get(dew.aws_url, headers={"host": host}, timeout=10)

        assert get("Open").text.endswith(":function:addressed-dev-open")
        assert get("Warm").text.endswith(":function:addressed-dev-warm:provisioned")
        assert get("Guarded").status_code == 403
        listed = httpx.get(f"{dew.aws_url}/_dew/routes").json()["routes"]
        told = {route["function"]: route for route in listed if route["api"] == "url"}
        assert list(told) == ["open", "guarded", "warm"]
        for key, route in told.items():
            assert route["path"] == dew.outputs[f"{key.capitalize()}LambdaFunctionUrl"]
        assert [route["authorizer"] for route in told.values()] == [None, "aws_iam", None]


def test_urls_are_listed_while_nothing_runs(addressed: Path) -> None:
    project = Project(addressed)
    routes = project.told("routes")["routes"]
    assert [(route["api"], route["function"]) for route in routes] == [
        ("http", "listed"),
        ("url", "open"),
        ("url", "guarded"),
        ("url", "warm"),
    ]
    table = project.dew("routes").stdout
    assert routes[1]["path"] in table
    assert re.search(r"URL +ANY +http://\w+\.lambda-url\.us-east-1\.localhost:4566/ +guarded +aws_iam", table)
