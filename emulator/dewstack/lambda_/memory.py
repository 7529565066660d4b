"""A function's memory, and what happens when it wants more.

Linux counts memory for us in `/proc`; elsewhere it is neither reported nor limited. A limit on address space
would be exact, and kill programs that reserve much more than they use (Node.js does), so we look instead, which
means that a function may exceed its limit for a moment. What it has started is not counted.
"""

import asyncio
from collections.abc import Callable, Iterable

from dewstack.lambda_.environment import ExecutionEnvironment

LOOK_SECONDS = 0.05


class MemoryWatch:
    """Looks at the memory of environments that have something to do, and tells of those that use too much."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        active: Callable[[], Iterable[ExecutionEnvironment]],
        exceeded: Callable[[ExecutionEnvironment], None],
    ) -> None:
        self._loop = loop
        self._active = active
        self._exceeded = exceeded
        self._timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Look from now on until nothing is active any more."""
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        active = list(self._active())
        if active:
            self.wake()
        for environment in active:
            if environment.measure_memory() > environment.function.memory_size:
                self._exceeded(environment)
