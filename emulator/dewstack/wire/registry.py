"""The operations that the emulator offers, by service, called in this process."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.http import Request, Response
from dewstack.wire.errors import not_emulated
from dewstack.wire.operation import Handler

T = TypeVar("T")
_THREADS = 16
_LOG = logging.getLogger("dewstack")


class Elsewhere(Protocol):
    """Where the services go that no operations are registered for."""

    async def handle(self, service: str, caller: Caller, request: Request, *, signed: bool) -> Response:
        """The response to a request. Raises AwsErrors of the way there."""

    async def call(
        self, service: str, operation: str, params: dict[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """The output of an operation. Raises its AwsError."""


class Registry:
    """All AWS operations that the emulator offers.

    Plain handlers run in a thread pool of this class's own, coroutine functions on the loop it was made on.
    """

    def __init__(self, elsewhere: Elsewhere | None = None) -> None:
        self._elsewhere = elsewhere
        self._operations: dict[str, dict[str, Handler]] = {}
        self._asynchronous: set[tuple[str, str]] = set()
        self._shared: set[str] = set()
        self._home = asyncio._get_running_loop()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="aws-api")

    def register(
        self, service: str, operations: Mapping[str, Handler], *, others_elsewhere: bool = False
    ) -> None:
        """Offer `operations` (by AWS's name) of `service` (boto3's name), in addition to those it has. Its others are
        not emulated, or else `others_elsewhere`."""
        self._operations.setdefault(service, {}).update(operations)
        if others_elsewhere:
            self._shared.add(service)
        for name, handler in operations.items():
            if inspect.iscoroutinefunction(handler):
                self._asynchronous.add((service, name))

    def withdraw(self, service: str) -> None:
        """Leave a service to whoever is elsewhere."""
        self._operations.pop(service, None)
        self._shared.discard(service)

    @property
    def offered(self) -> dict[str, frozenset[str]]:
        """The operations that are registered, by service; any other of these services answers 501."""
        return {service: frozenset(operations) for service, operations in self._operations.items()}

    @property
    def shared(self) -> frozenset[str]:
        """Services whose other operations are somebody's elsewhere."""
        return frozenset(self._shared)

    def close(self) -> None:
        """Stop the worker threads; handlers that are running end on their own."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def call(
        self, service: str, operation: str, params: dict[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Call an operation in this process. No model is needed and nothing is validated.

        Raises the handler's AwsError; NotEmulated for an operation nobody registered; an AwsError
        `InternalFailure` for anything unexpected, whose traceback goes to the logger `dewstack`.
        """
        try:
            if self._elsewhere is not None and self._is_elsewhere(service, operation):
                return await self._elsewhere.call(service, operation, params, caller)
            handler = self._operations.get(service, {}).get(operation)
            if handler is None:
                raise not_emulated(service, operation)
            output = await self._run(handler, (service, operation) in self._asynchronous, caller, params)
        except AwsError:
            raise
        except Exception as error:
            _LOG.exception("%s.%s failed", service, operation)
            raise AwsError(
                "The request processing has failed because of an unknown error, exception or failure."
            ) from error
        return output or {}

    async def _run(
        self, handler: Handler, asynchronous: bool, caller: Caller, params: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Run a handler where it belongs: a coroutine on the home loop, a plain function in a worker thread, or
        right here when this is the loop of a thread that has nothing else to do."""
        loop = asyncio.get_running_loop()
        home = self._home or loop
        if asynchronous and loop is not home:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(handler(caller, params), home))
        if asynchronous:
            return await handler(caller, params)  # type: ignore[no-any-return]
        if loop is not home:
            return handler(caller, params)  # type: ignore[no-any-return]
        return await self._in_thread(handler, caller, params)

    def _is_elsewhere(self, service: str, operation: str) -> bool:
        """Whether an operation is not ours: its whole service isn't, or what we don't have of it."""
        mine = self._operations.get(service)
        return mine is None or (service in self._shared and operation not in mine)

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
