"""The call of a function from a REST API. Of a failure the client learns nothing but the status."""

import asyncio
import logging

from dewstack.apigateway.integrations import function_arn
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.refusals import INTEGRATION_TIMEOUT, INTERNAL_SERVER_ERROR, Refused
from dewstack.errors import AwsError
from dewstack.wire import Invoke, InvokeResult

log = logging.getLogger(__name__)


class LambdaFunction:
    """The function behind an integration of one stage. `timeout` in seconds."""

    def __init__(self, invoke: Invoke, uri: str, timeout: float, stage: StagePoint) -> None:
        self._invoke = invoke
        self._uri = uri
        self._arn = function_arn(uri, stage.variables)
        self._timeout = timeout

    async def call(self, event: bytes) -> InvokeResult:
        """What the function answers to `event`. Raises Refused: 504 when it takes too long, 500 when Lambda doesn't
        take the event."""
        if self._arn is None:
            log.warning("no function is meant by the integration URI %r", self._uri)
            raise Refused(INTERNAL_SERVER_ERROR)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._invoke(self._arn, event)
        except TimeoutError:
            raise Refused(INTEGRATION_TIMEOUT, traced=True) from None
        except AwsError as error:
            log.warning("%s could not be invoked: %s %s", self._arn, error.code, error.message)
            raise Refused(INTERNAL_SERVER_ERROR, traced=True) from error
