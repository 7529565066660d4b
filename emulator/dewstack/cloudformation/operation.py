"""A thread of its own for an operation on a stack, with a loop of its own.

A deployment calls an operation of some service for each resource, a few thousand in a large map, and most of them are
plain functions. In a thread of their own they run one after the other; handed to worker threads from the emulator's
loop, each would cost more to hand over than to run, and requests would wait behind the deployment.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from dewstack.store import Store


class StackOperation:
    """`work`, to be run in a thread. What it writes is committed whenever it saves its journal."""

    def __init__(self, store: Store, work: Coroutine[Any, Any, None]) -> None:
        self._store = store
        self._work = work
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Carry it out, to its end or until it is cancelled."""
        with asyncio.Runner() as runner, self._store.batch():
            self._loop = runner.get_loop()
            runner.run(self._main())

    async def _main(self) -> None:
        self._task = asyncio.ensure_future(self._work)
        await asyncio.gather(self._task, return_exceptions=True)

    def cancel(self) -> None:
        """End it at its next step; from any thread."""
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
