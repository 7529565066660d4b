"""An emulator for each deployer, and the deployers: installed, and run with nobody's home and configuration."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from dewstack.testing import Dew, start
from tests.e2e.installing import ROOT, install_in, install_program

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
RUN_SECONDS = 240.0

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def modules() -> Path:
    """The deployers from npm, installed: the directory of their programs."""
    install_in(HERE)
    return MODULES / ".bin"


@pytest.fixture(scope="module")
def sam() -> Path:
    """The SAM CLI of requirements/deployers.txt, installed."""
    return install_program("deployers", ROOT / "requirements" / "deployers.txt") / "sam"


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a project that a test may change."""

    def copied(name: str) -> Path:
        return Path(shutil.copytree(HERE / "projects" / name, tmp_path / name))

    return copied


@pytest.fixture
def run(dew: Dew, tmp_path: Path) -> Run:
    """Run a deployer in a directory; its output is in `stdout`."""

    def run_it(where: Path, *command: str | Path, **more: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            **dew.environ,
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "CI": "true",
            "NODE_PATH": str(MODULES),
            "NODE_NO_WARNINGS": "1",
            "SAM_CLI_TELEMETRY": "0",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "SLS_TELEMETRY_DISABLED": "1",
            **more,
        }
        return subprocess.run(
            [str(each) for each in command],
            cwd=where,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
        )

    return run_it


@pytest.fixture
def ask(dew: Dew) -> Callable[[str, str], str]:
    """What an API answers to a GET: its id and the path below its host."""

    def asked(api: str, path: str) -> str:
        answer = httpx.get(f"{dew.aws_url}/_aws/execute-api/{api}{path}", timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    return asked
