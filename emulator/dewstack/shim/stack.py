"""The deployed stack of a map, asked over the wire: its APIs and its functions."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dewstack.deploy.remote import boto3_call
from dewstack.deploy.target import Call
from dewstack.errors import AwsError, UserError
from dewstack.service import Service
from dewstack.shim.gateway import Gateway
from dewstack.shim.http_api import HttpApi


class Stack:
    """The stack of `service` at `url`. Raises UserError when it is not there."""

    def __init__(self, service: Service, url: str) -> None:
        self._service = service
        remote = boto3_call(endpoint=url, region=service.region, access_key="test", secret_key="test")
        self._call: Call = lambda *call: _in_seconds(remote(*call))
        try:
            answer = self._call("cloudformation", "DescribeStackResources", {"StackName": service.stack_name})
        except AwsError as error:
            raise UserError(
                f"the stack {service.stack_name} is not at {url}: {error}",
                hint="is another stage running there?",
            ) from error
        self._resources: list[dict[str, Any]] = answer["StackResources"]

    @property
    def account_id(self) -> str:
        """The account that the stack is in."""
        return str(self._resources[0]["StackId"]).split(":")[4] if self._resources else ""

    def function_name(self, name: str) -> str:
        """A function's name in AWS, from either of its names. Raises UserError when there is none."""
        for key, function in self._service.functions.items():
            if name in (key, function.name):
                return function.name
        raise UserError(
            f"There is no function {name!r}.", hint=f"Functions: {', '.join(self._service.functions)}"
        )

    def apis(self, gateway: Gateway) -> Iterator[HttpApi]:
        """The APIs of the stack."""
        for api_id in self._ids("AWS::ApiGatewayV2::Api"):
            description = self._call("apigatewayv2", "GetApi", {"ApiId": api_id})
            if description["ProtocolType"] == "HTTP":
                yield HttpApi(self._call, description, self._service.region, gateway)

    def _ids(self, kind: str) -> list[str]:
        return [one["PhysicalResourceId"] for one in self._resources if one["ResourceType"] == kind]


def _in_seconds(value: Any) -> Any:
    """An answer with its dates as the gateway's model has them: seconds since the epoch."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: _in_seconds(item) for key, item in value.items()}
    return [_in_seconds(item) for item in value] if isinstance(value, list) else value
