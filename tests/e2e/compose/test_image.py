"""dewstack's own image, as `docker run` starts it: with the project mounted, read-only even."""

import json
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.compose.compose import ROOT

pytestmark = pytest.mark.compose
HEALTHY_SECONDS = 60.0


def docker(*arguments: str) -> str:
    """What a command of docker's prints."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """A healthy one, on free ports."""
    ports = ("-p", "127.0.0.1::4566", "-p", "127.0.0.1::3000")
    name = docker("run", "--detach", *ports, "--volume", f"{ROOT}:/app:ro", "dewstack")
    try:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while docker("inspect", "--format", "{{.State.Health.Status}}", name) != "healthy":
            assert time.monotonic() < deadline, docker("logs", "--tail", "20", name)
            time.sleep(0.2)
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


def test_serves_the_project(container: str) -> None:
    service = f"http://{docker('port', container, '3000/tcp')}"
    body = {"email": "nobody@example.com", "password": "Difference-1"}
    answer = httpx.post(f"{service}/auth/login", json=body, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (401, "NotAuthorizedException")
    health = httpx.get(f"http://{docker('port', container, '4566/tcp')}/_dew/health").json()
    assert (health["status"], health["service"]) == ("running", "dewstack")


def test_is_nobody_special(container: str) -> None:
    assert docker("exec", container, "id", "-u") == "10001"


def test_is_dew(container: str) -> None:
    routes = json.loads(docker("exec", container, "dew", "routes", "--json"))
    assert routes["service"] == "dewstack"
