"""Tumbling windows: the records of a span of time, whose function hands a state from each of its invocations to the
next, and is invoked once more at the end.

A window's bounds are whole multiples of its length since the epoch. It ends when its time is over and the shard has
nothing more of it, or early, when its state is larger than a megabyte.
"""

from itertools import groupby

import msgspec

from dewstack.clock import Clock
from dewstack.events.sources.invoking import batches
from dewstack.events.sources.model import Mapping, Window
from dewstack.events.sources.records import Record, arrival
from dewstack.events.sources.trying import Trying

MOST_STATE_BYTES = 1024 * 1024


class Windows:
    """The windows of one shard, of which one is open at a time."""

    def __init__(self, mapping: Mapping, shard: str, trying: Trying, clock: Clock) -> None:
        self._mapping = mapping
        self._shard = shard
        self._trying = trying
        self._clock = clock
        self._open: Window | None = None
        self._last: Record = {}

    async def take(self, records: list[Record]) -> None:
        """Have records served, each in its window; a window that they leave behind is ended."""
        for start, of_window in groupby(records, key=self._start):
            if self._open is not None and self._open.start != start:
                await self._end()
            for batch in batches(list(of_window)):
                if self._open is None:
                    self._open = Window(
                        start, start + self._mapping.tumbling, self._shard, self._mapping.source_arn
                    )
                self._last = batch[-1]
                await self._trying.until_done(self._shard, batch, self._open)
                if len(msgspec.json.encode(self._open.state)) > MOST_STATE_BYTES:
                    self._open.early = True
                    await self._end()

    async def tick(self) -> None:
        """The shard has nothing new: end the window if its time is over."""
        if self._open is not None and self._open.end <= self._clock.time():
            await self._end()

    async def finish(self) -> None:
        """The shard is closed: end its window."""
        if self._open is not None:
            await self._end()

    async def _end(self) -> None:
        ended, self._open = self._open, None
        if ended is not None:
            await self._trying.end(self._shard, ended, self._last)

    def _start(self, record: Record) -> int:
        return int(arrival(record)) // self._mapping.tumbling * self._mapping.tumbling
