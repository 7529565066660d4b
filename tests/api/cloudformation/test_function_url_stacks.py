"""`AWS::Lambda::Url` in stacks: made, changed in place, replaced with its target, removed."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.errors import AwsError

CORS = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 5}


def template(directory: Path, **url: Any) -> dict[str, Any]:
    """A function, an alias of it, and its URL."""
    (directory / "f.py").write_text("def handler(event, context): return 1")
    function = {
        "Handler": "f.handler",
        "Runtime": "python3.11",
        "Role": "arn:aws:iam::000000000000:role/test",
        "Code": {"S3Bucket": "hot-reload", "S3Key": str(directory)},
        "FunctionName": "f",
    }
    alias = {"FunctionName": {"Ref": "Function"}, "FunctionVersion": "$LATEST", "Name": "live"}
    properties = {"AuthType": "NONE", "TargetFunctionArn": {"Fn::GetAtt": ["Function", "Arn"]}, **url}
    return {
        "Resources": {
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Alias": {"Type": "AWS::Lambda::Alias", "Properties": alias},
            "Url": {"Type": "AWS::Lambda::Url", "DependsOn": "Alias", "Properties": properties},
        },
        "Outputs": {
            "Ref": {"Value": {"Ref": "Url"}},
            "Url": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}},
        },
    }


def config(aws: Any, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = aws.call("lambda", "GetFunctionUrlConfig", {"FunctionName": "f", **params})
    return found


def test_a_url_is_made_changed_and_removed(aws: Any, tmp_path: Path) -> None:
    stack = aws.create(template(tmp_path, Cors=CORS, InvokeMode="RESPONSE_STREAM"))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    made = config(aws)
    outputs = aws.outputs(stack)
    assert outputs["Ref"] == made["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:f"
    assert outputs["Url"] == made["FunctionUrl"]
    assert (made["Cors"], made["InvokeMode"]) == (CORS, "RESPONSE_STREAM")
    changed = aws.update(template(tmp_path, AuthType="AWS_IAM"))
    assert changed["StackStatus"] == "UPDATE_COMPLETE"
    assert aws.outputs(changed) == outputs
    left = config(aws)
    assert (left["AuthType"], left["InvokeMode"], left.get("Cors")) == ("AWS_IAM", "BUFFERED", None)
    aws.delete()
    with pytest.raises(AwsError, match="does not exist"):
        config(aws)


def test_a_url_with_another_target_is_another_one(aws: Any, tmp_path: Path) -> None:
    before = aws.outputs(aws.create(template(tmp_path)))
    after = aws.outputs(aws.update(template(tmp_path, Qualifier="live")))
    assert after["Url"] != before["Url"]
    assert after["Ref"].endswith(":function:f:live")
    assert config(aws, Qualifier="live")["FunctionUrl"] == after["Url"]
    with pytest.raises(AwsError, match="does not exist"):
        config(aws)


def test_a_method_that_cors_does_not_take_fails_the_stack(aws: Any, tmp_path: Path) -> None:
    stack = aws.create(template(tmp_path, Cors={"AllowMethods": ["CALL"]}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
