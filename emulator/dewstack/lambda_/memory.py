"""A function's memory, and what happens when it wants more.

Linux counts memory for us in `/proc`; elsewhere it is neither reported nor limited. A limit on address space
would be exact, and kill programs that reserve much more than they use (Node.js does), so we look instead, which
means that a function may exceed its limit for a moment. What it has started is not counted.
"""

import asyncio
from collections.abc import Callable, Collection

from dewstack.lambda_.environment import ExecutionEnvironment, State

LOOK_SECONDS = 0.05


class MemoryWatch:
    """Looks at the memory of those `environments` that load or serve, and tells of each that uses too much."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        environments: Collection[ExecutionEnvironment],
        exceeded: Callable[[ExecutionEnvironment], None],
    ) -> None:
        self._loop = loop
        self._environments = environments
        self._exceeded = exceeded
        self._timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Look from now on until nothing is active any more."""
        if self._timer is None and self._environments:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        active = [each for each in self._environments if each.state in (State.BUSY, State.INIT)]
        if active:
            self.wake()
        for environment in active:
            if environment.process.measure_memory() > environment.function.memory_size:
                self._exceeded(environment)
