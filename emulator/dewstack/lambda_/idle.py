"""Environments that wait for an event: the one used last serves next, so that the others can be let go."""

import asyncio
import time
from collections.abc import Callable
from weakref import WeakSet

from dewstack.lambda_.environment import ExecutionEnvironment


class IdleTime:
    """How long environments may idle, in seconds: one value for many functions, which may change while they run."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._watchers: WeakSet[IdleEnvironments] = WeakSet()

    def watch(self, environments: "IdleEnvironments") -> None:
        """Have them look again when it changes."""
        self._watchers.add(environments)

    def change(self, seconds: float) -> None:
        """From now on so long."""
        self.seconds = seconds
        for environments in tuple(self._watchers):
            environments.look_again()


class IdleEnvironments:
    """A stack of warm environments. One that has not been used for as long as `idle` says is handed to `let_go`."""

    def __init__(self, idle: IdleTime, let_go: Callable[[ExecutionEnvironment], None]) -> None:
        self._idle = idle
        idle.watch(self)
        self._let_go = let_go
        self._loop = asyncio.get_running_loop()
        self._stack: list[ExecutionEnvironment] = []
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        return bool(self._stack)

    def add(self, environment: ExecutionEnvironment) -> None:
        """It has nothing to do."""
        self._stack.append(environment)
        if self._timer is None and not environment.provisioned:
            self._look_later()

    def pop(self) -> ExecutionEnvironment:
        """The one that was used last."""
        return self._stack.pop()

    def discard(self, environment: ExecutionEnvironment) -> None:
        """It is not idle any more, if it was."""
        if environment in self._stack:
            self._stack.remove(environment)

    def take_all(self) -> list[ExecutionEnvironment]:
        """All of them; none is idle any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        taken, self._stack = self._stack, []
        return taken

    def look_again(self) -> None:
        """Another time is allowed."""
        if self._timer is not None:
            self._timer.cancel()
            self._look()

    def _look_later(self) -> None:
        oldest = min(each.last_used for each in self._stack if not each.provisioned)
        delay = max(0.01, oldest + self._idle.seconds - time.monotonic())
        self._timer = self._loop.call_later(delay, self._look)

    def _look(self) -> None:
        self._timer = None
        horizon = time.monotonic() - self._idle.seconds
        for environment in [each for each in self._stack if each.last_used <= horizon]:
            if not environment.provisioned:
                self._stack.remove(environment)
                self._let_go(environment)
        if any(not each.provisioned for each in self._stack):
            self._look_later()
