"""`sam deploy` against the emulator: SAM's transform, its managed stack with a bucket, its change sets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dewstack.testing import Dew
from tests.e2e.deployers.conftest import Run

pytestmark = [pytest.mark.deployers, pytest.mark.xdist_group("sam")]

Ask = Callable[[str, str], str]
DEPLOY = ("deploy", "--stack-name", "shop", "--resolve-s3", "--capabilities", "CAPABILITY_IAM")
HASTE = ("--no-confirm-changeset", "--no-fail-on-empty-changeset")


def test_an_application_is_deployed_changed_and_deleted(
    dew: Dew, sam: Path, project: Callable[[str], Path], run: Run, ask: Ask
) -> None:
    where = project("sam")
    deployed = run(where, sam, *DEPLOY, *HASTE)
    assert deployed.returncode == 0, deployed.stdout
    [stack] = dew.client("cloudformation").describe_stacks(StackName="shop")["Stacks"]
    urls = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    apis = {name: url.removeprefix("https://").partition(".")[0] for name, url in urls.items()}
    assert ask(apis["RestUrl"], "/Prod/hello") == "first"
    assert ask(apis["HttpUrl"], "/hi") == "first"

    unchanged = run(where, sam, *DEPLOY, *HASTE)
    assert "No changes to deploy" in unchanged.stdout, unchanged.stdout

    changed = run(where, sam, *DEPLOY, *HASTE, "--parameter-overrides", "Greeting=second")
    assert changed.returncode == 0, changed.stdout
    assert ask(apis["HttpUrl"], "/hi") == "second"

    deleted = run(where, sam, "delete", "--stack-name", "shop", "--no-prompts")
    assert deleted.returncode == 0, deleted.stdout
    living = [each["StackName"] for each in dew.client("cloudformation").describe_stacks()["Stacks"]]
    assert living == ["aws-sam-cli-managed-default"]


def test_a_type_that_nobody_knows_is_named(sam: Path, project: Callable[[str], Path], run: Run) -> None:
    where = project("sam")
    template = where / "template.yaml"
    template.write_text(template.read_text().replace("AWS::Serverless::SimpleTable", "AWS::DynamoDB::Tabel"))
    refused = run(where, sam, *DEPLOY[:2], "wrong", *DEPLOY[3:], *HASTE)
    assert refused.returncode != 0
    assert "AWS::DynamoDB::Tabel" in refused.stdout
