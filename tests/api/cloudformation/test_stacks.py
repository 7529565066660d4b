"""Stacks live as CloudFormation's do: statuses, events, replacement, retention, exports, restarts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dewstack.cloudformation.state import State
from dewstack.config import Caller
from dewstack.errors import AwsError


def role(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, **properties}}


def group(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": properties}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def refused(aws: Any, operation: str, **params: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        aws.cfn(operation, **params)
    return caught.value


def test_the_events_tell_the_whole_story(aws: Any) -> None:
    aws.create(template(A=role(), B=role(Description={"Ref": "A"})))
    assert aws.history() == [
        ("demo", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_COMPLETE"),
        ("B", "CREATE_IN_PROGRESS"),
        ("B", "CREATE_COMPLETE"),
        ("demo", "CREATE_COMPLETE"),
    ]


def test_a_replaced_resource_is_deleted_at_the_end(aws: Any) -> None:
    aws.create(template(Logs=group(LogGroupName="one")))
    aws.update(template(Logs=group(LogGroupName="two")))
    assert aws.history()[-6:] == [
        ("Logs", "UPDATE_IN_PROGRESS"),
        ("Logs", "UPDATE_COMPLETE"),
        ("demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Logs", "DELETE_IN_PROGRESS"),
        ("Logs", "DELETE_COMPLETE"),
        ("demo", "UPDATE_COMPLETE"),
    ]
    groups = aws.call("logs", "DescribeLogGroups", {})["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["two"]
    assert aws.resource("Logs")["PhysicalResourceId"] == "two"


def test_what_is_retained_outlives_the_stack(aws: Any) -> None:
    aws.create(template(Logs={**group(LogGroupName="kept"), "DeletionPolicy": "Retain"}, A=role()))
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE"
    groups = aws.call("logs", "DescribeLogGroups", {})["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["kept"]


def test_a_custom_name_cannot_be_replaced_under_itself(aws: Any) -> None:
    aws.create(template(R=role(RoleName="r")))
    assert aws.update(template(R=role(RoleName="r", Path="/p/")))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [
        event.get("ResourceStatusReason")
        for event in aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    ]
    assert (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename r and update"
        " the stack again." in reasons
    )


def test_what_happens_beside_a_failure_is_taken_back(aws: Any) -> None:
    aws.create(template(Logs=group(LogGroupName="one", RetentionInDays=1)))
    changed = template(Logs=group(LogGroupName="one", RetentionInDays=3), Twin=group(LogGroupName="one"))
    assert aws.update(changed)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    [found] = aws.call("logs", "DescribeLogGroups", {})["logGroups"]
    assert found["retentionInDays"] == 1
    [left] = aws.cfn("DescribeStackResources", StackName="demo")["StackResources"]
    assert left["LogicalResourceId"] == "Logs"


def test_without_rollback_a_failed_stack_can_be_mended(aws: Any) -> None:
    aws.call("logs", "CreateLogGroup", {"logGroupName": "taken"})
    stack = aws.create(template(A=role(), Logs=group(LogGroupName="taken")), DisableRollback=True)
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert aws.resource("A")["ResourceStatus"] == "CREATE_COMPLETE"
    assert aws.update(template(A=role(), Logs=group(LogGroupName="free")))["StackStatus"] == "UPDATE_COMPLETE"


def test_an_unknown_type_is_refused_before_anything_is_made(aws: Any) -> None:
    broken = template(A=role(), Q={"Type": "AWS::Nowhere::Queue"})
    error = refused(aws, "CreateStack", StackName="demo", TemplateBody=json.dumps(broken))
    assert error.code == "ValidationError"
    assert error.message == (
        "Template error: resource type AWS::Nowhere::Queue (logical ID Q) is not emulated by dewstack"
    )
    assert aws.cfn("ListStacks")["StackSummaries"] == []


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("DescribeStacks", {}, "Stack with id nope does not exist"),
        ("UpdateStack", {"TemplateBody": "{}"}, "Stack [nope] does not exist"),
        ("DescribeStackEvents", {}, "Stack [nope] does not exist"),
        ("ListStackResources", {}, "Stack with id nope does not exist"),
        ("GetTemplate", {}, "Stack with id nope does not exist"),
    ],
)
def test_a_stack_that_is_not_there(aws: Any, operation: str, params: dict[str, Any], message: str) -> None:
    error = refused(aws, operation, StackName="nope", **params)
    assert (error.code, error.status, error.message) == ("ValidationError", 400, message)


def test_deleting_what_is_not_there_is_fine(aws: Any) -> None:
    assert aws.cfn("DeleteStack", StackName="nope") == {}


def test_an_update_without_a_difference_is_refused(aws: Any) -> None:
    aws.create(template(A=role()))
    params = {"TemplateBody": json.dumps(template(A=role())), "Capabilities": ["CAPABILITY_IAM"]}
    error = refused(aws, "UpdateStack", StackName="demo", **params)
    assert (error.code, error.message) == ("ValidationError", "No updates are to be performed.")


def test_a_difference_in_outputs_alone_is_an_update(aws: Any) -> None:
    aws.create(template(A=role(RoleName="r")))
    changed = template(A=role(RoleName="r")) | {"Outputs": {"Name": {"Value": {"Ref": "A"}}}}
    assert aws.outputs(aws.update(changed)) == {"Name": "r"}


def test_a_stack_of_the_same_name_is_refused(aws: Any) -> None:
    aws.create(template(A=role()))
    params = {"TemplateBody": json.dumps(template(A=role())), "Capabilities": ["CAPABILITY_IAM"]}
    error = refused(aws, "CreateStack", StackName="demo", **params)
    assert (error.code, error.message) == ("AlreadyExistsException", "Stack [demo] already exists")


def test_iam_resources_want_a_capability(aws: Any) -> None:
    error = refused(aws, "CreateStack", StackName="demo", TemplateBody=json.dumps(template(A=role())))
    assert error.message == "Requires capabilities : [CAPABILITY_IAM]"
    named = json.dumps(template(A=role(RoleName="r")))
    params = {"StackName": "demo", "TemplateBody": named, "Capabilities": ["CAPABILITY_IAM"]}
    assert refused(aws, "CreateStack", **params).message == "Requires capabilities : [CAPABILITY_NAMED_IAM]"


def test_one_operation_at_a_time(aws: Any) -> None:
    chain = {f"R{i}": role(Description={"Ref": f"R{i - 1}"} if i else "first") for i in range(60)}
    params = {"TemplateBody": json.dumps(template(**chain)), "Capabilities": ["CAPABILITY_IAM"]}
    aws.cfn("CreateStack", StackName="demo", **params)
    error = refused(aws, "UpdateStack", StackName="demo", **params)
    assert "is in CREATE_IN_PROGRESS state and can not be updated." in error.message
    assert aws.stack()["StackStatus"] == "CREATE_COMPLETE"


def test_secret_parameters_are_masked_and_kept(aws: Any) -> None:
    secret = {
        "Parameters": {"Key": {"Type": "String", "NoEcho": True}, "Name": {"Type": "String"}},
        **template(A=role(Description={"Ref": "Key"}, RoleName={"Ref": "Name"})),
        "Outputs": {"Name": {"Value": {"Ref": "A"}}},
    }
    given = [
        {"ParameterKey": "Key", "ParameterValue": "s3cret"},
        {"ParameterKey": "Name", "ParameterValue": "one"},
    ]
    shown = {
        each["ParameterKey"]: each["ParameterValue"]
        for each in aws.create(secret, Parameters=given)["Parameters"]
    }
    assert shown == {"Key": "****", "Name": "one"}
    later = [
        {"ParameterKey": "Key", "UsePreviousValue": True},
        {"ParameterKey": "Name", "ParameterValue": "two"},
    ]
    aws.cfn(
        "UpdateStack",
        StackName="demo",
        UsePreviousTemplate=True,
        Parameters=later,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert aws.outputs(aws.stack()) == {"Name": "two"}


def test_exports_join_stacks_and_hold_them_together(aws: Any) -> None:
    exporting = template(A=role(RoleName="r")) | {
        "Outputs": {"Name": {"Value": {"Ref": "A"}, "Export": {"Name": "shared"}}}
    }
    aws.create(exporting, "base")
    importing = template(B=role(Description={"Fn::ImportValue": "shared"}))
    aws.create(importing, "user")
    [export] = aws.cfn("ListExports")["Exports"]
    assert (export["Name"], export["Value"]) == ("shared", "r")
    assert aws.cfn("ListImports", ExportName="shared")["Imports"] == ["user"]
    assert aws.delete("base")["StackStatus"] == "DELETE_FAILED"
    reason = aws.stack("base")["StackStatusReason"]
    assert reason == "Export shared cannot be deleted as it is in use by user"
    aws.delete("user")
    assert aws.delete("base")["StackStatus"] == "DELETE_COMPLETE"


def test_a_missing_export_rolls_back(aws: Any) -> None:
    stack = aws.create(template(B=role(Description={"Fn::ImportValue": "nowhere"})))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    assert "No export named nowhere found." in [event.get("ResourceStatusReason") for event in events]


def test_a_stack_goes_on_after_a_restart(start: Callable[[Path], Any], tmp_path: Path) -> None:
    first = start(tmp_path)
    first.create(template(A=role(RoleName="r"), B=role()))
    name = first.resource("B")["PhysicalResourceId"]
    first.close()
    second = start(tmp_path)
    stack = second.update(template(A=role(RoleName="r", Description="new"), B=role()))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert second.resource("B")["PhysicalResourceId"] == name


def test_a_log_group_that_a_restart_forgot_is_made_again(aws: Any) -> None:
    aws.create(template(Logs=group(LogGroupName="one", RetentionInDays=1)))
    aws.emulator.logs.clear()
    stack = aws.update(template(Logs=group(LogGroupName="one", RetentionInDays=3)))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    [found] = aws.call("logs", "DescribeLogGroups", {})["logGroups"]
    assert found["retentionInDays"] == 3


def test_an_operation_that_a_restart_cut_off_can_be_repeated(
    start: Callable[[Path], Any], tmp_path: Path
) -> None:
    first = start(tmp_path)
    first.create(template(Logs=group(LogGroupName="one")))
    state = State(first.emulator.store)
    stack = state.require(Caller(), "demo")
    begun = replace(
        state.resources(stack)["Logs"], status="CREATE_IN_PROGRESS", physical_id="", attributes={}
    )
    state.write(replace(stack, status="UPDATE_IN_PROGRESS"), [begun])
    first.close()
    second = start(tmp_path)
    second.call("logs", "CreateLogGroup", {"logGroupName": "one"})
    assert second.stack()["StackStatus"] == "UPDATE_FAILED"
    assert second.update(template(Logs=group(LogGroupName="one")))["StackStatus"] == "UPDATE_COMPLETE"


def test_long_lists_come_in_pages(aws: Any) -> None:
    aws.create(template(**{f"R{i}": role() for i in range(120)}))
    first = aws.cfn("DescribeStackEvents", StackName="demo")
    rest = aws.cfn("DescribeStackEvents", StackName="demo", NextToken=first["NextToken"])
    more = aws.cfn("DescribeStackEvents", StackName="demo", NextToken=rest["NextToken"])
    assert [len(each["StackEvents"]) for each in (first, rest, more)] == [100, 100, 42]
    page = aws.cfn("ListStackResources", StackName="demo")
    assert len(page["StackResourceSummaries"]) == 100
    page = aws.cfn("ListStackResources", StackName="demo", NextToken=page["NextToken"])
    assert len(page["StackResourceSummaries"]) == 20


def test_a_template_is_summed_up(aws: Any) -> None:
    document = {
        "Description": "demo",
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        **template(A=role(RoleName="r"), L=group()),
    }
    summary = aws.cfn("GetTemplateSummary", TemplateBody=json.dumps(document))
    assert summary["ResourceTypes"] == ["AWS::IAM::Role", "AWS::Logs::LogGroup"]
    assert summary["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    [parameter] = summary["Parameters"]
    assert (parameter["ParameterKey"], parameter["DefaultValue"]) == ("Stage", "dev")
    assert aws.cfn("ValidateTemplate", TemplateBody=json.dumps(document))["Description"] == "demo"
