"""A response on its way from the runtime to whoever asked for it, of which little is held at a time.

While its reader is slow the runtime's connection isn't read, so the function waits in its own writes. A reader that
has gone stops nothing: as on AWS the function runs to its end, and nobody gets the rest.
"""

import asyncio
from collections import deque
from typing import Protocol

HIGH, LOW = 256 * 1024, 64 * 1024
"""Bytes that wait for the reader: from HIGH on the runtime has to wait, until LOW are left."""
MAX_STREAM_BYTES = 200 * 1024 * 1024
"""The largest response that Lambda streams."""
DEFAULT_TYPE = "application/octet-stream"


class Source(Protocol):
    """The runtime's connection, which can be made to wait."""

    def pause_reading(self) -> None:
        """Leave what comes in the socket."""

    def resume_reading(self) -> None:
        """Go on."""

    def is_closing(self) -> bool:
        """Whether it is of no use any more."""


class ResponseStream:
    """The chunks of one response. The runtime's side calls `begin`, `feed` and `close`; its reader iterates, once."""

    def __init__(self) -> None:
        self.content_type: str | None = None
        """What the runtime says it streams; None as long as it streams nothing."""
        self.size = 0
        self.closed = False
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._abandoned = False
        self._source: Source | None = None
        self._paused = False
        self._news = asyncio.Event()

    def begin(self, content_type: str, source: Source) -> None:
        """The runtime has begun to stream, over the connection `source`."""
        self.content_type = content_type or DEFAULT_TYPE
        self._source = source
        self._news.set()

    def feed(self, data: bytes) -> bool:
        """Take what the runtime has written; whether it may still: the response is not too large, nor over."""
        if self.closed:
            return False
        self.size += len(data)
        if self.size > MAX_STREAM_BYTES:
            return False
        if self._abandoned:
            return True
        self._chunks.append(data)
        self._held += len(data)
        self._news.set()
        if self._held > HIGH and not self._paused and self._source is not None:
            self._paused = True
            self._source.pause_reading()
        return True

    def close(self) -> None:
        """Nothing more will come. May be called again."""
        self.closed = True
        self._news.set()
        self._resume()

    def abandon(self) -> None:
        """Its reader has gone: what comes is thrown away. May be called again."""
        self._abandoned = True
        self._chunks.clear()
        self._held = 0
        self._resume()

    async def began(self) -> None:
        """Wait until the runtime streams, or it is certain that it won't."""
        while self.content_type is None and not self.closed:
            self._news.clear()
            await self._news.wait()

    def __aiter__(self) -> "ResponseStream":
        return self

    async def __anext__(self) -> bytes:
        """What has been written since the last time."""
        while not self._chunks:
            if self.closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        chunk = self._chunks.popleft()
        self._held -= len(chunk)
        if self._held <= LOW:
            self._resume()
        return chunk

    def _resume(self) -> None:
        if self._paused and self._source is not None:
            self._paused = False
            if not self._source.is_closing():
                self._source.resume_reading()
