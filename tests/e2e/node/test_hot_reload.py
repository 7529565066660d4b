"""A saved TypeScript or JavaScript file serves the next request; a mistake is answered and shown until it is mended."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli.service import Project, get

pytestmark = pytest.mark.node

MAP = """\
service: words
provider:
  name: aws
  runtime: nodejs20.x
functions:
  typescript:
    handler: src/typescript.handler
    events: [httpApi: GET /typescript]
  other:
    handler: src/other.handler
    events: [httpApi: GET /other]
  built:
    handler: dist/built.handler
    events: [httpApi: GET /built]
"""
WORD = "export const word: string = 'one';\n"
TYPESCRIPT = "import { word } from './lib/word';\nexport const handler = async (): Promise<string> => word;\n"
PID = "export const handler = async (): Promise<string> => String(process.pid);\n"
BUILT = "exports.handler = async () => 'one';\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "words")
    for folder in ("src/lib", "dist"):
        (project.directory / folder).mkdir(parents=True)
    project.write("serverless.yml", MAP)
    project.write("src/lib/word.ts", WORD)
    project.write("src/typescript.ts", TYPESCRIPT)
    project.write("src/other.ts", PID)
    project.write("dist/built.js", BUILT)
    return project


@pytest.fixture
def running(project: Project) -> Iterator[dict[str, Any]]:
    yield project.up()
    project.dew("down")


def served(url: str, expected: tuple[int, str], seconds: float = 15.0) -> bool:
    """Whether a GET gives this before long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if get(url) == expected:
            return True
    return False


def test_saved_code_serves_the_next_request(project: Project, running: dict[str, Any]) -> None:
    url = f"{running['service_url']}/typescript"
    other = get(f"{running['service_url']}/other")
    assert get(url) == (200, "one")
    project.write("src/lib/word.ts", WORD.replace("one", "two"))
    assert served(url, (200, "two"))
    project.write("src/typescript.ts", TYPESCRIPT.replace("=> word", "=> `${word} and three`"))
    assert served(url, (200, "two and three"))
    assert get(f"{running['service_url']}/other") == other  # it is not made of what was saved

    built = f"{running['service_url']}/built"
    assert get(built) == (200, "one")
    project.write("dist/built.js", BUILT.replace("one", "two"))
    assert served(built, (200, "two"))


def test_a_mistake_is_answered_and_shown_until_it_is_mended(
    project: Project, running: dict[str, Any]
) -> None:
    url = f"{running['service_url']}/typescript"
    assert get(url) == (200, "one")
    project.write("src/lib/word.ts", "export const word = ;\n")
    assert served(url, (500, '{"message":"Internal Server Error"}'))
    error = project.dew("invoke", "typescript", "--json")
    assert "Runtime.UserCodeSyntaxError" in error.stdout + error.stderr
    said = json.dumps('src/lib/word.ts:1:20: Unexpected ";"')[1:-1]
    assert said in error.stdout + error.stderr
    assert "src/lib/word.ts:1:20" in (project.directory / ".dew" / "dew.log").read_text()
    project.write("src/lib/word.ts", WORD)
    assert served(url, (200, "one"))


def test_an_error_names_the_line_of_the_source(project: Project, running: dict[str, Any]) -> None:
    url = f"{running['service_url']}/typescript"
    assert get(url) == (200, "one")
    thrower = "interface A {\n  a: string;\n}\n\nexport function fail(a: A): never {\n  throw new TypeError(a.a);\n}\n"
    project.write("src/lib/fail.ts", thrower)
    project.write(
        "src/typescript.ts",
        "import { fail } from './lib/fail';\nexport const handler = async () => fail({ a: 'no' });\n",
    )
    assert served(url, (500, '{"message":"Internal Server Error"}'))
    done = project.dew("invoke", "typescript", "--json")
    assert "src/lib/fail.ts:6:" in done.stdout + done.stderr
    assert "src/typescript.ts:2:" in done.stdout + done.stderr
