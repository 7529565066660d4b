"""CloudWatch Logs' subscription filters: what is written to a log group, sent on in batches to functions and streams.

Log groups are in memory, their filters are kept: a group that is written to again is followed again.
"""

import asyncio
import base64
import gzip
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from msgspec import Struct

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import AwsError, NotEmulated
from dewstack.events.delivery import Delivery, Permits, Shipment
from dewstack.store import Store
from dewstack.wire import Call, operation

logger = logging.getLogger("dewstack.events")

BATCH_SECONDS = 0.1
MAX_BATCH = 1_000
MAX_FILTERS = 2
"""Filters that a group may have."""


class SubscriptionFilter(Struct, frozen=True):
    """A filter of a log group. `created` is in milliseconds since the epoch."""

    account_id: str
    region: str
    group: str
    name: str
    pattern: str
    destination: str
    distribution: str = "ByLogStream"
    role: str = ""
    created: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is kept under."""
        return self.account_id, self.region, self.group, self.name

    @property
    def group_arn(self) -> str:
        """What functions are invoked on behalf of."""
        return f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{self.group}:*"


class LogEvent(Protocol):
    """A line, as a follower sees it."""

    stream: str
    timestamp_ms: int
    message: str


class Follower(Protocol):
    """The lines of some groups as they come."""

    def __aiter__(self) -> AsyncIterator[Any]:
        """Itself."""

    def take(self, limit: int) -> tuple[list[Any], int]:
        """Those that have come since the last time, and how many more there were, the ones iterated over included."""

    async def aclose(self) -> None:
        """Follow no more."""


class LogSource(Struct, frozen=True):
    """What subscriptions need of CloudWatch Logs: its lines, and what a filter pattern lets through."""

    follow: Callable[[list[str], Caller], Follower]
    compile_filter: Callable[[str], Callable[[str], bool]]


class ResourceNotFoundException(AwsError):
    """The log group or the filter does not exist."""

    code = "ResourceNotFoundException"
    status = 400


class LimitExceededException(AwsError):
    """The group has as many filters as it may have."""

    code = "LimitExceededException"
    status = 400


class InvalidParameterException(AwsError):
    """The destination can't be used."""

    code = "InvalidParameterException"
    status = 400


class Subscriptions:
    """The filters of all groups, each followed by a task on the loop."""

    def __init__(
        self, store: Store, clock: Clock, call: Call, delivery: Delivery, permits: Permits, source: LogSource
    ) -> None:
        self._store = store
        self._clock = clock
        self._call = call
        self._delivery = delivery
        self._permits = permits
        self._source = source
        self._filters = store.collection("logs.subscriptions", SubscriptionFilter)
        self._tasks: dict[tuple[str, ...], asyncio.Task[None]] = {}

    def resume(self) -> None:
        """Follow the groups of the filters that are kept."""
        for each in self._filters.scan():
            self._begin(each)

    def close(self) -> None:
        """Follow nothing any more."""
        for task in self._tasks.values():
            task.cancel()

    @operation("PutSubscriptionFilter")
    async def put(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Send a group's lines to a function or a stream. Raises what AWS does for one that may not be invoked."""
        group, destination = params["logGroupName"], params["destinationArn"]
        await self._require_group(caller, group)
        pattern = params.get("filterPattern") or ""
        self._source.compile_filter(pattern)
        made = SubscriptionFilter(
            caller.account_id,
            caller.region,
            group,
            params["filterName"],
            pattern,
            destination,
            params.get("distribution") or "ByLogStream",
            params.get("roleArn") or "",
            int(self._clock.time() * 1000),
        )
        await self._require_destination(made)
        await asyncio.to_thread(self._keep, made)
        self._begin(made)
        return {}

    def _keep(self, made: SubscriptionFilter) -> None:
        with self._store.transaction():
            others = self._filters.scan(*made.key[:3])
            if len([each for each in others if each.name != made.name]) >= MAX_FILTERS:
                raise LimitExceededException("Resource limit exceeded.")
            self._filters.put(made, *made.key)

    async def _require_group(self, caller: Caller, group: str) -> None:
        found = await self._call("logs", "DescribeLogGroups", {"logGroupNamePrefix": group}, caller)
        if not any(each["logGroupName"] == group for each in found["logGroups"]):
            raise ResourceNotFoundException("The specified log group does not exist.")

    async def _require_destination(self, made: SubscriptionFilter) -> None:
        service = f"{made.destination}:::".split(":")[2]
        if service not in ("lambda", "kinesis"):
            raise NotEmulated(f"subscription filters to '{service}' are not emulated by dewstack")
        if service == "lambda" and not any(
            [
                await asyncio.to_thread(self._permits, made.destination, each, made.group_arn)
                for each in _principals(made)
            ]
        ):
            raise InvalidParameterException(
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to"
                " execute your function."
            )

    @operation("DescribeSubscriptionFilters")
    def describe(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The filters of a group."""
        prefix = params.get("filterNamePrefix") or ""
        found = self._filters.scan(caller.account_id, caller.region, params["logGroupName"])
        return {"subscriptionFilters": [_described(each) for each in found if each.name.startswith(prefix)]}

    @operation("DeleteSubscriptionFilter")
    async def delete(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Send a group's lines no more."""
        key = (caller.account_id, caller.region, params["logGroupName"], params["filterName"])
        if not await asyncio.to_thread(self._filters.delete, *key):
            raise ResourceNotFoundException("The specified subscription filter does not exist.")
        if task := self._tasks.pop(key, None):
            task.cancel()
        return {}

    def _begin(self, made: SubscriptionFilter) -> None:
        if task := self._tasks.pop(made.key, None):
            task.cancel()
        follower = self._source.follow([made.group], Caller(made.account_id, made.region))
        self._tasks[made.key] = asyncio.get_running_loop().create_task(self._follow(made, follower))

    async def _follow(self, made: SubscriptionFilter, follower: Follower) -> None:
        matches = self._source.compile_filter(made.pattern)
        try:
            async for first in follower:
                await asyncio.sleep(BATCH_SECONDS)  # what belongs together is sent together
                more, others = follower.take(MAX_BATCH)
                if others > 1:
                    logger.warning(
                        "%s: its subscription %s misses %d lines: more than %d were written at a time",
                        made.group, made.name, others - 1, MAX_BATCH,
                    )  # fmt: skip
                streams: dict[str, list[LogEvent]] = {}
                for event in (first, *more):
                    if matches(event.message):
                        streams.setdefault(event.stream, []).append(event)
                for stream, events in streams.items():
                    await self._send(made, stream, events)
        except Exception:
            logger.exception("%s: its subscription %s ends", made.group, made.name)
        finally:
            await follower.aclose()

    async def _send(self, made: SubscriptionFilter, stream: str, events: list[LogEvent]) -> None:
        body = await asyncio.to_thread(packed, batch(made, stream, events))
        caller = Caller(made.account_id, made.region)
        await self._delivery.send(Shipment(made.destination, body, made.group_arn, caller, _principals(made)))


def batch(made: SubscriptionFilter, stream: str, events: list[LogEvent]) -> dict[str, Any]:
    """What a function finds in `awslogs.data`."""
    return {
        "messageType": "DATA_MESSAGE",
        "owner": made.account_id,
        "logGroup": made.group,
        "logStream": stream,
        "subscriptionFilters": [made.name],
        "logEvents": [
            {
                "id": f"{event.timestamp_ms:013d}{number:043d}",
                "timestamp": event.timestamp_ms,
                "message": event.message,
            }
            for number, event in enumerate(events)
        ],
    }


def packed(document: dict[str, Any]) -> str:
    """The event that a function gets."""
    data = gzip.compress(json.dumps(document).encode())
    return json.dumps({"awslogs": {"data": base64.b64encode(data).decode()}})


def _principals(made: SubscriptionFilter) -> tuple[str, ...]:
    return ("logs.amazonaws.com", f"logs.{made.region}.amazonaws.com")


def _described(made: SubscriptionFilter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "filterName": made.name,
        "logGroupName": made.group,
        "filterPattern": made.pattern,
        "destinationArn": made.destination,
        "distribution": made.distribution,
        "creationTime": made.created,
    }
    return {**described, "roleArn": made.role} if made.role else described
