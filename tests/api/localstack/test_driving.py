"""`dew localstack` where nothing runs, and the image that it builds."""

import io
import json
import os
import socket
import tarfile
from pathlib import Path

import pytest

from dewstack.cli import run
from dewstack.localstack.host import HostMode
from dewstack.localstack.image import build_context
from dewstack.localstack.ourselves import ourselves
from dewstack.localstack.page import page_config
from dewstack.localstack.resident import SERVICES


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and no Docker engine."""
    (tmp_path / "serverless.yml").write_text("service: s\nprovider: {name: aws, runtime: python3.13}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    return tmp_path


def test_nothing_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["localstack", "status"]) == 1
    assert run(["localstack", "down"]) == 0
    assert run(["localstack", "logs"]) == 0
    assert capsys.readouterr().out == "No LocalStack runs that dew has started.\n" * 2


def test_without_an_engine_it_says_what_to_do(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert run(["localstack", "up", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert "no Docker engine answers" in said
    assert "dew localstack up --host" in said


@pytest.mark.parametrize("option", [[], ["--host"]], ids=["in a container", "on the host"])
def test_a_port_that_is_taken_is_said_to_be(
    project: Path, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["localstack", "up", *option, "--port", str(port)]) == 1
    assert f"Port {port} is in use by" in capsys.readouterr().err


@pytest.mark.parametrize(
    "left_behind",
    ["", "{", "[]", '{"pid": "x", "port": 1}', json.dumps({"pid": os.getpid(), "port": 4567})],
    ids=["empty", "cut off", "not it", "not a number", "another process's number"],
)
def test_what_a_dead_one_left_behind_does_not_count(tmp_path: Path, left_behind: str) -> None:
    (tmp_path / "run.json").write_text(left_behind)
    twin = HostMode(tmp_path, print)
    assert twin.status() is None
    assert twin.down() is None
    assert not (tmp_path / "run.json").exists()


def test_the_image_is_made_of_what_is_installed_here() -> None:
    context = build_context()
    assert context == build_context()
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        names = set(archive.getnames())
        entries = next(name for name in names if name.endswith("dist-info/entry_points.txt"))
        told = archive.extractfile(entries)
        assert told is not None
        text = told.read().decode()
        dockerfile = archive.extractfile("Dockerfile")
        assert dockerfile is not None
        assert dockerfile.read().startswith(b"FROM localstack/localstack:4.14.0\n")
    assert {"site/dewstack/app.py", "site/dewstack/localstack/plugins.py"} <= names
    assert not any("__pycache__" in name for name in names)
    assert "[localstack.hooks.on_infra_start]\ndewstack = dewstack.localstack.plugins:start" in text


def test_every_service_that_dewstack_answers_for_is_an_entry_point() -> None:
    names = ourselves().entry_points["localstack.aws.provider"]
    assert {name.removesuffix(":dewstack") for name in names} == set(SERVICES)


def test_the_page_is_told_of_the_apis_that_are_there() -> None:
    outputs = {"UserPoolId": "p", "UserPoolClientId": "c"}
    rest = "http://127.0.0.1:4567/_aws/execute-api/abc/dev"
    config = page_config(outputs, {"ServiceEndpoint": rest}, "eu-west-1", "http://127.0.0.1:4567")
    assert config == {
        "apiUrl": rest,
        "restApiUrl": rest,
        "region": "eu-west-1",
        "userPoolId": "p",
        "userPoolClientId": "c",
        "mailboxUrl": "http://127.0.0.1:4567/_dew/mail",
    }
