"""Commands that need no emulator."""

import json
from pathlib import Path

import click
import pytest

from dewstack.cli.invoke import read_event
from dewstack.cli.output import print_table
from dewstack.errors import UserError

from .conftest import Dew


def test_routes_are_read_from_the_map_alone(dew: Dew, project: Path) -> None:
    told = json.loads(dew("routes", "--json").output)
    assert told["service"] == "shop"
    assert [(route["method"], route["path"], route["function"]) for route in told["routes"]] == [
        ("GET", "/hello", "hello"),
        ("POST", "/hello/{name}", "hello"),
    ]
    assert told["routes"][0]["defined_at"].startswith("serverless.yml:9:")


def test_routes_for_people_are_a_table(dew: Dew, project: Path) -> None:
    lines = dew("routes").output.splitlines()
    assert lines[0].split() == ["API", "METHOD", "PATH", "FUNCTION", "AUTHORIZER"]
    assert lines[2].split() == ["HTTP", "POST", "/hello/{name}", "hello"]


@pytest.mark.parametrize(
    ("custom", "path"),
    [
        ("", "/dev/a"),
        ("custom: {serverless-offline: {prefix: pre}}", "/pre/dev/a"),
        ("custom: {serverless-offline: {noPrependStageInUrl: true}}", "/a"),
        ("custom: {serverless-offline: {noPrependStageInUrl: 'true', prefix: /pre/}}", "/pre/a"),
    ],
)
def test_routes_of_a_rest_api_are_told_as_they_are_called(
    dew: Dew, project: Path, custom: str, path: str
) -> None:
    functions = "functions: {f: {handler: hello.handler, events: [{http: GET /a}]}}"
    text = f"service: shop\nprovider: {{name: aws, runtime: python3.11}}\n{custom}\n{functions}\n"
    (project / "serverless.yml").write_text(text)
    assert dew("routes").output.splitlines()[1].split() == ["REST", "GET", path, "f"]


def test_doctor_tells_what_it_found(dew: Dew, project: Path) -> None:
    told = json.loads(dew("doctor", "--json").output)
    subjects = {finding["subject"] for finding in told["findings"]}
    assert {
        "Python",
        "Python runtimes",
        "Node.js",
        "Libraries",
        "Map",
        "State",
        "Port 4566",
        "Functions' disk",
    } <= subjects
    assert told["ok"] == all(finding["level"] != "missing" for finding in told["findings"])


def test_doctor_fails_when_state_cannot_be_kept(dew: Dew, project: Path) -> None:
    (project / ".dew").write_text("a file")
    ran = dew("doctor", "--json")
    assert ran.code == 1
    state = next(each for each in json.loads(ran.output)["findings"] if each["subject"] == "State")
    assert state["level"] == "missing"


def test_version_names_the_libraries(dew: Dew) -> None:
    told = json.loads(dew("version", "--json").output)
    assert {"dewstack", "Python", "boto3", "uvicorn"} <= set(told)


def test_down_without_an_emulator_is_no_mistake(dew: Dew, project: Path) -> None:
    ran = dew("down")
    assert (ran.code, ran.output) == (0, f"No emulator runs for {project}.\n")


@pytest.mark.parametrize("command", ["logs", "mail", "users"])
def test_commands_that_need_an_emulator_say_how_to_start_one(dew: Dew, project: Path, command: str) -> None:
    ran = dew(*command.split())
    assert ran.code == 1
    assert "No emulator runs" in ran.errors
    assert "dew up" in ran.errors


class TestTheEventOfAnInvocation:
    def test_is_json_as_given(self) -> None:
        assert read_event('{"a": 1}') == '{"a": 1}'

    def test_may_come_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "event.json").write_text("[1]")
        assert read_event(f"@{tmp_path}/event.json") == "[1]"

    @pytest.mark.parametrize("data", ["{'a': 1}", "@/nowhere/at/all", ""])
    def test_anything_else_is_refused(self, data: str) -> None:
        with pytest.raises(UserError):
            read_event(data)


def test_a_table_is_aligned_by_what_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["A", "B"], [[click.style("x", fg="red"), "y"], ["longer", "z"]])
    assert capsys.readouterr().out == "A       B\nx       y\nlonger  z\n"
