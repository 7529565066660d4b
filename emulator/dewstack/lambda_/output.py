"""What a process prints, line by line: stdout and stderr through one pipe, so that their order is kept."""

import asyncio
import os
from collections.abc import Callable

MAX_LINE_BYTES = 262_144
"""CloudWatch's limit for an event; a longer line is cut."""
CHUNK_BYTES = 65536
MAX_READS = 4
"""Chunks, each what a pipe holds, at a time: a function that prints without end must not keep the loop."""


class ProcessOutput:
    """The reading end of a pipe on the loop. `emit` gets each line as text, carriage returns as line breaks:
    that is how runtimes keep an event of several lines together."""

    def __init__(self, loop: asyncio.AbstractEventLoop, emit: Callable[[str], None]) -> None:
        self._loop = loop
        self._emit = emit
        self._pipe: int | None = None
        self._partial = b""

    def open(self, named: str = "") -> int:
        """Make the pipe, or take a named one; its writing end is for the process, and for the caller to close."""
        if named:
            self._pipe = os.open(named, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            return os.open(named, os.O_WRONLY | os.O_CLOEXEC)
        self._pipe, writing = os.pipe()
        os.set_blocking(self._pipe, False)
        return writing

    def follow(self) -> None:
        """Read whenever there is something."""
        if self._pipe is not None:
            self._loop.add_reader(self._pipe, self._read)

    def drain(self) -> None:
        """Take what is there now, an unfinished line too."""
        if self._pipe is not None:
            self._read()
            if self._partial:
                self._line(self._partial)
                self._partial = b""

    def close(self) -> None:
        """Read no more. May be called again."""
        if self._pipe is not None:
            self._loop.remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None

    def _read(self) -> None:
        for _ in range(MAX_READS):
            if self._pipe is None:
                return
            try:
                data = os.read(self._pipe, CHUNK_BYTES)
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            *lines, self._partial = (self._partial + data).split(b"\n")
            for line in lines:
                self._line(line)
            if len(self._partial) > MAX_LINE_BYTES:
                self._line(self._partial)
                self._partial = b""
            if len(data) < CHUNK_BYTES:
                return

    def _line(self, line: bytes) -> None:
        self._emit(line.decode("utf-8", "replace").replace("\r", "\n"))
