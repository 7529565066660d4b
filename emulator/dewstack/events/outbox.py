"""Shipments that were acknowledged: on disk until they are delivered, each in spite of what becomes of the others."""

import asyncio
import logging
from collections.abc import Sequence

from dewstack.errors import AwsError
from dewstack.events.delivery import Delivery, Shipment
from dewstack.ids import uuid4
from dewstack.store.ledger import Ledger

logger = logging.getLogger("dewstack.events")

AT_ONCE = 64
"""Shipments that are on their way at a time."""
MOST_WAITING, MOST_BYTES = 10_000, 256 * 1024 * 1024
"""How much may wait: more is refused."""
SECONDS = 60.0
"""The longest that a delivery may take."""


class TooMuch(AwsError):
    """More waits to be delivered than is kept."""

    code = "ThrottlingException"
    status = 400


class Outbox:
    """All shipments that wait, each in a task of its own. It lives on the loop."""

    def __init__(self, delivery: Delivery, ledger: Ledger[Shipment]) -> None:
        self._delivery = delivery
        self._ledger = ledger
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._bytes = 0
        self._closed = False

    @property
    def durable(self) -> bool:
        """Whether shipments outlast the emulator."""
        return self._ledger.durable

    async def post(self, shipments: Sequence[Shipment]) -> None:
        """Take shipments: once it has returned they will be delivered, at least once, even by the next emulator.

        Raises TooMuch, and then has taken none of them.
        """
        if not shipments or self._closed:
            return
        size = sum(len(each.body) for each in shipments)
        if len(self._tasks) + len(shipments) > MOST_WAITING or self._bytes + size > MOST_BYTES:
            raise TooMuch(f"{len(self._tasks)} events wait to be delivered: more are not taken")
        named = [(uuid4(), each) for each in shipments]
        kept = asyncio.gather(*(self._ledger.keep(name, each) for name, each in named))
        for name, each in named:
            self._begin(name, each, kept)
        await asyncio.shield(kept)

    def resume(self) -> None:
        """Deliver what was left when the last emulator ended."""
        for name, shipment in self._ledger.load():
            self._begin(name, shipment)

    def close(self) -> None:
        """Deliver no more; what is on disk goes out next time."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        self._ledger.close()

    def _begin(self, name: str, shipment: Shipment, kept: "asyncio.Future[list[None]] | None" = None) -> None:
        self._bytes += len(shipment.body)
        task = asyncio.get_running_loop().create_task(self._deliver(name, shipment, kept))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self, name: str, shipment: Shipment, kept: "asyncio.Future[list[None]] | None"
    ) -> None:
        try:
            if kept is not None:
                await asyncio.shield(kept)
            async with self._slots, asyncio.timeout(SECONDS):
                await self._delivery.send(shipment)
        except Exception:
            logger.exception("an event of %s for %s is lost", shipment.source, shipment.target)
        finally:
            self._bytes -= len(shipment.body)
        self._ledger.forget(name)
