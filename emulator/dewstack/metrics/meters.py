"""The meters of functions and routes, and all series of an account in a region, for a day, in memory."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.metrics.series import MINUTE, Dimensions, Series, Summary

log = logging.getLogger("dewstack.metrics")

MOST_SERIES = 5_000
"""Series that one account keeps in one region: what is new beyond is dropped, and that is said once."""
MOST_NOTES = 1024
"""Notes that a meter takes before it adds them up."""
COUNT, MILLISECONDS, NONE = "Count", "Milliseconds", "None"

Columns = Sequence[Sequence[float]]
"""Many notes, the first figures of all of them first."""
Fact = tuple[str, "Summary", str]
"""A metric's name, its values and their unit."""
Facts = Callable[[Columns], Iterable[Fact]]


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
        self._full: set[tuple[str, str]] = set()
        """Accounts and regions that have been told that they have too many."""

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
        elif found is None:
            self._tell(owner, mine, key)
        return found

    def _tell(
        self, owner: Caller, mine: Iterable[tuple[str, str, Dimensions]], key: tuple[str, str, Dimensions]
    ) -> None:
        """Say once of an account and region that new series are dropped, and whose values there are too many of."""
        where = (owner.account_id, owner.region)
        if where in self._full:
            return
        self._full.add(where)
        counts = Counter((namespace, name) for namespace, name, _ in mine)
        (namespace, name), count = counts.most_common(1)[0]
        log.warning(
            "account %s in %s has %d metrics, as many as are kept: new ones, such as %s %s, are dropped until the"
            " emulator is restarted. Most are %s %s, with %d combinations of dimensions: give it fewer (no ids of"
            " requests or users), as each would cost money on AWS",
            *where,
            MOST_SERIES,
            key[0],
            key[1],
            namespace,
            name,
            count,
        )

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
