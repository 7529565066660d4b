"""The call of the function behind a route.

Of a failure the client learns nothing but the status: the function's error is in its log.
"""

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import Identity, PayloadFormat
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.integrations import Patience, as_configured, function_arn
from dewstack.errors import AwsError
from dewstack.http import Response
from dewstack.wire import Invoke

log = logging.getLogger(__name__)

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes that Lambda takes in a synchronous invocation."""


class LambdaProxy:
    """An AWS_PROXY integration of one stage. `timeout` in seconds."""

    def __init__(
        self,
        invoke: Invoke,
        uri: str,
        timeout: float,
        stage_variables: Mapping[str, str],
        patience: Patience = as_configured,
    ) -> None:
        self._invoke = invoke
        self.function = function_arn(uri, stage_variables)
        self._timeout = patience(self.function or "", timeout)

    async def send(self, event: bytes) -> bytes:
        """The function's payload for `event`. Raises GatewayResponse for whatever goes wrong."""
        if self.function is None:
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
        if len(event) > PAYLOAD_LIMIT:
            raise GatewayResponse(responses.REQUEST_ENTITY_TOO_LARGE)
        try:
            async with asyncio.timeout(self._timeout):
                result = await self._invoke(self.function, event)
        except TimeoutError:
            raise GatewayResponse(responses.SERVICE_UNAVAILABLE) from None
        except AwsError as error:
            refusal = responses.FOR_LAMBDA_ERROR.get(error.code, responses.INTERNAL_SERVER_ERROR)
            raise GatewayResponse(refusal) from error
        if result.function_error:
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
        return result.payload


class LambdaIntegration:
    """A function behind a route: the event of its payload format goes in, its response comes out."""

    __slots__ = ("_payload", "_proxy")

    def __init__(self, payload: PayloadFormat, proxy: LambdaProxy) -> None:
        self._payload = payload
        self._proxy = proxy

    async def respond(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> Response:
        """The function's response. Raises GatewayResponse."""
        exchange.event = event = self._payload.event(exchange, parameters, identity)
        began = monotonic()
        answer = await self._proxy.send(event)
        exchange.integration_ms = (monotonic() - began) * 1000
        try:
            return self._payload.response(answer)
        except GatewayResponse as refused:
            log.warning("%s answered what is no response: %s", self._proxy.function, refused.why)
            raise
