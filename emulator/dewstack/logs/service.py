"""CloudWatch Logs: what functions write, what tools read, and the live view of both."""

from collections.abc import Callable, Collection

from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.logs.entry import Text
from dewstack.logs.events import EventOperations
from dewstack.logs.filters import compile_filter
from dewstack.logs.follow import Follower
from dewstack.logs.groups import GroupOperations
from dewstack.logs.model import GroupKey, LogGroup, Registry
from dewstack.wire import Handler, operations_of


class LogStream:
    """A stream to write to, as Lambda has one per execution environment."""

    def __init__(self, logs: "Logs", key: GroupKey, name: str) -> None:
        self._logs = logs
        self._key = key
        self.name = name
        self._group = logs.ensure(key, name)

    def append(self, timestamp_ms: int, message: Text) -> None:
        """Write an event, from any thread, without waiting.

        A callable message is formatted when somebody reads it, each time anew; it must not raise. A group
        that was deleted meanwhile is made again, as AWS does.
        """
        if self._group.deleted or self.name not in self._group.streams:
            self._group = self._logs.ensure(self._key, self.name)
        self._group.append(self.name, timestamp_ms, timestamp_ms, message)


class Logs:
    """CloudWatch Logs, in memory only: each group keeps its latest 10,000 events, at most 16 MB of them.

    `operations` are those of the service `logs`.
    """

    def __init__(self, clock: Clock, config: Config) -> None:
        self._clock = clock
        self._config = config
        self._registry = Registry()
        self.operations: dict[str, Handler] = operations_of(
            GroupOperations(self._registry, clock), EventOperations(self._registry, clock)
        )

    def ensure(self, key: GroupKey, stream: str) -> LogGroup:
        """The group `key`, made if need be, with `stream` in it."""
        now = int(self._clock.time() * 1000)
        group, _ = self._registry.create(key, now)
        group.add_stream(stream, now)
        return group

    def stream(self, group: str, stream: str, caller: Caller | None = None) -> LogStream:
        """The stream `stream` of the group `group`, both made if need be, in the caller's account and region
        (the emulator's own by default)."""
        owner = caller or self._config.caller
        return LogStream(self, GroupKey(owner.account_id, owner.region, group), stream)

    def write(self, owner: Caller, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        """Write a line into somebody's log group."""
        self.stream(group, stream, owner).append(timestamp_ms, message)

    def follow(self, groups: Collection[str] | None = None, owner: Caller | None = None) -> Follower:
        """The events of `groups` (by name; None for all) that are written from now on, of an `owner` or of all.

        Call it on a running loop, then iterate; `aclose` ends it. A reader that lags more than 1,000 events
        behind misses the oldest.
        """
        return self._registry.broadcast.add(groups, (owner.account_id, owner.region) if owner else None)

    def compile_filter(self, pattern: str) -> Callable[[str], bool]:
        """A predicate over messages. Raises InvalidParameterException, and NotEmulated for JSON's patterns."""
        return compile_filter(pattern)

    def clear(self) -> None:
        """Forget all groups and events."""
        self._registry.clear()
