"""The deployed stack of a map, asked over the wire: its APIs and its functions."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dewstack.deploy.remote import boto3_call
from dewstack.deploy.target import Call
from dewstack.errors import AwsError, UserError
from dewstack.frontdoor import Served
from dewstack.service import Service
from dewstack.service.addresses import rest_base, rest_stage
from dewstack.shim.gateway import Gateway
from dewstack.shim.http_api import HttpApi
from dewstack.shim.rest_api import RestApi


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

    def apis(self, gateway: Gateway) -> Iterator[HttpApi | RestApi]:
        """The APIs of the stack, each where `dew up` has it: the HTTP API at `/`, the REST API at `/{stage}/`."""
        service = self._service
        http_id = next((one for one in self._ids("AWS::ApiGatewayV2::Api") if self._speaks_http(one)), None)
        if http_id:
            served = Served(http_id, service.offline.http_base)
            yield HttpApi(self._call, served, service.region, gateway)
        for rest_id in self._ids("AWS::ApiGateway::RestApi")[:1]:
            stage = next(iter(self._ids("AWS::ApiGateway::Stage")), rest_stage(service))
            base = rest_base(service, stage, beside_http=bool(http_id))
            yield RestApi(self._call, Served(rest_id, base, f"/{stage}"), service.region, gateway)

    def _speaks_http(self, api_id: str) -> bool:
        """Whether an API is an HTTP API, rather than one of WebSockets."""
        return bool(self._call("apigatewayv2", "GetApi", {"ApiId": api_id})["ProtocolType"] == "HTTP")

    def _ids(self, kind: str) -> list[str]:
        return [one["PhysicalResourceId"] for one in self._resources if one["ResourceType"] == kind]


def function_name(service: Service, name: str) -> str:
    """A function's name in AWS, from either of its names. Raises UserError when there is none."""
    for key, function in service.functions.items():
        if name in (key, function.name):
            return function.name
    raise UserError(f"There is no function {name!r}.", hint=f"Functions: {', '.join(service.functions)}")


def _in_seconds(value: Any) -> Any:
    """An answer with its dates as the gateway's model has them: seconds since the epoch."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: _in_seconds(item) for key, item in value.items()}
    return [_in_seconds(item) for item in value] if isinstance(value, list) else value
