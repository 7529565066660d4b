"""What happened how often and how long it took: the figures that CloudWatch has of functions and routes, and others.

Figures are kept by the minute, for a day, in memory. A minute knows its count, sum, least and most exactly, and its
values to three digits, so that percentiles are exact to a percent and memory is bounded however much happens.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct, field

from dewstack.clock import Clock
from dewstack.config import Caller

MINUTE = 60
KEPT_MINUTES = 1440
MOST_SERIES = 20_000
"""Series that one account keeps in one region: what is new beyond is dropped."""
MOST_NOTES = 256
"""Notes that a meter takes before it adds them up."""
COUNT, MILLISECONDS, NONE = "Count", "Milliseconds", "None"

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, in the order of the names."""
Fact = tuple[str, float, str]
"""A metric's name, its value and its unit."""


class Summary(Struct):
    """The values of some time. `values` counts each of them, rounded to three digits."""

    count: float = 0.0
    sum: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")
    values: dict[float, float] = field(default_factory=dict)

    def add(self, value: float, count: float = 1.0) -> None:
        """Take `count` values that are the same."""
        self.count += count
        self.sum += value * count
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        rounded = float(f"{value:.3g}")
        self.values[rounded] = self.values.get(rounded, 0.0) + count

    def merge(self, other: "Summary") -> None:
        """Take all values of another."""
        self.count += other.count
        self.sum += other.sum
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        for value, count in other.values.items():
            self.values[value] = self.values.get(value, 0.0) + count

    def percentile(self, percent: float) -> float:
        """The value below which so many percent of all values lie; 100 is the greatest."""
        wanted = self.count * percent / 100
        passed = 0.0
        for value in sorted(self.values):
            passed += self.values[value]
            if passed >= wanted:
                return max(self.least, min(self.most, value))
        return self.most


class Series(Struct):
    """A metric with its dimensions, minute by minute (the minute's start, in seconds since the epoch)."""

    namespace: str
    name: str
    dimensions: Dimensions
    minutes: dict[int, Summary] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)

    def add(self, at: float, value: float, unit: str, count: float = 1.0) -> None:
        """Take a value of the moment `at`."""
        self.summary(at).add(value, count)
        self.units.add(unit)

    def summary(self, at: float) -> Summary:
        """The minute of a moment. The oldest are forgotten."""
        minute = int(at) // MINUTE * MINUTE
        found = self.minutes.get(minute)
        if found is None:
            while len(self.minutes) >= KEPT_MINUTES:
                self.minutes.pop(min(self.minutes))
            found = self.minutes[minute] = Summary()
        return found

    def between(self, start: float, end: float, period: int) -> dict[int, Summary]:
        """The summaries of each `period` (seconds, whole minutes) that begins in `[start, end)` and saw something."""
        found: dict[int, Summary] = {}
        for minute, summary in self.minutes.items():
            begins = minute // period * period
            if start <= minute < end:
                found.setdefault(begins, Summary()).merge(summary)
        return found


class Meter:
    """Takes notes of what a function, or a route, did. Taking one costs an append; `facts` says what it means."""

    __slots__ = ("_facts", "_notes", "_now", "_series", "active")

    def __init__(
        self,
        facts: Callable[[tuple[float, ...]], Iterable[Fact]],
        series: Callable[[str], Iterable[Series]],
        now: Callable[[], float],
    ) -> None:
        self._now = now
        self._facts = facts
        self._series = series
        self._notes: list[tuple[float, ...]] = []
        self.active = 0
        """How many are under way."""

    def note(self, *figures: float) -> None:
        """Take a note of this moment: what `facts` reads after the moment itself. On the loop."""
        self._notes.append((self._now(), *figures))
        if len(self._notes) >= MOST_NOTES:
            self.settle()

    def settle(self) -> None:
        """Add up the notes. On the loop."""
        notes, self._notes = self._notes, []
        for note in notes:
            for name, value, unit in self._facts(note):
                for series in self._series(name):
                    series.add(note[0], value, unit)


class Metrics:
    """All series, by account and region. Everything here runs on the loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._series: dict[tuple[str, str], dict[tuple[str, str, Dimensions], Series]] = {}
        self._meters: dict[tuple[object, ...], Meter] = {}

    def function(self, owner: Caller, name: str, resource: str) -> Meter:
        """The meter of a function, called as `resource` (`name`, or `name:alias`): `function_facts` are its notes."""
        every = [(("FunctionName", name),), ()]
        if resource != name:
            every.append((("FunctionName", name), ("Resource", resource)))
        return self._meter(owner, "AWS/Lambda", function_facts, every)

    def route(
        self, owner: Caller, api: tuple[str, str], stage: str, method: str, resource: str, *, http: bool
    ) -> Meter:
        """The meter of a route; `api` is the dimension that names its API (`ApiId` of an HTTP API, `ApiName` of a REST
        API): `route_facts` are its notes."""
        detailed = sorted((api, ("Stage", stage), ("Method", method), ("Resource", resource)))
        every = [(api,), (api, ("Stage", stage)), tuple(detailed)]
        return self._meter(owner, "AWS/ApiGateway", http_facts if http else rest_facts, every)

    def _meter(
        self,
        owner: Caller,
        namespace: str,
        facts: Callable[[tuple[float, ...]], Iterable[Fact]],
        dimensions: Iterable[Dimensions],
    ) -> Meter:
        each = tuple(dimensions)
        key = (owner.account_id, owner.region, namespace, each)
        meter = self._meters.get(key)
        if meter is None:
            known: dict[str, list[Series]] = {}

            def series(name: str) -> list[Series]:
                if name not in known:
                    found = (self.one(owner, namespace, name, one) for one in each)
                    known[name] = [one for one in found if one]
                return known[name]

            meter = self._meters[key] = Meter(facts, series, self.clock.time)
        return meter

    def one(self, owner: Caller, namespace: str, name: str, dimensions: Dimensions) -> Series | None:
        """A series, made when it is new; None when there are too many."""
        mine = self._series.setdefault((owner.account_id, owner.region), {})
        key = (namespace, name, dimensions)
        found = mine.get(key)
        if found is None and len(mine) < MOST_SERIES:
            found = mine[key] = Series(*key)
        return found

    def find(self, owner: Caller, namespace: str, name: str, dimensions: Dimensions) -> Series | None:
        """A series that has been seen, up to date."""
        self._settle()
        return self._series.get((owner.account_id, owner.region), {}).get((namespace, name, dimensions))

    def every(self, owner: Caller) -> Iterator[Series]:
        """All series of an account in a region, up to date."""
        self._settle()
        yield from tuple(self._series.get((owner.account_id, owner.region), {}).values())

    def _settle(self) -> None:
        for meter in tuple(self._meters.values()):
            meter.settle()


def function_facts(note: tuple[float, ...]) -> Iterator[Fact]:
    """(moment, milliseconds, failed, under way, milliseconds of init or -1); (moment, -1) is a throttled call."""
    if note[1] < 0:
        yield "Throttles", 1.0, COUNT
        return
    _, duration, failed, concurrent, init = note
    yield "Invocations", 1.0, COUNT
    yield "Errors", failed, COUNT
    yield "Throttles", 0.0, COUNT
    yield "Duration", duration, MILLISECONDS
    yield "ConcurrentExecutions", concurrent, COUNT
    if init >= 0:
        yield "InitDuration", init, MILLISECONDS


def http_facts(note: tuple[float, ...]) -> Iterator[Fact]:
    """(moment, status, milliseconds, milliseconds of the integration or -1, bytes), of an HTTP API."""
    return _route_facts(note, HTTP_NAMES)


def rest_facts(note: tuple[float, ...]) -> Iterator[Fact]:
    """The same of a REST API."""
    return _route_facts(note, REST_NAMES)


HTTP_NAMES: Mapping[str, str] = {"4": "4xx", "5": "5xx", "bytes": "DataProcessed"}
REST_NAMES: Mapping[str, str] = {"4": "4XXError", "5": "5XXError"}


def _route_facts(note: tuple[float, ...], names: Mapping[str, str]) -> Iterator[Fact]:
    _, status, latency, integration, size = note
    yield "Count", 1.0, COUNT
    yield names["4"], float(400 <= status < 500), COUNT
    yield names["5"], float(status >= 500), COUNT
    yield "Latency", latency, MILLISECONDS
    if integration >= 0:
        yield "IntegrationLatency", integration, MILLISECONDS
    if "bytes" in names:
        yield names["bytes"], size, "Bytes"
