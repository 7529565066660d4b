"""`dew up`, from start to stop, and what happens when something is in the way."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli.service import FREE_PORTS, HANDLER, MAP, Project, get


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.make(tmp_path / "shop")


def ready(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What a `dew up --json` in the foreground prints first."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate()[1])
    told: dict[str, Any] = json.loads(line)
    return told


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether `condition` comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


class TestRunning:
    def test_in_the_background_it_returns_when_the_service_answers(self, project: Project) -> None:
        run = project.up()
        try:
            assert get(f"{run['service_url']}/hello") == (200, "hello")
            assert json.loads((project.directory / ".dew" / "run.json").read_text())["pid"] == run["pid"]
            health = json.loads(get(f"{run['aws_url']}/_dew/health")[1])
            assert health["service"] == "shop"

            second = project.dew("up", *FREE_PORTS)
            assert second.returncode == 1
            assert (
                f"dew already runs for {project.directory} (pid {run['pid']}): {run['service_url']}"
                in second.stderr
            )
            assert project.dew("up", "--detach", "--wait").returncode == 1
        finally:
            stopped = project.told("down")
        assert stopped == {"stopped": run["pid"]}
        assert until(lambda: project.processes() == [])
        assert not (project.directory / ".dew" / "run.json").exists()

    def test_it_prints_where_everything_is_in_plain_text(self, project: Project) -> None:
        process = project.start("up", *FREE_PORTS)
        assert until(lambda: (project.directory / ".dew" / "run.json").exists(), 30)
        run = json.loads((project.directory / ".dew" / "run.json").read_text())
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=10)
        assert process.returncode == 0, errors
        assert f"Service  {run['service_url']}" in output
        assert f"AWS_ENDPOINT_URL={run['aws_url']}" in output
        assert "/hello" in output
        assert "\x1b" not in output

    @pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_stops_it_cleanly_and_soon(self, project: Project, sign: signal.Signals) -> None:
        process = project.start("up", "--json", *FREE_PORTS)
        url = ready(process)["urls"]["service"]
        assert get(f"{url}/hello")[0] == 200
        started = time.monotonic()
        process.send_signal(sign)
        process.communicate(timeout=10)
        assert process.returncode == 0
        assert time.monotonic() - started < 4
        assert project.processes() == []

    def test_a_signal_while_it_starts_stops_it_too(self, project: Project) -> None:
        process = project.start("up", "--json", *FREE_PORTS)
        assert until((project.directory / ".dew" / "state.db").exists, 30)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        assert project.processes() == []

    def test_killed_it_leaves_no_process_behind_and_can_be_started_again(self, project: Project) -> None:
        process = project.start("up", "--json", *FREE_PORTS)
        url = ready(process)["urls"]["service"]
        assert get(f"{url}/hello")[0] == 200
        process.kill()
        process.communicate()
        assert until(lambda: not project.processes()), project.processes()
        assert project.dew("routes").returncode == 0
        assert "No emulator runs" in project.dew("mail").stderr
        assert get(f"{project.up()['service_url']}/hello")[0] == 200
        project.dew("down")


class TestDailyLife:
    def test_saved_files_are_served_and_users_survive_all_of_it(self, project: Project) -> None:
        run = project.up()
        url = run["service_url"]
        try:
            created = ("users", "create", "alice@example.com", "--password", "Correct-Horse-1")
            assert project.dew(*created).returncode == 0
            assert get(f"{url}/hello") == (200, "hello")

            project.write("hello.py", HANDLER.replace('return "hello"', 'return "bonjour"'))
            assert until(lambda: get(f"{url}/hello") == (200, "bonjour"))

            project.write("serverless.yml", MAP.replace("GET /hello", "GET /salut"))
            assert until(lambda: get(f"{url}/salut") == (200, "bonjour"))
            assert until(lambda: get(f"{url}/hello")[0] == 404)  # removed last, as CloudFormation cleans up

            project.write("serverless.yml", MAP.replace("functions:", "functions: ["))
            assert until(lambda: "serverless.yml:" in (project.directory / ".dew" / "dew.log").read_text())
            assert get(f"{url}/salut") == (200, "bonjour")
            project.write("serverless.yml", MAP)
            assert until(lambda: get(f"{url}/hello") == (200, "bonjour"))
            assert len(project.told("users", "list")["users"]) == 1
        finally:
            project.dew("down")

        run = project.up()
        assert get(f"{run['service_url']}/hello") == (200, "bonjour")
        assert len(project.told("users", "list")["users"]) == 1
        project.dew("down")

        project.up("--fresh")
        assert project.told("users", "list")["users"] == []
        project.dew("down")

    def test_a_map_that_would_drop_the_users_is_refused(self, project: Project) -> None:
        project.up()
        project.dew("users", "create", "alice@example.com", "--password", "Correct-Horse-1")
        project.dew("down")
        project.write("serverless.yml", MAP.partition("resources:")[0])
        refused = project.dew("up", *FREE_PORTS)
        assert refused.returncode == 1
        assert "This would drop UserPool (AWS::Cognito::UserPool)" in refused.stderr
        assert "--fresh" in refused.stderr
        assert self.answered(project, b"n\n") == 1
        assert self.answered(project, None) == 0
        project.write("serverless.yml", MAP)
        project.up()
        assert len(project.told("users", "list")["users"]) == 1
        project.dew("down")

    @staticmethod
    def answered(project: Project, answer: bytes | None) -> int:
        """The exit code of `dew up` at a terminal, its question answered, or stopped by Ctrl-C when it is None."""
        keyboard, terminal = os.openpty()
        process = project.start("up", *FREE_PORTS, stdin=terminal)
        try:
            assert process.stdout is not None
            asked = ""
            while "Go on? [y/N]:" not in asked:
                asked += process.stdout.read(1)
            if answer is None:
                process.send_signal(signal.SIGINT)
            else:
                os.write(keyboard, answer)
            process.communicate(timeout=10)
        finally:
            os.close(keyboard)
            os.close(terminal)
        assert process.returncode is not None
        return process.returncode


class TestInTheWay:
    def test_a_port_in_use_is_named_with_its_owner_and_the_way_out(self, project: Project) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for mode in ([], ["--detach", "--wait"]):
                ran = project.dew("up", *mode, f"--port={port}", "--aws-port=0", "--frontend-port=0")
                assert ran.returncode == 1
                assert f"Port {port} is in use by" in ran.stderr
                assert f"(pid {os.getpid()})" in ran.stderr
                assert "dew up --port 0" in ran.stderr
        assert project.processes() == []

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (MAP.replace("functions:", "functions: ["), "serverless.yml:"),
            ("", "the map is empty"),
            (MAP.replace("hello.handler", "nowhere.handler"), "nowhere"),
            (MAP.replace("hello.handler", "hello.missing"), "missing"),
            (MAP.replace("AWS::Cognito::UserPool\n", "AWS::Cognito::Nothing\n"), "AWS::Cognito::Nothing"),
            (MAP.replace("name: aws", "name: ${env:NOT_SET}"), "NOT_SET"),
        ],
        ids=["yaml", "empty", "file", "function", "type", "variable"],
    )
    def test_a_map_that_cannot_be_served_says_what_to_mend(
        self, project: Project, content: str, said: str
    ) -> None:
        project.write("serverless.yml", content)
        ran = project.dew("up", *FREE_PORTS)
        assert ran.returncode == 1
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr
        detached = project.dew("up", "--detach", "--wait", *FREE_PORTS)
        assert detached.returncode == 1
        assert said in detached.stderr
        assert project.processes() == []

    def test_an_unknown_key_is_a_warning_with_its_place(self, project: Project) -> None:
        project.write(
            "serverless.yml",
            MAP.replace("    handler: hello.fail", "    handler: hello.fail\n    memorysize: 1"),
        )
        process = project.start("up", "--json", *FREE_PORTS)
        ready(process)
        process.send_signal(signal.SIGINT)
        assert "functions.fail.memorysize" in process.communicate()[1]

    def test_state_that_cannot_be_kept_is_said(self, project: Project) -> None:
        (project.directory / ".dew").write_text("a file")
        ran = project.dew("up", *FREE_PORTS)
        assert ran.returncode == 1
        assert "Cannot write to" in ran.stderr
        assert "--state-dir" in ran.stderr

    def test_state_can_be_kept_elsewhere(self, project: Project, tmp_path: Path) -> None:
        (project.directory / ".dew").write_text("a file")
        project.up("--state-dir", str(tmp_path / "state"))
        elsewhere = {"DEW_STATE_DIR": str(tmp_path / "state")}
        assert project.dew("mail", **elsewhere).stdout == "No messages.\n"
        assert "Stopped" in project.dew("down", **elsewhere).stdout

    def test_state_that_is_no_database_is_said(self, project: Project) -> None:
        (project.directory / ".dew").mkdir()
        (project.directory / ".dew" / "state.db").write_text("not a database, whatever its name says")
        ran = project.dew("up", *FREE_PORTS)
        assert ran.returncode == 1
        assert "state.db" in ran.stderr
        assert "Traceback" not in ran.stderr
        project.up("--fresh")
        project.dew("down")


def test_functions_that_were_added_while_it_runs_are_called_as_the_map_does(project: Project) -> None:
    process = project.start("up", "--json", *FREE_PORTS)
    try:
        url = ready(process)["urls"]["service"]
        text = (project.directory / "serverless.yml").read_text()
        added = "functions:\n  later:\n    handler: hello.handler\n    events:\n      - httpApi: GET /later\n"
        project.write("serverless.yml", text.replace("functions:\n", added, 1))
        assert until(lambda: get(f"{url}/later")[0] == 200)
        assert process.stdout is not None
        lines = (json.loads(line) for line in process.stdout)
        logged = next(line for line in lines if line["event"] == "log" and "later" in line["group"])
        assert logged["function"] == "later"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def test_a_save_is_told_with_functions_by_their_names_and_routes_that_still_answer(project: Project) -> None:
    text = (project.directory / "serverless.yml").read_text()
    project.write("serverless.yml", text.replace("- httpApi: GET /hello", "- http: GET /hello"))
    answering = HANDLER.replace('return "hello"', 'return {"statusCode": 200}')
    project.write("hello.py", answering)
    process = project.start("up", "--json", *FREE_PORTS)
    try:
        url = ready(process)["urls"]["service"]
        assert get(f"{url}/dev/hello")[0] == 200
        assert process.stdout is not None
        changes = (told for told in map(json.loads, process.stdout) if told["event"] == "change")
        project.write("hello.py", answering.replace("was called", "was called again"))
        assert "hello" in next(changes)["functions"]
        project.write("serverless.yml", text.replace("- httpApi: GET /hello", "- http: GET /other"))
        deployed = next(told for told in changes if told["deployed"])
        assert deployed["lingering"] == ["GET /dev/hello"]
        assert (get(f"{url}/dev/hello")[0], get(f"{url}/dev/other")[0]) == (200, 200)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def test_in_the_background_it_names_a_page_only_where_there_is_one(project: Project) -> None:
    try:
        assert "\nAWS is at http://127.0.0.1:" in project.dew("up", "--detach", "--wait", *FREE_PORTS).stdout
    finally:
        project.dew("down")
    (project.directory / "stack/frontend").mkdir(parents=True)
    try:
        assert "\nThe page is at http://" in project.dew("up", "--detach", "--wait", *FREE_PORTS).stdout
    finally:
        project.dew("down")


def test_in_the_background_it_says_what_is_wrong_with_the_map(project: Project) -> None:
    project.write("serverless.yml", MAP.replace("  runtime:", "  memorysize: 512\n  runtime:"))
    try:
        done = project.dew("up", "--detach", "--wait", *FREE_PORTS)
        assert "unknown key, did you mean 'memorySize'?" in done.stderr
        assert "runs on dewstack" not in done.stdout + done.stderr
    finally:
        project.dew("down")
