"""The names of actions: the service's prefix, and the operation's name where IAM calls it otherwise."""

from collections.abc import Mapping

from dewstack.http import Request

PREFIXES: Mapping[str, str] = {
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "iot-data": "iot",
    "lex-runtime": "lex",
    "opensearch": "es",
    "pinpoint": "mobiletargeting",
    "resourcegroupstaggingapi": "tag",
    "sesv2": "ses",
    "stepfunctions": "states",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
    "cloudwatch": "cloudwatch",
    "ses": "ses",
}
"""Where neither boto3's name nor the signing name is the prefix."""

NAMES: Mapping[tuple[str, str], str] = {
    ("apigatewaymanagementapi", "PostToConnection"): "ManageConnections",
    ("apigatewaymanagementapi", "GetConnection"): "ManageConnections",
    ("apigatewaymanagementapi", "DeleteConnection"): "ManageConnections",
    ("dynamodb", "ListStreams"): "ListStreams",
    ("lambda", "GetLayerVersionByArn"): "GetLayerVersion",
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("sesv2", "SendBulkEmail"): "SendBulkTemplatedEmail",
    ("sns", "PublishBatch"): "Publish",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "SendMessageBatch"): "SendMessage",
}
_BY_METHOD = frozenset({"apigateway", "apigatewayv2"})


def prefix_of(service: str, signing_name: str = "") -> str:
    """What a service's actions begin with; `signing_name` is its model's."""
    return PREFIXES.get(service) or signing_name or service


def action_name(service: str, operation: str, request: Request) -> str:
    """The action of an operation. API Gateway's are the methods of HTTP."""
    if service in _BY_METHOD:
        return request.method
    return NAMES.get((service, operation), operation)
