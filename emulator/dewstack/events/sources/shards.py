"""Reading a stream of DynamoDB or Kinesis: its shards one beside the other, each in order.

Where the reading stands is kept in memory, as the streams are.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from dewstack.clock import Clock
from dewstack.errors import AwsError
from dewstack.events.delivery import Delivery
from dewstack.events.sources.invoking import batches
from dewstack.events.sources.model import TABLE, Mapping
from dewstack.events.sources.records import Filters, Record, sequence_number, stream_record, table_record
from dewstack.events.sources.trying import Trying
from dewstack.events.sources.windows import Windows
from dewstack.wire import Call

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
        self._clock = clock
        self._from_start = from_start
        self._filters = Filters(mapping.filters)
        self._service = "dynamodbstreams" if mapping.kind == TABLE else "kinesis"
        self._trying = Trying(mapping, call, delivery, clock)
        self._windows: dict[str, Windows] = {}
        self._shards: dict[str, asyncio.Task[None]] = {}
        self._made: Any = None
        """When the stream was made that is being read: one of its name may take its place."""
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
                        self._windows[shard] = Windows(self._mapping, shard, self._trying, self._clock)
                        self._shards[shard] = asyncio.create_task(self._follow(shard, iterator))
                self._from_start = True
                await self._wait()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        """Follow no shard any more."""
        tasks = list(self._shards.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._shards.clear()
        self._done.clear()

    async def _list(self) -> list[str]:
        """The ids of the shards; none while the stream isn't there."""
        arn = {"StreamArn": self._mapping.source_arn} if self._service != "kinesis" else self._name()
        try:
            answer = await self._ask("DescribeStream", **arn)
        except AwsError:
            return []
        made = answer["StreamDescription"].get("StreamCreationTimestamp")
        if self._made not in (
            None,
            made,
        ):  # another stream of the same name, which is read from its beginning
            await self._leave()
        self._made = made
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
                await self._windows[shard].tick()
                await self._wait()
            elif answer["Records"] and len(records) < self._mapping.batch_size and self._mapping.window:
                await asyncio.sleep(min(self._mapping.window, 1.0))
            else:
                await self._serve(shard, records)
                self._done[shard] = sequence_number(records[-1])
                records = []
        await self._windows[shard].finish()

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
        if self._mapping.tumbling:
            await self._windows[shard].take(wanted)
            return
        for batch in batches(wanted):
            await self._trying.until_done(shard, batch)

    def _name(self) -> dict[str, str]:
        return {"StreamName": self._mapping.source_arn.partition("/")[2]}

    async def _ask(self, operation: str, **params: Any) -> dict[str, Any]:
        return await self._call(self._service, operation, params, self._mapping.owner)
