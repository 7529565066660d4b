"""`dew flask`, and `dewstack.shim` as Flask's own tools use it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.cli.service import Project, get

READY = re.compile(r"shop runs on Flask at (http://[\d.:]+), with AWS at (http://[\d.:]+)\.\n")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small service."""
    return Project.make(tmp_path / "shop")


def serve(project: Project, *arguments: str) -> tuple["subprocess.Popen[str]", str, str]:
    """Start `dew flask`; its URL and the AWS endpoint's."""
    process = project.start("flask", "--port=0", *arguments)
    assert process.stdout is not None
    ready = READY.fullmatch(process.stdout.readline())
    assert ready is not None, process.communicate()
    return process, ready[1], ready[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_brings_what_the_functions_need_and_takes_it_along(project: Project, number: int) -> None:
    process, url, aws = serve(project)
    assert process.stdout is not None
    assert re.fullmatch(r" +GET +/hello +shop-dev-hello\n", process.stdout.readline())
    assert get(f"{url}/hello") == (200, "hello")
    assert project.told("routes")["routes"][0]["path"] == "/hello"
    with urllib.request.urlopen(f"{aws}/_dew/health") as health:
        assert json.load(health)["service"] == "shop"
    project.write("hello.py", 'def handler(event, context):\n    return "saved"\n')
    assert get(f"{url}/hello") == (200, "saved")
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert not (project.directory / ".dew/run.json").exists()
    assert not project.processes()


def test_beside_dew_up_it_uses_what_runs_there(project: Project) -> None:
    run = project.up()
    try:
        process, url, aws = serve(project)
        assert aws == run["aws_url"]
        assert get(f"{url}/hello") == get(f"{run['service_url']}/hello") == (200, "hello")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert get(f"{run['service_url']}/hello") == (200, "hello")
    finally:
        project.dew("down")


def test_another_stage_than_the_one_that_runs_is_refused(project: Project) -> None:
    project.up()
    try:
        refused = project.dew("flask", "--port=0", "--stage=test")
        assert refused.returncode == 1
        assert "shop-test is not at" in refused.stderr
    finally:
        project.dew("down")


def test_a_port_that_is_taken_is_named(project: Project) -> None:
    process, url, _ = serve(project)
    port = url.rpartition(":")[2]
    refused = project.dew("flask", f"--port={port}")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert (refused.returncode, f"Port {port} is in use" in refused.stderr) == (1, True)


def test_for_scripts_it_is_told_as_json(project: Project) -> None:
    process = project.start("flask", "--port=0", "--json")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert (told["event"], told["service"]) == ("ready", "shop")
    assert told["rules"][0] == {"methods": ["GET"], "rule": "/hello", "endpoint": "shop-dev-hello"}
    assert get(f"{told['urls']['service']}/hello") == (200, "hello")
    assert told["urls"]["aws"].startswith("http://127.0.0.1:")
    assert get(f"{told['urls']['service']}/nowhere")[0] == 404
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert '"GET /nowhere HTTP/1.1" 404' in errors, "a log in a file has no colours"


def test_flasks_own_command_lists_the_routes(project: Project) -> None:
    command = [sys.executable, "-m", "flask", "--app", "dewstack.shim:create_app()", "routes"]
    listed = subprocess.run(
        command, cwd=project.directory, capture_output=True, text=True, timeout=60, env=dict(os.environ)
    )
    assert re.search(r"shop-dev-hello +GET +/hello", listed.stdout), listed.stderr
    assert not project.processes()


def test_flasks_test_client_needs_nothing_else(project: Project) -> None:
    code = (
        "from dewstack.shim import create_app\n"
        "print(create_app().test_client().get('/hello').text)\n"
        "print(create_app().test_client().get('/hello').text)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.directory, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (2 * "hello was called\nhello\n", "")


def test_a_function_that_is_not_on_the_map_is_named(project: Project) -> None:
    refused = project.dew("flask", "--port=0", "--invoke=nobody")
    assert (refused.returncode, "There is no function 'nobody'" in refused.stderr) == (1, True)


def test_a_breakpoint_stops_in_the_handler_and_waits(project: Project) -> None:
    code = (project.directory / "hello.py").read_text()
    stops = 'word = "hello"\n    breakpoint()\n    return word'
    project.write("hello.py", code.replace('return "hello"', stops))
    process = project.start("flask", "--port=0", "--no-timeouts", stdin=subprocess.PIPE)
    assert process.stdout is not None and process.stdin is not None
    ready = READY.fullmatch(process.stdout.readline())
    assert ready is not None, process.communicate()
    process.stdin.write('word = "changed"\ncontinue\n')
    process.stdin.flush()
    assert get(f"{ready[1]}/hello") == (200, "changed")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
