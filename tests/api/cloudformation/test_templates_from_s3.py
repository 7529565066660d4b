"""Templates come from S3, with rules, parameters of the Parameter Store and macros of every kind."""

import json
from typing import Any

import pytest

from dewstack.errors import AwsError

EXPAND = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
URLS = (
    "https://s3.amazonaws.com/templates/a/t.json",
    "https://s3.eu-west-1.amazonaws.com/templates/a/t.json",
    "https://templates.s3.eu-west-1.amazonaws.com/a/t.json",
    "https://templates.s3.amazonaws.com/a/t.json",
    "http://127.0.0.1:4566/templates/a/t.json",
    "http://templates.s3.localhost.localstack.cloud:4566/a/t.json",
    "s3://templates/a/t.json",
)


def group(name: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}, **more}


def upload(aws: Any, key: str, content: Any, bucket: str = "templates") -> str:
    if bucket not in [each["Name"] for each in aws.call("s3", "ListBuckets", {})["Buckets"]]:
        aws.call("s3", "CreateBucket", {"Bucket": bucket})
    body = content if isinstance(content, str) else json.dumps(content)
    aws.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body.encode()})
    return f"https://s3.amazonaws.com/{bucket}/{key}"


def groups(aws: Any) -> list[str]:
    return sorted(each["logGroupName"] for each in aws.call("logs", "DescribeLogGroups", {})["logGroups"])


def refused(aws: Any, template: Any, **params: Any) -> str:
    with pytest.raises(AwsError) as caught:
        aws.create(template, **{"Capabilities": EXPAND, **params})
    return caught.value.message


def test_a_template_lies_in_s3(aws: Any) -> None:
    upload(aws, "a/t.json", {"Resources": {"Logs": group("from-s3")}})
    for number, url in enumerate(URLS):
        summary = aws.cfn("GetTemplateSummary", TemplateURL=url)
        assert summary["ResourceTypes"] == ["AWS::Logs::LogGroup"], url
        assert number or aws.cfn("CreateStack", StackName="demo", TemplateURL=url)
    assert aws.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert groups(aws) == ["from-s3"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.com/t.json", "TemplateURL must be a supported URL."),
        ("https://s3.amazonaws.com/nowhere/t.json", "S3 error: The specified bucket does not exist"),
        ("ftp://s3.amazonaws.com/a/t.json", "TemplateURL must be a supported URL."),
    ],
)
def test_a_template_that_cannot_be_had_is_refused(aws: Any, url: str, message: str) -> None:
    with pytest.raises(AwsError) as caught:
        aws.cfn("CreateStack", StackName="demo", TemplateURL=url)
    assert caught.value.message == message


def test_parameters_come_from_the_parameter_store(aws: Any) -> None:
    template = {
        "Parameters": {
            "Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/name"},
            "Names": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/app/names"},
        },
        "Resources": {
            "A": group({"Ref": "Name"}),
            "B": group({"Fn::Select": [1, {"Ref": "Names"}]}),
        },
    }
    assert "Unable to fetch parameters [/app/name,/app/names]" in refused(aws, template)
    aws.call("ssm", "PutParameter", {"Name": "/app/name", "Value": "one", "Type": "String"})
    aws.call("ssm", "PutParameter", {"Name": "/app/names", "Value": "x,two", "Type": "StringList"})
    stack = aws.create(template)
    assert groups(aws) == ["one", "two"]
    [name, _] = stack["Parameters"]
    assert name == {"ParameterKey": "Name", "ParameterValue": "/app/name", "ResolvedValue": "one"}
    aws.call(
        "ssm", "PutParameter", {"Name": "/app/name", "Value": "three", "Type": "String", "Overwrite": True}
    )
    aws.update(template)
    assert groups(aws) == ["three", "two"]


def test_rules_weigh_parameters(aws: Any) -> None:
    template = {
        "Parameters": {
            "Version": {"Type": "String", "Default": "6"},
            "Stage": {"Type": "String", "Default": "dev"},
        },
        "Rules": {
            "Bootstrap": {
                "Assertions": [
                    {
                        "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "5"], {"Ref": "Version"}]}]},
                        "AssertDescription": "too old",
                    }
                ]
            },
            "Production": {
                "RuleCondition": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
                "Assertions": [
                    {
                        "Assert": {"Fn::EachMemberEquals": [["7"], {"Ref": "Version"}]},
                        "AssertDescription": "not 7",
                    }
                ],
            },
        },
        "Resources": {"A": group("ruled")},
    }
    given = [
        {"ParameterKey": "Version", "ParameterValue": "5"},
        {"ParameterKey": "Stage", "ParameterValue": "prod"},
    ]
    assert refused(aws, template, Parameters=given) == "Template validation error: [too old, not 7]"
    assert aws.create(template)["StackStatus"] == "CREATE_COMPLETE"


def test_loops_are_unrolled(aws: Any) -> None:
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {
            "Names": {"Type": "CommaDelimitedList", "Default": "a-1,b"},
            "Keep": {"Type": "String", "Default": "Retain"},
        },
        "Resources": {
            "Fn::ForEach::Groups": [
                "Name",
                {"Ref": "Names"},
                {"Group&{Name}": group({"Fn::Sub": "logs-${Name}"}, DeletionPolicy={"Ref": "Keep"})},
            ]
        },
        "Outputs": {"Fn::ForEach::Outs": ["Name", ["a-1"], {"Out&{Name}": {"Value": {"Ref": "Groupa1"}}}]},
    }
    assert refused(aws, template, Capabilities=[]) == "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"
    stack = aws.create(template, Capabilities=EXPAND)
    assert groups(aws) == ["logs-a-1", "logs-b"]
    assert aws.outputs(stack) == {"Outa1": "logs-a-1"}
    original = aws.cfn("GetTemplate", StackName="demo", TemplateStage="Original")["TemplateBody"]
    processed = aws.cfn("GetTemplate", StackName="demo")["TemplateBody"]
    assert json.loads(original) == template
    assert list(json.loads(processed)["Resources"]) == ["Groupa1", "Groupb"]
    aws.delete()
    assert groups(aws) == ["logs-a-1", "logs-b"]


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (["Name", [], {}], "the collection of Fn::ForEach must be a list that is not empty"),
        (["Na-me", ["a"], {}], "the identifier of Fn::ForEach must be alphanumeric"),
        (["Name", ["a", "b"], {"Same": group("x")}], "Duplicate key Same"),
        (["Name", ["a"]], "Fn::ForEach requires an identifier, a collection and an output map"),
    ],
)
def test_a_loop_that_cannot_be_unrolled_is_refused(aws: Any, loop: Any, message: str) -> None:
    template = {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::Loop": loop}}
    assert message in refused(aws, template)


def test_pieces_are_included(aws: Any) -> None:
    whole = upload(aws, "whole.yaml", "Resources:\n  Whole:\n    Type: AWS::Logs::LogGroup\n")
    piece = upload(aws, "piece.json", {"LogGroupName": "included"})
    template = {
        "Transform": {"Name": "AWS::Include", "Parameters": {"Location": whole}},
        "Parameters": {"Where": {"Type": "String", "Default": piece}},
        "Resources": {
            "Inner": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {
                    "RetentionInDays": 7,
                    "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": {"Ref": "Where"}}},
                },
            }
        },
    }
    assert aws.create(template, Capabilities=EXPAND)["StackStatus"] == "CREATE_COMPLETE"
    assert "included" in groups(aws) and len(groups(aws)) == 2


def test_sam_s_types_become_cloudformation_s(aws: Any) -> None:
    source = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hi'}\n"
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Globals": {"Function": {"Runtime": "python3.11", "Timeout": 7}},
        "Resources": {
            "Hello": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Handler": "index.handler",
                    "InlineCode": source,
                    "Events": {"Api": {"Type": "HttpApi", "Properties": {"Path": "/hi", "Method": "get"}}},
                },
            }
        },
        "Outputs": {"Name": {"Value": {"Ref": "Hello"}}},
    }
    stack = aws.create(template, Capabilities=EXPAND)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    name = aws.outputs(stack)["Name"]
    assert aws.call("lambda", "GetFunctionConfiguration", {"FunctionName": name})["Timeout"] == 7
    types = {
        each["ResourceType"]
        for each in aws.cfn("ListStackResources", StackName="demo")["StackResourceSummaries"]
    }
    assert "AWS::ApiGatewayV2::Api" in types and "AWS::IAM::Role" in types
    wrong = {
        **template,
        "Resources": {"Hello": {"Type": "AWS::Serverless::Function", "Properties": {"Handlers": "x"}}},
    }
    aws.cfn(
        "CreateChangeSet",
        StackName="demo",
        ChangeSetName="wrong",
        TemplateBody=json.dumps(wrong),
        Capabilities=EXPAND,
    )
    described = aws.cfn("DescribeChangeSet", StackName="demo", ChangeSetName="wrong")
    assert described["Status"] == "FAILED"
    assert described["StatusReason"].startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document."
    )


MACRO = """
def handler(event, context):
    if "fail" in event["params"]:
        return {"requestId": event["requestId"], "status": "failed", "errorMessage": "as asked"}
    fragment = event["fragment"]
    prefix = event["templateParameterValues"].get("Prefix", "none")
    fragment.setdefault("LogGroupName", prefix + "-" + event["params"]["Name"])
    return {"requestId": event["requestId"], "status": "success", "fragment": fragment}
"""


def test_a_function_is_a_macro(aws: Any) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": "arn:aws:iam::000000000000:role/r",
            "Code": {"ZipFile": MACRO},
        },
    }
    properties = {"Name": "Namer", "FunctionName": {"Ref": "Function"}}
    macro = {"Type": "AWS::CloudFormation::Macro", "Properties": properties}
    aws.create({"Resources": {"Function": function, "Macro": macro}}, name="macros")
    call = {"Name": "Namer", "Parameters": {"Name": "logs"}}
    inner = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 1, "Fn::Transform": call}}
    template = {"Parameters": {"Prefix": {"Type": "String", "Default": "my"}}, "Resources": {"Logs": inner}}
    assert aws.create(template, Capabilities=EXPAND)["StackStatus"] == "CREATE_COMPLETE"
    assert groups(aws)[-1] == "my-logs"
    call["Parameters"]["fail"] = "yes"  # type: ignore[index]
    assert refused(aws, template, name="other") == "Transform 000000000000::Namer failed with: as asked."
    call["Name"] = "Nobody"
    assert refused(aws, template, name="other") == "No transform named 000000000000::Nobody found."


def test_a_transform_of_aws_that_is_not_emulated_is_named(aws: Any) -> None:
    template = {"Transform": "AWS::CodeDeployBlueGreen", "Resources": {"A": group("x")}}
    assert "AWS::CodeDeployBlueGreen" in refused(aws, template)
