"""The frames of one client: messages in, messages out, within API Gateway's limits.

`websockets`' protocol without I/O reads and writes the frames (RFC 6455); this is its transport, and its bounds.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from dewstack.http import Peers

if TYPE_CHECKING:
    from websockets.frames import Frame

MESSAGE_LIMIT = 128 * 1024
"""Bytes of a message, in either direction."""
FRAME_LIMIT = 32 * 1024
"""Bytes of a frame that a client sends."""
UNREAD_LIMIT = 1024 * 1024
"""Bytes that a client may leave unread before it is sent no more."""
TOGETHER = 64
"""Messages of one client that are worked on at the same time; beyond, nothing more is read."""
CLOSE_SECONDS = 5.0
"""How long a client may take to answer a close frame."""

NORMAL, GOING_AWAY, UNSUPPORTED_DATA, NO_STATUS, ABNORMAL, INVALID_DATA = 1000, 1001, 1003, 1005, 1006, 1007
NO_STATUS_REASON = "Client-side close frame status not set"
"""What a $disconnect event says of a close frame that is empty."""

Taker = Callable[[str], Awaitable[None]]


class WebSocket(asyncio.Protocol):
    """A connection after its handshake. `began` is called when it begins; `take` gets each message, `end` the code and
    the reason once it is over."""

    def __init__(
        self, began: Callable[[], None], take: Taker, end: Callable[[int, str], Awaitable[None]]
    ) -> None:
        from websockets.protocol import Protocol, Side

        self._frames = Protocol(Side.SERVER, max_size=(MESSAGE_LIMIT, FRAME_LIMIT))
        self._began = began
        self._take = take
        self._end = end
        self._parts: list[bytes] = []
        self._under_way = 0
        self._waiting: deque[str] = deque()
        self._full = False
        self._lost = asyncio.Event()
        self.transport: asyncio.Transport

    def begin(self, transport: asyncio.Transport, peers: Peers) -> None:
        """Speak on `transport`, whose handshake is answered."""
        self.transport = transport
        self._peers = peers
        peers.connections.add(self)
        self._began()
        self._spawn(self._live())
        transport.set_protocol(self)
        if transport.is_closing():
            self.connection_lost(None)
        else:
            transport.resume_reading()

    async def _live(self) -> None:
        """For as long as the connection is there, and until the API knows that it is gone."""
        await self._lost.wait()
        await self._end(*self._verdict())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._peers.tasks.add(task)
        task.add_done_callback(self._peers.tasks.discard)

    def _verdict(self) -> tuple[int, str]:
        """Why it is over, as the API's event has it."""
        frames = self._frames
        if frames.close_sent and not frames.close_rcvd_then_sent:
            return frames.close_sent.code, frames.close_sent.reason
        received = frames.close_rcvd
        if received is None:
            return ABNORMAL, ""
        if received.code == NO_STATUS:
            return NO_STATUS, NO_STATUS_REASON
        return received.code, received.reason

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's callback."""
        self._peers.connections.discard(self)
        self._waiting.clear()
        self._lost.set()

    def eof_received(self) -> None:
        """asyncio's callback: the client says nothing more, and is answered nothing more."""
        self._frames.receive_eof()
        self._flush()

    def pause_writing(self) -> None:
        """asyncio's callback: who doesn't read isn't listened to either."""
        self._full = True
        self._listen()

    def resume_writing(self) -> None:
        """asyncio's callback."""
        self._full = False
        self._listen()

    def _listen(self) -> None:
        if self.transport.is_closing():
            return
        if self._full or self._waiting:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """asyncio's callback."""
        from websockets.frames import Frame

        listening = self.open
        self._frames.receive_data(data)
        for event in self._frames.events_received():
            if listening and isinstance(event, Frame):
                listening = self._read(event)
        self._flush()

    def _read(self, frame: "Frame") -> bool:
        """Put frames together; False where no more is to be read. Pings and closes have been answered: a message that
        comes together with a close is one all the same."""
        from websockets.frames import Opcode

        if frame.opcode not in (Opcode.TEXT, Opcode.CONT, Opcode.BINARY):
            return True
        if frame.opcode is Opcode.BINARY:
            self._frames.fail(UNSUPPORTED_DATA, "binary frames are not supported")
            return False
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return True
        message, self._parts = b"".join(self._parts), []
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self._frames.fail(INVALID_DATA, "the message is not UTF-8")
            return False
        if self._under_way < TOGETHER:
            self._work_on(text)
        else:
            self._waiting.append(text)
            self._listen()
        return True

    def _work_on(self, text: str) -> None:
        self._under_way += 1
        self._spawn(self._worked(text))

    async def _worked(self, text: str) -> None:
        try:
            await self._take(text)
        finally:
            self._under_way -= 1
            if self._waiting:
                self._work_on(self._waiting.popleft())
                if not self._waiting:
                    self._listen()

    @property
    def open(self) -> bool:
        """Whether messages go to and fro."""
        from websockets.protocol import State

        return self._frames.state is State.OPEN and not self._lost.is_set()

    @property
    def clogged(self) -> bool:
        """Whether the client leaves too much unread to be sent more."""
        return self.transport.get_write_buffer_size() > UNREAD_LIMIT

    def send(self, message: bytes) -> bool:
        """Send a message: text, or binary where it isn't UTF-8. False where nobody is there or listens."""
        if not self.open or self.clogged:
            return False
        try:
            message.decode()
            self._frames.send_text(message)
        except UnicodeDecodeError:
            self._frames.send_binary(message)
        self._flush()
        return True

    def close(self, code: int, reason: str = "", *, seconds: float = CLOSE_SECONDS) -> None:
        """Say goodbye, and hang up when the client has answered or `seconds` have passed."""
        if self.open:
            self._frames.send_close(code, reason)
            self._flush()
        asyncio.get_running_loop().call_later(seconds, self.transport.abort)

    def shutdown(self) -> None:
        """The server stops; its name is uvicorn's."""
        self.close(GOING_AWAY, "Going away", seconds=1.0)

    def _flush(self) -> None:
        for data in self._frames.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.transport.close()
