"""Integrations: which function an `IntegrationUri` means, and the call of it.

Of a failure the client learns nothing but the status: the function's error is in its log.
"""

import asyncio
import re
from collections.abc import Mapping

from dewstack.apigateway import responses
from dewstack.apigateway.responses import GatewayResponse
from dewstack.errors import AwsError
from dewstack.wire import Invoke

FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)
LONG_FORM = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/[0-9-]+/functions/(.+)/invocations")
STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes that Lambda takes in a synchronous invocation."""


def function_arn(uri: str, stage_variables: Mapping[str, str] | None = None) -> str | None:
    """The ARN of the function that `uri` means, in its plain or its `apigateway` form, or None.

    `${stageVariables.name}` is filled in; a variable that the stage doesn't have becomes empty.
    """
    variables = stage_variables or {}
    uri = STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), uri)
    long_form = LONG_FORM.fullmatch(uri)
    arn = long_form[1] if long_form else uri
    return arn if FUNCTION_ARN.fullmatch(arn) else None


def valid_uri(uri: str) -> bool:
    """Whether `uri` means a function, or may once its stage variables are filled in."""
    return function_arn(uri) is not None or bool(STAGE_VARIABLE.search(uri))


class LambdaProxy:
    """An AWS_PROXY integration of one stage. `timeout` in seconds."""

    def __init__(self, invoke: Invoke, uri: str, timeout: float, stage_variables: Mapping[str, str]) -> None:
        self._invoke = invoke
        self._function = function_arn(uri, stage_variables)
        self._timeout = timeout

    async def send(self, event: bytes) -> bytes:
        """The function's payload for `event`. Raises GatewayResponse for whatever goes wrong."""
        if self._function is None:
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
        if len(event) > PAYLOAD_LIMIT:
            raise GatewayResponse(responses.REQUEST_ENTITY_TOO_LARGE)
        try:
            async with asyncio.timeout(self._timeout):
                result = await self._invoke(self._function, event)
        except TimeoutError:
            raise GatewayResponse(responses.SERVICE_UNAVAILABLE) from None
        except AwsError as error:
            refusal = responses.FOR_LAMBDA_ERROR.get(error.code, responses.INTERNAL_SERVER_ERROR)
            raise GatewayResponse(refusal) from error
        if result.function_error:
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
        return result.payload
