"""Integrations of REST APIs: what stands behind a method."""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.lambda_function import LambdaFunction
from dewstack.apigateway.rest_api.mapping import Answer
from dewstack.apigateway.rest_api.payload import Payload, malformed
from dewstack.apigateway.rest_api.refusals import INTERNAL_SERVER_ERROR, Refused
from dewstack.apigateway.rest_api.request_mapping import RequestMapping
from dewstack.apigateway.rest_api.response_mapping import ResponseMapping
from dewstack.http import Response

log = logging.getLogger(__name__)

Send = Callable[[str, bytes], Awaitable[object]]
"""Hand an event to a function, by its ARN: what has returned will be served, and isn't waited for. Raises AwsError."""


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
        result = await self._function.call(exchange, self._payload.event(exchange))
        if result.function_error:
            raise malformed()
        try:
            return self._payload.response(exchange, result.payload)
        except Refused as refused:
            log.warning("%s answered what is no response: %s", self._function.arn(), refused.why)
            raise


class Backend(Protocol):
    """What an integration with mappings calls."""

    async def answer(self, exchange: Exchange, body: bytes) -> Answer:
        """What it answers to the mapped request. Raises Refused."""


class Mapped:
    """AWS, HTTP and MOCK: the request is mapped for what is called, its answer for the client."""

    def __init__(self, request: RequestMapping, backend: Backend, response: ResponseMapping) -> None:
        self._request = request
        self._backend = backend
        self._response = response

    async def respond(self, exchange: Exchange) -> Response:
        """The mapped answer. Raises Refused."""
        body = await self._request.body(exchange)
        return await self._response.response(exchange, await self._backend.answer(exchange, body))


class Broken:
    """Stands where a method has no integration, or one that cannot work; `why` it is, once per request."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def respond(self, exchange: Exchange) -> Response:
        """Raises Refused."""
        log.warning("%s %s: %s", exchange.request.method, exchange.path, self._why)
        raise Refused(INTERNAL_SERVER_ERROR)
