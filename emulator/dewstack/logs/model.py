"""Log groups, streams and events, kept in memory only: a restart forgets them.

Writing is on the path of every Lambda invocation, so an append is a lock and a `deque.append`, nothing more.
"""

import threading
from collections import deque
from typing import Any

from msgspec import Struct, field

from dewstack.arn import Arn
from dewstack.logs.entry import Entry, Text
from dewstack.logs.follow import Broadcast

MAX_EVENTS = 10_000
"""Events that a group keeps; the oldest give way."""
MAX_BYTES = 16 * 1024 * 1024
"""Characters of messages that a group keeps, whatever their number."""
_UNWRITTEN_SIZE = 200
"""What a message that is not yet formatted counts for."""


class GroupKey(Struct, frozen=True):
    """What names a log group: account, region, name."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The ARN, without the `:*` that some answers append."""
        return str(Arn("logs", self.region, self.account_id, f"log-group:{self.name}"))


class LogGroup:
    """A log group and its latest events: at most `MAX_EVENTS`, and at most `MAX_BYTES` of messages."""

    def __init__(self, key: GroupKey, created_ms: int, broadcast: Broadcast) -> None:
        self.key = key
        self._owner = (key.account_id, key.region)
        self.created_ms = created_ms
        self.retention_days: int | None = None
        self.tags: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        """`kmsKeyId`, `logGroupClass` and the like, as they were given."""
        self.streams: dict[str, int] = {}
        """When each stream was created, milliseconds, by its name."""
        self.deleted = False
        self._broadcast = broadcast
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._sequence = 0

    @property
    def stored_bytes(self) -> int:
        """About how much the kept messages take."""
        return self._bytes

    def append(self, stream: str, timestamp_ms: int, ingestion_ms: int, text: Text) -> None:
        """Keep an event and tell those who follow. Safe from any thread; never waits for a reader."""
        with self._lock:
            self._sequence += 1
            entry = Entry(timestamp_ms, self._sequence, ingestion_ms, stream, text)
            self._entries.append(entry)
            self._bytes += _size(text)
            while len(self._entries) > MAX_EVENTS or self._bytes > MAX_BYTES:
                self._bytes -= _size(self._entries.popleft().text)
        self._broadcast.send(self.key.name, entry, self._owner)

    def entries(self, now_ms: int) -> list[Entry]:
        """The kept events that retention still allows at `now_ms`, by time, then in order of arrival."""
        with self._lock:
            kept = list(self._entries)
        if self.retention_days is not None:
            oldest = now_ms - self.retention_days * 86_400_000
            kept = [entry for entry in kept if entry.timestamp_ms >= oldest]
        kept.sort(key=_moment)
        return kept

    def add_stream(self, stream: str, now_ms: int) -> bool:
        """Begin a stream; False when it is there already."""
        with self._lock:
            if stream in self.streams:
                return False
            self.streams[stream] = now_ms
            return True

    def forget_stream(self, stream: str) -> None:
        """Drop a stream and its events."""
        with self._lock:
            self.streams.pop(stream, None)
            self._entries = deque(entry for entry in self._entries if entry.stream != stream)
            self._bytes = sum(_size(entry.text) for entry in self._entries)


def _size(text: Text) -> int:
    return len(text) if isinstance(text, str) else _UNWRITTEN_SIZE


def _moment(entry: Entry) -> tuple[int, int]:
    return entry.timestamp_ms, entry.sequence


class Registry(Struct):
    """All log groups, by account, region and name."""

    broadcast: Broadcast = field(default_factory=Broadcast)
    _groups: dict[GroupKey, LogGroup] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def get(self, key: GroupKey) -> LogGroup | None:
        """The group, or None."""
        return self._groups.get(key)

    def create(self, key: GroupKey, now_ms: int) -> tuple[LogGroup, bool]:
        """The group `key`, and whether it is new."""
        with self._lock:
            found = self._groups.get(key)
            if found is not None:
                return found, False
            group = self._groups[key] = LogGroup(key, now_ms, self.broadcast)
            return group, True

    def delete(self, key: GroupKey) -> bool:
        """Drop a group with its events; whether it was there."""
        with self._lock:
            group = self._groups.pop(key, None)
        if group is not None:
            group.deleted = True
        return group is not None

    def groups_of(self, account_id: str, region: str) -> list[LogGroup]:
        """The groups of an account and region, by name."""
        with self._lock:
            groups = list(self._groups.values())
        mine = [g for g in groups if g.key.account_id == account_id and g.key.region == region]
        return sorted(mine, key=lambda group: group.key.name)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for group in self._groups.values():
                group.deleted = True
            self._groups.clear()
