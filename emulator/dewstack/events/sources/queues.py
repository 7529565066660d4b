"""Reading a queue: batches of messages to a function, a few at a time; what it took is deleted.

A message that failed comes again when its visibility timeout is over, or goes to the dead-letter queue: that is SQS's
affair, as on AWS.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from dewstack.errors import AwsError
from dewstack.events.sources.invoking import batches, invoke
from dewstack.events.sources.model import Mapping
from dewstack.events.sources.records import Filters, Record, queue_record
from dewstack.wire import Call

AT_ONCE = 5
"""Batches in flight at a time, unless the mapping says otherwise: AWS begins with as many."""
RECEIVED = 10
"""Messages that SQS gives at a time."""


class QueueReader:
    """Reads one queue until it is cancelled. `wait` returns when there may be something new."""

    def __init__(self, mapping: Mapping, call: Call, wait: Callable[[], Awaitable[None]]) -> None:
        self._mapping = mapping
        self._call = call
        self._wait = wait
        self._filters = Filters(mapping.filters)
        self._slots = asyncio.Semaphore(mapping.concurrency or AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._url = ""

    async def run(self) -> None:
        """Receive and invoke. Ends its batches when it is cancelled."""
        try:
            while True:
                await self._slots.acquire()
                records = await self._batch()
                if not records:
                    self._slots.release()
                    await self._wait()
                    continue
                task = asyncio.create_task(self._serve(records))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _batch(self) -> list[Record]:
        """The next messages: as many as the batch takes, or came within its window."""
        mapping, records = self._mapping, list[Record]()
        deadline = 0.0
        while len(records) < mapping.batch_size:
            got = await self._receive(min(RECEIVED, mapping.batch_size - len(records)))
            if got and not deadline:
                deadline = time.monotonic() + mapping.window
            records += await self._wanted(got)
            if not got:
                if not records or time.monotonic() >= deadline:
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(deadline - time.monotonic()):
                        await self._wait()
        return records

    async def _receive(self, most: int) -> list[Record]:
        asked = {
            "MaxNumberOfMessages": most,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
            "WaitTimeSeconds": 0,
        }
        try:
            answer = await self._ask("ReceiveMessage", **asked)
        except AwsError:
            return []  # the queue is gone, or not yet there
        arn, region = self._mapping.source_arn, self._mapping.owner.region
        return [queue_record(message, arn, region) for message in answer.get("Messages") or []]

    async def _wanted(self, records: list[Record]) -> list[Record]:
        """Those that pass the filters; the others are deleted."""
        if not self._filters:
            return records
        wanted = [record for record in records if self._filters.passes(record)]
        await self._delete([record for record in records if record not in wanted])
        return wanted

    async def _serve(self, records: list[Record]) -> None:
        try:
            for batch in batches(records):
                result = await invoke(self._call, self._mapping, batch)
                if result.succeeded or result.failed:
                    failed = set(result.failed)
                    await self._delete([record for record in batch if record["messageId"] not in failed])
        finally:
            self._slots.release()

    async def _delete(self, records: list[Record]) -> None:
        for start in range(0, len(records), RECEIVED):
            entries = [
                {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
                for number, record in enumerate(records[start : start + RECEIVED])
            ]
            with contextlib.suppress(AwsError):
                await self._ask("DeleteMessageBatch", Entries=entries)

    async def _ask(self, operation: str, **params: Any) -> dict[str, Any]:
        owner = self._mapping.owner
        if not self._url:
            name = {"QueueName": self._mapping.source_arn.rpartition(":")[2]}
            self._url = (await self._call("sqs", "GetQueueUrl", name, owner))["QueueUrl"]
        return await self._call("sqs", operation, {"QueueUrl": self._url, **params}, owner)
