"""The domain's time: tokens, codes, lockouts, retries and schedules run on it, and tests may move it."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime

LONGEST_SLEEP = 3600.0


class Clock:
    """Wall-clock time that can be moved forward. Deadlines of real work use the monotonic clock instead."""

    def __init__(self) -> None:
        self.offset = 0.0
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The same moment as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`, which wakes whoever waits for a moment that has come. Any thread may.

        Raises ValueError for a negative amount: time never runs back.
        """
        if not 0 <= seconds < 1e10:
            raise ValueError("the clock only moves forward, and by less than three centuries")
        self.offset += seconds
        for loop, moved in tuple(self._waiting):
            with contextlib.suppress(RuntimeError):  # its loop has closed
                loop.call_soon_threadsafe(moved.set)

    async def wait_until(self, moment: float) -> None:
        """Wait until `time()` is at least `moment`, in seconds since the epoch: it passes, or the clock is moved."""
        moved = asyncio.Event()
        waiter = (asyncio.get_running_loop(), moved)
        self._waiting.add(waiter)  # before the time is read, so that no move is missed
        try:
            while (remaining := moment - self.time()) > 0:
                moved.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(moved.wait(), min(remaining, LONGEST_SLEEP))
        finally:
            self._waiting.discard(waiter)
