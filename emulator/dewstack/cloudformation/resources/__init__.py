"""The resource types that dewstack can make, each a small provider."""

from collections.abc import Mapping

from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.cognito import cognito_types
from dewstack.cloudformation.resources.custom import CustomResource
from dewstack.cloudformation.resources.dynamodb import dynamodb_types
from dewstack.cloudformation.resources.events import event_types
from dewstack.cloudformation.resources.families import ANY_ATTRIBUTE, ResourceTypes
from dewstack.cloudformation.resources.global_table import GlobalTable
from dewstack.cloudformation.resources.http_api import http_api_types
from dewstack.cloudformation.resources.iam import iam_types
from dewstack.cloudformation.resources.kms import kms_types
from dewstack.cloudformation.resources.lambda_ import lambda_types
from dewstack.cloudformation.resources.logs import LogGroup, SubscriptionFilter
from dewstack.cloudformation.resources.own import own_types
from dewstack.cloudformation.resources.records import record_types
from dewstack.cloudformation.resources.rest_api import rest_api_types
from dewstack.cloudformation.resources.restored import Restored
from dewstack.cloudformation.resources.s3 import s3_types
from dewstack.cloudformation.resources.secrets import secret_types
from dewstack.cloudformation.resources.sns import sns_types
from dewstack.cloudformation.resources.sqs import sqs_types
from dewstack.cloudformation.resources.streams import stream_types
from dewstack.cloudformation.responses import Responses

__all__ = ["ANY_ATTRIBUTE", "Context", "Outcome", "Provider", "Restored", "resource_types"]


def resource_types(responses: Responses) -> Mapping[str, Provider]:
    """The table: CloudFormation's name of a type to its provider. At `responses` custom resources answer."""
    return ResourceTypes(
        {
            **cognito_types(),
            **dynamodb_types(),
            "AWS::DynamoDB::GlobalTable": GlobalTable(),
            **event_types(),
            **http_api_types(),
            **iam_types(),
            **kms_types(),
            **lambda_types(),
            **own_types(responses),
            **record_types(),
            **rest_api_types(),
            **s3_types(),
            **secret_types(),
            **sns_types(),
            **sqs_types(),
            **stream_types(),
            "AWS::Logs::LogGroup": LogGroup(),
            "AWS::Logs::SubscriptionFilter": SubscriptionFilter(),
        },
        lambda kind: CustomResource(kind, responses),
    )
