"""What happened how often and how long it took: the figures that CloudWatch has of functions and routes, and others.

Figures are kept by the minute, for a day, in memory. A minute knows its count, sum, least and most exactly, and its
values rounded, so that percentiles are exact to a percent and memory is bounded however much happens.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct, field

from dewstack.clock import Clock
from dewstack.config import Caller

MINUTE = 60
KEPT_MINUTES = 1440
MOST_SERIES = 5_000
"""Series that one account keeps in one region: what is new beyond is dropped."""
MOST_VALUES = 4096
"""Different values that a summary tells apart to the hundredth; beyond, to three digits."""
MOST_NOTES = 1024
"""Notes that a meter takes before it adds them up."""
COUNT, MILLISECONDS, NONE = "Count", "Milliseconds", "None"

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, in the order of the names."""
Columns = Sequence[Sequence[float]]
"""Many notes, the first figures of all of them first."""
Fact = tuple[str, "Summary", str]
"""A metric's name, its values and their unit."""
Facts = Callable[[Columns], Iterable[Fact]]


class Summary(Struct):
    """The values of some time. `values` counts each of them, rounded."""

    count: float = 0.0
    sum: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")
    values: dict[float, float] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Sequence[float], times: Iterable[float] = ()) -> "Summary":
        """The summary of values, each of which stands for itself or for as many as `times` says."""
        if not values:
            return cls()
        counts: dict[float, float] = {}
        if times:
            total = 0.0
            for value, count in zip(values, times, strict=True):
                counts[_rounded(value)] = counts.get(_rounded(value), 0.0) + count
                total += value * count
            made = cls(sum(counts.values()), total, min(values), max(values), counts)
        else:
            made = cls(
                float(len(values)),
                sum(values),
                min(values),
                max(values),
                {hundredths / 100: float(count) for hundredths, count in _hundredths(values).items()},
            )
        made._coarsen()
        return made

    def merge(self, other: "Summary") -> None:
        """Take all values of another."""
        self.count += other.count
        self.sum += other.sum
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        values = self.values
        for value, count in other.values.items():
            values[value] = values.get(value, 0.0) + count
        self._coarsen()

    def _coarsen(self) -> None:
        """Keep three digits of each value, where there are too many."""
        if len(self.values) > MOST_VALUES:
            coarse: dict[float, float] = {}
            for value, count in self.values.items():
                coarse[_rounded(value)] = coarse.get(_rounded(value), 0.0) + count
            self.values = coarse

    def percentile(self, percent: float) -> float:
        """The value below which so many percent of all values lie; 100 is the greatest."""
        wanted = self.count * percent / 100
        passed = 0.0
        for value in sorted(self.values):
            passed += self.values[value]
            if passed >= wanted:
                return max(self.least, min(self.most, value))
        return self.most


def _hundredths(values: Sequence[float]) -> "Counter[int]":
    return Counter([int(value * 100) for value in values])


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


class Series(Struct):
    """A metric with its dimensions, minute by minute (the minute's start, in seconds since the epoch)."""

    namespace: str
    name: str
    dimensions: Dimensions
    minutes: dict[int, Summary] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)

    def add(self, at: float, summary: Summary, unit: str) -> None:
        """Take values of the moment `at`. The oldest minutes are forgotten."""
        minute = int(at) // MINUTE * MINUTE
        found = self.minutes.get(minute)
        if found is None:
            while len(self.minutes) >= KEPT_MINUTES:
                self.minutes.pop(min(self.minutes))
            found = self.minutes[minute] = Summary()
        found.merge(summary)
        self.units.add(unit)

    def between(self, start: float, end: float, period: int) -> dict[int, Summary]:
        """The summaries of each `period` (seconds, whole minutes) that begins in `[start, end)` and saw something."""
        found: dict[int, Summary] = {}
        for minute, summary in self.minutes.items():
            begins = minute // period * period
            if start <= minute < end:
                found.setdefault(begins, Summary()).merge(summary)
        return found


class Meter:
    """Takes notes of what a function, or a route, did, each at the price of an append; `facts` says what many mean."""

    __slots__ = ("_facts", "_notes", "_now", "_series", "active")

    def __init__(
        self, facts: "Facts", series: Callable[[str], Iterable[Series]], now: Callable[[], float]
    ) -> None:
        self._facts = facts
        self._series = series
        self._now = now
        self._notes: list[tuple[float, ...]] = []
        self.active = 0
        """How many are under way."""

    def note(self, *figures: float) -> None:
        """Take a note of this moment: what `facts` reads. On the loop."""
        self._notes.append((self._now(), *figures))
        if len(self._notes) >= MOST_NOTES:
            self.settle()

    def count(self, name: str) -> None:
        """Count something that happens seldom. On the loop."""
        for series in self._series(name):
            series.add(self._now(), Summary.of([1.0]), COUNT)

    def settle(self) -> None:
        """Add up the notes. On the loop."""
        notes, self._notes = self._notes, []
        for minute, of_minute in groupby(notes, key=lambda note: int(note[0]) // MINUTE):
            columns = list(zip(*of_minute, strict=True))
            for name, summary, unit in self._facts(columns):
                for series in self._series(name):
                    series.add(minute * MINUTE, summary, unit)


class Metrics:
    """All series, by account and region. Everything here runs on the loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._series: dict[tuple[str, str], dict[tuple[str, str, Dimensions], Series]] = {}
        self._meters: dict[tuple[object, ...], Meter] = {}

    def function(self, owner: Caller, name: str, resource: str, facts: Facts | None = None) -> Meter:
        """The meter of a function, called as `resource` (`name`, or `name:alias`): `function_facts`, or other `facts`,
        are its notes."""
        every = [(("FunctionName", name),), ()]
        if resource != name:
            every.append((("FunctionName", name), ("Resource", resource)))
        return self._meter(owner, "AWS/Lambda", facts or function_facts, every)

    def route(
        self,
        owner: Caller,
        api: tuple[str, str],
        stage: str,
        method: str = "",
        resource: str = "",
        *,
        http: bool,
    ) -> Meter:
        """The meter of a route, or of what a stage has no route for; `api` is the dimension that names its API (`ApiId`
        of an HTTP API, `ApiName` of a REST API): `http_facts` or `rest_facts` are its notes."""
        every: list[Dimensions] = [(api,), (api, ("Stage", stage))]
        if method:
            every.append(tuple(sorted((api, ("Stage", stage), ("Method", method), ("Resource", resource)))))
        return self._meter(owner, "AWS/ApiGateway", http_facts if http else rest_facts, every)

    def _meter(
        self,
        owner: Caller,
        namespace: str,
        facts: "Facts",
        dimensions: Iterable[Dimensions],
    ) -> Meter:
        each = tuple(dimensions)
        key = (owner.account_id, owner.region, namespace, facts, each)
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


def function_facts(columns: Columns) -> Iterator[Fact]:
    """Of (moment, milliseconds, failed, under way, milliseconds of init or -1)."""
    _, durations, failed, concurrent, inits = columns
    yield "Invocations", _always(len(failed)), COUNT
    yield "Errors", Summary.of(failed), COUNT
    yield "Throttles", Summary.of([0.0], [float(len(failed))]), COUNT
    yield "Duration", Summary.of(durations), MILLISECONDS
    yield "ConcurrentExecutions", Summary.of(concurrent), COUNT
    cold = [init for init in inits if init >= 0]
    if cold:
        yield "InitDuration", Summary.of(cold), MILLISECONDS


def http_facts(columns: Columns) -> Iterator[Fact]:
    """Of (moment, status, milliseconds, milliseconds of the integration or -1, bytes) at an HTTP API."""
    yield from _route_facts(columns, "4xx", "5xx")
    yield "DataProcessed", Summary.of(columns[4]), "Bytes"


def rest_facts(columns: Columns) -> Iterator[Fact]:
    """The same at a REST API."""
    yield from _route_facts(columns, "4XXError", "5XXError")


def _route_facts(columns: Columns, refused: str, failed: str) -> Iterator[Fact]:
    _, statuses, latencies, integrations, _ = columns
    yield "Count", _always(len(statuses)), COUNT
    yield refused, Summary.of([float(400 <= status < 500) for status in statuses]), COUNT
    yield failed, Summary.of([float(status >= 500) for status in statuses]), COUNT
    yield "Latency", Summary.of(latencies), MILLISECONDS
    reached = [each for each in integrations if each >= 0]
    if reached:
        yield "IntegrationLatency", Summary.of(reached), MILLISECONDS


def _always(times: int) -> Summary:
    return Summary.of([1.0], [float(times)])
