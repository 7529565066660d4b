"""Stacks are protected from deletion and from updates, updates are cancelled, rollbacks go on, tags are passed on."""

import json
from typing import Any

import pytest

from dewstack.errors import AwsError


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}, **more}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def groups(aws: Any) -> list[str]:
    return sorted(each["logGroupName"] for each in aws.call("logs", "DescribeLogGroups", {})["logGroups"])


def refused(aws: Any, operation: str, **params: Any) -> str:
    with pytest.raises(AwsError) as caught:
        aws.cfn(operation, **params)
    return caught.value.message


def policy(*denied: dict[str, Any]) -> str:
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    return json.dumps(
        {"Statement": [allow, *({"Effect": "Deny", "Principal": "*", **each} for each in denied)]}
    )


def test_a_protected_stack_is_not_deleted(aws: Any) -> None:
    aws.create(template(A=group("a")), EnableTerminationProtection=True)
    assert "TerminationProtection is enabled" in refused(aws, "DeleteStack", StackName="demo")
    aws.cfn("UpdateTerminationProtection", StackName="demo", EnableTerminationProtection=False)
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_stack_policy_forbids_updates(aws: Any) -> None:
    never = policy({"Action": ["Update:Replace", "Update:Delete"], "Resource": "LogicalResourceId/A"})
    aws.create(template(A=group("a"), B=group("b")), StackPolicyBody=never)
    assert aws.cfn("GetStackPolicy", StackName="demo") == {"StackPolicyBody": never}
    stack = aws.update(template(A=group("other"), B=group("b")))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    assert reason.startswith("Action denied by stack policy: [Update:Replace]")
    assert aws.update(template(B=group("b")))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert groups(aws) == ["a", "b"]
    kept = group("a")
    kept["Properties"]["RetentionInDays"] = 7
    assert aws.update(template(A=kept, B=group("b")))["StackStatus"] == "UPDATE_COMPLETE"
    during = aws.update(template(B=group("b")), StackPolicyDuringUpdateBody=policy())
    assert during["StackStatus"] == "UPDATE_COMPLETE"
    assert groups(aws) == ["b"]


def test_a_stack_policy_may_look_at_types(aws: Any) -> None:
    aws.create(template(A=group("a")))
    types = {"StringLike": {"ResourceType": ["AWS::Logs::*"]}}
    never = policy({"Action": "Update:*", "Resource": "*", "Condition": types})
    aws.cfn("SetStackPolicy", StackName="demo", StackPolicyBody=never)
    assert aws.update(template(A=group("b")))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"Statement": [{"Effect": "Maybe"}]}'])
def test_what_is_no_stack_policy_is_refused(aws: Any, body: str) -> None:
    aws.create(template(A=group("a")))
    message = refused(aws, "SetStackPolicy", StackName="demo", StackPolicyBody=body)
    assert message == "Error validating stack policy: Invalid stack policy"


def test_what_is_retained_except_on_create_goes_when_its_creation_fails(aws: Any) -> None:
    a, b = group("a", DeletionPolicy="RetainExceptOnCreate"), group("b")
    wrong = template(A=a, B=b, C=group("b", DependsOn=["A", "B"]))
    assert aws.create(wrong, name="first")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert groups(aws) == []
    aws.create(template(A=a, B=b))
    aws.delete()
    assert groups(aws) == ["a"]


def test_an_update_is_cancelled_only_while_it_goes_on(aws: Any) -> None:
    aws.create(template(A=group("a")))
    message = refused(aws, "CancelUpdateStack", StackName="demo")
    assert message == "CancelUpdateStack cannot be called from current stack status"
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    properties = {"Handle": {"Ref": "Handle"}, "Timeout": 2}
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": properties}
    longer = template(A=group("a"), Handle=handle, Wait=wait, B=group("b", DependsOn="Wait"))
    aws.cfn("UpdateStack", StackName="demo", TemplateBody=json.dumps(longer))
    aws.cfn("CancelUpdateStack", StackName="demo")
    assert aws.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert groups(aws) == ["a"]


STUBBORN = """
import cfnresponse
def handler(event, context):
    bad = event["RequestType"] == "Update" and event["ResourceProperties"]["Mood"] == MOOD
    cfnresponse.send(event, context, cfnresponse.FAILED if bad else cfnresponse.SUCCESS, {}, "made")
"""


def test_a_rollback_that_failed_goes_on(aws: Any) -> None:
    code = {"ZipFile": STUBBORN.replace("MOOD", "'good'")}
    properties = {
        "FunctionName": "stubborn",
        "Runtime": "python3.11",
        "Handler": "index.handler",
        "Code": code,
    }
    properties["Role"] = "arn:aws:iam::000000000000:role/r"
    aws.create(
        template(Function={"Type": "AWS::Lambda::Function", "Properties": properties}), name="function"
    )
    token = "arn:aws:lambda:us-east-1:000000000000:function:stubborn"

    def thing(mood: str, **more: Any) -> dict[str, Any]:
        custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, "Mood": mood}}
        return template(Thing=custom, **more)

    aws.create(thing("good"))
    assert "can not continue rollback" in refused(aws, "ContinueUpdateRollback", StackName="demo")
    failing = thing("bad", Taken={**group("stubborn"), "DependsOn": "Thing"})
    aws.call("logs", "CreateLogGroup", {"logGroupName": "stubborn"})
    assert aws.update(failing)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    code["ZipFile"] = STUBBORN.replace("MOOD", "'any'")
    aws.update(
        template(Function={"Type": "AWS::Lambda::Function", "Properties": properties}), name="function"
    )
    aws.cfn("ContinueUpdateRollback", StackName="demo")
    assert aws.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_topics_are_told_of_a_stack_s_events(aws: Any) -> None:
    topic = aws.call("sns", "CreateTopic", {"Name": "events"})["TopicArn"]
    queue = aws.call("sqs", "CreateQueue", {"QueueName": "events"})["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:events"
    raw = {"RawMessageDelivery": "true"}
    aws.call("sns", "Subscribe", {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn, "Attributes": raw})
    aws.create(template(A=group("a")), NotificationARNs=[topic])
    told: list[str] = []
    for _ in range(20):
        asked = {"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        told += [each["Body"] for each in aws.call("sqs", "ReceiveMessage", asked).get("Messages", [])]
        if len(told) == 4:
            break
    lines = [dict(line.split("=", 1) for line in each.splitlines()) for each in told]
    assert [(each["LogicalResourceId"], each["ResourceStatus"]) for each in lines] == [
        ("'demo'", "'CREATE_IN_PROGRESS'"),
        ("'A'", "'CREATE_IN_PROGRESS'"),
        ("'A'", "'CREATE_COMPLETE'"),
        ("'demo'", "'CREATE_COMPLETE'"),
    ]


def test_a_stack_s_tags_are_its_resources_too(aws: Any) -> None:
    own = {"Key": "own", "Value": "1"}
    made = group("a")
    made["Properties"]["Tags"] = [own]
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "tagged"}}
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "a", "ProtocolType": "HTTP"}}
    aws.create(template(A=made, Bucket=bucket, Api=api), Tags=[{"Key": "team", "Value": "x"}])
    tags = aws.call("logs", "ListTagsLogGroup", {"logGroupName": "a"})["tags"]
    assert tags == {"own": "1", "team": "x"}
    assert aws.call("s3", "GetBucketTagging", {"Bucket": "tagged"})["TagSet"] == [
        {"Key": "team", "Value": "x"}
    ]
    [made_api] = aws.call("apigatewayv2", "GetApis", {})["Items"]
    assert made_api["Tags"] == {"team": "x"}
    changed = [{"Key": "team", "Value": "y"}]
    assert (
        aws.update(template(A=made, Bucket=bucket, Api=api), Tags=changed)["StackStatus"] == "UPDATE_COMPLETE"
    )
    assert aws.call("s3", "GetBucketTagging", {"Bucket": "tagged"})["TagSet"] == changed
