"""The operations on log events: PutLogEvents, GetLogEvents, FilterLogEvents."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.logs.errors import InvalidParameterException, ResourceNotFoundException
from dewstack.logs.filters import compile_filter
from dewstack.logs.groups import find_group
from dewstack.logs.model import Entry, LogGroup, Registry
from dewstack.logs.pages import Position, fill, position_of, read_token, write_token
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
        start, end = params.get("startTime"), params.get("endTime")
        entries = [
            entry
            for entry in group.entries(self._now_ms())
            if entry.stream == params["logStreamName"]
            and (start is None or entry.timestamp_ms >= start)
            and (end is None or entry.timestamp_ms < end)
        ]
        position = _BEGINNING
        forward = bool(params.get("startFromHead"))
        if token := params.get("nextToken"):
            direction, position = read_token(token)
            forward = direction == "f"
            entries = [entry for entry in entries if (position_of(entry) > position) is forward]
            if not forward:
                entries = [entry for entry in entries if position_of(entry) != position]
        chosen = _head(entries, limit) if forward else _tail(entries, limit)
        first = position_of(chosen[0]) if chosen else position
        last = position_of(chosen[-1]) if chosen else position
        return {
            "events": [
                {"timestamp": e.timestamp_ms, "message": e.message, "ingestionTime": e.ingestion_ms}
                for e in chosen
            ],
            "nextForwardToken": write_token("f", last),
            "nextBackwardToken": write_token("b", first),
        }

    @operation("FilterLogEvents")
    def filter_log_events(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """A group's events, streams interleaved, oldest first unless `startFromHead` is false."""
        group, limit = find_group(self._registry, caller, params), params.get("limit") or _DEFAULT_LIMIT
        names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
        if names and prefix:
            raise InvalidParameterException("LogStreamNames and LogStreamNamePrefix are mutually exclusive.")
        if names and not set(names) <= set(group.streams):
            raise ResourceNotFoundException("The specified log stream does not exist.")
        start, end = params.get("startTime"), params.get("endTime")
        if start is not None and end is not None and end < start:
            raise InvalidParameterException("End time must be greater than or equal to start time.")
        matches = compile_filter(params.get("filterPattern") or "")
        forward, after = params.get("startFromHead") is not False, None
        if token := params.get("nextToken"):
            direction, after = read_token(token)
            forward = direction == "f"
        entries = [
            entry
            for entry in group.entries(self._now_ms())
            if (not names or entry.stream in names)
            and entry.stream.startswith(prefix or "")
            and (start is None or entry.timestamp_ms >= start)
            and (end is None or entry.timestamp_ms <= end)
            and (after is None or (position_of(entry) > after if forward else position_of(entry) < after))
        ]
        found = [entry for entry in entries if matches(entry.message)]
        if not forward:
            found.reverse()
        count = fill(found, limit)
        events = [_filtered(entry) for entry in found[:count]]
        answer: dict[str, Any] = {"events": events, "searchedLogStreams": []}
        if count < len(found):
            answer["nextToken"] = write_token("f" if forward else "b", position_of(found[count - 1]))
        return answer


def _head(entries: Sequence[Entry], limit: int) -> Sequence[Entry]:
    return entries[: fill(entries, limit)]


def _tail(entries: Sequence[Entry], limit: int) -> Sequence[Entry]:
    return entries[len(entries) - fill(entries[::-1], limit) :]


def _filtered(entry: Entry) -> dict[str, Any]:
    return {
        "logStreamName": entry.stream,
        "timestamp": entry.timestamp_ms,
        "message": entry.message,
        "ingestionTime": entry.ingestion_ms,
        "eventId": entry.event_id,
    }
