"""A template with one resource of each type that a service behind moto holds, and a proof that all of them work."""

import json
from typing import Any

from dewstack.deploy import deploy_template
from dewstack.testing import Dew

STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}
KEYS = [{"AttributeName": "id", "KeyType": "HASH"}]
GENERATE = {"SecretStringTemplate": '{"user": "u"}', "GenerateStringKey": "password", "PasswordLength": "20"}


def get(resource: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, attribute]}


def ref(resource: str) -> dict[str, Any]:
    return {"Ref": resource}


def resources() -> dict[str, Any]:
    """One of each. Numbers and booleans are written as text where parameters would make them so."""
    return {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": KEYS,
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "ProvisionedThroughput": {"ReadCapacityUnits": "1", "WriteCapacityUnits": 1},
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
                "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": "true"},
            },
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "CorsConfiguration": {
                    "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": "30"}]
                },
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": ref("Bucket"), "PolicyDocument": POLICY},
        },
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": "false"}},
        "Fifo": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": "jobs",
                "VisibilityTimeout": "60",
                "RedrivePolicy": {"deadLetterTargetArn": get("Dead", "Arn"), "maxReceiveCount": 3},
            },
        },
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [ref("Queue")], "PolicyDocument": POLICY},
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "news"}},
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [ref("Topic")], "PolicyDocument": POLICY},
        },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": ref("Topic"),
                "Protocol": "sqs",
                "Endpoint": get("Queue", "Arn"),
                "RawMessageDelivery": "true",
            },
        },
        "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}},
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"GenerateSecretString": GENERATE},
        },
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": "1"}},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": POLICY}},
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/app", "TargetKeyId": ref("Key")},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": POLICY,
                "Policies": [{"PolicyName": "own", "PolicyDocument": POLICY}],
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": get("Role", "Arn"),
                "DefinitionString": '{"StartAt": "${first}", "States": {"done": {"Type": "Succeed"}}}',
                "DefinitionSubstitutions": {"first": "done"},
            },
        },
    }


def template() -> dict[str, Any]:
    made = resources()
    wanted = {
        "TableArn": get("Table", "Arn"),
        "StreamArn": get("Table", "StreamArn"),
        "BucketDomain": get("Bucket", "DomainName"),
        "QueueName": get("Queue", "QueueName"),
        "QueueArn": get("Queue", "Arn"),
        "TopicName": get("Topic", "TopicName"),
        "ParameterValue": get("Parameter", "Value"),
        "KinesisArn": get("Stream", "Arn"),
        "BusArn": get("Bus", "Arn"),
        "KeyArn": get("Key", "Arn"),
        "MachineName": get("Machine", "Name"),
        **{name: ref(name) for name in made},
    }
    return {"Resources": made, "Outputs": {name: {"Value": value} for name, value in wanted.items()}}


def deploy(aws: Dew, wanted: dict[str, Any]) -> dict[str, str]:
    return dict(deploy_template(aws.call, "demo", wanted))


def check(aws: Dew, outputs: dict[str, str]) -> None:
    """Everything can be used by what `Ref` gives."""
    dynamodb, sqs, sns = aws.client("dynamodb"), aws.client("sqs"), aws.client("sns")
    live = dynamodb.describe_time_to_live(TableName=outputs["Table"])["TimeToLiveDescription"]
    assert live == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    dynamodb.put_item(TableName=outputs["Table"], Item={"id": {"S": "1"}})
    rules = aws.client("s3").get_bucket_cors(Bucket=outputs["Bucket"])["CORSRules"]
    assert rules == [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 30}]
    assert json.loads(aws.client("s3").get_bucket_policy(Bucket=outputs["BucketPolicy"])["Policy"]) == POLICY
    found = sqs.get_queue_attributes(QueueUrl=outputs["Queue"], AttributeNames=["All"])["Attributes"]
    assert found["VisibilityTimeout"] == "60"
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 3
    assert json.loads(found["Policy"]) == POLICY
    assert outputs["Fifo"].endswith(".fifo")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=outputs["Topic"])["Subscriptions"]
    assert [each["SubscriptionArn"] for each in subscriptions] == [outputs["Subscription"]]
    sns.publish(TopicArn=outputs["Topic"], Message="m")
    assert sqs.receive_message(QueueUrl=outputs["Queue"])["Messages"][0]["Body"] == "m"
    parameter = aws.client("ssm").get_parameter(Name=outputs["Parameter"])["Parameter"]
    assert parameter["Value"] == outputs["ParameterValue"] == "v"
    secret = aws.client("secretsmanager").get_secret_value(SecretId=outputs["Secret"])["SecretString"]
    assert len(json.loads(secret)["password"]) == 20
    stream = aws.client("kinesis").describe_stream_summary(StreamName=outputs["Stream"])
    assert stream["StreamDescriptionSummary"]["StreamARN"] == outputs["KinesisArn"]
    assert aws.client("events").describe_event_bus(Name=outputs["Bus"])["Arn"] == outputs["BusArn"]
    key = aws.client("kms").describe_key(KeyId=outputs["Alias"])["KeyMetadata"]
    assert (key["KeyId"], key["Arn"]) == (outputs["Key"], outputs["KeyArn"])
    role = aws.client("iam").get_role_policy(RoleName=outputs["Role"], PolicyName="own")
    assert role["PolicyDocument"] == POLICY
    machine = aws.client("stepfunctions").describe_state_machine(stateMachineArn=outputs["Machine"])
    assert json.loads(machine["definition"])["StartAt"] == "done"
