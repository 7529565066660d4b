"""Does one thing to one resource: through its provider, within a time, with a reason when it fails."""

import asyncio
import logging
from collections.abc import Coroutine, Generator, Mapping
from functools import partial
from types import coroutine
from typing import Any, TypeVar

from msgspec.structs import replace

from dewstack.cloudformation.dynamic import resolve
from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource, Stack
from dewstack.cloudformation.resources import Context, Outcome, Provider, Restored
from dewstack.errors import AwsError, NotEmulated
from dewstack.ids import uuid4
from dewstack.wire import Call

T = TypeVar("T")

CONCURRENCY = 8
"""How many resources of a stack are worked on at the same time."""

_GONE = (
    "NotFound",
    "NotFoundException",
    "NonExistentQueue",
    "QueueDoesNotExist",
    "NoSuchBucket",
    "NoSuchEntity",
)
_HANDLER_CODES = {400: "InvalidRequest", 403: "AccessDenied", 404: "NotFound", 409: "AlreadyExists"}
_log = logging.getLogger("dewstack.cloudformation")


class Failed(Exception):
    """An action failed. `reason` is what the event says; `touched`: whether something may have changed."""

    def __init__(self, reason: str, *, touched: bool, made: Outcome | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.touched = touched
        self.made = made


class Worker:
    """Creates, updates and deletes resources of one stack."""

    def __init__(self, call: Call, providers: Mapping[str, Provider], stack: Stack) -> None:
        self.providers = providers
        self._call = call
        self._stack = stack
        self._dynamic = "{{resolve" in stack.template
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def create(self, kind: str, logical_id: str, properties: dict[str, Any]) -> Outcome:
        """Make a resource. Raises Failed, with what was made before it failed."""
        context = self._context(logical_id)
        try:
            provider = self.providers[kind]
            return await self._run(provider, self._create(provider, context, properties))
        except Failed as failed:
            failed.made = context.made[-1] if context.made else None
            raise

    async def update(self, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Change a resource in place. Raises Failed."""
        context = self._context(current.logical_id)
        provider = self.providers[current.type]
        return await self._run(provider, self._update(provider, context, current, properties))

    async def _create(self, provider: Provider, context: Context, properties: dict[str, Any]) -> Outcome:
        return await provider.create(context, await self._resolved(context, properties))

    async def _update(
        self, provider: Provider, context: Context, current: Resource, properties: dict[str, Any]
    ) -> Outcome:
        return await provider.update(context, current, await self._resolved(context, properties))

    async def _resolved(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return await resolve(context, properties) if self._dynamic else properties

    async def restore(self, current: Resource) -> None:
        """Make a resource again as it was, for a service that has lost it. Raises Failed."""
        provider = self.providers[current.type]
        if isinstance(provider, Restored):
            await self._run(provider, self._restore(provider, self._context(current.logical_id), current))

    async def _restore(self, provider: Restored, context: Context, current: Resource) -> None:
        properties = await self._resolved(context, current.properties)
        await provider.restore(context, replace(current, properties=properties))

    async def delete(self, current: Resource) -> None:
        """Remove a resource; one that is gone already is fine. Raises Failed."""
        provider = self.providers.get(current.type)
        if provider is not None:
            await self._run(provider, self._delete(provider, current))

    async def _delete(self, provider: Provider, current: Resource) -> None:
        try:
            await provider.delete(self._context(current.logical_id), current)
        except AwsError as error:
            gone = error.status == 404 or error.code.endswith(_GONE)
            if not gone and not (isinstance(provider, Restored) and isinstance(error, NotEmulated)):
                raise

    async def remove_leftover(self, interrupted: Resource, properties: dict[str, Any]) -> None:
        """Remove what the creation of `interrupted`, cut off by the emulator's end, may have left. Raises Failed."""
        provider = self.providers[interrupted.type]
        context = self._context(interrupted.logical_id)
        if physical_id := await self._run(provider, provider.leftover(context, properties)):
            await self.delete(replace(interrupted, physical_id=physical_id, properties=properties))

    def _context(self, logical_id: str) -> Context:
        return Context(self._call, self._stack, logical_id)

    async def _run(self, provider: Provider, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await self._bounded(work, provider.seconds)
        except AwsError as error:
            code = _HANDLER_CODES.get(error.status, "GeneralServiceException")
            message = error.message or error.code
            raise Failed(_handler_message(message, code), touched=True) from error
        except ResourceFailure as failure:
            raise Failed(failure.reason, touched=failure.touched) from failure
        except TimeoutError as error:
            message = f"Exceeded {provider.seconds:.0f} seconds"
            raise Failed(_handler_message(message, "NotStabilized"), touched=True) from error
        except Exception as error:
            _log.exception("a resource handler failed")
            message = f"Internal failure: {type(error).__name__}: {error}"
            raise Failed(_handler_message(message, "InternalFailure"), touched=True) from error

    async def _bounded(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Do the work: at once, as most is done by plain functions; what waits for something gets a time limit, and a
        place among those that wait."""
        try:
            awaited = work.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        async with self._slots, asyncio.timeout(seconds):
            return await _go_on(work, awaited)


@coroutine
def _go_on(work: Coroutine[Any, Any, T], awaited: Any) -> Generator[Any, Any, T]:
    """Await what `work` awaits already, and then the rest of it."""
    while True:
        try:
            value = yield awaited
        except BaseException as error:
            step = partial(work.throw, error)
        else:
            step = partial(work.send, value)
        try:
            awaited = step()
        except StopIteration as done:
            result: T = done.value
            return result


def _handler_message(message: str, code: str) -> str:
    return (
        f'Resource handler returned message: "{message}" (RequestToken: {uuid4()}, HandlerErrorCode: {code})'
    )
