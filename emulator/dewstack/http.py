"""An HTTP request and response as plain values, between the front door and what stands behind it."""

from collections.abc import AsyncIterator
from typing import Protocol

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
    """One response; header names as they are to leave. With a `stream`, its chunks follow `body` as they come."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    stream: ByteStream | None = None


def json_response(status: int, document: object, *headers: tuple[bytes, bytes]) -> Response:
    """A JSON answer of our own."""
    return Response(status, msgspec.json.encode(document), [(b"Content-Type", b"application/json"), *headers])
