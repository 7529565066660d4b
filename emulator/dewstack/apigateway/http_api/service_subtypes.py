"""The subtypes of AWS_PROXY that call a service without a function in between, and what each of them is told.

`SQS-SendMessage` and its like: the parameters are the call's own, whose values are mapping expressions. AWS lists them
as the integration subtype reference of HTTP APIs.
"""

from collections.abc import Mapping

from msgspec import Struct

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.http_api.parameter_mapping import BadMapping, value
from dewstack.apigateway.v2.model import Integration
from dewstack.errors import NotEmulated

REGION = "Region"
"""A parameter of all subtypes, which no call has: where it goes."""


class Subtype(Struct, frozen=True):
    """One call: `service` by its signing name, what it needs, and what it may be given beside that."""

    service: str
    action: str
    required: frozenset[str]
    optional: frozenset[str]


def _subtype(service: str, action: str, required: str, optional: str = "") -> Subtype:
    return Subtype(service, action, frozenset(required.split()), frozenset(optional.split()) | {REGION})


SUBTYPES: Mapping[str, Subtype] = {
    "EventBridge-PutEvents": _subtype(
        "events", "PutEvents", "Detail DetailType Source", "Time EventBusName Resources TraceHeader"
    ),
    "SQS-SendMessage": _subtype(
        "sqs",
        "SendMessage",
        "QueueUrl MessageBody",
        "DelaySeconds MessageAttributes MessageDeduplicationId MessageGroupId MessageSystemAttributes",
    ),
    "SQS-ReceiveMessage": _subtype(
        "sqs",
        "ReceiveMessage",
        "QueueUrl",
        "AttributeNames MaxNumberOfMessages MessageAttributeNames ReceiveRequestAttemptId VisibilityTimeout"
        " WaitTimeSeconds",
    ),
    "SQS-DeleteMessage": _subtype("sqs", "DeleteMessage", "QueueUrl ReceiptHandle"),
    "SQS-PurgeQueue": _subtype("sqs", "PurgeQueue", "QueueUrl"),
    "Kinesis-PutRecord": _subtype(
        "kinesis",
        "PutRecord",
        "StreamName Data PartitionKey",
        "SequenceNumberForOrdering ExplicitHashKey",
    ),
}
NOT_HERE: Mapping[str, str] = {
    "AppConfig-GetConfiguration": "nothing here deploys configurations",
    "StepFunctions-StartExecution": "no state machine runs here",
    "StepFunctions-StartSyncExecution": "no state machine runs here",
    "StepFunctions-StopExecution": "no state machine runs here",
}
"""Subtypes that AWS has and dewstack doesn't, and why."""


def check_subtype(integration: Integration) -> None:
    """Refuse a subtype that is none, and parameters that are not its own. Raises BadRequestException, and NotEmulated
    for a subtype whose service is not here."""
    name = integration.integration_subtype or ""
    if name in NOT_HERE:
        raise NotEmulated(f"IntegrationSubtype {name} is not emulated: {NOT_HERE[name]}")
    subtype = SUBTYPES.get(name)
    if subtype is None:
        raise BadRequestException(f"Invalid integration subtype specified: {name}")
    if integration.payload_format_version != "1.0":
        raise BadRequestException(f"PayloadFormatVersion must be 1.0 for integration subtype {name}")
    if not integration.credentials_arn:
        raise BadRequestException(f"CredentialsArn is required for integration subtype {name}")
    given = integration.request_parameters or {}
    if missing := sorted(subtype.required - given.keys()):
        raise BadRequestException(
            f"Required request parameters of integration subtype {name} are missing: {', '.join(missing)}"
        )
    if strange := sorted(given.keys() - subtype.required - subtype.optional):
        raise BadRequestException(
            f"Integration subtype {name} has no request parameters {', '.join(strange)}"
        )
    for text in given.values():
        try:
            value(text)
        except BadMapping as error:
            raise BadRequestException(
                f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]"
            ) from error
