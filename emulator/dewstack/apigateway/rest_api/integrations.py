"""Integrations of REST APIs: what stands behind a method."""

from typing import Protocol

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.lambda_function import LambdaFunction
from dewstack.apigateway.rest_api.payload import Payload, malformed
from dewstack.http import Response


class CompiledIntegration(Protocol):
    """An integration of a method, ready to serve."""

    async def respond(self, exchange: Exchange) -> Response:
        """The response to a request. Raises Refused."""


class LambdaProxy:
    """AWS_PROXY: the function gets the whole request and answers the whole response."""

    def __init__(self, function: LambdaFunction, payload: Payload) -> None:
        self._function = function
        self._payload = payload

    async def respond(self, exchange: Exchange) -> Response:
        """What the function answers. Raises Refused."""
        result = await self._function.call(self._payload.event(exchange))
        if result.function_error:
            raise malformed()
        return self._payload.response(exchange, result.payload)
