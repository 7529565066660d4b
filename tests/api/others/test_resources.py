"""Resources of the services behind moto: made by a deployment, changed in place, removed, made again on a restart."""

import logging

import pytest

from dewstack.deploy import deploy_template
from dewstack.deploy.stack import remove_stack
from dewstack.errors import UserError
from dewstack.testing import Dew
from tests.api.others.one_of_each import check, deploy, get, ref, resources, template

pytestmark = pytest.mark.xdist_group("moto")  # which is loaded once, and slowly


@pytest.fixture(scope="module")
def deployed(aws: Dew) -> dict[str, str]:
    """The outputs of a stack that has one of each."""
    return deploy(aws, template())


def test_each_is_made_and_found_by_its_reference(aws: Dew, deployed: dict[str, str]) -> None:
    check(aws, deployed)


def test_get_att_gives_what_aws_documents(deployed: dict[str, str]) -> None:
    region = "us-east-1:000000000000"
    assert deployed["TableArn"] == f"arn:aws:dynamodb:{region}:table/{deployed['Table']}"
    assert deployed["StreamArn"].startswith(f"{deployed['TableArn']}/stream/")
    assert deployed["BucketDomain"] == f"{deployed['Bucket']}.s3.amazonaws.com"
    assert (deployed["QueueName"], deployed["QueueArn"]) == ("jobs", f"arn:aws:sqs:{region}:jobs")
    assert deployed["Topic"] == f"arn:aws:sns:{region}:{deployed['TopicName']}"
    assert deployed["Machine"] == f"arn:aws:states:{region}:stateMachine:{deployed['MachineName']}"


def test_updates_keep_what_is_inside_and_a_deletion_leaves_nothing(aws: Dew) -> None:
    made = {name: each for name, each in resources().items() if name in ("Table", "Topic")}
    made["Queue"] = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}
    made["Bucket"] = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
    }
    wanted = {"Resources": made, "Outputs": {name: {"Value": ref(name)} for name in made}}
    before = dict(deploy_template(aws.call, "changing", wanted))
    dynamodb, sqs = aws.client("dynamodb"), aws.client("sqs")
    dynamodb.put_item(TableName=before["Table"], Item={"id": {"S": "kept"}})
    table = made["Table"]["Properties"]
    del table["ProvisionedThroughput"], table["StreamSpecification"]
    table["BillingMode"] = "PAY_PER_REQUEST"
    table["AttributeDefinitions"].append({"AttributeName": "by", "AttributeType": "S"})
    index = {"IndexName": "by-by", "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}]}
    table["GlobalSecondaryIndexes"] = [{**index, "Projection": {"ProjectionType": "ALL"}}]
    made["Queue"]["Properties"]["VisibilityTimeout"] = 10
    made["Topic"]["Properties"]["DisplayName"] = "other"
    assert dict(deploy_template(aws.call, "changing", wanted)) == before
    described = dynamodb.describe_table(TableName=before["Table"])["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [each["IndexName"] for each in described["GlobalSecondaryIndexes"]] == ["by-by"]
    assert dynamodb.scan(TableName=before["Table"])["Items"] == [{"id": {"S": "kept"}}]
    attributes = sqs.get_queue_attributes(QueueUrl=before["Queue"], AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "10"
    topic = aws.client("sns").get_topic_attributes(TopicArn=before["Topic"])["Attributes"]
    assert topic["DisplayName"] == "other"
    assert remove_stack(aws.call, "changing")
    assert before["Table"] not in dynamodb.list_tables()["TableNames"]
    assert before["Bucket"] not in [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]


def test_what_cannot_be_made_fails_with_the_service_s_words(aws: Dew) -> None:
    broken = {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": []}}}}
    with pytest.raises(UserError, match=r"Table \(AWS::DynamoDB::Table\)"):
        deploy_template(aws.call, "broken", broken)


def test_types_with_nothing_behind_them_are_recorded_and_named(
    aws: Dew, caplog: pytest.LogCaptureFixture
) -> None:
    made = {
        "Cdn": {"Type": "AWS::CloudFront::Distribution"},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "many-errors"}},
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": "t"}},
    }
    wanted = {
        "Resources": made,
        "Outputs": {
            "Alarm": {"Value": ref("Alarm")},
            "Domain": {"Value": get("Cdn", "DomainName")},
            "Deep": {"Value": get("Thing", "a.b")},
        },
    }
    with caplog.at_level(logging.WARNING, logger="dewstack.cloudformation"):
        outputs = dict(deploy_template(aws.call, "recorded", wanted))
    assert outputs["Alarm"] == "many-errors"
    assert outputs["Domain"].startswith("recorded-only.")
    [types, custom] = sorted(record.getMessage() for record in caplog.records)
    assert types.startswith("Recorded only: dewstack has nothing behind this type")
    assert "Alarm (AWS::CloudWatch::Alarm), Cdn (AWS::CloudFront::Distribution), Vpc (AWS::EC2::VPC)" in types
    assert "the function of this custom resource is not here" in custom
    assert "Thing (Custom::Thing)" in custom


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Tabel", "AWS::Nowhere::Thing", "AWS::SNS", "Nothing"])
def test_a_type_that_nobody_knows_is_refused_by_name(aws: Dew, kind: str) -> None:
    with pytest.raises(UserError, match=kind):
        deploy_template(aws.call, "unknown", {"Resources": {"A": {"Type": kind}}})


def test_the_framework_s_own_bucket_is_there_once_somebody_uses_s3(aws: Dew) -> None:
    made = {"ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket"}}
    wanted = {"Resources": made, "Outputs": {"Name": {"Value": ref("ServerlessDeploymentBucket")}}}
    name = dict(deploy_template(aws.call, "framework", wanted))["Name"]
    assert name in [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]
    assert remove_stack(aws.call, "framework")
    assert name not in [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]


def test_dynamic_references_are_resolved_when_a_resource_is_made(aws: Dew) -> None:
    aws.client("ssm").put_parameter(Name="/demo/stage", Value="blue", Type="String")
    secret = aws.client("secretsmanager").create_secret(Name="demo/login", SecretString='{"user": "u"}')
    texts = {
        "Parameter": "is {{resolve:ssm:/demo/stage}}, {{resolve:ssm:/demo/stage:1}}",
        "Key": "{{resolve:secretsmanager:demo/login:SecretString:user}}",
        "Whole": "{{resolve:secretsmanager:" + secret["ARN"] + "}}",
    }
    made = {
        name: {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": text}}
        for name, text in texts.items()
    }
    wanted = {"Resources": made, "Outputs": {name: {"Value": ref(name)} for name in made}}
    names = dict(deploy_template(aws.call, "dynamic", wanted))
    ssm = aws.client("ssm")
    values = {each: ssm.get_parameter(Name=names[each])["Parameter"]["Value"] for each in names}
    assert values == {"Parameter": "is blue, blue", "Key": "u", "Whole": '{"user": "u"}'}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("{{resolve:ssm:/nowhere}}", "/nowhere"),
        ("{{resolve:secretsmanager:nowhere}}", "can't find the specified secret"),
        ("{{resolve:s3:a}}", "Invalid dynamic reference"),
    ],
)
def test_a_dynamic_reference_to_nothing_fails_the_resource(aws: Dew, reference: str, words: str) -> None:
    made = {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": reference}}}
    with pytest.raises(UserError, match=words):
        deploy_template(aws.call, "dangling", {"Resources": made})
