"""Two deployments of one map at once: neither is lost, and neither leaves a stack that nobody can use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dewstack.deploy import Call

from .conftest import MAP, Dew


def begin(*arguments: str) -> subprocess.Popen[str]:
    """A deployment in a process of its own."""
    command = [sys.executable, "-m", "dewstack.cli", "deploy", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("zips", "rounds"), [((), 2), (("--zips",), 1)], ids=["in place", "zips"])
def test_two_deployments_at_once(
    dew: Dew, project: Path, endpoint: str, at_endpoint: Call, zips: tuple[str, ...], rounds: int
) -> None:
    stage = "zips" if zips else "place"
    arguments = ("--endpoint", endpoint, "--stage", stage, "--json", *zips)
    for round_ in range(rounds):  # the first makes the stack, the second changes it
        (project / "serverless.yml").write_text(MAP + f"    timeout: {20 + round_}\n")
        both = [begin(*arguments) for _ in range(2)]
        said = [(*each.communicate(timeout=60), each.returncode) for each in both]
        for output, errors, code in said:
            assert code == 0 or "under way" in errors, (output, errors)
        assert any(code == 0 for _, _, code in said)
        [stack] = at_endpoint("cloudformation", "DescribeStacks", {"StackName": f"shop-{stage}"})["Stacks"]
        assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        settings = at_endpoint("lambda", "GetFunctionConfiguration", {"FunctionName": f"shop-{stage}-other"})
        assert settings["Timeout"] == 20 + round_
        pending = at_endpoint("cloudformation", "ListChangeSets", {"StackName": f"shop-{stage}"})["Summaries"]
        left = [each for each in pending if each["ExecutionStatus"] == "AVAILABLE"]
        assert left == [], said
    assert json.loads(dew("deploy", *arguments).output)["changes"] == []
