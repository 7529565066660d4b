"""From a function's name or ARN to an outcome: the data plane of Lambda."""

import asyncio
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from dewstack.config import Config
from dewstack.ids import random_string, uuid4
from dewstack.lambda_.errors import TooManyRequestsException
from dewstack.lambda_.guard import Guard
from dewstack.lambda_.model import Function, Invocation, Launch, LogStream, Outcome
from dewstack.lambda_.pool import FunctionPool
from dewstack.lambda_.runtimes import Runtimes

logger = logging.getLogger("dewstack.lambda")

MAX_ENVIRONMENTS = 100
"""Environments of one function on this machine; events beyond wait in line."""


class Invoker:
    """The pools of all functions. Everything here runs on the loop."""

    def __init__(
        self,
        config: Config,
        directory: Path,
        find: Callable[[str], Function],
        open_stream: Callable[[Function, str], LogStream],
    ) -> None:
        self.endpoint_url = ""
        """Where functions find the AWS APIs: their AWS_ENDPOINT_URL."""
        self._config = config
        self._find = find
        self._open_stream = open_stream
        self._guard = Guard()
        self._pools: dict[str, FunctionPool] = {}
        self._by_arn: dict[str, FunctionPool] = {}
        self._reserved: dict[str, int] = {}
        self._runtimes = Runtimes(directory, strict=config.strict_runtimes)
        self._noticed: set[str] = set()

    async def invoke(
        self, arn: str, payload: bytes, *, client_context: str = "", tail: bool = False
    ) -> Outcome:
        """Run the function that `arn` names (a version or alias may follow) on an event, and wait for it.

        Raises ResourceNotFoundException, and TooManyRequestsException when a reserved concurrency is used up.
        """
        pool = self._by_arn.get(arn) or self._open_pool(arn)
        reserved = self._reserved.get(pool.function.arn) if self._reserved else None
        if reserved is not None and self._in_flight(pool.function.arn) >= reserved:
            raise TooManyRequestsException(
                "Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded"
            )
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        invocation = Invocation(
            uuid4(),
            arn,
            payload,
            _trace_id(),
            future,
            time.monotonic(),
            client_context=client_context,
            tail=tail,
        )
        pool.submit(invocation)
        return await future

    def _in_flight(self, arn: str) -> int:
        """Events of all versions of a function: they share its reserved concurrency."""
        return sum(pool.in_flight for pool in self._pools.values() if pool.function.arn == arn)

    def _open_pool(self, arn: str) -> FunctionPool:
        function = self._find(arn)
        pool = self._pools.get(function.qualified_arn)
        if pool is None:
            pool = FunctionPool(
                function,
                self.launch,
                self._open_stream,
                self._guard,
                idle_seconds=self._config.idle_seconds,
                limit=MAX_ENVIRONMENTS,
            )
            self._pools[function.qualified_arn] = pool
        self._by_arn[arn] = pool
        return pool

    @property
    def pools(self) -> tuple[FunctionPool, ...]:
        """Those of functions that have been invoked."""
        return tuple(self._pools.values())

    def changed(self, function: Function) -> None:
        """Serve the function from now on as it is now."""
        self._by_arn.clear()
        pool = self._pools.get(function.qualified_arn)
        if pool is not None:
            pool.update(self._find(function.qualified_arn))  # of two changes at once, the later one's

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
            self._pools.pop(key).close()

    def reserve(self, arn: str, concurrency: int | None) -> None:
        """Set or lift a function's reserved concurrency."""
        if concurrency is None:
            self._reserved.pop(arn, None)
        else:
            self._reserved[arn] = concurrency

    def files_changed(self, paths: Iterable[str]) -> list[str]:
        """Start anew the functions whose live code holds one of `paths`; their names."""
        names = []
        for pool in self._pools.values():
            code = pool.function.code
            if code.live and any(
                path == code.directory or path.startswith(code.directory + os.sep) for path in paths
            ):
                pool.recycle()
                names.append(pool.function.name)
        return names

    def check_runtime(self, identifier: str) -> None:
        """Find the program for a runtime, and say loudly, once, when it is not the exact one.

        It may start interpreters to ask their version: not for the loop. Raises InvalidParameterValueException.
        """
        notice = self._runtimes.resolve(identifier).notice
        if notice and notice not in self._noticed:
            self._noticed.add(notice)
            logger.warning(notice)

    def launch(self, function: Function, stream: str) -> Launch:
        """How to start an environment of `function`, whose log stream is `stream`. It may start interpreters and
        make the runtime directory: not for the loop."""
        runtime = self._runtimes.resolve(function.runtime)
        python = function.runtime.startswith("python")
        runtime_directory = str(self._runtimes.python_directory() if python else self._runtimes.directory)
        environ = {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "LANG": "en_US.UTF-8",
            "LC_CTYPE": "C.UTF-8",
            "TZ": ":UTC",
            "SHLVL": "0",
            "TMPDIR": tempfile.gettempdir(),
            "PYTHONPATH" if python else "NODE_PATH": runtime_directory,
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **function.environment,
            "PWD": function.code.directory,
            "_HANDLER": function.handler,
            "_X_AMZN_TRACE_ID": "",
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_ACCESS_KEY_ID": f"ASIA{random_string(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}",
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
            "AWS_SESSION_TOKEN": secrets.token_urlsafe(48),
            "LAMBDA_TASK_ROOT": function.code.directory,
            "LAMBDA_RUNTIME_DIR": runtime_directory,
        }
        return Launch(runtime.command, environ, function.code.directory)

    def close(self) -> None:
        """End every environment."""
        self._by_arn.clear()
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        self._guard.close()


def _trace_id() -> str:
    """An X-Ray trace header; nothing is sampled."""
    digits = os.urandom(20).hex()
    return f"Root=1-{int(time.time()):08x}-{digits[:24]};Parent={digits[24:]};Sampled=0"
