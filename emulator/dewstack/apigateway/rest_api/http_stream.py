"""HTTP_PROXY with `responseTransferMode: STREAM`: the endpoint's answer, handed on while it is read.

A thread of its own reads, and waits where the client is slow: a few pieces are held, no more.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from dewstack.apigateway.outgoing import Outgoing, connected
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.http_endpoint import HttpEndpoint, answered, passed_on
from dewstack.apigateway.rest_api.streaming_proxy import EDGE_IDLE_SECONDS, IDLE_SECONDS, TimedStream
from dewstack.http import Response, StreamCut

PIECE, HELD = 65_536, 4
"""Bytes read at a time, and how many pieces may wait for the client."""


class HttpStream:
    """One request to an endpoint, and its answer. `open` it, read it, close it."""

    def __init__(self, request: Outgoing, timeout: float, idle: float) -> None:
        self._request = request
        self._timeout = timeout
        self._idle = idle
        self._loop = asyncio.get_running_loop()
        self._head: asyncio.Future[tuple[int, list[tuple[str, str]]]] = self._loop.create_future()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = threading.Semaphore(HELD)
        self._closed = False
        self._connection: HTTPConnection | None = None

    async def open(self) -> tuple[int, list[tuple[str, str]]]:
        """Status and headers. Raises OSError, HTTPException, ValueError; TimeoutError where they take too long."""
        threading.Thread(
            target=self._read, name=f"to {urlsplit(self._request.url).netloc}", daemon=True
        ).start()
        async with asyncio.timeout(self._timeout):
            return await self._head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body. Raises StreamCut where it breaks off."""
        while (piece := await self._pieces.get()) is not None:
            if not piece:
                return
            self._room.release()
            yield piece
        raise StreamCut

    async def aclose(self) -> None:
        """Nobody reads any more: hang up."""
        self._closed = True
        self._room.release()
        if self._connection is not None and self._connection.sock is not None:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(2)

    # In the thread.

    def _read(self) -> None:
        try:
            connection, answer = connected(self._request, self._timeout)
        except Exception as error:
            self._tell(self._fail, error)
            return
        self._connection = connection
        try:
            self._tell(self._begin, (answer.status, answer.getheaders()))
            if connection.sock is not None:
                connection.sock.settimeout(self._idle)
            self._hand_on(answer)
        except (OSError, HTTPException, ValueError):
            self._tell(self._pieces.put_nowait, None)
        finally:
            connection.close()

    def _hand_on(self, answer: HTTPResponse) -> None:
        """Read to the end, which is told by an empty piece."""
        while not self._closed:
            if not self._room.acquire(timeout=self._idle):
                raise TimeoutError("the client does not read")
            piece = answer.read1(PIECE)
            if not piece and answer.length:
                raise OSError("the endpoint has hung up")
            self._tell(self._pieces.put_nowait, piece)
            if not piece:
                return

    def _tell(self, function: object, *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may have closed
            self._loop.call_soon_threadsafe(function, *values)  # type: ignore[arg-type]

    # On the loop.

    def _begin(self, head: tuple[int, list[tuple[str, str]]]) -> None:
        if not self._head.done():
            self._head.set_result(head)

    def _fail(self, error: Exception) -> None:
        if not self._head.done():
            self._head.set_exception(error)


class StreamingHttpProxy:
    """The client's request goes on, the answer comes back while it is read."""

    def __init__(self, endpoint: HttpEndpoint, stage: StagePoint) -> None:
        self._endpoint = endpoint
        self._idle = EDGE_IDLE_SECONDS if stage.edge else IDLE_SECONDS

    async def respond(self, exchange: Exchange) -> Response:
        """The endpoint's answer. Raises Refused."""
        request = passed_on(self._endpoint, exchange)
        stream = HttpStream(request, self._endpoint.timeout, self._idle)
        try:
            with self._endpoint.refusing(request):
                status, headers = await stream.open()
        except BaseException:
            await stream.aclose()
            raise
        return Response(status, b"", answered(headers), TimedStream(stream, self._idle))
