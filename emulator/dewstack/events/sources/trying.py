"""Batches of a stream, tried until they are taken, too old, or tried often enough: of these the failure destination
hears."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from dewstack.clock import Clock
from dewstack.events.delivery import Delivery, Shipment
from dewstack.events.sources.invoking import invoke
from dewstack.events.sources.model import TABLE, Mapping, Result, Window
from dewstack.events.sources.records import Record, arrival, sequence_number
from dewstack.wire import Call

FIRST_BACKOFF, LONGEST_BACKOFF = 0.1, 30.0


class Trying:
    """Tries the batches of a mapping's shards, each shard's one after the other."""

    def __init__(self, mapping: Mapping, call: Call, delivery: Delivery, clock: Clock) -> None:
        self._mapping = mapping
        self._call = call
        self._delivery = delivery
        self._clock = clock

    async def until_done(self, shard: str, batch: list[Record], window: Window | None = None) -> None:
        """Try a batch, of a window perhaps, until it is taken or given up. What comes after it waits."""
        attempts, backoff = 0, FIRST_BACKOFF
        while batch:
            batch = await self._without_old(shard, batch, attempts)
            if not batch:
                return
            result = await invoke(self._call, self._mapping, batch, window.members() if window else None)
            attempts += 1
            if window is not None and result.state is not None:
                window.state = result.state
            if result.succeeded:
                return
            if result.failed:
                rest = _from_first_failure(batch, result.failed)
                if len(rest) < len(batch):
                    batch, attempts, backoff = rest, 0, FIRST_BACKOFF
            if 0 <= self._mapping.retries < attempts:
                await self._give_up(shard, batch, result, attempts, "RetryAttemptsExhausted")
                return
            if self._mapping.bisects and len(batch) > 1:
                half = len(batch) // 2
                await self.until_done(shard, batch[:half], window)
                batch, attempts = batch[half:], 0
                continue
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    async def end(self, shard: str, window: Window, last: Record) -> None:
        """Tell the function of a window's end, with its state, until it has taken it or the mapping gives up."""
        attempts, backoff = 0, FIRST_BACKOFF
        while True:
            result = await invoke(self._call, self._mapping, [], window.members(final=True))
            attempts += 1
            if result.succeeded:
                return
            if 0 <= self._mapping.retries < attempts:
                await self._give_up(shard, [last], result, attempts, "RetryAttemptsExhausted")
                return
            if 0 <= self._mapping.record_age < self._clock.time() - arrival(last):
                await self._give_up(shard, [last], result, attempts, "RecordAgeExceeded")
                return
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    async def _without_old(self, shard: str, batch: list[Record], attempts: int) -> list[Record]:
        """The records that are young enough; the destination hears of the others."""
        age = self._mapping.record_age
        if age < 0:
            return batch
        oldest = self._clock.time() - age
        old = [record for record in batch if arrival(record) < oldest]
        if old:
            await self._give_up(shard, old, Result(succeeded=False), attempts, "RecordAgeExceeded")
        return [record for record in batch if record not in old]

    async def _give_up(
        self, shard: str, batch: list[Record], result: Result, attempts: int, condition: str
    ) -> None:
        mapping = self._mapping
        if not mapping.on_failure:
            return
        letter = failure_record(mapping, shard, batch, result, attempts, condition, self._clock.time())
        await self._delivery.send(
            Shipment(mapping.on_failure, json.dumps(letter), mapping.source_arn, mapping.owner)
        )


def failure_record(
    mapping: Mapping,
    shard: str,
    batch: list[Record],
    result: Result,
    attempts: int,
    condition: str,
    now: float,
) -> dict[str, Any]:
    """What a failure destination is told: not the records, but where they lie."""
    context = {
        "requestId": result.request_id,
        "functionArn": mapping.function_arn,
        "condition": condition,
        "approximateInvokeCount": attempts,
    }
    response = {
        "statusCode": 200,
        "executedVersion": result.version or "$LATEST",
        "functionError": result.function_error or "Unhandled",
    }
    where = {
        "shardId": shard,
        "startSequenceNumber": sequence_number(batch[0]),
        "endSequenceNumber": sequence_number(batch[-1]),
        "approximateArrivalOfFirstRecord": _stamp(arrival(batch[0])),
        "approximateArrivalOfLastRecord": _stamp(arrival(batch[-1])),
        "batchSize": len(batch),
        "streamArn": mapping.source_arn,
    }
    return {
        "requestContext": context,
        **({"responseContext": response} if attempts else {}),
        "version": "1.0",
        "timestamp": _stamp(now),
        "DDBStreamBatchInfo" if mapping.kind == TABLE else "KinesisBatchInfo": where,
    }


def _from_first_failure(batch: list[Record], failed: tuple[str, ...]) -> list[Record]:
    """The batch from the first record on that failed: those before it are done."""
    named = set(failed)
    first = next(number for number, record in enumerate(batch) if sequence_number(record) in named)
    return batch[first:]


def _stamp(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
