"""Processes ahead of need: for each Python interpreter in use one that has loaded boto3 and waits for its function.

A cold start is then as long as the function's own modules take. A function gets one only where it cannot tell: what
it brings itself, and what an interpreter reads when it starts, asks for a process of its own. None is forked.
"""

import asyncio
import contextlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.guard import Guard
from dewstack.lambda_.isolation import Isolation
from dewstack.lambda_.launch import STARTING
from dewstack.lambda_.model import Function, Launch
from dewstack.lambda_.runtimes import Runtimes
from dewstack.lambda_.spare import Spare, has_libraries, holds, mentions
from dewstack.lambda_.strays import VARIABLE

logger = logging.getLogger("dewstack.lambda")

IDLE_SECONDS = 0.5
"""How long after the emulator is ready the first are made."""
REFILL_SECONDS = 0.05
"""How long after the last start of a process another one is made ready: not while many start."""
PREPARED = (b"boto3", b"botocore")
"""What a spare has loaded. A function that doesn't name it does without: its memory should be its own."""
READ_AT_START = re.compile(
    "(LD_(?!LIBRARY_PATH$)|LC_|LANG|TZ|HOME$|PYTHON|MALLOC_|GLIBC_|LOCPATH|OPENSSL_|SSL_|SSLKEYLOGFILE|BOTO|AWS_CRT)"
)
"""Variables that the interpreter, a library of the system's or boto3 reads when it loads, and not later."""


class Spares:
    """Makes them, gives them to launches that they fit, ends them. Nothing is made until `open`."""

    def __init__(self, runtimes: Runtimes, guard: Guard, isolation: Isolation) -> None:
        self._runtimes = runtimes
        self._guard = guard
        self._isolation = isolation
        self._lock = threading.Lock()
        self._wanted: set[tuple[str, ...]] = set()
        self._waiting: dict[tuple[str, ...], Spare] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def waiting(self) -> tuple[Spare, ...]:
        """Those that nobody has."""
        with self._lock:
            return tuple(self._waiting.values())

    def open(self, identifiers: Iterable[str]) -> None:
        """Make them from now on, when the loop has little to do; the first for these runtimes."""
        self._loop = asyncio.get_running_loop()
        identifiers = set(identifiers)

        def begin() -> None:
            for identifier in identifiers:
                self._want(identifier)
            self._make()

        self._timer = self._loop.call_later(IDLE_SECONDS, self._in_thread, begin)

    def _want(self, identifier: str) -> None:
        with contextlib.suppress(InvalidParameterValueException):
            command = self._runtimes.resolve(identifier).command
            if identifier.startswith("python") and command:
                self._wanted.add(command)

    def wrap(self, launch: Callable[[Function, str], Launch]) -> Callable[[Function, str], Launch]:
        """Let `launch` take a process that waits, where it fits."""

        def launched(function: Function, stream: str) -> Launch:
            plain = launch(function, stream)
            return plain if self._loop is None else self._with_spare(plain, self._loop, function.runtime)

        return launched

    def _with_spare(self, plain: Launch, loop: asyncio.AbstractEventLoop, identifier: str) -> Launch:
        self._want(identifier)
        spare = self._take(plain)
        with contextlib.suppress(RuntimeError):  # the loop has closed
            loop.call_soon_threadsafe(self._refill_later)
        if spare is None:
            return plain

        def ended() -> None:
            spare.end()  # if it was never assigned
            if plain.ended is not None:
                plain.ended()

        return replace(plain, spare=spare, ended=ended)

    def _take(self, launch: Launch) -> Spare | None:
        with self._lock:
            spare = self._waiting.get(launch.command)
            if spare is None or not _fits(spare, launch):
                return None
            return self._waiting.pop(launch.command)

    def _refill_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None and not self._closed:
            self._timer = self._loop.call_later(REFILL_SECONDS, self._in_thread, self._make)

    def _in_thread(self, work: Callable[[], None]) -> None:
        self._timer = None
        threading.Thread(target=work, name="dewstack-spares", daemon=True).start()

    def _make(self) -> None:
        for command in tuple(self._wanted):
            with self._lock:
                spare = self._waiting.get(command)
                if self._closed or (spare is not None and spare.alive):
                    continue
                if spare is not None:
                    spare.end()
                try:
                    self._waiting[command] = Spare(command, self._environ(), self._guard, self._isolation)
                except OSError as error:  # the next start is a plain one, and says what is wrong
                    self._waiting.pop(command, None)
                    logger.debug("no spare process: %s", error)

    def _environ(self) -> dict[str, str]:
        """What its interpreter starts with: what all functions have in common."""
        runtime = str(self._runtimes.python_directory())
        return {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            **STARTING,
            "PYTHONPATH": runtime,
            "LAMBDA_RUNTIME_DIR": runtime,
            VARIABLE: self._guard.strays.token(),
        }

    def close(self) -> None:
        """End those that wait; make no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self._lock:
            self._closed = True
            for spare in self._waiting.values():
                spare.end()
            self._waiting.clear()


def _fits(spare: Spare, launch: Launch) -> bool:
    """Whether a function could not tell the process from one that was started for it."""
    names = spare.names()
    environ = launch.environ
    if not names or not spare.alive or _read_at_start(environ) != _read_at_start(spare.environ):
        return False
    places = [environ["LAMBDA_TASK_ROOT"], *environ.get("_DEW_LAYER_PATH", "").split(":")]
    libraries = environ.get("LD_LIBRARY_PATH", "").split(":")
    return not holds(places, names) and not has_libraries(libraries) and mentions(places, PREPARED)


def _read_at_start(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if READ_AT_START.match(name)}
