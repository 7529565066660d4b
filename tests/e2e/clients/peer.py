"""The clients that come from npm and from packages which need an environment of their own: installed, and run."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installing import install_in, install_program

HERE = Path(__file__).parent
CLI_REQUIREMENTS = HERE.parents[2] / "requirements" / "peers.txt"
ANSWER_SECONDS = 30.0


class Refused(Exception):
    """What a client library threw: its name (AWS's error code, mostly), its message, what else it carries."""

    def __init__(self, name: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.details = details


@contextmanager
def refused(name: str, message: str | None = None) -> Iterator[None]:
    """A `with` in which a client library has to throw this error."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.name == name, caught.value
    if message is not None:
        assert caught.value.message == message


class Peer:
    """A Node.js process with one client library, which does what it is told: `peer("signUp", {...})`."""

    def __init__(self, program: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            ["node", "driver.mjs", program],
            cwd=HERE / "js",
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, call: str, *arguments: Any) -> Any:
        """What the call gives, promises kept. Raises Refused with what it throws."""
        assert self._process.stdin and self._process.stdout
        bound = threading.Timer(ANSWER_SECONDS, self._process.kill)
        bound.start()
        try:
            self._process.stdin.write(json.dumps([call, *arguments]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            bound.cancel()
        assert line, f"{call}: no answer within {ANSWER_SECONDS:g} s; what Node.js wrote is above"
        answer = json.loads(line)
        if "error" in answer:
            error = answer["error"]
            raise Refused(error.pop("name"), error.pop("message"), error)
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def install_modules() -> None:
    """Have what package-lock.json names in node_modules."""
    install_in(HERE)


def aws_cli() -> Path:
    """The AWS CLI of requirements/peers.txt, installed."""
    return install_program("aws-cli", CLI_REQUIREMENTS) / "aws"
