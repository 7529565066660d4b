"""`dew deploy` and its siblings on the emulator that runs here, as a shell would run them."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from dewstack.project import find_project

from .service import MAP, Project


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A service that is up."""
    project = Project.make(tmp_path_factory.mktemp("deploy") / "shop")
    project.up()
    try:
        yield project
    finally:
        project.dew("down")


def served(project: Project, marker: str) -> Any:
    """What a deployment says once `dew up` has deployed what was saved, so that nothing is left to do."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        told = project.told("deploy")
        if marker in told["outputs"]:
            return told
    raise TimeoutError(marker)


def test_what_is_up_is_deployed_already(running: Project) -> None:
    told = running.told("deploy")
    assert (told["stack"], told["target"], told["changes"]) == ("shop-dev", "embedded", [])
    assert told["urls"]["HttpApiUrl"].startswith("http://127.0.0.1:")
    assert running.told("outputs") == told["outputs"]
    assert running.dew("diff", "--exit-code").returncode == 0


def test_a_second_stage_lives_beside_it(running: Project) -> None:
    made = running.told("deploy", "--stage", "test")
    assert made["created"] and made["changes"][0]["action"] == "Add"
    assert made["outputs"]["ClientId"] != running.told("outputs")["ClientId"]
    assert running.told("deploy", "--stage", "test")["changes"] == []
    refused = running.dew("remove", "--stage", "test")
    assert refused.returncode == 1 and "--yes" in refused.stderr
    assert running.told("remove", "--stage", "test", "--yes")["removed"] is True
    gone = running.dew("outputs", "--stage", "test")
    assert gone.returncode == 1 and "is not deployed on embedded" in gone.stderr


def test_a_saved_map_is_deployed_by_who_serves_it(running: Project) -> None:
    running.write("serverless.yml", MAP + "    Saved: {Value: here}\n")
    assert served(running, "Saved")["outputs"]["Saved"] == "here"
    running.write("serverless.yml", MAP)


def test_what_only_aws_knows_is_asked_of_it(running: Project) -> None:
    run = find_project(directory=running.directory).running()
    assert run is not None
    storage = boto3.client(
        "s3",
        endpoint_url=run.aws_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    storage.create_bucket(Bucket="asked")
    storage.put_object(Bucket="asked", Key="a/b.txt", Body="an äpple".encode())
    project = Project.make(running.directory.parent / "asking")
    project.write("serverless.yml", MAP + "    Object: {Value: '${s3:asked/a/b.txt}'}\n")
    state = str(running.directory / ".dew")
    made = project.dew("deploy", "--stage", "asking", "--json", DEW_STATE_DIR=state)
    assert json.loads(made.stdout)["outputs"]["Object"] == "an äpple", made.stderr
    project.write("serverless.yml", MAP + "    Object: {Value: '${s3:asked/a/c.txt}'}\n")
    refused = project.dew("deploy", "--stage", "asking", DEW_STATE_DIR=state)
    assert refused.returncode == 1
    assert (
        "resources.Outputs.Object.Value: ${s3:asked/a/c.txt} is an object in S3, which isn't in"
        in refused.stderr
    )


def test_what_fails_on_it_is_named_and_leaves_nothing(running: Project) -> None:
    broken = "    Broken:\n      Type: AWS::Lambda::Alias\n"
    broken += "      Properties: {FunctionName: none, FunctionVersion: '1', Name: a}\n"
    project = Project.make(running.directory.parent / "other")
    project.write("serverless.yml", MAP.replace("  Resources:\n", f"  Resources:\n{broken}"))
    state = str(running.directory / ".dew")
    failed = project.dew("deploy", "--stage", "bad", DEW_STATE_DIR=state)
    assert failed.returncode == 1
    assert "Broken (AWS::Lambda::Alias)" in failed.stderr and "Traceback" not in failed.stderr
    assert "is not deployed" in project.dew("outputs", "--stage", "bad", DEW_STATE_DIR=state).stderr


def test_somebody_at_the_keyboard_is_asked(running: Project) -> None:
    running.told("deploy", "--stage", "asked")
    for answer, removed in ((b"n\n", False), (b"y\n", True)):
        keyboard, terminal = os.openpty()
        os.write(keyboard, answer)
        process = running.start("remove", "--stage", "asked", stdin=terminal)
        output, errors = process.communicate(timeout=60)
        os.close(keyboard)
        os.close(terminal)
        assert "Remove shop-asked with all that is in it from embedded" in output + errors
        assert (process.returncode == 0) is removed, errors
        assert (running.dew("outputs", "--stage", "asked").returncode == 1) is removed


def test_nobody_there_is_said(tmp_path: Path) -> None:
    refused = Project.make(tmp_path).dew("deploy")
    assert refused.returncode == 1 and "No emulator runs for" in refused.stderr and "dew up" in refused.stderr
