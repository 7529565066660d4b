"""Custom resources are asked of functions, nested stacks are stacks, wait conditions wait."""

import json
from typing import Any

import httpx
import pytest

from dewstack.errors import AwsError

ROLE = "arn:aws:iam::000000000000:role/r"
ANSWERS = """
import json
import cfnresponse

def handler(event, context):
    print("asked", json.dumps({key: event.get(key) for key in ("RequestType", "PhysicalResourceId")}))
    asked = event["ResourceProperties"]
    if asked.get("Fail") == event["RequestType"]:
        return cfnresponse.send(event, context, cfnresponse.FAILED, {}, "failed", reason="as asked")
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Echo": asked}, asked.get("Id", "made"))
"""


def function(source: str = ANSWERS) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "answers",
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"ZipFile": source},
        },
    }


def with_custom(**properties: Any) -> dict[str, Any]:
    token = {"Fn::GetAtt": ["Function", "Arn"]}
    made = {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, **properties}}
    outputs = {"Id": {"Value": {"Ref": "Thing"}}}
    if "Fail" not in properties:
        outputs["Echo"] = {"Value": {"Fn::ToJsonString": {"Fn::GetAtt": ["Thing", "Echo"]}}}
    return {"Resources": {"Function": function(), "Thing": made}, "Outputs": outputs}


def asked(aws: Any) -> list[tuple[str, str | None]]:
    """What the function was asked: the type, and which resource."""
    events = aws.call("logs", "FilterLogEvents", {"logGroupName": "/aws/lambda/answers"})["events"]
    lines = [each["message"] for each in events if each["message"].startswith("asked ")]
    told = [json.loads(line.removeprefix("asked ")) for line in lines]
    return [(each["RequestType"], each["PhysicalResourceId"]) for each in told]


def test_a_custom_resource_lives_by_its_function(aws: Any) -> None:
    outputs = aws.outputs(aws.create(with_custom(Size=3, Deep={"On": True})))
    assert outputs["Id"] == "made"
    echo = json.loads(outputs["Echo"])
    assert (echo["Size"], echo["Deep"]) == ("3", {"On": "true"})
    aws.update(with_custom(Size=4))
    outputs = aws.outputs(aws.update(with_custom(Size=4, Id="other")))
    assert outputs["Id"] == "other"
    aws.delete()
    assert asked(aws) == [
        ("Create", None),
        ("Update", "made"),
        ("Update", "made"),
        ("Delete", "made"),
        ("Delete", "other"),
    ]


def test_what_a_custom_resource_says_of_its_failure_is_the_reason(aws: Any) -> None:
    assert aws.create(with_custom(Fail="Create"))["StackStatus"] == "ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert reason.startswith(
        "Received response status [FAILED] from custom resource. Message returned: as asked (RequestId: "
    )
    assert asked(aws) == [("Create", None), ("Delete", "failed")]


def test_a_function_that_breaks_is_not_waited_for(aws: Any) -> None:
    template = with_custom(Fail="")
    template["Resources"]["Function"] = function(
        "def handler(event, context):\n    raise ValueError('broken')\n"
    )
    assert aws.create(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert "failed before it answered" in reason and "broken" in reason


def test_an_answer_that_does_not_come_is_waited_for_so_long(aws: Any) -> None:
    template = with_custom(Fail="", ServiceTimeout=1)
    template["Resources"]["Function"] = function("def handler(event, context):\n    pass\n")
    assert aws.create(template, OnFailure="DO_NOTHING")["StackStatus"] == "CREATE_FAILED"
    assert "It waited for 1 seconds" in aws.resource("Thing")["ResourceStatusReason"]


def inner(name: Any = "inner") -> dict[str, Any]:
    return {
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "Name"}}}
        },
        "Outputs": {"Group": {"Value": {"Ref": "Logs"}}},
    }


@pytest.fixture
def nested(aws: Any) -> dict[str, Any]:
    """A template with a nested stack, whose own lies in S3."""
    aws.call("s3", "CreateBucket", {"Bucket": "templates"})
    aws.call("s3", "PutObject", {"Bucket": "templates", "Key": "inner", "Body": json.dumps(inner()).encode()})
    url = "https://templates.s3.amazonaws.com/inner"
    properties = {"TemplateURL": url, "Parameters": {"Name": "inner-logs"}}
    return {
        "Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}},
        "Outputs": {"Group": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Group"]}}},
    }


def test_a_nested_stack_lives_and_goes_with_the_stack_around_it(aws: Any, nested: dict[str, Any]) -> None:
    outer = aws.create(nested, Tags=[{"Key": "team", "Value": "logs"}])
    assert aws.outputs(outer) == {"Group": "inner-logs"}
    identity = aws.resource("Inner")["PhysicalResourceId"]
    stack = aws.stack(identity)
    assert stack["StackName"].startswith("demo-Inner-")
    assert (stack["ParentId"], stack["RootId"]) == (outer["StackId"], outer["StackId"])
    assert stack["Tags"] == [{"Key": "team", "Value": "logs"}]
    nested["Resources"]["Inner"]["Properties"]["Parameters"]["Name"] = "other-logs"
    assert aws.outputs(aws.update(nested)) == {"Group": "other-logs"}
    aws.delete()
    assert aws.stack(identity)["StackStatus"] == "DELETE_COMPLETE"
    assert aws.call("logs", "DescribeLogGroups", {})["logGroups"] == []


def test_a_nested_stack_that_fails_takes_the_stack_around_it_along(aws: Any, nested: dict[str, Any]) -> None:
    aws.call("logs", "CreateLogGroup", {"logGroupName": "inner-logs"})
    assert aws.create(nested)["StackStatus"] == "ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert "was not successfully created: The following resource(s) failed to create: [Logs]" in reason
    living = aws.cfn("DescribeStacks")["Stacks"]
    assert [each["StackName"] for each in living] == ["demo"]


def waiting(**properties: Any) -> dict[str, Any]:
    wait = {"Handle": {"Ref": "Handle"}, "Timeout": "20", **properties}
    return {
        "Resources": {
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": wait},
        },
        "Outputs": {"Data": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}}},
    }


def handle(aws: Any) -> str:
    """The URL of a stack that is being made, once it is there."""
    for _ in range(1000):
        try:
            return str(aws.resource("Handle")["PhysicalResourceId"])
        except (AwsError, KeyError):
            continue
    raise TimeoutError("there is no handle")


def test_a_stack_waits_for_signals(aws: Any) -> None:
    aws.cfn("CreateStack", StackName="demo", TemplateBody=json.dumps(waiting(Count=2)))
    url = handle(aws)
    for number in ("1", "1", "2"):
        signal = {"Status": "SUCCESS", "UniqueId": number, "Data": f"said {number}", "Reason": ""}
        assert httpx.put(url, json=signal).status_code == 200
    stack = aws.stack()
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert json.loads(aws.outputs(stack)["Data"]) == {"1": "said 1", "2": "said 2"}
    aws.delete()
    assert httpx.put(url, json={"Status": "SUCCESS"}).status_code == 403


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (
            {"Status": "FAILURE", "UniqueId": "1", "Reason": "no"},
            "WaitCondition received failed message: 'no'",
        ),
        (None, "WaitCondition timed out. Received 0 conditions when expecting 1"),
    ],
)
def test_a_wait_can_fail(aws: Any, signal: Any, reason: str) -> None:
    template = waiting(Timeout=20 if signal else 1)
    aws.cfn("CreateStack", StackName="demo", TemplateBody=json.dumps(template), OnFailure="DO_NOTHING")
    if signal:
        httpx.put(handle(aws), json=signal)
    assert aws.stack()["StackStatus"] == "CREATE_FAILED"
    assert aws.resource("Wait")["ResourceStatusReason"] == reason


def test_an_answer_is_a_small_json_object_at_a_known_place(aws: Any) -> None:
    base = f"{aws.emulator.urls.aws}/_aws/cloudformation/responses/"
    assert httpx.put(f"{base}{'x' * 48}", json={}).status_code == 403
    assert httpx.put(f"{base}{'x' * 48}", content=b"[]").status_code == 400
    assert httpx.put(f"{base}{'x' * 48}", json={"Data": "x" * 4096}).status_code == 400
    assert httpx.get(f"{base}{'x' * 48}").status_code == 400
