"""An HTTP request and response as plain values, between the front door and what stands behind it."""

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

Headers = list[tuple[bytes, bytes]]


class StreamCut(Exception):
    """Raised by a stream that cannot go on: its client must not take the part for the whole."""


class ByteStream(Protocol):
    """The body of a response, while it is being made. An asynchronous generator is one."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks. Raises StreamCut."""

    async def aclose(self) -> None:
        """Nobody reads any more; called at the end, too, and also where nobody has begun to read."""


class Peers(Struct):
    """What a server keeps of its connections: `shutdown()` and `transport` of each are its means to end it, and the
    `tasks` are waited for when it stops."""

    connections: set[Any]
    tasks: set[asyncio.Task[None]]


class Upgraded(Protocol):
    """What speaks on a connection after the handshake that a 101 has answered."""

    def begin(self, transport: asyncio.Transport, peers: Peers) -> None:
        """Take the connection over, its end included."""


class Request(Struct):
    """One request, body read. `raw_path` and `query` are as sent, percent-encoding and all, without `?`.

    `headers` keep their order, repeated lines and the client's spelling; `header` looks one up in any case.
    """

    method: str
    raw_path: str
    query: str
    headers: Headers
    body: bytes
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    sent_path: str = ""
    """The path that the client sent, and signed, where a door has put another one into `raw_path`."""

    def header(self, name: str) -> str | None:
        """The first value of header `name` (any case), or None."""
        wanted = name.lower().encode("latin-1")
        for key, value in self.headers:
            if key.lower() == wanted:
                return value.decode("latin-1")
        return None


class Response(Struct):
    """One response; header names as they are to leave. With a `stream`, its chunks follow `body` as they come; a 101
    leaves the connection to `upgrade`."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    stream: ByteStream | None = None
    upgrade: Upgraded | None = None


def json_response(status: int, document: object, *headers: tuple[bytes, bytes]) -> Response:
    """A JSON answer of our own."""
    return Response(status, msgspec.json.encode(document), [(b"Content-Type", b"application/json"), *headers])


def upgrade_head(response: Response) -> bytes:
    """The head of a 101. Raises ValueError for a header that holds a line break."""
    lines = b"".join(b"%b: %b\r\n" % header for header in response.headers)
    if not lines.count(b"\n") == lines.count(b"\r") == len(response.headers):
        raise ValueError("a response header holds a line break")
    return b"HTTP/1.1 101 Switching Protocols\r\n%b\r\n" % lines


class Dates:
    """The Date header, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._header = b""

    def header(self) -> bytes:
        """The whole line."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._header = f"Date: {formatdate(now, usegmt=True)}\r\n".encode()
        return self._header
