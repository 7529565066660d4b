"""The extensions of one execution environment: those of layers, each a process of its own, and those in the runtime.

An environment is ready when its runtime and all its extensions have asked for an event, and is told of its end.
"""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

from dewstack.ids import uuid4
from dewstack.lambda_.extensions.calls import ACCEPTED, PATH, Call, answer, refusal
from dewstack.lambda_.guard import Guard, kill_group
from dewstack.lambda_.model import Function, Invocation, Launch

INTERNAL_SECONDS, EXTERNAL_SECONDS = 0.5, 2.0
"""How long an environment that ends is given, as on AWS: with extensions inside the runtime alone, or with others."""
MOST = 10


class Waiting(Protocol):
    """A connection whose `next` is open."""

    def reply(self, response: bytes) -> None:
        """Answer it."""


class Extension(Struct):
    """An extension that has registered."""

    name: str
    identifier: str
    events: list[str]
    waiting: Waiting | None = None
    asked: bool = False
    """Whether it has asked for an event, and so is done with its own beginning."""


class Extensions:
    """Made when the first of them is started, or registers. `changed` is called when one asks for an event, `failed`
    with the name of one that ended and its exit status, or a negative signal number."""

    def __init__(
        self,
        function: Function,
        guard: Guard,
        changed: Callable[[], None],
        failed: Callable[[str, int], None],
    ) -> None:
        self._function = function
        self._guard = guard
        self._changed = changed
        self._failed = failed
        self._registered: dict[str, Extension] = {}
        self._external: set[str] = set()
        """The names of those that are programs of their own."""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._over = False
        self._loop = asyncio.get_running_loop()
        self._watched: list[int] = []

    def start(self, launch: Launch, environ: dict[str, str], output: int) -> None:
        """Start the programs of layers; a container does that itself. Raises OSError."""
        self._external = {os.path.basename(program) for program in launch.extensions}
        for program in () if launch.container else launch.extensions:
            directory = os.path.dirname(program)
            process = subprocess.Popen(
                launch.view.command((program,), directory) if launch.view else (program,),
                env=environ,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            self._guard.add(process.pid)
            self._processes[os.path.basename(program)] = process
            with contextlib.suppress(AttributeError, OSError):  # elsewhere the time limits notice
                self._watched.append(os.pidfd_open(process.pid))
                self._loop.add_reader(self._watched[-1], self._look)

    @property
    def at_rest(self) -> bool:
        """Whether all have begun and wait for an event."""
        known = {extension.name for extension in self._registered.values()}
        return all(extension.waiting for extension in self._registered.values()) and known >= self._external

    def call(self, call: Call, connection: Waiting) -> bytes | None:
        """The answer to an extension; None while it waits for an event."""
        if call.path == "register":
            return self._register(call)
        extension = self._registered.get(call.identifier)
        if extension is None:
            return refusal(b"403 Forbidden", "InvalidExtensionIdentifier", "Invalid extension identifier")
        if call.path == "event/next":
            extension.waiting, extension.asked = connection, True
            self._changed()
            return None
        if call.path in ("init/error", "exit/error"):
            self._over = True
            self._failed(extension.name, 1)
            return ACCEPTED
        return refusal(b"404 Not Found", "NotFound", f"{PATH.decode()}{call.path} is not here")

    def _register(self, call: Call) -> bytes:
        events = call.events()
        external = call.name in self._external
        if not call.name or events is None or (not external and "SHUTDOWN" in events):
            return refusal(
                b"400 Bad Request", "InvalidEventType" if events is not None else "InvalidRequestFormat",
                "Registering an extension takes its name and a list of events: INVOKE, and SHUTDOWN of one that is a"
                " process of its own",
            )  # fmt: skip
        if len(self._registered) >= MOST:
            return refusal(b"403 Forbidden", "TooManyExtensions", f"Extension limit ({MOST}) reached")
        if any(extension.name == call.name for extension in self._registered.values()):
            return refusal(b"403 Forbidden", "AlreadyRegistered", f"{call.name} is registered already")
        identifier = uuid4()
        self._registered[identifier] = Extension(call.name, identifier, events)
        function = self._function
        told = {
            "functionName": function.name,
            "functionVersion": function.version,
            "handler": function.handler,
            "accountId": function.account_id,
        }
        return answer(b"200 OK", told, b"Lambda-Extension-Identifier: %b\r\n" % identifier.encode())

    def lines(self) -> list[str]:
        """What the log says of them when the init phase is over."""
        return [
            f"EXTENSION\tName: {extension.name}\tState: Ready\tEvents: [{', '.join(extension.events)}]"
            for extension in self._registered.values()
        ]

    def invoked(self, invocation: Invocation, deadline_ms: int) -> None:
        """Tell of an event those that want to know."""
        self._tell(
            "INVOKE",
            {
                "deadlineMs": deadline_ms,
                "requestId": invocation.request_id,
                "invokedFunctionArn": invocation.arn,
                "tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id},
            },
        )

    def end(self, reason: str) -> float:
        """Tell that the environment ends; how many seconds it is given for that."""
        self._over = True
        seconds = EXTERNAL_SECONDS if self._external else INTERNAL_SECONDS
        self._tell("SHUTDOWN", {"shutdownReason": reason, "deadlineMs": int((time.time() + seconds) * 1000)})
        return seconds if self._registered else 0.0

    def lost(self, connection: object) -> None:
        """An extension hung up: if it was waiting for an event, none can be given to it until it asks anew."""
        for extension in self._registered.values():
            if extension.waiting is connection:
                extension.waiting = None

    def _look(self) -> None:
        """One has ended: if the environment hasn't, that is an error."""
        self._unwatch()
        for name, process in self._processes.items():
            status = process.poll()
            if status is not None and not self._over:
                self._over = True
                self._failed(name, status)
                return

    def wait(self, deadline: float) -> None:
        """Collect the processes, those that are still there at `deadline` (monotonic) after killing them."""
        self._over = True
        self._unwatch()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            kill_group(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
            self._guard.remove(process.pid)
        self._processes.clear()

    def _unwatch(self) -> None:
        for handle in self._watched:
            self._loop.remove_reader(handle)
            os.close(handle)
        self._watched.clear()

    def _tell(self, event_type: str, event: dict[str, Any]) -> None:
        for extension in self._registered.values():
            connection = extension.waiting
            if connection is not None and event_type in extension.events:
                extension.waiting = None
                headers = b"Lambda-Extension-Event-Identifier: %b\r\n" % uuid4().encode()
                connection.reply(answer(b"200 OK", {"eventType": event_type, **event}, headers))
