"""One execution environment: a process of the function's own, and the Runtime API it is served through."""

import asyncio
import os
import time
from collections.abc import Callable
from enum import Enum

from dewstack.lambda_.containers.environment import EnvironmentContainer
from dewstack.lambda_.extensions import Extensions
from dewstack.lambda_.extensions.calls import Call
from dewstack.lambda_.faults import CUT, EXTENSION_CRASH, TOO_LARGE
from dewstack.lambda_.guard import Guard
from dewstack.lambda_.model import Function, Invocation, Launch, LogStream
from dewstack.lambda_.output import ProcessOutput
from dewstack.lambda_.owner import Owner
from dewstack.lambda_.process import REAP_SECONDS, EnvironmentProcess
from dewstack.lambda_.runtime_api import RuntimeApi
from dewstack.lambda_.strays import VARIABLE
from dewstack.lambda_.streaming.response_stream import ResponseStream
from dewstack.lambda_.system_log import system_log
from dewstack.metrics import Meter

CUT_SECONDS = 0.2
"""How long a process that hung up in the middle of a response has to end, which says more of what went wrong."""


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
        self.last_used = self._began = time.monotonic()
        self.retiring = self.provisioned = False
        self.log_stream, self.in_invoke = "", False
        self.served, self.cold_start_ms = 0, 0.0
        self.spent = 0.0
        """Seconds of an invocation's time that the init phase took, which was part of it (`in_invoke`)."""
        self.log, self.meter = log, meter
        self.system_log = system_log(function)
        self.owner, self._guard = owner, guard
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self.process: EnvironmentProcess | EnvironmentContainer = EnvironmentProcess(guard, self._exited)
        self._output = ProcessOutput(self._loop, self.write)
        self._connections: list[RuntimeApi] = []
        self._connection: RuntimeApi | None = None
        self.extensions: Extensions | None = None
        """Those of layers, or that have registered from inside the runtime."""
        self._stop_deadline = 0.0
        self._announced = False
        """Whether the owner knows that it waits for an event."""
        self._token = self.access_key_id = self._streamed = ""
        self._ended: Callable[[], None] | None = None

    async def start(self, launch: Launch) -> None:
        """Open the Runtime API on a free loopback port and start the process. Raises OSError if it cannot."""
        server = await self._loop.create_server(self._accept, "127.0.0.1", 0)
        self._ended = launch.ended
        if self.state is State.STOPPED:  # it was ended before it began
            server.close()
            self._tell_end()
            return
        self._server, port = server, server.sockets[0].getsockname()[1]
        child_output = self._output.open(launch.container.output if launch.container else "")
        self._token = launch.environ[VARIABLE]
        self.access_key_id = launch.environ["AWS_ACCESS_KEY_ID"]
        self._began = time.monotonic()
        environ = {**launch.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"}
        try:
            if launch.extensions:
                self._open_extensions().start(launch, environ, child_output)
            if launch.container is not None:
                self.process = EnvironmentContainer(self._guard, self._exited)
            await self.process.start(launch, environ, child_output)
        except OSError:
            self._close()
            raise
        finally:
            os.close(child_output)
        self._output.follow()

    def _accept(self) -> RuntimeApi:
        connection = RuntimeApi(self)
        if self.state is State.STOPPED:
            connection.hang_up()
        self._connections.append(connection)
        return connection

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return self.process.pid

    def _exited(self, status: int, error_type: str = "Runtime.ExitError") -> None:
        self._guard.strays.ended(self._token)
        if self.state is not State.STOPPED:
            self.read_remaining_output()
            self.stop()
            self.owner.environment_exited(self, status, error_type)

    def reap(self) -> None:
        """Collect what has been stopped, waiting for it if need be."""
        if self.extensions is not None:
            self.extensions.wait(self._stop_deadline)
        if self.process.pid is not None:
            grace = self._stop_deadline - time.monotonic()
            self.process.reap(max(grace, 0.1) if self._stop_deadline else REAP_SECONDS)
            self._guard.strays.ended(self._token)
        if self._stop_deadline:
            self.read_remaining_output()
            self._end()

    # What the Runtime API asks (RuntimeState).

    def ready_for_next(self, connection: RuntimeApi) -> bool:
        """The runtime asks for an event."""
        if self.state is State.BUSY and self._streamed:
            self._fail_cut(self._streamed)  # it has given up its response
        if self.state is State.BUSY or self.state is State.STOPPED or self._connection is not None:
            return False
        connection.wait()
        self._connection = connection
        self._rest()
        return True

    def _rest(self) -> None:
        """Be ready for an event, once the runtime waits for one, and all extensions do."""
        if self._connection is None or self._announced or (self.extensions and not self.extensions.at_rest):
            return
        if self.state is State.INIT:
            self.init_ms = (time.monotonic() - self._began) * 1000
            for line in self.extensions.lines() if self.extensions else ():
                self.write(line)
        self.state = State.READY
        self._announced = True
        self.owner.environment_ready(self)

    def extension_call(self, call: Call, connection: RuntimeApi) -> bytes:
        """An extension asks for something."""
        return self._open_extensions().call(call, connection) or b""

    def _open_extensions(self) -> Extensions:
        if self.extensions is None:
            self.extensions = Extensions(self.function, self._guard, self._rest, self._extension_ended)
        return self.extensions

    def _extension_ended(self, name: str, status: int) -> None:
        if self.state is not State.STOPPED:
            self.read_remaining_output()
            self.write(f"EXTENSION\tName: {name}\tState: Crashed")
            self.owner.environment_exited(self, status, EXTENSION_CRASH)

    def connection_lost(self, connection: RuntimeApi) -> None:
        """A runtime hung up; if it was waiting for an event, none can be given to it until it asks anew."""
        if connection in self._connections:
            self._connections.remove(connection)
        if self.extensions is not None:
            self.extensions.lost(connection)
        if connection is self._connection:
            self._connection = None
            self._announced = False
            self.owner.environment_unready(self)

    def responded(self, request_id: str, body: bytes) -> bool:
        """The function returned `body`."""
        invocation = self._take(request_id)
        if invocation is None:
            return False
        self.owner.invocation_responded(self, invocation, body)
        return True

    def failed(self, request_id: str, body: bytes) -> bool:
        """The function raised; `body` says what."""
        invocation = self._take(request_id)
        if invocation is None:
            return False
        self.owner.invocation_failed(self, invocation, body)
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
        self.owner.init_failed(self, body)
        return True

    def _take(self, request_id: str) -> Invocation | None:
        invocation = self.invocation
        if invocation is None or invocation.request_id != request_id:
            self.owner.environment_confused(self)
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
        self._announced = False
        self.state = State.BUSY
        self.invocation = invocation
        self.last_used = time.monotonic()
        invocation.started = self.last_used - self.spent
        invocation.init_ms, self.init_ms = self.init_ms, None
        deadline_ms = int((time.time() + self.function.timeout - self.spent) * 1000)
        self.spent = 0.0
        connection.deliver(invocation, deadline_ms)
        if self.extensions is not None:
            self.extensions.invoked(invocation, deadline_ms)

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

    def stop(self) -> None:
        """End the process and all it started, and close everything; `reap` collects it. May be called again.

        Where there are extensions, they and the runtime (SIGTERM) are told, and have a moment.
        """
        if self.state is State.STOPPED:
            return
        self.state = State.STOPPED
        seconds = self.extensions.end("spindown") if self.extensions else 0.0
        if seconds and self.process.pid is not None:
            self._stop_deadline = time.monotonic() + seconds
            self.process.terminate()
            self._loop.call_later(seconds, self._end)
        else:
            self._end()

    def _end(self) -> None:
        self.process.kill()
        if self.extensions is not None:
            self.extensions.wait(0.0)
        self._close()
        self._tell_end()

    def _tell_end(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()

    def _close(self) -> None:
        self._output.close()
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for connection in self._connections:
            connection.hang_up()
        self._connections.clear()
        self._connection = None
