"""What stands behind a route of a WebSocket API."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

from dewstack.apigateway.integrations import Patience, function_arn
from dewstack.apigateway.websocket_api.exchange import Exchange
from dewstack.apigateway.websocket_api.refusals import BAD_GATEWAY, INTERNAL_SERVER_ERROR, TIMED_OUT, Refused
from dewstack.errors import AwsError
from dewstack.wire import Invoke, InvokeResult


class Answer(Struct, frozen=True):
    """What an integration answers. The status decides on a handshake; the body goes to the client of a route that
    has a response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class CompiledIntegration(Protocol):
    """An integration of a route, ready to serve."""

    async def answer(self, exchange: Exchange) -> Answer:
        """What becomes of an exchange. Raises Refused."""


class Function:
    """A function that is waited for. `timeout` in seconds."""

    def __init__(
        self, invoke: Invoke, uri: str, timeout: float, variables: Mapping[str, str], patience: Patience
    ) -> None:
        self._invoke = invoke
        self._arn = function_arn(uri, variables)
        self._timeout = patience(self._arn or "", timeout)

    async def call(self, event: bytes) -> InvokeResult:
        """What it answers. Raises Refused."""
        if self._arn is None:
            raise Refused(INTERNAL_SERVER_ERROR)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._invoke(self._arn, event)
        except TimeoutError:
            raise Refused(TIMED_OUT) from None
        except AwsError as error:
            raise Refused(INTERNAL_SERVER_ERROR) from error


class LambdaProxy:
    """AWS_PROXY: the function gets the event, and answers `statusCode`, `headers`, `body`."""

    def __init__(self, function: Function) -> None:
        self._function = function

    async def answer(self, exchange: Exchange) -> Answer:
        """What the function answers. Raises Refused, also for an answer that is none."""
        result = await self._function.call(exchange.event())
        if result.function_error:
            raise Refused(BAD_GATEWAY)
        try:
            output = msgspec.json.decode(result.payload)
        except (msgspec.DecodeError, RecursionError):
            raise Refused(BAD_GATEWAY) from None
        return _proxied(output)


def _proxied(output: Any) -> Answer:
    status = output.get("statusCode") if isinstance(output, dict) else None
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status)
    if type(status) is not int or not 100 <= status <= 599:
        raise Refused(BAD_GATEWAY)
    body, headers = output.get("body"), output.get("headers")
    if body is None:
        content = b""
    elif not isinstance(body, str):
        raise Refused(BAD_GATEWAY)
    elif output.get("isBase64Encoded") is True:
        try:
            content = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise Refused(BAD_GATEWAY) from None
    else:
        content = body.encode("utf-8", "replace")
    pairs = headers.items() if isinstance(headers, dict) else ()
    return Answer(status, content, {name.lower(): str(value) for name, value in pairs})
