"""`osls deploy` against the emulator: the Serverless Framework's own path, with its bucket and its change sets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dewstack.testing import Dew
from tests.e2e.deployers.conftest import Run

pytestmark = [pytest.mark.deployers, pytest.mark.node, pytest.mark.xdist_group("osls")]

Ask = Callable[[str, str], str]


def test_a_service_is_deployed_changed_and_removed(
    dew: Dew, modules: Path, project: Callable[[str], Path], run: Run, ask: Ask
) -> None:
    where = project("osls")
    osls = modules / "osls"
    deployed = run(where, osls, "deploy")
    assert deployed.returncode == 0, deployed.stdout
    assert "Service deployed to stack shop-dev" in deployed.stdout
    [stack] = dew.client("cloudformation").describe_stacks(StackName="shop-dev")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert {"Key": "STAGE", "Value": "dev"} in stack["Tags"]
    http = outputs["HttpApiId"]
    assert ask(http, "/hello") == f"first, with {outputs['TableName']}"

    unchanged = run(where, osls, "deploy")
    assert "No changes to deploy" in unchanged.stdout

    handler = where / "handler.py"
    handler.write_text(handler.read_text().replace("first", "second"))
    assert run(where, osls, "deploy").returncode == 0
    assert ask(http, "/hello").startswith("second")

    removed = run(where, osls, "remove")
    assert removed.returncode == 0, removed.stdout
    assert dew.client("cloudformation").describe_stacks()["Stacks"] == []
    assert dew.client("s3").list_buckets()["Buckets"] == []


def test_a_type_that_nobody_knows_is_named(modules: Path, project: Callable[[str], Path], run: Run) -> None:
    where = project("osls")
    map_file = where / "serverless.yml"
    map_file.write_text(map_file.read_text().replace("AWS::DynamoDB::Table", "AWS::DynamoDB::Tabel"))
    refused = run(where, modules / "osls", "deploy", "--stage", "wrong")
    assert refused.returncode != 0
    assert "AWS::DynamoDB::Tabel" in refused.stdout
