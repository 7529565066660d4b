"""The call of a function from a REST API. Of a failure the client learns nothing but the status."""

import asyncio
import logging

from dewstack.apigateway.integrations import Patience, as_configured, function_arn
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.refusals import (
    INTEGRATION_TIMEOUT,
    INTERNAL_SERVER_ERROR,
    REQUEST_TOO_LONG,
    Refused,
)
from dewstack.errors import AwsError
from dewstack.wire import Invoke, InvokeResult

log = logging.getLogger(__name__)

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes that Lambda takes in a synchronous invocation."""


class LambdaFunction:
    """The function behind an integration of one stage. `timeout` in seconds."""

    def __init__(
        self,
        invoke: Invoke,
        uri: str | None,
        timeout: float,
        stage: StagePoint,
        patience: Patience = as_configured,
    ) -> None:
        self._invoke = invoke
        self._uri = uri
        self._arn = function_arn(uri or "", stage.variables)
        self.timeout = patience(self._arn or "", timeout)

    async def call(self, exchange: Exchange, event: bytes) -> InvokeResult:
        """What the function answers to `event`. Raises Refused: 504 when it takes too long, 413 when the event is too
        large for Lambda, 500 when Lambda doesn't take it."""
        arn = self.arn()
        if len(event) > PAYLOAD_LIMIT:
            raise Refused(REQUEST_TOO_LONG)
        exchange.function_reached, exchange.event = True, event
        try:
            async with asyncio.timeout(self.timeout):
                return await self._invoke(arn, event)
        except TimeoutError:
            raise Refused(INTEGRATION_TIMEOUT) from None
        except AwsError as error:
            log.warning("%s could not be invoked: %s %s", arn, error.code, error.message)
            raise Refused(INTERNAL_SERVER_ERROR) from error

    def arn(self) -> str:
        """The function's ARN. Raises Refused where the integration names none."""
        if self._arn is None:
            log.warning(
                "the integration URI %r means neither a function nor a service",
                self._uri,
            )
            raise Refused(INTERNAL_SERVER_ERROR)
        return self._arn
