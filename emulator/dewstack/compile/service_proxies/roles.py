"""The roles by which the REST API calls services: one for each, unless all its routes bring their own."""

from collections.abc import Mapping
from typing import Any

from dewstack.compile.draft import Draft, get_att, join
from dewstack.compile.service_proxies.proxy import ORDER, Proxy

NAMES: Mapping[str, str] = {
    "dynamodb": "Dynamodb",
    "eventbridge": "EventBridge",
    "kinesis": "Kinesis",
    "s3": "S3",
    "sns": "Sns",
    "sqs": "Sqs",
}
LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "*",
}
OWN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"
TOGETHER: Mapping[str, tuple[list[str], str, str]] = {
    "eventbridge": (["events:PutEvents"], "eventBusName", OWN % "events" + "event-bus/${eventBusName}"),
    "kinesis": (
        ["kinesis:PutRecord", "kinesis:PutRecords"],
        "streamName",
        OWN % "kinesis" + "stream/${streamName}",
    ),
    "sns": (["sns:Publish"], "topicName", OWN % "sns" + "${topicName}"),
    "sqs": (["sqs:SendMessage"], "queueName", OWN % "sqs" + "${queueName}"),
}
"""Actions, the key that names the resource, and its ARN, of services with one statement for all."""


def role_of(service: str, http: Mapping[str, Any]) -> Any:
    """The ARN of the role that a route's calls are made by."""
    own = None if service == "dynamodb" else http.get("roleArn")
    return own or get_att(f"ApigatewayTo{NAMES[service]}Role", "Arn")


def compile_roles(draft: Draft, proxies: list[Proxy]) -> None:
    """A role for each service that needs one."""
    for service in ORDER:
        mine = [proxy.http for proxy in proxies if proxy.service == service]
        if mine and (service == "dynamodb" or not all(http.get("roleArn") for http in mine)):
            _compile_role(draft, service, _statements(service, mine))


def _compile_role(draft: Draft, service: str, statements: list[dict[str, Any]]) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = {"Version": "2012-10-17", "Statement": [LOGS, *statements]}
    draft.add(
        f"ApigatewayTo{NAMES[service]}Role",
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": f"apigatewayto{service}", "PolicyDocument": document}],
        },
    )


def _statements(service: str, https: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if service == "s3":
        return [
            _allow(f"s3:{http['action']}*", join("", _bucket_arn(http["bucket"]), "/*")) for http in https
        ]
    if service == "dynamodb":
        arn = OWN % "dynamodb" + "table/${tableName}"
        return [
            _allow(f"dynamodb:{http['action']}", {"Fn::Sub": [arn, {"tableName": http["tableName"]}]})
            for http in https
        ]
    actions, key, arn = TOGETHER[service]
    return [_allow(actions, [{"Fn::Sub": [arn, {key: http[key]}]} for http in https])]


def _allow(action: Any, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _bucket_arn(bucket: Any) -> Any:
    if isinstance(bucket, dict) and "Ref" in bucket:
        return get_att(bucket["Ref"], "Arn")
    return {"Fn::Sub": ["arn:${AWS::Partition}:s3:::${bucket}", {"bucket": bucket}]}
