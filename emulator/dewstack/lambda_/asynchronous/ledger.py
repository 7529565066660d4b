"""Accepted events on disk: one that was acknowledged is served even if the emulator ends before.

Those who wait at the same moment are written together: a commit costs milliseconds, however many it has.
"""

import asyncio

from dewstack.lambda_.asynchronous.model import Event
from dewstack.store import Store


class Ledger:
    """The events that are not done. It lives on the loop; without `durable` it keeps nothing."""

    def __init__(self, store: Store, *, durable: bool) -> None:
        self._store = store
        self._events = store.collection("lambda.events", Event)
        self._durable = durable
        self._pending: dict[str, Event | None] = {}
        self._kept: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[None] | None = None

    def load(self) -> list[Event]:
        """Those that an earlier emulator accepted and did not finish."""
        return self._events.scan() if self._durable else []

    async def keep(self, event: Event) -> None:
        """Have an event, or its new state, on disk."""
        if self._durable:
            await asyncio.shield(self._write_soon(event.request_id, event))

    def forget(self, request_id: str) -> None:
        """The event is done. Until that is on disk it may be served again after a crash: at least once, as on AWS."""
        if self._durable:
            self._write_soon(request_id, None)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.cancel()
        self._commit(self._pending)
        self._pending = {}

    def _write_soon(self, request_id: str, event: Event | None) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        self._pending[request_id] = event
        if self._kept is None:
            self._kept = loop.create_future()
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        return self._kept

    async def _write(self) -> None:
        while self._kept is not None:
            pending, kept = self._pending, self._kept
            self._pending, self._kept = {}, None
            try:
                await asyncio.to_thread(self._commit, pending)
            except Exception as error:
                if not kept.done():
                    kept.set_exception(error)
                    kept.exception()  # who only forgets an event does not ask
            else:
                if not kept.done():
                    kept.set_result(None)

    def _commit(self, pending: dict[str, Event | None]) -> None:
        if not pending:
            return
        with self._store.transaction():
            for request_id, event in pending.items():
                if event is None:
                    self._events.delete(request_id)
                else:
                    self._events.put(event, request_id)
