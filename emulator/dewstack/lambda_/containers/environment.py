"""The container of an execution environment: what `EnvironmentProcess` is for a process."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from dewstack.lambda_.containers.engine import Engine
from dewstack.lambda_.containers.model import Contained
from dewstack.lambda_.guard import Guard
from dewstack.lambda_.model import Launch
from dewstack.lambda_.process import REAP_SECONDS, SAMPLE_SECONDS, resident

OUT_OF_MEMORY = "Runtime.OutOfMemory"
KILLED = -signal.SIGKILL
BY_SIGNAL = {
    128 + number: -number
    for number in (
        *(signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT),
        *(signal.SIGILL, signal.SIGBUS, signal.SIGFPE),
    )
}
"""Exit statuses that tell of a signal. Others of that kind are a program's own, as 142 of AWS's entry point is."""


class EnvironmentContainer:
    """One container. `exited` is called on the loop with an exit status, or a negative signal number, and with an
    error type where it isn't the usual one, when it ends by itself."""

    def __init__(self, guard: Guard, exited: Callable[..., None]) -> None:
        self._guard = guard
        self._exited = exited
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._container: tuple[Engine, str] | None = None
        self._pid = 0
        self._doomed = False
        """Whether it has been told to end."""
        self._gone = threading.Event()
        self._status = 0
        self._sampled = 0.0
        self._highest_mb = 0

    async def start(self, launch: Launch, environ: Mapping[str, str], output: int) -> None:
        """Make it and start it; its output goes to a file descriptor. Raises EngineError."""
        contained = launch.container
        assert contained is not None
        started: asyncio.Future[None] = self._loop.create_future()
        output = os.dup(output)

        def settle(error: Exception | None) -> None:
            if started.done():
                return
            if error is None:
                started.set_result(None)
            else:
                started.set_exception(error)

        def work() -> None:
            try:
                self._live(contained, dict(environ), output, lambda: self._on_loop(settle, None))
            except Exception as error:
                self._gone.set()
                self._on_loop(settle, error)
            finally:
                os.close(output)

        threading.Thread(target=work, name="dewstack-container", daemon=True).start()
        await started
        if self._pid and not self._doomed:
            self._guard.add(self._pid)

    def _live(
        self, contained: Contained, environ: dict[str, str], output: int, started: Callable[[], None]
    ) -> None:
        """The container's whole life, in a thread of its own."""
        engine = contained.engine
        identifier, printed = engine.start(contained, environ)
        with self._lock:
            self._container = engine, identifier
            doomed = self._doomed
        if doomed:
            engine.remove(identifier)
        else:
            self._pid = engine.pid(identifier)
        started()
        with contextlib.closing(printed):
            copy(printed, output)
        status, out_of_memory = engine.outcome(identifier)
        engine.remove(identifier)
        if self._pid:
            self._on_loop(self._guard.remove, self._pid)
        self._status = BY_SIGNAL.get(status, status)
        self._gone.set()
        if not self._doomed:
            told = (KILLED, OUT_OF_MEMORY) if out_of_memory else (self._status,)
            self._on_loop(self._exited, *told)

    def _on_loop(self, callback: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may have closed
            self._loop.call_soon_threadsafe(callback, *arguments)

    @property
    def pid(self) -> int | None:
        """Its program's process id while it is there, 0 where that is not one of this machine's."""
        return None if self._gone.is_set() else self._pid

    def terminate(self) -> None:
        """Ask its program to end (SIGTERM)."""
        self._end(lambda engine, identifier: engine.signal(identifier, "SIGTERM"))

    def kill(self) -> None:
        """End it and all that runs in it; `reap` waits for that."""
        if not self._gone.is_set():
            self._end(lambda engine, identifier: engine.remove(identifier))

    def _end(self, how: Callable[[Engine, str], None]) -> None:
        """Do it in a thread, once there is a container; before that, whoever makes it ends it."""
        with self._lock:
            self._doomed = True
            if self._container is not None:
                threading.Thread(
                    target=how, args=self._container, name="dewstack-container-end", daemon=True
                ).start()

    def reap(self, seconds: float = REAP_SECONDS) -> int:
        """Wait so long for its end; its exit status, or a negative signal number."""
        if not self._gone.wait(seconds):
            self.kill()
            return KILLED
        return self._status

    def sample_memory(self) -> int:
        """The highest resident set seen, in MB. Read at most every 100 ms."""
        if time.monotonic() - self._sampled > SAMPLE_SECONDS:
            self.measure_memory()
        return self._highest_mb

    def measure_memory(self) -> int:
        """What its program has for itself now, in MB; its whole resident set counts for `sample_memory`."""
        self._sampled = time.monotonic()
        whole, own = resident(self._pid) if self._pid and not self._gone.is_set() else (0, 0)
        self._highest_mb = max(self._highest_mb, whole)
        return own


def copy(printed: Iterable[bytes], output: int) -> None:
    """Write what is printed until there is no more, or nobody reads it."""
    with contextlib.suppress(BrokenPipeError):
        for chunk in printed:
            while chunk:
                chunk = chunk[os.write(output, chunk) :]
