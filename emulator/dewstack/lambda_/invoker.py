"""From a function's name or ARN to an outcome: the data plane of Lambda."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from dewstack.config import Caller, Config
from dewstack.ids import uuid4
from dewstack.lambda_.containers.containers import Containers
from dewstack.lambda_.debugging import LONG_SECONDS, Debugging
from dewstack.lambda_.errors import TooManyRequestsException
from dewstack.lambda_.guard import Guard
from dewstack.lambda_.idle import IdleTime
from dewstack.lambda_.isolation import Isolation
from dewstack.lambda_.launch import ENVIRONMENT_KEY, Launcher
from dewstack.lambda_.model import LATEST, Code, Found, Function, Invocation, LogStream, Outcome
from dewstack.lambda_.pool import FunctionPool
from dewstack.lambda_.provisioning import Provision
from dewstack.lambda_.recursion import passed_on
from dewstack.lambda_.runtimes import Runtimes
from dewstack.lambda_.spares import Spares
from dewstack.lambda_.streaming.invocation import StreamedInvocation
from dewstack.lambda_.streaming.response_stream import ResponseStream
from dewstack.metrics import Meter, Metrics
from dewstack.recording import Record

MAX_ENVIRONMENTS = 100
"""Environments of one function on this machine; events beyond wait in line."""
MAX_REMOVED = 100
MAX_WAIT_SECONDS = 30.0
"""How long an event waits for an environment at most, where its answer is waited for a limited time."""


class Invoker:
    """The pools of all functions. Everything here runs on the loop."""

    def __init__(
        self,
        config: Config,
        directory: Path,
        find: Callable[[str], Found],
        layers: Callable[[Function], list[Code]],
        current: Callable[[Code], Code],
        open_stream: Callable[[Function, str], LogStream],
        metrics: Metrics,
    ) -> None:
        self._guard = Guard()
        runtimes = Runtimes(directory, strict=config.strict_runtimes)
        isolation = Isolation(self._guard.temporary, wanted=config.isolation)
        self.launcher = Launcher(
            runtimes, layers, current, self._guard.strays.token, self._guard.temporary, isolation
        )
        if config.docker:
            self.launcher.containers = Containers(self.launcher.notice)
        self.debugging = Debugging()
        self.spares = Spares(runtimes, self._guard, isolation)
        self.launch = self.spares.wrap(self.debugging.wrap(self.launcher.launch))
        self.record: Record | None = None
        self.idle_time = IdleTime(config.idle_seconds)
        self._config = config
        self._find = find
        self._open_stream = open_stream
        self._metrics = metrics
        self._pools: dict[str, FunctionPool] = {}
        self._by_arn: dict[str, FunctionPool] = {}
        self._removed: deque[FunctionPool] = deque(maxlen=MAX_REMOVED)
        """Pools whose last environments may be about to end."""
        self._reserved: dict[str, int] = {}

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        client_context: str = "",
        tail: bool = False,
        seconds: float | None = None,
        request_id: str = "",
        trace_id: str = "",
    ) -> Outcome:
        """Run the function that `arn` names (a version or alias may follow) on an event, and wait for it.

        Raises ResourceNotFoundException, TooManyRequestsException when a reserved concurrency is used up, and
        TimeoutError when the function has had the event for `seconds` (waiting in line and starting a process are
        this machine's affair, and don't count).
        """
        pool = self._by_arn.get(arn) or self._open_pool(arn)
        if self._reserved:
            self._check_reserved(pool.function)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        invocation = Invocation(
            request_id or uuid4(),
            arn,
            payload,
            trace_id or _trace_id(),
            future,
            time.monotonic(),
            client_context=client_context,
            tail=tail,
        )
        pool.submit(invocation)
        return await future if seconds is None else await _within(invocation, seconds)

    def stream(
        self, arn: str, payload: bytes, *, client_context: str = "", tail: bool = False
    ) -> StreamedInvocation:
        """Run the function on an event, its response to be read while it is written.

        Raises ResourceNotFoundException, TooManyRequestsException.
        """
        pool = self._by_arn.get(arn) or self._open_pool(arn)
        self._check_reserved(pool.function)
        invocation = Invocation(
            uuid4(),
            arn,
            payload,
            _trace_id(),
            asyncio.get_running_loop().create_future(),
            time.monotonic(),
            client_context=client_context,
            tail=tail,
        )
        invocation.stream = ResponseStream()
        pool.submit(invocation)
        return StreamedInvocation(invocation, invocation.stream, pool.function.version)

    def trace_of(self, access_key_id: str | None) -> str:
        """The trace header of what the environment with these credentials sends while it serves an event, or none."""
        if access_key_id is None or not access_key_id.startswith(ENVIRONMENT_KEY):
            return ""
        for pool in self._pools.values():
            for environment in pool.environments:
                if environment.access_key_id == access_key_id and environment.invocation is not None:
                    return passed_on(environment.invocation.trace_id, environment.function.arn)
        return ""

    def dropped(self, function: Function) -> None:
        """Note that an event was not served because it came round and round."""
        self._meter(function).count("RecursiveInvocationsDropped")

    def _meter(self, function: Function) -> Meter:
        """Where it is noted what a version of a function does."""
        owner = Caller(function.account_id, function.region)
        version = "" if function.version == LATEST else f":{function.version}"
        return self._metrics.function(owner, function.name, function.name + version)

    def _check_reserved(self, function: Function) -> None:
        """Raise TooManyRequestsException where a function's reserved concurrency is used up."""
        reserved = self._reserved.get(function.arn)
        if reserved is not None and self._in_flight(function.arn) >= reserved:
            self._meter(function).count("Throttles")
            raise TooManyRequestsException(
                "Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded"
            )

    def _in_flight(self, arn: str) -> int:
        """Events of all versions of a function: they share its reserved concurrency."""
        return sum(pool.in_flight for pool in self._pools.values() if pool.function.arn == arn)

    def _open_pool(self, arn: str) -> FunctionPool:
        function, split = self._find(arn)
        pool = self._pools.get(function.qualified_arn)
        if pool is None:
            debugged = function.name in self.debugging
            pool = FunctionPool(
                self.debugging.unlimited(function),
                self.launch,
                self._open_stream,
                self._guard,
                self._meter(function),
                idle=IdleTime(LONG_SECONDS) if debugged else self.idle_time,
                limit=1 if debugged else MAX_ENVIRONMENTS,
                debugged=debugged,
                record=self.record,
            )
            self._pools[function.qualified_arn] = pool
        if not split:
            self._by_arn[arn] = pool
        return pool

    def start_debugged(self, arn: str) -> None:
        """Start the environment of a function that is debugged, so that a debugger can attach before an event."""
        self._open_pool(arn).start_debugged()

    @property
    def pools(self) -> tuple[FunctionPool, ...]:
        """Those of functions that have been invoked."""
        return tuple(self._pools.values())

    def changed(self, function: Function) -> None:
        """Serve the function from now on as it is now."""
        self._by_arn.clear()
        pool = self._pools.get(function.qualified_arn)
        if pool is not None:
            latest = self._find(function.qualified_arn).function  # of two changes at once, the later one's
            pool.update(self.debugging.unlimited(latest))

    def alias_changed(self) -> None:
        """Ask anew which version an ARN means."""
        self._by_arn.clear()

    def removed(self, arn: str, version: str = "") -> None:
        """End a version that is no more, or all of a function. `arn` has no qualifier."""
        self._by_arn.clear()
        if not version:
            self._reserved.pop(arn, None)
        gone = [
            k for k, p in self._pools.items() if p.function.arn == arn and version in ("", p.function.version)
        ]
        for key in gone:
            pool = self._pools.pop(key)
            pool.close()
            self._removed.append(pool)

    def provision(self, arn: str, count: int) -> None:
        """Have so many environments of a version (its ARN has it as qualifier) ready before there is an event."""
        if count or arn in self._pools:
            pool = self._open_pool(arn)
            if count != pool.provisioned.provision.requested or pool.provisioned.provision.failure:
                pool.provisioned.request(count)

    def provision_of(self, arn: str) -> Provision:
        """What is provisioned for a version."""
        pool = self._pools.get(arn)
        return pool.provisioned.provision if pool else Provision()

    def reserved(self, arn: str) -> int | None:
        """A function's reserved concurrency, if it has one. `arn` has no qualifier."""
        return self._reserved.get(arn)

    def reserve(self, arn: str, concurrency: int | None) -> None:
        """Set or lift a function's reserved concurrency."""
        if concurrency is None:
            self._reserved.pop(arn, None)
        else:
            self._reserved[arn] = concurrency

    def files_changed(self, paths: Iterable[str]) -> list[str]:
        """Start anew the functions whose live code or layers hold one of `paths`; their names."""
        names = []
        for pool in self._pools.values():
            codes = (pool.function.code, *self.launcher.layers(pool.function))
            if any(
                code.live and _lies_in(path, code.archive or code.directory)
                for code in codes
                for path in paths
            ):
                pool.recycle()
                names.append(pool.function.name)
        return names

    def close(self) -> None:
        """End every environment."""
        self.spares.close()
        self.launcher.runtimes.close()
        self._by_arn.clear()
        for pool in self._pools.values():
            pool.close()
        for pool in (*self._pools.values(), *self._removed):
            pool.wait()
        self._pools.clear()
        self._removed.clear()
        self._guard.close()
        if self.launcher.containers is not None:
            self.launcher.containers.close()


async def _within(invocation: Invocation, seconds: float) -> Outcome:
    began = time.monotonic()
    while True:
        now = time.monotonic()
        if invocation.started:
            remaining = invocation.started + seconds - now
        else:
            remaining = min(seconds, began + MAX_WAIT_SECONDS - now)
        if remaining <= 0:
            raise TimeoutError(f"{invocation.arn} has not answered within {seconds} s")
        done, _ = await asyncio.wait([invocation.future], timeout=remaining)
        if done:
            return invocation.future.result()


def _lies_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory + os.sep)


def _trace_id() -> str:
    """An X-Ray trace header; nothing is sampled."""
    digits = os.urandom(20).hex()
    return f"Root=1-{int(time.time()):08x}-{digits[:24]};Parent={digits[24:]};Sampled=0"
