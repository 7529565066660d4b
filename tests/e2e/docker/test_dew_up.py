"""`dew up --docker`: reload, debuggers, what a killed emulator leaves, and what is said where there is no engine."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.cli.service import FREE_PORTS, Project, get
from tests.e2e.debug.debuggers import PythonDebugger
from tests.e2e.docker.engine import docker
from tests.free_ports import free_ports

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("docker")]

SECONDS = 30.0
MAP = """
service: boxed
provider: {name: aws, runtime: python3.13, timeout: 1}
functions:
  word:
    handler: word.handler
    events: [{httpApi: GET /word}]
"""
HANDLER = "def handler(event, context):\n    word = 'one'\n    return {'statusCode': 200, 'body': word}\n"


@pytest.fixture
def project(images: str, tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "boxed")
    project.directory.mkdir()
    project.write("serverless.yml", MAP)
    project.write("word.py", HANDLER)
    yield project
    project.dew("down")


def containers(pid: int) -> list[str]:
    """The ids of the containers of an emulator."""
    listed = docker("ps", "--all", "--format", '{{.Label "dewstack.emulator"}} {{.ID}}')
    return [line.split()[-1] for line in listed.splitlines() if line.startswith(f"{pid} ")]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_saved_handler_serves_the_next_request(project: Project) -> None:
    url = project.up("--docker")["service_url"] + "/word"
    assert get(url) == (200, "one")
    project.write("word.py", HANDLER.replace("one", "two"))
    wait_for(lambda: get(url) == (200, "two"))


def test_dew_down_removes_the_containers(project: Project) -> None:
    run = project.up("--docker")
    assert get(f"{run['service_url']}/word")[0] == 200
    assert len(containers(run["pid"])) == 1
    project.dew("down")
    wait_for(lambda: containers(run["pid"]) == [])


def test_what_a_killed_emulator_leaves_is_removed_by_the_next(project: Project) -> None:
    run = project.up("--docker")
    assert get(f"{run['service_url']}/word")[0] == 200
    os.kill(run["pid"], signal.SIGKILL)
    assert len(containers(run["pid"])) == 1
    project.up("--docker")
    assert containers(run["pid"]) == []


def test_a_breakpoint_is_hit_and_the_time_limit_is_off_meanwhile(project: Project) -> None:
    port = free_ports()
    run = project.up("--docker", "--debug", "word", f"--debug-port={port}")
    url = f"{run['service_url']}/word"
    with closing(PythonDebugger(port)) as debugger, ThreadPoolExecutor(1) as executor:
        debugger.break_at(Path("/var/task/word.py"), 3)
        request = executor.submit(get, url)
        assert debugger.stop() == ("word.py", 3)
        began = time.monotonic()
        while time.monotonic() - began < 1.3:
            assert not request.done()
            time.sleep(0.05)
        debugger.go_on()
        assert request.result(timeout=SECONDS) == (200, "one")


def test_without_an_engine_nothing_starts(project: Project) -> None:
    done = project.dew("up", "--docker", *FREE_PORTS, DOCKER_HOST="unix:///nowhere.sock")
    assert done.returncode == 1
    assert "no Docker engine answers" in done.stderr
    assert "start it, or set DOCKER_HOST" in done.stderr


def test_without_the_docker_package_it_is_said_how_to_install_it(project: Project, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without/docker.py").write_text("raise ImportError\n")
    done = project.dew("up", "--docker", *FREE_PORTS, PYTHONPATH=str(tmp_path / "without"))
    assert done.returncode == 1
    assert "the docker package isn't installed" in done.stderr
    assert "dewstack[docker]" in done.stderr
