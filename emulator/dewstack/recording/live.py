"""What happens now, for those who watch: server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec

from dewstack.recording.recorder import Recorder

INTERVAL = 0.2
"""Seconds between two looks at what has no voice of its own."""
SILENCE = 15.0
"""Seconds after which a comment keeps the connection open."""
BACKLOG = 200
"""Events that a reader may lag behind; then the oldest are lost to him."""
MISSED = 500
"""Rows that a reader who comes back is told at most."""
Look = Callable[[], Any]
"""Something as it is now, as JSON can tell it. Cheap; on the loop."""


class Live:
    """The stream: each batch of `recorder`, and of everything in `looks`, by the names of the events, what is new."""

    def __init__(self, recorder: Recorder, looks: dict[str, Look]) -> None:
        self._recorder = recorder
        self._looks = looks

    async def events(self, last: int | None) -> AsyncGenerator[bytes, None]:
        """What is new from now on; with `last`, the id of a row, what has been recorded since, first."""
        waiting: deque[list[dict[str, Any]]] = deque(maxlen=BACKLOG)
        told = waiting.append
        self._recorder.listeners.add(told)
        seen: dict[str, bytes] = {}
        try:
            yield b"retry: 1000\n\n"
            if last is not None:
                waiting.appendleft(await self._recorder.read(lambda shelf: shelf.since(last, MISSED)))
            quiet = 0.0
            while True:
                said = b"".join(self._new(waiting, seen))
                quiet = 0.0 if said else quiet + INTERVAL
                if said:
                    yield said
                elif quiet > SILENCE:
                    quiet = 0.0
                    yield b": nothing new\n\n"
                await asyncio.sleep(INTERVAL)
        finally:
            self._recorder.listeners.discard(told)

    def _new(self, waiting: deque[list[dict[str, Any]]], seen: dict[str, bytes]) -> list[bytes]:
        said: list[bytes] = []
        rows = [row for batch in waiting for row in batch]
        waiting.clear()
        if rows:
            said.append(_event("invocations", msgspec.json.encode(rows), rows[-1]["id"]))
        for name, look in self._looks.items():
            now = msgspec.json.encode(look())
            if now != seen.get(name):
                seen[name] = now
                said.append(_event(name, now))
        return said


def _event(name: str, data: bytes, number: int | None = None) -> bytes:
    """One event; `number` is what a reader who comes back names."""
    identity = b"" if number is None else b"id: %d\n" % number
    return b"%bevent: %b\ndata: %b\n\n" % (identity, name.encode(), data)
