"""One execution environment: a process of the function's own, and the Runtime API it is served through."""

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from enum import Enum

from dewstack.lambda_.faults import CUT, TOO_LARGE
from dewstack.lambda_.guard import Guard, kill_group, limit
from dewstack.lambda_.model import Function, Invocation, Launch, LogStream
from dewstack.lambda_.output import ProcessOutput
from dewstack.lambda_.owner import Owner
from dewstack.lambda_.runtime_api import RuntimeApi
from dewstack.lambda_.strays import VARIABLE
from dewstack.lambda_.streaming.response_stream import ResponseStream
from dewstack.lambda_.system_log import system_log
from dewstack.metrics import Meter

MEMORY_SAMPLE_SECONDS = 0.1
REAP_SECONDS = 5
CUT_SECONDS = 0.2
"""How long a process that hung up in the middle of a response has to end, which says more of what went wrong."""
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024 if hasattr(os, "sysconf") else 4


class State(Enum):
    """Where an environment is in its life."""

    INIT = "INIT"
    READY = "READY"
    BUSY = "BUSY"
    STOPPED = "STOPPED"


class ExecutionEnvironment:
    """INIT → READY → BUSY → READY … → STOPPED; one invocation at a time."""

    def __init__(self, function: Function, owner: Owner, log: LogStream, guard: Guard, meter: Meter) -> None:
        self.function = function
        self.state = State.INIT
        self.invocation: Invocation | None = None
        self.init_ms: float | None = None
        """How long the init phase took; None once an invocation has been charged with it."""
        self.last_used = time.monotonic()
        self.retiring = self.provisioned = False
        self.max_memory_mb = 0
        self.log = log
        self.meter = meter
        self.system_log = system_log(function)
        self._owner = owner
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd: int | None = None
        self._output = ProcessOutput(self._loop, self.write)
        self._connections: list[RuntimeApi] = []
        self._connection: RuntimeApi | None = None
        self._began = time.monotonic()
        self._sampled = 0.0
        self._token = ""
        self._ended: Callable[[], None] | None = None
        self._streamed = ""

    async def start(self, launch: Launch) -> None:
        """Open the Runtime API on a free loopback port and start the process. Raises OSError if it cannot."""
        server = await self._loop.create_server(self._accept, "127.0.0.1", 0)
        self._ended = launch.ended
        if self.state is State.STOPPED:  # it was ended before it began
            server.close()
            self._tell_end()
            return
        self._server = server
        port = self._server.sockets[0].getsockname()[1]
        child_output = self._output.open()
        self._token = launch.environ[VARIABLE]
        self._began = time.monotonic()
        try:
            self._process = subprocess.Popen(
                launch.command,
                env={**launch.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"},
                cwd=launch.directory,
                stdin=subprocess.DEVNULL,
                stdout=child_output,
                stderr=child_output,
                start_new_session=True,
            )
        except OSError:
            self._close()
            raise
        finally:
            os.close(child_output)
        self._guard.add(self._process.pid)
        limit(self._process.pid)
        self._output.follow()
        self._watch_exit(self._process)

    def _accept(self) -> RuntimeApi:
        connection = RuntimeApi(self)
        if self.state is State.STOPPED:
            connection.hang_up()
        self._connections.append(connection)
        return connection

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return self._process.pid if self._process else None

    def _watch_exit(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(AttributeError, OSError):  # not on macOS, and some sandboxes refuse it
            self._pidfd = os.pidfd_open(process.pid)
            self._loop.add_reader(self._pidfd, self._exited)
            return

        def wait() -> None:
            process.wait()
            with contextlib.suppress(RuntimeError):  # the loop may have closed
                self._loop.call_soon_threadsafe(self._exited)

        # A thread of its own: those of the loop's executor are few, and others wait for them.
        threading.Thread(target=wait, daemon=True).start()

    def _exited(self) -> None:
        if self._process is None:
            return
        status = self.reap()
        if self.state is not State.STOPPED:
            self.read_remaining_output()
            self.stop()
            self._owner.environment_exited(self, status)

    def reap(self) -> int:
        """Collect the process, waiting for it if need be; its exit status, or a negative signal number."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None
        try:
            status = process.wait(timeout=REAP_SECONDS)
        except subprocess.TimeoutExpired:  # the kernel holds it: it is killed, and will end some time
            status = -9
        kill_group(process.pid)  # what it started may be there still
        self._guard.remove(process.pid)
        self._guard.strays.ended(self._token)
        return status

    # What the Runtime API asks (RuntimeState).

    def ready_for_next(self, connection: RuntimeApi) -> bool:
        """The runtime asks for an event."""
        if self.state is State.BUSY and self._streamed:
            self._fail_cut(self._streamed)  # it has given up its response
        if self.state is State.BUSY or self.state is State.STOPPED or self._connection is not None:
            return False
        if self.state is State.INIT:
            self.init_ms = (time.monotonic() - self._began) * 1000
        self.state = State.READY
        connection.wait()
        self._connection = connection
        self._owner.environment_ready(self)
        return True

    def connection_lost(self, connection: RuntimeApi) -> None:
        """A runtime hung up; if it was waiting for an event, none can be given to it until it asks anew."""
        if connection in self._connections:
            self._connections.remove(connection)
        if connection is self._connection:
            self._connection = None
            self._owner.environment_unready(self)

    def responded(self, request_id: str, body: bytes) -> bool:
        """The function returned `body`."""
        invocation = self._take(request_id)
        if invocation is None:
            return False
        self._owner.invocation_responded(self, invocation, body)
        return True

    def failed(self, request_id: str, body: bytes) -> bool:
        """The function raised; `body` says what."""
        invocation = self._take(request_id)
        if invocation is None:
            return False
        self._owner.invocation_failed(self, invocation, body)
        return True

    def response_too_large(self, request_id: str) -> bool:
        """The function returned more than 6 MB."""
        return self.failed(request_id, TOO_LARGE)

    def response_stream(self, request_id: str) -> ResponseStream | None:
        """Who reads the response of the invocation while it is streamed, if anybody does."""
        invocation, self._streamed = self.invocation, request_id
        return invocation.stream if invocation and invocation.request_id == request_id else None

    def response_cut(self, request_id: str) -> None:
        """The runtime hung up in the middle of a response: unless its process ends now, that is the error."""
        self._loop.call_later(CUT_SECONDS, self._fail_cut, request_id)

    def _fail_cut(self, request_id: str) -> None:
        if self.invocation is not None and self.invocation.request_id == request_id:
            self.failed(request_id, CUT)

    def init_failed(self, body: bytes) -> bool:
        """The runtime could not load the function."""
        if self.state is not State.INIT:
            return False
        self.read_remaining_output()
        self._owner.init_failed(self, body)
        return True

    def _take(self, request_id: str) -> Invocation | None:
        invocation = self.invocation
        if invocation is None or invocation.request_id != request_id:
            self._owner.environment_confused(self)
            return None
        self.read_remaining_output()
        self.invocation = None
        self.state = State.READY
        return invocation

    # What the pool asks.

    def deliver(self, invocation: Invocation) -> None:
        """Hand an event to the waiting runtime."""
        connection = self._connection
        assert connection is not None
        self._connection = None
        self.state = State.BUSY
        self.invocation = invocation
        invocation.started = self.last_used = time.monotonic()
        invocation.init_ms, self.init_ms = self.init_ms, None
        connection.deliver(invocation, int((time.time() + self.function.timeout) * 1000))

    def elapsed_init(self) -> float:
        """Milliseconds since the process was started."""
        return (time.monotonic() - self._began) * 1000

    def write(self, message: str | Callable[[], str], invocation: Invocation | None = None) -> None:
        """Add a line to the log stream, and to the tail that the invocation's caller asked for."""
        self.log.append(int(time.time() * 1000), message)
        invocation = invocation or self.invocation
        if invocation is not None and invocation.lines is not None:
            invocation.lines.append(message)

    def read_remaining_output(self) -> None:
        """Take what the process has printed until now, so that it stands before END."""
        self._output.drain()

    def sample_memory(self) -> int:
        """The highest resident set seen, in MB. Read at most every 100 ms."""
        if time.monotonic() - self._sampled > MEMORY_SAMPLE_SECONDS:
            self.measure_memory()
        return self.max_memory_mb

    def measure_memory(self) -> int:
        """What the process has for itself now, in MB; its whole resident set counts for `sample_memory`."""
        if self._process is None:
            return 0
        self._sampled = time.monotonic()
        try:
            with open(f"/proc/{self._process.pid}/statm") as file:
                _, resident, shared, *_ = map(int, file.read().split())
        except (OSError, ValueError):
            return 0
        self.max_memory_mb = max(self.max_memory_mb, resident * PAGE_KB // 1024)
        return (resident - shared) * PAGE_KB // 1024

    def stop(self) -> None:
        """End the process and all it started, and close everything; `reap` collects it. May be called again."""
        if self.state is State.STOPPED:
            return
        self.state = State.STOPPED
        if self._process is not None:
            kill_group(self._process.pid)
        self._close()
        self._tell_end()

    def _tell_end(self) -> None:
        if self._ended is not None:
            self._ended()

    def _close(self) -> None:
        self._output.close()
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.hang_up()
        self._connections.clear()
        self._connection = None
