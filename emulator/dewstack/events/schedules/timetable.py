"""Who waits for the moments of schedules: a task for each, on the domain's clock.

What fell due while the emulator was stopped is not made up for, and where the clock was moved over several moments of
a schedule, it fires once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from dewstack.clock import Clock
from dewstack.events.schedules.expressions import Schedule

logger = logging.getLogger("dewstack.events")

Key = tuple[str, ...]
Fire = Callable[[Key, float], Awaitable[None]]
"""Does what a schedule is for; it is given the moment, in seconds since the epoch."""


class Timetable:
    """The schedules that are enabled now. Make it on the loop; `set` and `remove` may be called from any thread."""

    def __init__(self, clock: Clock, fire: Fire) -> None:
        self._clock = clock
        self._fire = fire
        self._loop = asyncio.get_running_loop()
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._closed = False

    def set(self, key: Key, schedule: Schedule, after: float) -> None:
        """Fire `key` by `schedule` from now on, first at its first moment later than `after`."""
        self._loop.call_soon_threadsafe(self._begin, key, schedule, after)

    def remove(self, key: Key) -> None:
        """Fire `key` no more."""
        self._loop.call_soon_threadsafe(self._end, key)

    def close(self) -> None:
        """Fire nothing any more."""
        self._closed = True
        for key in tuple(self._tasks):
            self._end(key)

    def _begin(self, key: Key, schedule: Schedule, after: float) -> None:
        self._end(key)
        if not self._closed:
            self._tasks[key] = self._loop.create_task(self._keep(key, schedule, after))

    def _end(self, key: Key) -> None:
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()

    async def _keep(self, key: Key, schedule: Schedule, after: float) -> None:
        while (due := await asyncio.to_thread(schedule.after, after)) is not None:
            await self._clock.wait_until(due)
            try:
                await self._fire(key, due)
            except Exception:
                logger.exception("the schedule %s could not be fired", key[-1])
            after = max(due, self._clock.time())
