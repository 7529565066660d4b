"""A project directory to stand in, and `dew` as a shell would run it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dewstack.cli import run

MAP = """\
service: shop
provider:
  name: aws
  runtime: python3.11
functions:
  hello:
    handler: hello.handler
    events:
      - httpApi: GET /hello
      - httpApi: POST /hello/{name}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    output: str
    errors: str


Dew = Callable[..., Ran]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a small map, and the working directory of the test."""
    (tmp_path / "serverless.yml").write_text(MAP)
    (tmp_path / "hello.py").write_text("def handler(event, context):\n    return 'hello'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DEW_STATE_DIR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def dew(capfd: pytest.CaptureFixture[str]) -> Dew:
    """Run a command line in this process, its output captured as a pipe would."""

    def run_dew(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        output, errors = capfd.readouterr()
        return Ran(code, output, errors)

    return run_dew
