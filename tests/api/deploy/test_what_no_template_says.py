"""What a map says of its stack and no template has: who may change it, who may delete it, which versions stay."""

import json
from pathlib import Path
from typing import Any

import pytest

from dewstack.deploy import Call

from .conftest import HANDLER, MAP, Dew

STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": ["Update:*"], "Resource": "*"}


@pytest.fixture
def arguments(endpoint: str, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Where to, and a stage for this test alone."""
    stage = "".join(letter for letter in request.node.name if letter.isalnum())[-24:]
    return ("--target", "embedded", "--endpoint", endpoint, "--stage", stage, "--json")


def say(project: Path, **settings: Any) -> None:
    """Write the map with these settings of the provider."""
    lines = "".join(f"  {name}: {json.dumps(value)}\n" for name, value in settings.items())
    (project / "serverless.yml").write_text(MAP.replace("package:\n  indiv", f"{lines}package:\n  indiv", 1))


def versions(at: Call, name: str) -> list[str]:
    listed = at("lambda", "ListVersionsByFunction", {"FunctionName": name})["Versions"]
    return [each["Version"] for each in listed if each["Version"] != "$LATEST"]


def test_a_stacks_policy_is_there_from_the_first_deployment(
    dew: Dew, project: Path, arguments: tuple[str, ...], at_endpoint: Call
) -> None:
    name = {"StackName": f"shop-{arguments[5]}"}

    def policy() -> Any:
        return json.loads(
            at_endpoint("cloudformation", "GetStackPolicy", name).get("StackPolicyBody") or "{}"
        )

    say(project, stackPolicy=[STATEMENT])
    assert dew("deploy", *arguments).told["created"] is True
    assert policy() == {"Statement": [STATEMENT]}
    say(project, stackPolicy=[{**STATEMENT, "Action": ["Update:Modify"]}])
    assert dew("deploy", *arguments).told["changes"] == []
    assert policy()["Statement"][0]["Action"] == ["Update:Modify"]


def test_a_policy_that_forbids_holds_from_the_next_deployment_on(
    dew: Dew, project: Path, arguments: tuple[str, ...]
) -> None:
    dew("deploy", *arguments)
    deny = {**STATEMENT, "Effect": "Deny", "Resource": "LogicalResourceId/HelloLambdaFunction"}
    say(project, stackPolicy=[STATEMENT, deny], memorySize=256)
    assert dew("deploy", *arguments).told["changes"]
    say(project, stackPolicy=[STATEMENT, deny], memorySize=512)
    assert "policy" in dew("deploy", *arguments).error


def test_a_protected_stack_is_not_removed(
    dew: Dew, project: Path, arguments: tuple[str, ...], at_endpoint: Call
) -> None:
    name = {"StackName": f"shop-{arguments[5]}"}

    def protected() -> bool:
        [stack] = at_endpoint("cloudformation", "DescribeStacks", name)["Stacks"]
        return bool(stack["EnableTerminationProtection"])

    say(project, deletionProtection={"stages": [arguments[5], "prod"]})
    dew("deploy", *arguments)
    assert protected()
    error = dew("remove", *arguments, "--yes").error
    assert "protected against its removal" in error and "provider.deletionProtection" in error
    say(project)  # says nothing of it, so it stays
    dew("deploy", *arguments)
    assert protected()
    say(project, deletionProtection={"stages": ["prod"]})
    dew("deploy", *arguments)
    assert not protected()
    assert dew("remove", *arguments, "--yes").told["removed"] is True


def test_old_versions_go(dew: Dew, project: Path, arguments: tuple[str, ...], at_endpoint: Call) -> None:
    name = f"shop-{arguments[5]}-hello"
    for number in range(4):
        say(project, pruneFunctionVersions={"number": 2} if number == 3 else False)
        (project / "hello.py").write_text(HANDLER + f"# {number}\n")
        dew("deploy", *arguments, "--zips")
        if number == 0:
            alias = {"FunctionName": name, "Name": "first", "FunctionVersion": "1"}
            at_endpoint("lambda", "CreateAlias", alias)
    assert versions(at_endpoint, name) == ["1", "3", "4"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"deletionProtection": {"stages": []}}, "deletionProtection"),
        ({"deletionProtection": "yes"}, "deletionProtection"),
        ({"pruneFunctionVersions": {"number": 0}}, "pruneFunctionVersions"),
        ({"pruneFunctionVersions": True, "versionFunctions": False}, "versionFunctions"),
    ],
)
def test_what_cannot_be_meant_is_refused_beforehand(
    dew: Dew,
    project: Path,
    arguments: tuple[str, ...],
    settings: dict[str, Any],
    said: str,
    at_endpoint: Call,
) -> None:
    say(project, **settings)
    assert said in dew("deploy", *arguments).error
    stacks = at_endpoint("cloudformation", "ListStacks", {})["StackSummaries"]
    assert f"shop-{arguments[5]}" not in [each["StackName"] for each in stacks]
