"""All event source mappings: a reader for each that is enabled."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable

from dewstack.clock import Clock
from dewstack.events.delivery import Delivery
from dewstack.events.sources.model import QUEUE, Mapping
from dewstack.events.sources.operations import MappingOperations
from dewstack.events.sources.queues import QueueReader
from dewstack.events.sources.shards import StreamReader
from dewstack.store import Store
from dewstack.wire import Call

logger = logging.getLogger("dewstack.events")

LOOK_SECONDS = 1.0
"""How often a source is looked at without a sign that it has something: for delays and timeouts of messages."""
RESTART_SECONDS = 5.0


class EventSources:
    """The readers. Make it on the loop; `operations` are Lambda's for mappings.

    No source is read before its service is used for the first time in this process: until then, nothing can lie there.
    """

    def __init__(self, store: Store, clock: Clock, call: Call, delivery: Delivery) -> None:
        self._clock = clock
        self._call = call
        self._delivery = delivery
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._signs: dict[tuple[str, ...], asyncio.Event] = {}
        self._tasks: dict[tuple[str, ...], asyncio.Task[None]] = {}
        self._used = False
        self.operations = MappingOperations(store, clock, call, self._changed)

    def resume(self) -> None:
        """Read what is kept."""
        for mapping in self.operations.mappings.scan():
            self._begin(mapping)

    def close(self) -> None:
        """Read nothing any more."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    def written(self) -> None:
        """Somebody has used a service that has sources, perhaps to write. From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop may have closed
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._used = True
        for sign in self._signs.values():
            sign.set()

    async def _changed(self, mapping: Mapping, *, gone: bool) -> None:
        """Read a mapping as it is now."""
        task = self._tasks.pop(mapping.key, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._signs.pop(mapping.key, None)
        if not gone:
            self._begin(mapping)

    def _begin(self, mapping: Mapping) -> None:
        if mapping.enabled:
            sign = self._signs[mapping.key] = asyncio.Event()
            fresh = not self._used
            self._tasks[mapping.key] = self._loop.create_task(self._read(mapping, sign, from_start=fresh))

    async def _read(self, mapping: Mapping, sign: asyncio.Event, *, from_start: bool) -> None:
        if from_start:
            await sign.wait()

        async def wait() -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await sign.wait()
            sign.clear()

        while True:
            try:
                await self._reader(mapping, wait, from_start=from_start)()
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("reading %s for %s failed", mapping.source_arn, mapping.function_arn)
                await asyncio.sleep(RESTART_SECONDS)

    def _reader(
        self, mapping: Mapping, wait: Callable[[], Awaitable[None]], *, from_start: bool
    ) -> Callable[[], Awaitable[None]]:
        if mapping.kind == QUEUE:
            return QueueReader(mapping, self._call, wait).run
        reader = StreamReader(mapping, self._call, wait, self._delivery, self._clock, from_start=from_start)
        return reader.run
