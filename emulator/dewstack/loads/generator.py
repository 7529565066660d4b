"""Sends requests at random moments, so many a second, until its time is over. Whoever asks may change the rate."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from random import Random

Send = Callable[[], Awaitable[str]]
"""One request; how it ended: its status, or `ok` or `error`."""
MOST_AT_ONCE = 100
"""Requests under way; what would be more is skipped, and counted."""
RECENT = 2000
"""Answers of which the latest figures are made."""
RECENT_SECONDS = 5.0


class Generator:
    """One load. On the loop."""

    def __init__(self, send: Send, random: Random) -> None:
        self._send, self._random = send, random
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._recent: deque[tuple[float, float]] = deque(maxlen=RECENT)
        """When each was answered, and after how many milliseconds."""
        self.began = time.monotonic()
        self.rate = 0.0
        """Requests a second, on average: they know nothing of each other, as those of many users."""
        self.until = 0.0
        """When it ends by itself, in seconds of the monotonic clock."""
        self.ended = 0.0
        """When it did, or 0."""
        self.sent = self.skipped = 0
        self.statuses: Counter[str] = Counter()

    @property
    def in_flight(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return (self.ended or time.monotonic()) - self.began

    def change(self, rate: float, seconds: float) -> None:
        """Go on at this rate for so many seconds from now."""
        self.rate, self.until = rate, time.monotonic() + seconds
        self._changed.set()

    def burst(self, count: int) -> None:
        """Send so many at once."""
        for _ in range(count):
            self._one()

    async def run(self) -> None:
        """Send until the time is over; those under way are waited for. Nothing is left when it is cancelled."""
        try:
            while (now := time.monotonic()) < self.until:
                self._changed.clear()
                pause = self._random.expovariate(self.rate) if self.rate else self.until - now
                if await self._changes_within(min(pause, self.until - now)):
                    continue  # as likely at any moment: the next one is drawn anew
                if self.rate and time.monotonic() < self.until:
                    self._one()
            self.ended = time.monotonic()
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            self.ended = self.ended or time.monotonic()
            for task in self._tasks:
                task.cancel()

    async def _changes_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._changed.wait()
        except TimeoutError:
            return False

    def _one(self) -> None:
        if len(self._tasks) >= MOST_AT_ONCE:
            self.skipped += 1
            return
        self.sent += 1
        task = asyncio.get_running_loop().create_task(self._answered())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answered(self) -> None:
        began = time.monotonic()
        status = await self._send()
        now = time.monotonic()
        self.statuses[status] += 1
        self._recent.append((now, (now - began) * 1000))

    def recent(self) -> tuple[float, float | None]:
        """Answers a second and their median in milliseconds, of the last seconds."""
        now = time.monotonic()
        latest = [took for at, took in self._recent if at > now - RECENT_SECONDS]
        span = min(RECENT_SECONDS, max(now - self.began, 0.001))
        return len(latest) / span, sorted(latest)[len(latest) // 2] if latest else None
