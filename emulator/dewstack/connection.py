"""One client's connection: uvicorn's parser, keep-alive and flow control, with our own values at both ends.

Between uvicorn's protocol and a door stands no ASGI: header names keep the client's and the gateway's spelling,
a request costs one task, and a response leaves in one segment.
"""

import asyncio
import http
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dewstack.http import ByteStream, Dates, Headers, Peers, Request, Response, StreamCut, upgrade_head
from dewstack.parsing import Http2Offers, target

Door = Callable[[Request], Awaitable[Response]]

BODY_SECONDS = 60.0
MAX_BODY_BYTES = 80 * 1024 * 1024
"""The largest body any door takes: a function's zip in base64. What is over it is read and thrown away."""
BODILESS = (204, 304)
STALL_SECONDS = 300.0
"""How long a client may leave a stream unread."""

logger = logging.getLogger("dewstack.server")

STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in http.HTTPStatus
}
TIMED_OUT = Response(408, b'{"message":"Request Timeout"}', [(b"Connection", b"close")])
FAILED = Response(500, b'{"message":"Internal Server Error"}', [(b"Content-Type", b"application/json")])


class Exchange:
    """A request that is being answered: what uvicorn calls a cycle, and its protocol drives."""

    __slots__ = (
        "body",
        "connection",
        "disconnected",
        "expects_continue",
        "headers",
        "keep_alive",
        "message_event",
        "method",
        "more_body",
        "protocol",
        "response_complete",
        "url",
    )

    def __init__(self, connection: "Connection", method: str, protocol: str, *, keep_alive: bool) -> None:
        self.connection = connection
        self.method = method
        self.url = connection.url
        self.headers: Headers = connection.headers
        self.protocol = protocol
        self.keep_alive = keep_alive
        self.expects_continue = connection.expect_100_continue
        self.message_event = asyncio.Event()
        self.body = bytearray()
        self.more_body = True
        self.disconnected = False
        self.response_complete = False

    async def run_asgi(self, door: Door) -> None:
        """Read the body, ask the door, send its response. The name is uvicorn's."""
        try:
            body = await self._read()
            if body is None:
                await self._send(TIMED_OUT)
                return
            path, query = target(self.url)
            client = self.connection.client
            request = Request(
                self.method, path, query, self.headers, body, client[0] if client else "", self.protocol
            )
            try:
                response = await door(request)
            except Exception:
                logger.exception("%s %s failed", request.method, request.raw_path)
                response = FAILED
            await self._send(response)
        except Exception:
            logger.exception("a response could not be sent")
            self.connection.transport.close()

    async def _read(self) -> bytes | None:
        """The body, cut off after MAX_BODY_BYTES + 1; None when it does not arrive, or not in time."""
        if not self.more_body:
            return bytes(self.body)
        chunks: list[bytes] = []
        size = 0
        if self.expects_continue:
            self.connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while self.more_body and not self.disconnected:
                    await self.message_event.wait()
                    self.message_event.clear()
                    if size <= MAX_BODY_BYTES:
                        chunks.append(bytes(self.body))
                    size += len(self.body)
                    self.body = bytearray()
                    self.connection.flow.resume_reading()
        except TimeoutError:
            return None
        gone = bool(self.more_body)  # in the middle of it
        return None if gone else b"".join(chunks)[: MAX_BODY_BYTES + 1]

    async def _send(self, response: Response) -> None:
        if response.stream is not None:
            await self._send_stream(response.stream, response)
            return
        if response.upgrade is not None:
            connection = self.connection
            self.response_complete = True
            connection.transport.write(upgrade_head(response))
            connection.connections.discard(connection)
            state = connection.server_state
            response.upgrade.begin(connection.transport, Peers(state.connections, state.tasks))
            return
        if self.disconnected:
            return
        transport, flow = self.connection.transport, self.connection.flow
        head = self._head(response)
        if self.method == "HEAD" or response.status in BODILESS:
            transport.write(head)
        else:
            transport.write(head + response.body)
        if flow.write_paused:
            await flow.drain()
        self._complete()

    def _complete(self) -> None:
        """The response is sent: go on to the next request, or hang up."""
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.connection.transport.close()
        self.connection.on_response_complete()

    def _head(self, response: Response) -> bytes:
        """Status line and headers. Raises ValueError for a header that holds a line break."""
        headers = response.headers
        names = {name.lower() for name, _ in headers}
        if b"connection" in names:
            headers = self._without_connection(headers)
        lines = [b"%b: %b\r\n" % header for header in headers]
        if not self.keep_alive:
            lines.append(b"Connection: close\r\n")
        if response.stream is not None:
            if self._chunked(response):
                lines.append(b"Transfer-Encoding: chunked\r\n")
        elif b"content-length" not in names and response.status not in BODILESS:
            lines.append(b"Content-Length: %d\r\n" % len(response.body))
        if b"date" not in names:
            lines.append(self.connection.dates.header())
        block = b"".join(lines)
        if not block.count(b"\n") == block.count(b"\r") == len(lines):
            raise ValueError("a response header holds a line break")
        status_line = STATUS_LINES.get(response.status) or b"HTTP/1.1 %d \r\n" % response.status
        return b"%b%b\r\n" % (status_line, block)

    def _without_connection(self, headers: Headers) -> Headers:
        """The headers as they are while the connection is kept; else without what they say of it."""
        if any(name.lower() == b"connection" and value == b"close" for name, value in headers):
            self.keep_alive = False
        return headers if self.keep_alive else [each for each in headers if each[0].lower() != b"connection"]

    def _chunked(self, response: Response) -> bool:
        """Whether a stream goes out in chunks: not where there is no body, nor to clients of HTTP/1.0."""
        return self.protocol != "HTTP/1.0" and response.status not in BODILESS

    async def _send_stream(self, stream: ByteStream, response: Response) -> None:
        """Send chunks as they come, until they end or the client has gone. A stream that is cut ends the connection."""
        try:
            if self.disconnected:
                return
            head = self._head(response)
            if self.method == "HEAD" or response.status in BODILESS:
                self.connection.transport.write(head)
            else:
                await self._until_gone(
                    self._pump(head, response.body, stream, chunked=self._chunked(response))
                )
            self._complete()
        except StreamCut:
            self.connection.transport.close()  # what was said is delivered, the end of it isn't
        except TimeoutError:
            self.connection.transport.abort()
        finally:
            await stream.aclose()

    async def _pump(self, head: bytes, body: bytes, stream: ByteStream, *, chunked: bool) -> None:
        """Write everything, no faster than the client reads. Raises StreamCut, TimeoutError."""
        transport, flow = self.connection.transport, self.connection.flow
        wrap = _chunk if chunked else bytes
        transport.write(head + (wrap(body) if body else b""))
        async for chunk in stream:
            if chunk:
                transport.write(wrap(chunk))
            if flow.write_paused:
                async with asyncio.timeout(STALL_SECONDS):
                    await flow.drain()
        if chunked:
            transport.write(b"0\r\n\r\n")

    async def _until_gone(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, and give it up when the client has gone."""

        async def gone() -> None:
            while not self.disconnected:
                await self.message_event.wait()
                self.message_event.clear()

        tasks = [asyncio.create_task(work), asyncio.create_task(gone())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not tasks[0].cancelled() and (error := tasks[0].exception()) is not None:
            raise error


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, making Exchanges. Its `app` is the port's door."""

    def __init__(self, door: Door, dates: Dates, **settings: Any) -> None:
        super().__init__(**settings)
        self.door = door
        self.dates = dates
        self._overhear = Http2Offers().overhear

    def data_received(self, data: bytes) -> None:
        """asyncio's callback."""
        super().data_received(self._overhear(data))

    def on_message_begin(self) -> None:
        """httptools' callback."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools' callback; names stay as the client spelled them."""
        if len(name) == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """httptools' callback: begin to answer, or wait for the answers of earlier requests."""
        parser = self.parser
        version = parser.get_http_version()
        keep_alive = version != "1.0" and parser.should_keep_alive()
        exchange = Exchange(
            self, parser.get_method().decode("ascii"), f"HTTP/{version}", keep_alive=keep_alive
        )
        existing: Any = self.cycle
        self.cycle = exchange  # type: ignore[assignment]
        if existing is None or existing.response_complete:
            self._start_asgi_task(exchange, self.door)  # type: ignore[arg-type]
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.door))  # type: ignore[arg-type]

    def _should_upgrade(self) -> bool:
        """Whether a request that parts with HTTP asks for WebSocket; the name is uvicorn's."""
        return any(
            name.lower() == b"upgrade" and value.lower() == b"websocket" for name, value in self.headers
        )

    def handle_websocket_upgrade(self) -> None:
        """uvicorn's callback: nothing more is read until the handshake is answered, and nothing but WebSocket may
        follow it."""
        self.transport.pause_reading()
        cycle: Any = self.cycle
        cycle.keep_alive = cycle.more_body = False
        cycle.message_event.set()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
