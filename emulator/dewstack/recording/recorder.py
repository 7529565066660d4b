"""Takes note of what ran, at the price of an append, and writes it down in batches behind the answers.

A flood is not kept whole: some thousand are taken as they come, then so many a second, a few more where they failed;
the rest is counted.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dewstack.recording.charges import Charges, Tally
from dewstack.recording.model import Exchanged, Invoked, Noted, Row
from dewstack.recording.rows import row_of
from dewstack.recording.shelf import Shelf

log = logging.getLogger(__name__)

INTERVAL = 0.25
"""Seconds between two batches."""
IN_FLOOD = 1.0
"""The same while more comes than is taken: a few large batches cost less than many small ones."""
BURST = 1000
"""Rows that are taken at once, after a quiet time."""
RATE = 20.0
"""How many more a second."""
FAILED = 100
"""How many more where they failed."""
LOOK = 250
"""Invocations or requests that are noted before they are looked at."""
TURNS = 2
"""Of the loop, in which a request ends whose invocation is over."""
Told = Callable[[list[dict[str, Any]]], None]
"""Takes the summaries of a batch, on the loop."""


class Recorder:
    """The record that is being written to `shelf`. On the loop, but for `_written`."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.charges = Charges()
        self.dropped = 0
        """How many were too many."""
        self.listeners: set[Told] = set()
        self._invoked: list[Invoked] = []
        self._exchanged: list[Exchanged] = []
        """What is noted, and not looked at yet."""
        self._open: dict[int, Invoked] = {}
        """Invocations by the identity of their payload, until the request that caused each is over."""
        self._older: dict[int, Invoked] = {}
        """Those that the batch before has left."""
        self._kept: list[Noted] = []
        """What the next batch writes."""
        self._room, self._settled = float(BURST), time.monotonic()
        """How many rows are still taken, and when that was counted."""
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[dict[object, int]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._closed = False

    def invoked(self, invoked: Invoked) -> None:
        """An invocation is over. What is behind a request is noted with it."""
        self._invoked.append(invoked)
        if self._timer is None:
            self._begin()
        if len(self._invoked) >= LOOK:
            self._look()

    def exchanged(self, exchanged: Exchanged) -> None:
        """A request is answered."""
        self._exchanged.append(exchanged)
        if self._timer is None:
            self._begin()
        if len(self._exchanged) >= LOOK:
            self._look()

    def mark(self) -> Tally:
        """All that AWS would charge for until now."""
        self._look()
        return self.charges.mark((*self._older.values(), *self._open.values()))

    def after(self, mark: Tally) -> Tally:
        """The same of the time since a mark."""
        self._look()
        return self.charges.after(mark, (*self._older.values(), *self._open.values()))

    def _look(self) -> None:
        """Count what is noted, and keep what there is room for. Many at a time, as that costs each less."""
        invoked, self._invoked = self._invoked, []
        exchanged, self._exchanged = self._exchanged, []
        for one in invoked:
            before = self._open.pop(id(one.payload), None)
            if before is not None:  # of an event that is tried again
                self._alone(before)
            self._open[id(one.payload)] = one
        for each in exchanged:
            key = id(each.event)
            behind = self._open.pop(key, None) or self._older.pop(key, None)
            self.charges.exchanged(each, behind)
            self._keep((each, behind) if behind else each, failed=each.response.status >= 400)
        if len(self._open) >= BURST:
            self._age()

    def _keep(self, noted: Noted, *, failed: bool) -> None:
        if self._room > 0.0 or (failed and self._room > -FAILED):
            self._room -= 1.0
            self._kept.append(noted)
        else:
            self.dropped += 1

    def _alone(self, invoked: Invoked) -> None:
        """No request stands behind an invocation."""
        self.charges.alone(invoked)
        self._keep(invoked, failed=invoked.error is not None)

    def _age(self) -> None:
        """Nor behind what has been left until now."""
        for invoked in self._older.values():
            self._alone(invoked)
        self._older, self._open = self._open, {}

    def _begin(self) -> None:
        if not self._closed:
            interval = INTERVAL if self._room > 0.0 else IN_FLOOD
            self._timer = asyncio.get_running_loop().call_later(interval, self._batch)

    def _batch(self) -> None:
        """Write what there is, but for invocations whose request may be about to end."""
        self._timer = None
        self._look()
        self._age()
        if self._writing is not None and not self._writing.done():
            self._begin()  # the disk is slow: more is dropped
            return
        self._write()
        if self._older:
            self._begin()

    def _write(self) -> None:
        kept, self._kept = self._kept, []
        now = time.monotonic()
        self._room = min(self._room + RATE * (now - self._settled), BURST)
        self._settled = now
        if kept:
            loop = asyncio.get_running_loop()
            self._writing = loop.run_in_executor(self._thread, self._written, kept, loop)

    def _written(self, kept: list[Noted], loop: asyncio.AbstractEventLoop) -> dict[object, int]:
        """The ids of rows by whom they are of. In the recorder's thread."""
        kept.sort(key=_at)
        added: list[tuple[object, dict[str, Any]]] = []
        try:
            self.shelf.add(_rows(kept, added))
        except Exception:
            log.exception("%d requests could not be recorded", len(kept))
            return {}
        if self.listeners:
            loop.call_soon_threadsafe(self._tell, [summary for _, summary in added])
        return {of if isinstance(of, str) else id(of): summary["id"] for of, summary in added}

    def _tell(self, summaries: list[dict[str, Any]]) -> None:
        for told in tuple(self.listeners):
            told(summaries)

    async def flush(self) -> dict[object, int]:
        """Have all that is over written down. The ids of what was written just now, by the `id()` of a response or by
        the request id of an invocation."""
        ids: dict[object, int] = {}
        while True:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if self._writing is None or self._writing.done():
                break
            ids |= await asyncio.shield(self._writing)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._look()
        self._age()
        self._age()
        self._write()
        if self._writing is not None:
            ids |= await asyncio.shield(self._writing)
        return ids

    async def read(self, work: Callable[[Shelf], Any]) -> Any:
        """Ask the shelf something, in the recorder's thread, with everything that is over on it."""
        await self.flush()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self.shelf)

    async def close(self) -> None:
        """Write what is left."""
        self._closed = True
        await self.flush()
        self._thread.shutdown()
        self.shelf.close()


def _at(noted: Noted) -> float:
    return noted.at if isinstance(noted, Exchanged | Invoked) else noted[0].at


def _rows(noted: Iterable[Noted], added: list[tuple[object, dict[str, Any]]]) -> Iterator[Row]:
    """The rows, one by one, as their details are large. Of each, who it is of and its summary are `added`."""
    for each in noted:
        try:
            row = row_of(each)
        except Exception:
            log.exception("a request could not be recorded")
            continue
        added.append((row.of, row.summary))
        yield row


def now() -> float:
    """Seconds since the epoch: of what ran, not of the clock that tests move."""
    return time.time()
