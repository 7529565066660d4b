"""A change set says what an update will do, and does exactly that."""

import json
from typing import Any

import pytest

from dewstack.errors import AwsError

CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


def template(path: str = "/", **more: Any) -> str:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "Path": path}}
    user = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "/x/${Role}"}}}
    return json.dumps({"Resources": {"Role": role, "Logs": user, **more}})


def change_set(aws: Any, body: str, kind: str = "UPDATE", name: str = "one") -> dict[str, Any]:
    aws.cfn(
        "CreateChangeSet",
        StackName="demo",
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateBody=body,
        Capabilities=CAPABILITIES,
    )
    return aws.cfn("DescribeChangeSet", StackName="demo", ChangeSetName=name)  # type: ignore[no-any-return]


def actions(described: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    changes = [each["ResourceChange"] for each in described["Changes"]]
    return [(each["Action"], each["LogicalResourceId"], each.get("Replacement")) for each in changes]


def test_a_first_change_set_makes_a_stack_under_review(aws: Any) -> None:
    described = change_set(aws, template(), "CREATE")
    assert described["Status"] == "CREATE_COMPLETE"
    assert described["ExecutionStatus"] == "AVAILABLE"
    assert actions(described) == [("Add", "Role", None), ("Add", "Logs", None)]
    [stack] = aws.cfn("DescribeStacks", StackName="demo")["Stacks"]
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    aws.cfn("ExecuteChangeSet", StackName="demo", ChangeSetName="one")
    while (
        status := aws.cfn("DescribeStacks", StackName="demo")["Stacks"][0]["StackStatus"]
    ) != "CREATE_COMPLETE":
        assert status in ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS")


def test_replacement_reaches_what_refers_to_it(aws: Any) -> None:
    aws.create(template())
    described = change_set(aws, template("/other/"))
    assert actions(described) == [("Modify", "Role", "True"), ("Modify", "Logs", "Conditional")]
    detail = described["Changes"][1]["ResourceChange"]["Details"][0]
    assert detail["Target"]["Name"] == "LogGroupName"
    assert detail["Evaluation"] == "Dynamic"


def test_a_removed_resource_is_a_change(aws: Any) -> None:
    aws.create(template(Old={"Type": "AWS::Logs::LogGroup"}))
    assert actions(change_set(aws, template())) == [("Remove", "Old", None)]


def test_a_change_set_without_changes_fails(aws: Any) -> None:
    aws.create(template())
    described = change_set(aws, template())
    assert described["Status"] == "FAILED"
    assert described["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    with pytest.raises(AwsError) as caught:
        aws.cfn("ExecuteChangeSet", StackName="demo", ChangeSetName="one")
    assert caught.value.code == "InvalidChangeSetStatus"


def test_executing_one_drops_the_others(aws: Any) -> None:
    aws.create(template())
    change_set(aws, template("/a/"), name="a")
    change_set(aws, template("/b/"), name="b")
    aws.cfn("ExecuteChangeSet", StackName="demo", ChangeSetName="a")
    assert aws.stack()["StackStatus"] == "UPDATE_COMPLETE"
    [summary] = aws.cfn("ListChangeSets", StackName="demo")["Summaries"]
    assert (summary["ChangeSetName"], summary["ExecutionStatus"]) == ("a", "EXECUTE_COMPLETE")


def test_a_missing_change_set(aws: Any) -> None:
    aws.create(template())
    with pytest.raises(AwsError) as caught:
        aws.cfn("DescribeChangeSet", StackName="demo", ChangeSetName="nope")
    assert (caught.value.code, caught.value.message) == (
        "ChangeSetNotFound",
        "ChangeSet [nope] does not exist",
    )
