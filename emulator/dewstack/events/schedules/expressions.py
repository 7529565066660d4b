"""Schedule expressions: `rate(5 minutes)`, `cron(0 10 ? * MON-FRI *)` in six fields, and Scheduler's `at(...)`.

A cron expression in a time zone follows its wall clock as EventBridge Scheduler documents it: what falls into the hour
that spring skips does not happen, and what falls into the hour that autumn repeats happens once.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol

from msgspec import Struct

from dewstack.events.schedules.fields import DaysOfMonth, DaysOfWeek, Numbers, read_fields

_RATE = re.compile(r"rate\(\s*(\d+)\s+(minutes?|hours?|days?)\s*\)")
_CRON = re.compile(r"cron\(\s*(.*?)\s*\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


class Schedule(Protocol):
    """When something happens."""

    def after(self, moment: float) -> float | None:
        """The first moment later than `moment`, both in seconds since the epoch; None when there is none left."""


class Rate(Struct, frozen=True):
    """Every `seconds`, counted from `start`, which is the first moment when `at_once`."""

    seconds: int
    start: float
    at_once: bool = False

    def after(self, moment: float) -> float | None:
        """The next multiple."""
        if moment < self.start:
            return self.start if self.at_once else self.start + self.seconds
        return self.start + ((moment - self.start) // self.seconds + 1) * self.seconds


class At(Struct, frozen=True):
    """Once."""

    moment: float

    def after(self, moment: float) -> float | None:
        """The moment, while it is still to come."""
        return self.moment if self.moment > moment else None


class Cron(Struct, frozen=True):
    """At each minute that all six fields allow, on the wall clock of a time zone."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DaysOfMonth | DaysOfWeek
    months: Numbers
    years: Numbers
    zone: tzinfo

    def after(self, moment: float) -> float | None:
        """The next such minute."""
        begin = datetime.fromtimestamp(moment, self.zone).replace(tzinfo=None)
        for day in self._days(begin.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                    found = local.timestamp()
                    if found > moment and self._exists(local):
                        return found
        return None

    def _exists(self, local: datetime) -> bool:
        """Whether the zone's clock shows this time at all on this day."""
        return local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None)

    def _days(self, begin: date) -> Iterator[date]:
        for year in self.years:
            if year < begin.year:
                continue
            for month in self.months:
                if (year, month) < (begin.year, begin.month):
                    continue
                for day in self.days.of(year, month):
                    if (found := date(year, month, day)) >= begin:
                        yield found


def parse(expression: str, zone: str = "UTC", start: float = 0.0, *, at_once: bool = False) -> Schedule:
    """The schedule that `expression` describes; `start` is what a rate counts from.

    Raises ValueError for anything that AWS doesn't take.
    """
    if rate := _RATE.fullmatch(expression):
        value, unit = int(rate[1]), rate[2]
        if value < 1 or (value == 1) == unit.endswith("s"):
            raise ValueError(f"{expression}: one minute, several minutes")
        return Rate(value * _SECONDS[unit.removesuffix("s")], start, at_once)
    if cron := _CRON.fullmatch(expression):
        minutes, hours, days, months, years = read_fields(cron[1].split())
        return Cron(minutes, hours, days, months, years, _zone(zone))
    if at := _AT.fullmatch(expression):
        return At(datetime.fromisoformat(at[1]).replace(tzinfo=_zone(zone)).timestamp())
    raise ValueError(f"{expression}: neither rate(...), cron(...) nor at(...)")


class Between(Struct, frozen=True):
    """A schedule between two moments, in seconds since the epoch."""

    schedule: Schedule
    begin: float | None
    end: float | None

    def after(self, moment: float) -> float | None:
        """The next moment that lies between the two."""
        earliest = moment if self.begin is None else max(moment, self.begin - 0.001)
        found = self.schedule.after(earliest)
        return found if found is None or self.end is None or found <= self.end else None


def _zone(name: str) -> tzinfo:
    """A time zone. Raises ZoneInfoNotFoundError, which is a KeyError."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)
