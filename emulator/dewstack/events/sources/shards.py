"""Reading a stream of DynamoDB or Kinesis: its shards one beside the other, each in order.

A batch that fails comes again until it is taken, too old, or tried often enough; then the failure destination hears of
it and the shard goes on. Where the reading stands is kept in memory, as the streams are.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from dewstack.clock import Clock
from dewstack.errors import AwsError
from dewstack.events.delivery import Delivery, Shipment
from dewstack.events.sources.invoking import batches, invoke
from dewstack.events.sources.model import TABLE, Mapping, Result
from dewstack.events.sources.records import (
    Filters,
    Record,
    arrival,
    sequence_number,
    stream_record,
    table_record,
)
from dewstack.wire import Call

FIRST_BACKOFF, LONGEST_BACKOFF = 0.1, 30.0
LONGEST_SHARDS = 50
EXPIRED = "ExpiredIteratorException"
GONE = ("ResourceNotFoundException", "ResourceInUseException")


class StreamReader:
    """Reads one stream until it is cancelled. `wait` returns when there may be something new. `from_start` begins with
    what is in the stream, whatever the mapping says: it had nothing when the mapping was made."""

    def __init__(
        self,
        mapping: Mapping,
        call: Call,
        wait: Callable[[], Awaitable[None]],
        delivery: Delivery,
        clock: Clock,
        *,
        from_start: bool,
    ) -> None:
        self._mapping = mapping
        self._call = call
        self._wait = wait
        self._delivery = delivery
        self._clock = clock
        self._from_start = from_start
        self._filters = Filters(mapping.filters)
        self._service = "dynamodbstreams" if mapping.kind == TABLE else "kinesis"
        self._shards: dict[str, asyncio.Task[None]] = {}
        self._done: dict[str, str] = {}
        """The last sequence number of each shard that is done with."""
        self._role = ""

    async def run(self) -> None:
        """Follow the shards there are, and those to come. Raises what went wrong with one."""
        try:
            while True:
                for task in self._shards.values():
                    if task.done():
                        task.result()
                for shard in await self._list():
                    if shard not in self._shards:
                        started = self._shards != {}
                        iterator = await self._iterator(shard, newcomer=started)
                        self._shards[shard] = asyncio.create_task(self._follow(shard, iterator))
                self._from_start = True
                await self._wait()
        finally:
            for task in self._shards.values():
                task.cancel()
            await asyncio.gather(*self._shards.values(), return_exceptions=True)

    async def _list(self) -> list[str]:
        """The ids of the shards; none while the stream isn't there."""
        arn = {"StreamArn": self._mapping.source_arn} if self._service != "kinesis" else self._name()
        try:
            answer = await self._ask("DescribeStream", **arn)
        except AwsError:
            return []
        return [shard["ShardId"] for shard in answer["StreamDescription"]["Shards"]][:LONGEST_SHARDS]

    async def _iterator(self, shard: str, *, newcomer: bool) -> str:
        """Where reading a shard begins. One that came later is read whole."""
        mapping = self._mapping
        place: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if not newcomer and not self._from_start:
            place = {"ShardIteratorType": mapping.starting_position}
            if mapping.starting_position == "AT_TIMESTAMP":
                place["Timestamp"] = datetime.fromtimestamp(mapping.starting_timestamp or 0, UTC)
        named = {"StreamArn": mapping.source_arn} if self._service != "kinesis" else self._name()
        return str((await self._ask("GetShardIterator", **named, ShardId=shard, **place))["ShardIterator"])

    async def _follow(self, shard: str, iterator: str) -> None:
        records: list[Record] = []
        while iterator:
            try:
                answer = await self._ask("GetRecords", ShardIterator=iterator, Limit=self._mapping.batch_size)
            except AwsError as error:
                if error.code in GONE:
                    self._shards.pop(shard, None)  # whatever is made in its place is read from its beginning
                    return
                await self._wait()
                if error.code == EXPIRED:
                    iterator = await self._after(shard)
                continue
            iterator = answer.get("NextShardIterator") or ""
            records += [self._record(record, shard) for record in answer["Records"]]
            if not answer["Records"] and not records:
                await self._wait()
            elif answer["Records"] and len(records) < self._mapping.batch_size and self._mapping.window:
                await asyncio.sleep(min(self._mapping.window, 1.0))
            else:
                await self._serve(shard, records)
                self._done[shard] = sequence_number(records[-1])
                records = []

    async def _after(self, shard: str) -> str:
        """Where to go on in a shard: behind what was done, or at its beginning."""
        if shard not in self._done:
            return await self._iterator(shard, newcomer=True)
        place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}
        where = "SequenceNumber" if self._service != "kinesis" else "StartingSequenceNumber"
        named = {"StreamArn": self._mapping.source_arn} if self._service != "kinesis" else self._name()
        place[where] = self._done[shard]
        return str((await self._ask("GetShardIterator", **named, ShardId=shard, **place))["ShardIterator"])

    def _record(self, record: dict[str, Any], shard: str) -> Record:
        if self._mapping.kind == TABLE:
            return table_record(record, self._mapping.source_arn)
        return stream_record(record, self._mapping.source_arn, shard, self._role)

    async def _serve(self, shard: str, records: list[Record]) -> None:
        wanted = [record for record in records if self._filters.passes(record)]
        for batch in batches(wanted):
            await self._until_done(shard, batch)

    async def _until_done(self, shard: str, batch: list[Record]) -> None:
        """Try a batch until it is taken or given up. What comes after it waits."""
        attempts, backoff = 0, FIRST_BACKOFF
        while batch:
            batch = await self._without_old(shard, batch, attempts)
            if not batch:
                return
            result = await invoke(self._call, self._mapping, batch)
            attempts += 1
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
                await self._until_done(shard, batch[:half])
                batch, attempts = batch[half:], 0
                continue
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

    def _name(self) -> dict[str, str]:
        return {"StreamName": self._mapping.source_arn.partition("/")[2]}

    async def _ask(self, operation: str, **params: Any) -> dict[str, Any]:
        return await self._call(self._service, operation, params, self._mapping.owner)


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
