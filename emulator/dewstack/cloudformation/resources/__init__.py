"""The resource types that dewstack can make, each a small provider."""

from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.cognito import cognito_types
from dewstack.cloudformation.resources.http_api import http_api_types
from dewstack.cloudformation.resources.lambda_ import lambda_types
from dewstack.cloudformation.resources.logs import LogGroup
from dewstack.cloudformation.resources.records import record_types
from dewstack.cloudformation.resources.rest_api import rest_api_types

__all__ = ["Context", "Outcome", "Provider", "resource_types"]


def resource_types() -> dict[str, Provider]:
    """The table: CloudFormation's name of a type to its provider."""
    return {
        **cognito_types(),
        **http_api_types(),
        **lambda_types(),
        **record_types(),
        **rest_api_types(),
        "AWS::Logs::LogGroup": LogGroup(),
    }
