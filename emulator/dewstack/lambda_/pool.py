"""A function's execution environments: as many as its load needs, none when there is none.

An event goes to an environment that is free, else waits in line; the line decides when another one is started.
Where a function has shown that it answers within milliseconds, a short line is served by those that are there:
AWS would start one for each waiting event, which on a laptop costs more than it gives.
"""

import asyncio
import logging
import signal
import time
from collections import deque
from collections.abc import Callable

from dewstack.lambda_ import completion, faults, initialization
from dewstack.lambda_.environment import ExecutionEnvironment, State
from dewstack.lambda_.guard import Guard
from dewstack.lambda_.idle import IdleEnvironments, IdleTime
from dewstack.lambda_.memory import MemoryWatch
from dewstack.lambda_.model import Function, Invocation, Launch, LogStream, Outcome
from dewstack.lambda_.pace import Pace
from dewstack.lambda_.provisioning import ProvisionedEnvironments, told
from dewstack.lambda_.report import stream_name
from dewstack.metrics import Meter
from dewstack.recording import Record

logger = logging.getLogger("dewstack.lambda")

PARALLEL_STARTS = 10
"""How many environments of one function are started at a time."""


class FunctionPool:
    """The environments of one version of one function. It lives on the loop; no other thread may touch it."""

    def __init__(
        self,
        function: Function,
        launch: Callable[[Function, str], Launch],
        open_stream: Callable[[Function, str], LogStream],
        guard: Guard,
        meter: Meter,
        *,
        idle: IdleTime,
        limit: int,
        debugged: bool = False,
        record: Record | None = None,
    ) -> None:
        self.function = function
        self.limit = limit
        self._debugged = debugged
        self._launch, self._open_stream = launch, open_stream
        self._guard, self._meter, self.record = guard, meter, record
        self._loop = asyncio.get_running_loop()
        self._environments: set[ExecutionEnvironment] = set()
        self._initializing: set[ExecutionEnvironment] = set()
        self._idle = IdleEnvironments(idle, self._drop)
        self._ending: list[ExecutionEnvironment] = []
        self._again: list[ExecutionEnvironment] = []
        """Those that failed to initialise: others take their places, and do it inside an invocation."""
        self._queue: deque[Invocation] = deque()
        self._pace = Pace()
        self._memory = MemoryWatch(self._loop, () if debugged else self._environments, self._out_of_memory)
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience: asyncio.TimerHandle | None = None
        self.provisioned = ProvisionedEnvironments(self._add_environment, self._release)

    @property
    def environments(self) -> tuple[ExecutionEnvironment, ...]:
        """Those that exist now."""
        return tuple(self._environments)

    @property
    def in_flight(self) -> int:
        """How many events are being served or wait."""
        return len(self._queue) + sum(environment.state is State.BUSY for environment in self._environments)

    def submit(self, invocation: Invocation) -> None:
        """Serve an event; its future will have the outcome. The environment used last is taken first."""
        if self._idle:
            self._deliver(self._idle.pop(), invocation)
            return
        self._queue.append(invocation)
        if self._environments and (self._pace.quick or self._one_returns()):
            if self._patience is None:
                self._patience = self._loop.call_later(self._pace.look_seconds, self._patience_ended)
        else:
            self._grow()

    def _one_returns(self) -> bool:
        """Whether an environment has answered and is about to ask: two requests for most runtimes, and for streams."""
        return any(environment.state is State.READY for environment in self._environments)

    def update(self, function: Function) -> None:
        """Serve from now on with another configuration or code; what is in flight finishes with the old one."""
        self.function = function
        self.recycle()

    def recycle(self) -> None:
        """Start anew: environments that serve nobody stop at once, busy ones when they are done."""
        for environment in (*self._idle.take_all(), *self._initializing):
            self._drop(environment)
        for environment in self._environments:
            environment.retiring = True
        self._again.clear()
        self._pace = Pace()
        self.provisioned.renew()
        self._grow()
        self.start_debugged()

    def start_debugged(self) -> None:
        """Have an environment before there is an event, where a debugger is to attach to it."""
        if self._debugged and not self._environments:
            self._add_environment()

    def close(self) -> None:
        """Stop everything; events in flight end with an error."""
        self.provisioned.close()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._memory.close()
        waiting = [e.invocation for e in self._environments if e.invocation] + list(self._queue)
        self._queue.clear()
        self._idle.take_all()
        for environment in tuple(self._environments):
            self._drop(environment)
        completion.complete_removed(waiting, self.function.version)

    def wait(self) -> None:
        """Wait until all that was stopped has ended."""
        for environment in self._ending:
            environment.reap()

    # Growing and shrinking.

    def _patience_ended(self) -> None:
        self._patience = None
        if not self._queue:
            return
        if time.monotonic() - self._queue[0].queued >= self._pace.patience(len(self._environments)):
            self._grow(1)
        self._patience = self._loop.call_later(self._pace.look_seconds, self._patience_ended)

    def _grow(self, at_most: int = PARALLEL_STARTS) -> None:
        starting = len(self._initializing)
        wanted = min(len(self._queue), PARALLEL_STARTS) - starting
        for _ in range(min(wanted, at_most, self.limit - len(self._environments))):
            self._add_environment(self._again.pop() if self._again else None)

    def _add_environment(self, failed: ExecutionEnvironment | None = None) -> ExecutionEnvironment:
        stream = failed.log_stream if failed else stream_name(self.function.version)
        log = failed.log if failed else self._open_stream(self.function, stream)
        environment = ExecutionEnvironment(self.function, self, log, self._guard, self._meter)
        environment.log_stream, environment.in_invoke = stream, failed is not None
        self._environments.add(environment)
        self._initializing.add(environment)
        task = self._loop.create_task(self._start(environment))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return environment

    async def _start(self, environment: ExecutionEnvironment) -> None:
        try:
            launch = await asyncio.to_thread(self._launch, environment.function, environment.log_stream)
            await environment.start(told(launch) if environment.provisioned else launch)
        except Exception as error:
            logger.error("%s: its runtime does not start: %s", environment.function.name, error)
            body = faults.error_body(faults.NOT_STARTED, str(error))
            self._init_ended(environment, body, faults.NOT_STARTED)
            return
        self._memory.wake()
        if not self._debugged:  # its init phase may stop at a breakpoint too
            self._loop.call_later(initialization.limit(environment), self._init_timed_out, environment)

    def _drop(self, environment: ExecutionEnvironment) -> None:
        self._environments.discard(environment)
        self._initializing.discard(environment)
        environment.stop()
        self._ending = [ending for ending in self._ending if ending.pid is not None]
        self._ending.append(environment)
        self.provisioned.lost(environment)

    def _release(self, environment: ExecutionEnvironment) -> None:
        """It need not be kept: it ends unless it is busy."""
        if environment.state is State.BUSY:
            environment.retiring = True
        else:
            self._idle.discard(environment)
            self._drop(environment)

    # What environments report (Owner).

    def environment_ready(self, environment: ExecutionEnvironment) -> None:
        """It asks for an event: give it the oldest, or let it rest."""
        if environment in self._initializing:
            self._initializing.discard(environment)
            initialization.succeeded(environment, awaited=bool(self._queue))
        if environment.retiring:
            self._drop(environment)
            self._grow()
            return
        if self._queue:
            self._deliver(environment, self._queue.popleft())
        else:
            self._idle.add(environment)

    def environment_unready(self, environment: ExecutionEnvironment) -> None:
        """It asked for an event and hung up: nothing for it until it asks again."""
        self._idle.discard(environment)

    def invocation_responded(
        self, environment: ExecutionEnvironment, invocation: Invocation, body: bytes
    ) -> None:
        """The function returned."""
        outcome = Outcome(body, None, environment.function.version)
        self._pace.observe(completion.complete(environment, invocation, outcome))

    def invocation_failed(
        self, environment: ExecutionEnvironment, invocation: Invocation, body: bytes
    ) -> None:
        """The function raised."""
        outcome = completion.failure(environment, body)
        self._pace.observe(completion.complete(environment, invocation, outcome))

    def init_failed(self, environment: ExecutionEnvironment, body: bytes) -> None:
        """The runtime says that the function does not load."""
        self._init_ended(environment, body, faults.error_type_of(body))

    def environment_exited(
        self, environment: ExecutionEnvironment, status: int, error_type: str = "Runtime.ExitError"
    ) -> None:
        """The process ended by itself, or was killed; or an extension did."""
        if environment in self._initializing:
            self._init_ended(environment, faults.exit_body(status, "", error_type), error_type)
            return
        invocation, environment.invocation = environment.invocation, None
        self._idle.discard(environment)
        self._drop(environment)
        if invocation is not None:
            body = faults.exit_body(status, invocation.request_id, error_type)
            self._pace.observe(completion.complete_exited(environment, invocation, body, error_type))
        self._grow()

    def environment_confused(self, environment: ExecutionEnvironment) -> None:
        """It answers what nobody asked, as two processes do where a handler forked: let another one serve."""
        if environment.state in (State.BUSY, State.READY):
            self._release(environment)
            self._grow()

    def _out_of_memory(self, environment: ExecutionEnvironment) -> None:
        environment.read_remaining_output()
        self.environment_exited(environment, -signal.SIGKILL, "Runtime.OutOfMemory")

    # How an invocation goes.

    def _deliver(self, environment: ExecutionEnvironment, invocation: Invocation) -> None:
        timeout = environment.function.timeout - environment.spent
        invocation.timer = self._loop.call_later(timeout, self._timed_out, environment, invocation)
        environment.deliver(invocation)
        completion.start(environment, invocation)
        self._memory.wake()

    def _timed_out(self, environment: ExecutionEnvironment, invocation: Invocation) -> None:
        if environment.invocation is not invocation:
            return
        environment.read_remaining_output()
        environment.invocation = None
        self._drop(environment)
        self._pace.observe(completion.complete_timed_out(environment, invocation))
        self._grow()

    # When the init phase goes wrong.

    def _init_ended(self, environment: ExecutionEnvironment, body: bytes, error_type: str) -> None:
        if environment not in self._environments:
            return
        initialization.failed(environment, "error", error_type)
        self.provisioned.failed(environment, error_type)
        self._drop(environment)
        if started := error_type != faults.NOT_STARTED:
            self._again.append(environment)
        if self._queue and (environment.in_invoke or self._debugged or not started):
            completion.complete_not_initialized(environment, self._queue.popleft(), body, error_type)
        self._grow()

    def _init_timed_out(self, environment: ExecutionEnvironment) -> None:
        if environment.state is not State.INIT:
            return
        environment.read_remaining_output()
        initialization.failed(environment, "timeout")
        self.provisioned.failed(environment, "timeout")
        self._drop(environment)
        if not environment.in_invoke:
            self._again.append(environment)
        elif self._queue:
            completion.start(environment, self._queue[0])
            completion.complete_timed_out(environment, self._queue.popleft())
        self._grow()
