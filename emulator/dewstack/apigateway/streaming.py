"""Streamed responses of functions behind a gateway: the prelude with status and headers, then the body as it comes.

Format `application/vnd.awslambda.http-integration-response`: a JSON object, eight zero bytes, the body. The delimiter
has to come within the first 16 KB.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from dewstack.http import StreamCut
from dewstack.wire import StreamedResult

PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response"
DELIMITER = bytes(8)
PRELUDE_LIMIT = 16 * 1024


class NoResponse(Exception):
    """The function failed before it had written what a response needs, or wrote something else."""


class FunctionStream:
    """The body of a response that a function streams: `first`, then what `rest` has. Raises StreamCut where the
    function fails in the middle."""

    def __init__(self, result: StreamedResult, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._result = result
        self._first = first
        self._rest = rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks."""
        if self._first:
            yield self._first
        async for chunk in self._rest:
            yield chunk
        if (await self._result.outcome()).function_error:
            raise StreamCut

    async def aclose(self) -> None:
        """Nobody reads any more; the function runs on, as on AWS."""
        self._result.abandon()


async def first_chunk(result: StreamedResult) -> FunctionStream:
    """The body of a streamed response once something of it is there. Raises NoResponse for a function that failed."""
    rest = aiter(result)
    first = await anext(rest, b"")
    if not first and (await result.outcome()).function_error:
        raise NoResponse
    return FunctionStream(result, first, rest)


async def with_prelude(result: StreamedResult) -> tuple[dict[str, Any], FunctionStream]:
    """The prelude of a streamed response, and its body. Raises NoResponse where there is none."""
    rest = aiter(result)
    read = bytearray()
    while (at := read.find(DELIMITER)) < 0:
        chunk = await anext(rest, None)
        if chunk is None or len(read) > PRELUDE_LIMIT:
            raise NoResponse
        read += chunk
    if at > PRELUDE_LIMIT:
        raise NoResponse
    try:
        prelude = msgspec.json.decode(read[:at])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NoResponse from None
    if not isinstance(prelude, dict):
        raise NoResponse
    return prelude, FunctionStream(result, bytes(read[at + len(DELIMITER) :]), rest)
