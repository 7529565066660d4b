"""AWS_PROXY with `responseTransferMode: STREAM`: the function writes the response while the client reads it.

What it streams begins with a prelude of status and headers, whatever content type its runtime names. The integration's
timeout bounds the wait for the prelude; afterwards a stream may be silent for 5 minutes, 30 seconds at an
edge-optimized API, and last for 15 minutes.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

from dewstack.apigateway.responses import header_value
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.lambda_function import PAYLOAD_LIMIT, LambdaFunction
from dewstack.apigateway.rest_api.payload import Payload, malformed
from dewstack.apigateway.rest_api.refusals import (
    INTEGRATION_TIMEOUT,
    INTERNAL_SERVER_ERROR,
    REQUEST_TOO_LONG,
    Refused,
)
from dewstack.apigateway.streaming import FunctionStream, NoResponse, with_prelude
from dewstack.errors import AwsError
from dewstack.http import ByteStream, Response, StreamCut
from dewstack.wire import InvokeStreaming

log = logging.getLogger(__name__)

STREAM = "STREAM"
IDLE_SECONDS, EDGE_IDLE_SECONDS = 300.0, 30.0
LONGEST_SECONDS = 900.0


class StreamingLambdaProxy:
    """The function gets the whole request, and streams the response."""

    def __init__(
        self, function: LambdaFunction, payload: Payload, stage: StagePoint, stream: InvokeStreaming
    ) -> None:
        self._function = function
        self._payload = payload
        self._stream = stream
        self._idle = EDGE_IDLE_SECONDS if stage.edge else IDLE_SECONDS

    async def respond(self, exchange: Exchange) -> Response:
        """What the function begins to answer. Raises Refused."""
        event = self._payload.event(exchange)
        arn = self._function.arn()
        if len(event) > PAYLOAD_LIMIT:
            raise Refused(REQUEST_TOO_LONG)
        exchange.function_reached, exchange.event = True, event
        try:
            result = self._stream(arn, event)
        except AwsError as error:
            log.warning("%s could not be invoked: %s %s", arn, error.code, error.message)
            raise Refused(INTERNAL_SERVER_ERROR) from error
        try:
            async with asyncio.timeout(self._function.timeout):
                prelude, body = await with_prelude(result)
            response = self._payload.head(prelude)
        except BaseException as error:
            result.abandon()
            if isinstance(error, TimeoutError):
                raise Refused(INTEGRATION_TIMEOUT) from None
            if isinstance(error, NoResponse):
                raise malformed() from None
            raise
        cookies = prelude.get("cookies") or []
        response.headers += [(b"Set-Cookie", header_value(str(cookie))) for cookie in cookies]
        response.stream = TimedStream(body, self._idle)
        return response


class TimedStream:
    """A stream that is cut when it is silent for `idle` seconds, or lasts too long."""

    def __init__(self, body: FunctionStream | ByteStream, idle: float) -> None:
        self._body = body
        self._idle = idle

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks. Raises StreamCut."""
        chunks = aiter(self._body)
        end = time.monotonic() + LONGEST_SECONDS
        while True:
            try:
                async with asyncio.timeout(min(self._idle, end - time.monotonic())):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise StreamCut from None
            if chunk is None:
                return
            yield chunk

    async def aclose(self) -> None:
        """Nobody reads any more."""
        await self._body.aclose()
