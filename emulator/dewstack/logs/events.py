"""The operations on log events: PutLogEvents, GetLogEvents, FilterLogEvents."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.logs.entry import Entry
from dewstack.logs.errors import InvalidParameterException, ResourceNotFoundException
from dewstack.logs.filters import compile_filter
from dewstack.logs.groups import find_group
from dewstack.logs.model import LogGroup, Registry
from dewstack.logs.pages import Position, position_of, read_token, take, write_token
from dewstack.wire import operation

_DEFAULT_LIMIT = 10_000
_MAX_BATCH_BYTES = 1_048_576
_EVENT_OVERHEAD = 26
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_BEGINNING: Position = (0, 0)


def _check_batch(events: list[dict[str, Any]]) -> None:
    """Raise InvalidParameterException for a batch that is refused as a whole."""
    size = sum(len(event["message"].encode()) + _EVENT_OVERHEAD for event in events)
    if size > _MAX_BATCH_BYTES:
        raise InvalidParameterException(f"Upload too large: {size} bytes exceeds limit of {_MAX_BATCH_BYTES}")
    times = [event["timestamp"] for event in events]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    if times[-1] - times[0] > _DAY_MS:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )


class Selection(Struct, frozen=True):
    """Which events are asked for. Times are milliseconds, both inclusive; None leaves a side open."""

    streams: frozenset[str] | None
    prefix: str
    start_ms: int | None
    end_ms: int | None

    def takes(self, entry: Entry) -> bool:
        """Whether `entry` is among them."""
        if self.streams is not None and entry.stream not in self.streams:
            return False
        if self.start_ms is not None and entry.timestamp_ms < self.start_ms:
            return False
        if self.end_ms is not None and entry.timestamp_ms > self.end_ms:
            return False
        return entry.stream.startswith(self.prefix)


def _selection(group: LogGroup, params: dict[str, Any]) -> Selection:
    """What FilterLogEvents asks for. Raises InvalidParameterException, ResourceNotFoundException."""
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    start, end = params.get("startTime"), params.get("endTime")
    if names and prefix:
        raise InvalidParameterException("LogStreamNames and LogStreamNamePrefix are mutually exclusive.")
    if names and not set(names) <= set(group.streams):
        raise ResourceNotFoundException("The specified log stream does not exist.")
    if start is not None and end is not None and end < start:
        raise InvalidParameterException("End time must be greater than or equal to start time.")
    return Selection(frozenset(names) if names else None, prefix or "", start, end)


def _beyond(entries: Sequence[Entry], position: Position, forward: bool) -> list[Entry]:
    """The entries after `position`, or before it."""
    if forward:
        return [entry for entry in entries if position_of(entry) > position]
    return [entry for entry in entries if position_of(entry) < position]


class EventOperations:
    """Log events of `registry`."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)

    def _find(self, caller: Caller, params: dict[str, Any]) -> LogGroup:
        group = find_group(self._registry, caller, params)
        if params["logStreamName"] not in group.streams:
            raise ResourceNotFoundException("The specified log stream does not exist.")
        return group

    @operation("PutLogEvents")
    def put_log_events(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Events of one stream. Those too old or too far ahead are left out and told in the answer."""
        group, events, now = self._find(caller, params), params["logEvents"], self._now_ms()
        _check_batch(events)
        times = [event["timestamp"] for event in events]
        too_old = sum(time < now - 14 * _DAY_MS for time in times)
        retention = group.retention_days
        expired = sum(time < now - retention * _DAY_MS for time in times) if retention else 0
        too_new = sum(time > now + 2 * _HOUR_MS for time in times)
        first, last = max(too_old, expired), len(events) - too_new
        for event in events[first:last]:
            group.append(params["logStreamName"], event["timestamp"], now, event["message"])
        rejected: dict[str, int] = {}
        if expired:
            rejected["expiredLogEventEndIndex"] = expired
        if too_old:
            rejected["tooOldLogEventEndIndex"] = too_old
        if too_new:
            rejected["tooNewLogEventStartIndex"] = last
        answer: dict[str, Any] = {"nextSequenceToken": f"{now:056d}"}
        return {**answer, "rejectedLogEventsInfo": rejected} if rejected else answer

    @operation("GetLogEvents")
    def get_log_events(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One stream's events, the latest page first unless `startFromHead`; `endTime` is exclusive."""
        group, limit = self._find(caller, params), params.get("limit") or _DEFAULT_LIMIT
        end = params.get("endTime")
        selection = Selection(
            frozenset({params["logStreamName"]}),
            "",
            params.get("startTime"),
            None if end is None else end - 1,
        )
        entries = [entry for entry in group.entries(self._now_ms()) if selection.takes(entry)]
        position = _BEGINNING
        forward = bool(params.get("startFromHead"))
        if token := params.get("nextToken"):
            direction, position = read_token(token)
            forward = direction == "f"
            entries = _beyond(entries, position, forward)
        ordered = entries if forward else reversed(entries)
        chosen, _ = take(((entry, entry.message) for entry in ordered), limit)
        if not forward:
            chosen.reverse()
        first = position_of(chosen[0][0]) if chosen else position
        last = position_of(chosen[-1][0]) if chosen else position
        return {
            "events": [
                {"timestamp": entry.timestamp_ms, "message": message, "ingestionTime": entry.ingestion_ms}
                for entry, message in chosen
            ],
            "nextForwardToken": write_token("f", last),
            "nextBackwardToken": write_token("b", first),
        }

    @operation("FilterLogEvents")
    def filter_log_events(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """A group's events, streams interleaved, oldest first unless `startFromHead` is false."""
        group, limit = find_group(self._registry, caller, params), params.get("limit") or _DEFAULT_LIMIT
        selection = _selection(group, params)
        matches = compile_filter(params.get("filterPattern") or "")
        entries = [entry for entry in group.entries(self._now_ms()) if selection.takes(entry)]
        forward = params.get("startFromHead") is not False
        if token := params.get("nextToken"):
            direction, position = read_token(token)
            forward = direction == "f"
            entries = _beyond(entries, position, forward)
        ordered = entries if forward else reversed(entries)
        found = ((entry, message) for entry in ordered if matches(message := entry.message))
        chosen, more = take(found, limit)
        answer: dict[str, Any] = {
            "events": [_filtered(entry, message) for entry, message in chosen],
            "searchedLogStreams": [],
        }
        if more:
            answer["nextToken"] = write_token("f" if forward else "b", position_of(chosen[-1][0]))
        return answer


def _filtered(entry: Entry, message: str) -> dict[str, Any]:
    return {
        "logStreamName": entry.stream,
        "timestamp": entry.timestamp_ms,
        "message": message,
        "ingestionTime": entry.ingestion_ms,
        "eventId": entry.event_id,
    }
