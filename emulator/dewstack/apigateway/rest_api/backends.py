"""What integrations with mappings call: nothing at all (MOCK), or a function that isn't told of HTTP (AWS)."""

import logging
import re
from typing import Any

import msgspec

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.integrations import Send
from dewstack.apigateway.rest_api.lambda_function import LambdaFunction
from dewstack.apigateway.rest_api.mapping import Answer, Expression
from dewstack.apigateway.rest_api.refusals import INTERNAL_SERVER_ERROR, Refused, unreadable_request
from dewstack.errors import AwsError

log = logging.getLogger(__name__)

STATUS_CODE = re.compile(rb"""[{,]\s*["']?statusCode["']?\s*:\s*["']?([1-5][0-9][0-9])["']?\s*[,}]""")
"""Templates of mock integrations are often `{statusCode: 200}`, which isn't JSON; AWS takes it."""


class Mock:
    """MOCK: the request template says with which status it answers."""

    async def answer(self, exchange: Exchange, body: bytes) -> Answer:
        """An empty answer. Raises Refused where there is no status."""
        status = _status(body)
        if status is None:
            log.warning(
                "%s %s: the mock's template gives no statusCode", exchange.request.method, exchange.path
            )
            raise Refused(INTERNAL_SERVER_ERROR)
        return Answer(str(status))


def _status(body: bytes) -> int | None:
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        found = STATUS_CODE.search(body)
        return int(found[1]) if found else None
    status = document.get("statusCode") if isinstance(document, dict) else None
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status)
    return status if type(status) is int and 100 <= status <= 599 else None


class CustomLambda:
    """AWS with a function: it gets what the template made, and answers whatever it likes.

    `kind` is the expression for the header X-Amz-Invocation-Type, if the integration maps it: an `Event` is handed
    over by `send`, and nobody waits for it.
    """

    def __init__(self, function: LambdaFunction, kind: Expression | None, send: Send | None) -> None:
        self._function = function
        self._kind = kind
        self._send = send

    async def answer(self, exchange: Exchange, body: bytes) -> Answer:
        """The function's payload, selected by its error's message where it failed. Raises Refused."""
        event = body or b"{}"
        try:
            msgspec.json.decode(event)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Refused(unreadable_request(str(error))) from None
        if self._kind and self._kind(exchange, Answer()) == "Event":
            return await self._hand_over(event)
        result = await self._function.call(exchange, event)
        if not result.function_error:
            return Answer("200", result.payload)
        return Answer(_error_message(result.payload), result.payload)

    async def _hand_over(self, event: bytes) -> Answer:
        if self._send is None:
            log.warning("asynchronous integrations are not offered here")
            raise Refused(INTERNAL_SERVER_ERROR)
        try:
            await self._send(self._function.arn(), event)
        except AwsError as error:
            log.warning("the event could not be handed over: %s %s", error.code, error.message)
            raise Refused(INTERNAL_SERVER_ERROR) from error
        return Answer("202")


def _error_message(payload: bytes) -> str:
    try:
        document = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return ""
    message = document.get("errorMessage") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""
