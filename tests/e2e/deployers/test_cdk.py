"""`cdk bootstrap` and `cdk deploy` against the emulator: roles, assets, nested and custom resources."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dewstack.testing import Dew
from tests.e2e.deployers.conftest import Run

pytestmark = [pytest.mark.deployers, pytest.mark.node, pytest.mark.xdist_group("cdk")]

Ask = Callable[[str, str], str]


def outputs_of(dew: Dew, stack: str) -> dict[str, str]:
    [found] = dew.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


def test_an_app_is_deployed_changed_and_destroyed(
    dew: Dew, modules: Path, project: Callable[[str], Path], run: Run, ask: Ask
) -> None:
    where = project("cdk")
    cdk = modules / "cdk"
    bootstrapped = run(where, cdk, "bootstrap", f"aws://000000000000/{dew.region}")
    assert bootstrapped.returncode == 0, bootstrapped.stdout
    deploy = (cdk, "deploy", "--all", "--require-approval", "never")
    deployed = run(where, *deploy)
    assert deployed.returncode == 0, deployed.stdout
    http = outputs_of(dew, "Shop")["HttpId"]
    assert ask(http, "/hi") == "first"
    [table] = dew.client("dynamodb").list_tables()["TableNames"]
    assert table.startswith("Shop-Table")
    assert outputs_of(dew, "Around")["Queue"].startswith("Around-Inner")
    assert outputs_of(dew, "Custom") == {"Answer": "why!", "OtherAnswer": "from Node"}

    changed = run(where, cdk, "deploy", "Shop", "--require-approval", "never", GREETING="second")
    assert changed.returncode == 0, changed.stdout
    assert ask(http, "/hi") == "second"
    unchanged = run(where, cdk, "deploy", "Shop", "--require-approval", "never", GREETING="second")
    assert "no changes" in unchanged.stdout

    destroyed = run(where, cdk, "destroy", "--all", "--force")
    assert destroyed.returncode == 0, destroyed.stdout
    living = [each["StackName"] for each in dew.client("cloudformation").describe_stacks()["Stacks"]]
    assert living == ["CDKToolkit"]
