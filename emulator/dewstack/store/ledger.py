"""What was accepted and isn't done yet, on disk: if the emulator ends before, the next one goes on with it.

Those who wait at the same moment are written together: a commit costs milliseconds, however many it has.
"""

import asyncio
from typing import Generic, TypeVar

from dewstack.store.database import Store

T = TypeVar("T")


class Ledger(Generic[T]):
    """The things in the collection `name` that are not done, by their ids. It lives on the loop; without `durable` it
    keeps nothing."""

    def __init__(self, store: Store, name: str, kind: type[T], *, durable: bool) -> None:
        self._store = store
        self._things = store.collection(name, kind)
        self._durable = durable
        self._pending: dict[str, T | None] = {}
        self._kept: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def durable(self) -> bool:
        """Whether what is kept outlasts the emulator."""
        return self._durable

    def load(self) -> list[tuple[str, T]]:
        """Those that an earlier emulator accepted and did not finish, with their ids."""
        return [(key[0], thing) for key, thing in self._things.items()] if self._durable else []

    async def keep(self, name: str, thing: T) -> None:
        """Have a thing, or its new state, on disk."""
        if self._durable:
            await asyncio.shield(self._write_soon(name, thing))

    def forget(self, name: str) -> None:
        """It is done. Until that is on disk it may be done again after a crash: at least once, as on AWS."""
        if self._durable:
            self._write_soon(name, None)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.cancel()
        self._commit(self._pending)
        self._pending = {}

    def _write_soon(self, name: str, thing: T | None) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        self._pending[name] = thing
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
                    kept.exception()  # who only forgets a thing does not ask
            else:
                if not kept.done():
                    kept.set_result(None)

    def _commit(self, pending: dict[str, T | None]) -> None:
        if not pending:
            return
        with self._store.transaction():
            for name, thing in pending.items():
                if thing is None:
                    self._things.delete(name)
                else:
                    self._things.put(thing, name)
