"""An invocation whose caller reads the response while the function writes it."""

from collections.abc import AsyncIterator

from dewstack.lambda_.model import Invocation, Outcome
from dewstack.lambda_.streaming.response_stream import ResponseStream

BUFFERED_TYPE = "application/json"
"""What a function returns that doesn't stream."""


class StreamedInvocation:
    """The response of one invocation. First await `began`, then iterate, then ask for the `outcome`.

    A function that doesn't stream gives its whole payload as one chunk; one that failed gives none, and what it had
    streamed before is not all.
    """

    def __init__(self, invocation: Invocation, stream: ResponseStream, version: str) -> None:
        self.executed_version = version
        self._invocation = invocation
        self._stream = stream

    async def began(self) -> None:
        """Wait until the function streams, or has come to its end."""
        await self._stream.began()

    @property
    def streams(self) -> bool:
        """Whether the function streams; certain once it has begun."""
        return self._stream.content_type is not None

    @property
    def content_type(self) -> str:
        """The content type that the runtime names, once it has begun."""
        return self._stream.content_type or BUFFERED_TYPE

    async def outcome(self) -> Outcome:
        """What came of it. A streamed response is not repeated in its payload."""
        return await self._invocation.future

    def abandon(self) -> None:
        """Read no more; the function runs on. May be called again."""
        self._stream.abandon()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The response, piece by piece."""
        async for chunk in self._stream:
            yield chunk
        outcome = await self._invocation.future
        if not self.streams and outcome.function_error is None and outcome.payload:
            yield outcome.payload
