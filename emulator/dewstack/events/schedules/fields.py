"""The six fields of AWS's cron: minutes, hours, day of month, month, day of week (1 is Sunday), year; with `, - * /`,
`?` for the day that is left open, `L` for the last, `W` for the nearest weekday, `#` for the how-manieth."""

import calendar
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

Numbers = tuple[int, ...]
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_ITEM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?")


class DaysOfMonth(Struct, frozen=True):
    """Days by their number; the `last` of the month; weekdays nearest to a number, 0 for the last weekday."""

    numbers: Numbers
    last: bool = False
    weekdays: Numbers = ()

    def of(self, year: int, month: int) -> list[int]:
        """These days of a month, in order."""
        length = calendar.monthrange(year, month)[1]
        days = {number for number in self.numbers if number <= length}
        if self.last:
            days.add(length)
        for number in self.weekdays:
            if number <= length:
                days.add(_nearest_weekday(year, month, number or length, length))
        return sorted(days)


class DaysOfWeek(Struct, frozen=True):
    """Weekdays by their number, 1 for Sunday; with the `last` of the month, and how-manieth of the month."""

    numbers: Numbers
    last: Numbers = ()
    nth: tuple[tuple[int, int], ...] = ()

    def of(self, year: int, month: int) -> list[int]:
        """These days of a month, in order."""
        first, length = calendar.monthrange(year, month)
        days: set[int] = set()
        for day in range(1, length + 1):
            weekday = (first + day) % 7 + 1
            nth = (weekday, (day - 1) // 7 + 1)
            if weekday in self.numbers or nth in self.nth or (weekday in self.last and day + 7 > length):
                days.add(day)
        return sorted(days)


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    """The weekday of the same month that is nearest to a day."""
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def _number(text: str, names: dict[str, int], low: int, high: int) -> int:
    value = names.get(text.upper())
    if value is None:
        value = int(text)
    if not low <= value <= high:
        raise ValueError(f"{text} isn't between {low} and {high}")
    return value


def _numbers(items: Iterable[str], low: int, high: int, names: dict[str, int] | None = None) -> Numbers:
    """The numbers of a list of items such as `3`, `1-5`, `*` and `0/15`."""
    found: set[int] = set()
    names = names or {}
    for item in items:
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"'{item}' isn't a value")
        first, last, step = match.groups()
        begin = low if first is None else _number(first, names, low, high)
        end = high if first is None or (step and last is None) else _number(last or first, names, low, high)
        if step is not None and int(step) < 1:
            raise ValueError(f"'{item}' has no step")
        wrapped = range(begin, end + 1) if begin <= end else (*range(begin, high + 1), *range(low, end + 1))
        found.update(wrapped[:: int(step or 1)])
    return tuple(sorted(found))


def _days_of_month(field: str) -> DaysOfMonth:
    plain: list[str] = []
    weekdays: list[int] = []
    last = False
    for item in field.upper().split(","):
        if item == "L":
            last = True
        elif item == "LW":
            weekdays.append(0)
        elif item.endswith("W"):
            weekdays.append(_number(item[:-1], {}, 1, 31))
        else:
            plain.append(item)
    return DaysOfMonth(_numbers(plain, 1, 31), last, tuple(weekdays))


def _days_of_week(field: str) -> DaysOfWeek:
    plain: list[str] = []
    last: list[int] = []
    nth: list[tuple[int, int]] = []
    for item in field.upper().split(","):
        weekday, hash_mark, count = item.partition("#")
        if hash_mark:
            nth.append((_number(weekday, _WEEKDAYS, 1, 7), _number(count, {}, 1, 5)))
        elif item == "L":
            plain.append("7")
        elif item.endswith("L"):
            last.append(_number(item[:-1], _WEEKDAYS, 1, 7))
        else:
            plain.append(item)
    return DaysOfWeek(_numbers(plain, 1, 7, _WEEKDAYS), tuple(last), tuple(nth))


def read_fields(
    fields: Sequence[str],
) -> tuple[Numbers, Numbers, DaysOfMonth | DaysOfWeek, Numbers, Numbers]:
    """Minutes, hours, days, months and years. Raises ValueError for what AWS doesn't take."""
    if len(fields) != 6:
        raise ValueError("a cron expression has six fields")
    minutes, hours, of_month, months, of_week, years = fields
    if (of_month == "?") == (of_week == "?"):
        raise ValueError("one of day-of-month and day-of-week has to be ?, and only one")
    days = _days_of_week(of_week) if of_month == "?" else _days_of_month(of_month)
    return (
        _numbers(minutes.split(","), 0, 59),
        _numbers(hours.split(","), 0, 23),
        days,
        _numbers(months.split(","), 1, 12, _MONTHS),
        _numbers(years.split(","), 1970, 2199),
    )
