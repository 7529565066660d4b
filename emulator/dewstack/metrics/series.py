"""Values of some time, summed up, and a metric's minutes.

A minute knows its count, sum, least and most exactly, and its values rounded: percentiles are exact to a percent,
and memory is bounded however much happens.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

MINUTE = 60
KEPT_MINUTES = 1440
MOST_VALUES = 4096
"""Different values that a summary tells apart to the hundredth; beyond, to three digits."""

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, in the order of the names."""


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
