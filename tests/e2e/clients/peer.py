"""The clients that come from npm and from packages which need an environment of their own: installed, and run."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CLI_REQUIREMENTS = HERE.parents[2] / "requirements" / "peers.txt"
INSTALL_SECONDS = 300.0
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
    with _installing(HERE / "package-lock.json", HERE / "node_modules") as needed:
        if needed:
            _run("npm", "ci", "--silent", "--no-audit", "--no-fund")


def aws_cli() -> Path:
    """The AWS CLI of requirements/peers.txt, installed."""
    environment = HERE.parents[2] / ".tox" / "aws-cli"
    environment.parent.mkdir(exist_ok=True)
    with _installing(CLI_REQUIREMENTS, environment) as needed:
        if needed:
            _run(sys.executable, "-m", "venv", "--clear", str(environment))
            _run(str(environment / "bin" / "pip"), "install", "--quiet", "-r", str(CLI_REQUIREMENTS))
    return environment / "bin" / "aws"


@contextmanager
def _installing(pins: Path, place: Path) -> Iterator[bool]:
    """Whether `place` lacks what `pins` names; afterwards it has it. Two at once wait for each other."""
    with pins.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = place / "installed"
        needed = not installed.is_file() or installed.read_bytes() != pins.read_bytes()
        yield needed
        if needed:
            shutil.copyfile(pins, installed)


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
