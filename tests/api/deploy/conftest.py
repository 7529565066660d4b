"""A project directory, `dew` as a shell would run it, and two AWS to deploy to that aren't AWS: ours, and moto's."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dewstack.cli import run
from dewstack.deploy.remote import boto3_call
from dewstack.deploy.target import Call
from dewstack.testing.running import start

MAP = """\
service: shop
provider:
  name: aws
  runtime: python3.11
package:
  individually: true
functions:
  hello:
    handler: hello.handler
    package: {patterns: ['!**', hello.py]}
    events:
      - httpApi: GET /hello
  other:
    handler: other.handler
    package: {patterns: ['!**', other.py]}
"""
HANDLER = "def handler(event, context):\n    return 'hello'\n"
MOTO = """\
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    output: str
    errors: str

    @property
    def told(self) -> Any:
        """The JSON document that it printed."""
        assert self.code == 0, self.errors
        return json.loads(self.output)

    @property
    def error(self) -> str:
        """What it refused, and the next step, as JSON told it."""
        assert self.code == 1, (self.code, self.output, self.errors)
        error = json.loads(self.errors.splitlines()[-1])["error"]
        return f"{error['message']} | {error.get('hint', '')}"


Dew = Callable[..., Ran]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a map of two functions, and the working directory of the test."""
    (tmp_path / "serverless.yml").write_text(MAP)
    (tmp_path / "hello.py").write_text(HANDLER)
    (tmp_path / "other.py").write_text(HANDLER)
    monkeypatch.chdir(tmp_path)
    for name in ("DEW_STATE_DIR", "DEW_TARGET", "LOCALSTACK_ENDPOINT", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.fixture
def dew(project: Path, capfd: pytest.CaptureFixture[str]) -> Dew:
    """Run a command line in this process, its output captured as a pipe would."""

    def run_dew(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        output, errors = capfd.readouterr()
        return Ran(code, output, errors)

    return run_dew


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The AWS endpoint of an emulator without a map."""
    with start() as emulator:
        yield emulator.aws_url


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The endpoint of moto's server, in a process of its own: its state is of its module."""
    command = [sys.executable, "-c", MOTO]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.stdout.close()
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def at_moto(moto: str) -> Call:
    """Calls to moto, to see what is there."""
    return boto3_call(endpoint=moto, region="us-east-1", access_key="test", secret_key="test")


@pytest.fixture(scope="module")
def at_endpoint(endpoint: str) -> Call:
    """Calls to the emulator, to see what is there."""
    return boto3_call(endpoint=endpoint, region="us-east-1", access_key="test", secret_key="test")
