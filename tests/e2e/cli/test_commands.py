"""The commands that talk to a running emulator, each run as a shell would."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli.service import Project, get


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project.make(tmp_path_factory.mktemp("commands") / "shop")
    project.up()
    yield project
    project.dew("down")


pytestmark = pytest.mark.xdist_group("commands")


def test_invoke_prints_what_the_function_returns(project: Project) -> None:
    ran = project.dew("invoke", "hello", "--data", '{"a": 1}', "--log")
    assert (ran.returncode, ran.stdout) == (0, '"hello"\n')
    assert "hello was called" in ran.stderr
    assert project.told("invoke", "shop-dev-hello")["result"] == "hello"


def test_invoke_of_a_function_that_fails_exits_with_1(project: Project) -> None:
    ran = project.dew("invoke", "fail")
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["errorType"] == "ValueError"
    unknown = project.dew("invoke", "nobody")
    assert unknown.returncode == 1
    assert "Functions: fail, hello" in unknown.stderr


def test_invoke_makes_the_event_of_a_route(project: Project) -> None:
    event = project.told("invoke", "hello", "--path", "/hello?a=1", "--dry-run")
    assert (event["routeKey"], event["queryStringParameters"]) == ("GET /hello", {"a": "1"})
    assert project.told("invoke", "hello", "--route", "GET /hello")["result"] == "hello"
    astray = project.dew("invoke", "hello", "--path", "/hallo")
    assert astray.returncode == 1
    assert "Its routes: 'GET /hello'" in astray.stderr


def test_logs_show_what_functions_print_and_follow_what_comes(project: Project) -> None:
    project.dew("invoke", "hello")
    shown = project.dew("logs", "hello").stdout
    lines = [line.split(" ", 2)[2].split()[0] for line in shown.splitlines()]
    assert lines[-4:] == ["START", "hello", "END", "REPORT"]
    assert "hello hello was called" in shown
    assert "REPORT RequestId:" in shown
    assert "\x1b" not in shown

    unknown = project.dew("logs", "nobody")
    assert unknown.returncode == 1
    assert "Functions: fail, hello" in unknown.stderr

    following = project.start("logs", "--follow", "--json", "hello")
    assert following.stdout is not None
    first = json.loads(following.stdout.readline())
    assert first["function"] == "hello"
    assert {"group", "stream", "timestamp", "message"} <= set(first)
    before = first["timestamp"]
    run = json.loads((project.directory / ".dew" / "run.json").read_text())
    get(f"{run['service_url']}/hello")
    for line in following.stdout:
        event = json.loads(line)
        if event["timestamp"] > before and event["message"].startswith("hello was called"):
            break
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=10)
    assert following.returncode == 130


def test_users_are_created_listed_changed_and_deleted(project: Project) -> None:
    email, password = "carol@example.com", "Correct-Horse-1"
    assert project.told("users", "create", email, "--password", password)["UserStatus"] == "CONFIRMED"
    assert f"{email}  CONFIRMED" in project.dew("users").stdout
    assert project.dew("users", "set-password", email, "--password", "Other-Horse-1").returncode == 0
    weak = project.dew("users", "create", "weak@example.com", "--password", "onlyletters")
    assert weak.returncode == 1
    assert weak.stderr.startswith("Error: InvalidPasswordException: ")
    assert "weak@example.com" not in project.dew("users").stdout
    assert project.dew("users", "delete", email).returncode == 0
    gone = project.dew("users", "delete", email, "--json")
    assert gone.returncode == 1
    assert json.loads(gone.stderr)["error"]["message"].startswith("UserNotFoundException")


def test_mail_shows_messages_and_their_codes(project: Project) -> None:
    email = "dora@example.com"
    project.dew("users", "create", email)
    [message] = project.told("mail", "--to", email)["messages"]
    assert message["to"] == email
    assert email in project.dew("mail").stdout
    none = project.dew("mail", "--to", "nobody@example.com", "--code")
    assert none.returncode == 1
    assert "No code was sent to nobody@example.com." in none.stderr

    following = project.start("mail", "--follow", "--json", "--to", "erin@example.com")
    project.dew("users", "create", "erin@example.com")
    assert following.stdout is not None
    assert json.loads(following.stdout.readline())["to"] == "erin@example.com"
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=10)


def test_a_pipe_that_closes_early_is_no_fault(project: Project) -> None:
    process = project.start("logs", "--follow")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    project.dew("invoke", "hello")
    _, errors = process.communicate(timeout=10)
    assert errors == ""


def test_doctor_counts_this_emulators_own_ports_as_good(project: Project) -> None:
    assert any(each["subject"] == "Map" for each in project.told("doctor")["findings"])


def test_package_writes_what_the_serverless_framework_would(project: Project) -> None:
    told = project.told("package")
    template = json.loads(Path(told["update_template"]).read_text())
    assert "HelloLambdaFunction" in template["Resources"]
    assert all(Path(package["path"]).exists() for package in told["packages"])
