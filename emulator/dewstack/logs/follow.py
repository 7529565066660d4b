"""Events as they happen, for `dew logs -f` and the console: no reader can slow a writer down."""

import asyncio
import threading
import weakref
from collections import deque
from collections.abc import AsyncIterator, Collection

from msgspec import Struct

from dewstack.logs.entry import Entry

QUEUE_SIZE = 1_000
"""Events that wait for a reader; when it lags further behind, it misses the oldest."""


class LogEvent(Struct, frozen=True):
    """One event, as a follower sees it."""

    group: str
    stream: str
    timestamp_ms: int
    message: str


class Follower(AsyncIterator[LogEvent]):
    """The events of some groups (all when `groups` is None) from its construction on, of one `owner` (account, region)
    or of all.

    Belongs to the loop that it is made on. Leaving it to the garbage collector ends it, `aclose` does so now.
    """

    def __init__(
        self, broadcast: "Broadcast", groups: Collection[str] | None, owner: tuple[str, str] | None = None
    ) -> None:
        self._broadcast = broadcast
        self._owner = owner
        self._groups = None if groups is None else frozenset(groups)
        self._queue: deque[tuple[str, Entry]] = deque(maxlen=QUEUE_SIZE)
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._waiting = False
        self._closed = False
        self._offered = 0

    def offer(self, group: str, entry: Entry, owner: tuple[str, str]) -> None:
        """Put an event into the queue and wake the reader, from any thread."""
        if self._groups is not None and group not in self._groups:
            return
        if self._owner is not None and owner != self._owner:
            return
        self._queue.append((group, entry))
        self._offered += 1
        if self._waiting:
            self._waiting = False
            try:
                self._loop.call_soon_threadsafe(self._arrived.set)
            except RuntimeError:  # the reader's loop is gone, and the reader with it
                self._broadcast.remove(self)

    def take(self, limit: int) -> tuple[list[LogEvent], int]:
        """What has arrived since the last `take`, without waiting: the first `limit` events, and how many more
        there were. For a reader that looks now and then, so that writers never have to wake it."""
        arrived, self._offered = self._offered, 0
        first = [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]
        self._queue.clear()
        events = [LogEvent(group, entry.stream, entry.timestamp_ms, entry.message) for group, entry in first]
        return events, max(0, arrived - len(events))

    def __aiter__(self) -> "Follower":
        return self

    async def __anext__(self) -> LogEvent:
        while True:
            if self._queue:
                group, entry = self._queue.popleft()
                return LogEvent(group, entry.stream, entry.timestamp_ms, entry.message)
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            self._waiting = True
            if not self._queue and not self._closed:  # nothing came between the look and the mark
                await self._arrived.wait()

    async def aclose(self) -> None:
        """End the iteration once the queue is empty."""
        self._closed = True
        self._broadcast.remove(self)
        self._arrived.set()


class Broadcast:
    """Those who follow. Reading the list takes no lock; changing it replaces it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._followers: tuple[weakref.ref[Follower], ...] = ()

    def add(self, groups: Collection[str] | None, owner: tuple[str, str] | None = None) -> Follower:
        """A new follower of the `groups` of an `owner`. Call it on the loop that will read."""
        follower = Follower(self, groups, owner)
        with self._lock:
            self._followers = (*self._followers, weakref.ref(follower, self._drop))
        return follower

    def remove(self, follower: Follower) -> None:
        """Send `follower` nothing more."""
        with self._lock:
            self._followers = tuple(ref for ref in self._followers if ref() is not follower)

    def _drop(self, reference: weakref.ref[Follower]) -> None:
        # Runs inside the garbage collector, perhaps on a thread that holds the lock: no lock here.
        self._followers = tuple(ref for ref in self._followers if ref is not reference)

    def send(self, group: str, entry: Entry, owner: tuple[str, str]) -> None:
        """Offer an event to all who follow."""
        for reference in self._followers:
            follower = reference()
            if follower is not None:
                follower.offer(group, entry, owner)
