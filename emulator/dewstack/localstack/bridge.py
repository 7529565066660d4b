"""From LocalStack's threads to the emulator's loop and back."""

from collections.abc import Iterator

from dewstack.background import STOP_SECONDS, LoopThread
from dewstack.http import ByteStream, Request, Response, StreamCut
from dewstack.localstack.resident import Resident

START_SECONDS = 60.0
ANSWER_SECONDS = 910.0
"""The longest a function may run, and a little."""


class Bridge:
    """A resident on a loop of its own, for callers that are not asynchronous. Any thread may call it."""

    def __init__(self, resident: Resident) -> None:
        self.resident = resident
        self._thread = LoopThread()

    def start(self) -> None:
        """Start the emulator. Raises UserError."""
        try:
            self._thread.run(self.resident.start(), START_SECONDS)
        except BaseException:
            self._thread.close()
            raise

    def answer(self, request: Request) -> Response:
        """The response; a stream of it is read by `chunks`. Raises TimeoutError."""
        return self._thread.run(self.resident.answer(request), ANSWER_SECONDS)

    def chunks(self, response: Response) -> Iterator[bytes]:
        """The body of a streamed response as it comes. Raises StreamCut where it breaks off."""
        assert response.stream is not None
        stream = response.stream
        if response.body:
            yield response.body
        chunks = aiter(stream)

        async def following() -> bytes | None:
            return await anext(chunks, None)

        try:
            while (chunk := self._thread.run(following(), ANSWER_SECONDS)) is not None:
                yield chunk
        except StreamCut:
            raise ConnectionAbortedError("the response broke off") from None
        finally:
            self._thread.run(_close(stream), STOP_SECONDS)

    def stop(self) -> None:
        """End functions and background work, then the loop."""
        try:
            self._thread.run(self.resident.stop(), STOP_SECONDS)
        finally:
            self._thread.close()


async def _close(stream: ByteStream) -> None:
    await stream.aclose()
