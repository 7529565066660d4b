"""When `rate`, `cron` and `at` expressions fire."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dewstack.events.schedules.expressions import parse


def moments(expression: str, begin: str, count: int, zone: str = "UTC") -> list[str]:
    """The first moments after `begin`, on the zone's clock."""
    schedule = parse(expression, zone)
    after = datetime.fromisoformat(begin).replace(tzinfo=ZoneInfo(zone)).timestamp()
    found: list[str] = []
    while len(found) < count and (moment := schedule.after(after)) is not None:
        found.append(datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M"))
        after = moment
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # AWS's documented examples, from Friday 2026-01-30 12:00
        ("cron(0 10 * * ? *)", ["2026-01-31 10:00", "2026-02-01 10:00"]),
        ("cron(15 12 * * ? *)", ["2026-01-30 12:15", "2026-01-31 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-01-30 18:00", "2026-02-02 18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-02-01 08:00", "2026-03-01 08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-01-30 12:15", "2026-01-30 12:30"]),
        ("cron(0/10 * ? * MON-FRI *)", ["2026-01-30 12:10", "2026-01-30 12:20"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-01-30 12:05", "2026-01-30 12:10"]),
        ("cron(0/30 20-2 ? * MON-FRI *)", ["2026-01-30 20:00", "2026-01-30 20:30"]),
        ("cron(15 10 ? * 6L 2026-2028)", ["2026-02-27 10:15", "2026-03-27 10:15"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-02-02 09:00", "2026-03-02 09:00"]),
        ("cron(0 0 L * ? *)", ["2026-01-31 00:00", "2026-02-28 00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-02-27 00:00", "2026-03-31 00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-02-02 00:00", "2026-03-02 00:00"]),
        ("cron(0 0 3W * ? *)", ["2026-02-03 00:00", "2026-03-03 00:00"]),
        ("cron(0 0 29 FEB ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 0 1,15 JAN,JUL ? 2026)", ["2026-07-01 00:00", "2026-07-15 00:00"]),
        ("cron(0 0 ? * L *)", ["2026-01-31 00:00", "2026-02-07 00:00"]),
    ],
)
def test_cron_fires_when_all_fields_allow(expression: str, expected: list[str]) -> None:
    assert moments(expression, "2026-01-30T12:00", 2) == expected


def test_cron_of_a_past_year_never_fires() -> None:
    assert moments("cron(0 0 1 1 ? 2020)", "2026-01-30T12:00", 1) == []


def test_what_falls_into_the_hour_that_spring_skips_does_not_happen() -> None:
    found = moments("cron(30 2 * * ? *)", "2026-03-28T00:00", 2, "Europe/Berlin")
    assert found == ["2026-03-28 02:30", "2026-03-30 02:30"]


def test_what_falls_into_the_hour_that_autumn_repeats_happens_once() -> None:
    found = moments("cron(30 2 * * ? *)", "2026-10-24T00:00", 3, "Europe/Berlin")
    assert found == ["2026-10-24 02:30", "2026-10-25 02:30", "2026-10-26 02:30"]


def test_a_time_zone_moves_with_its_summer_time() -> None:
    schedule = parse("cron(0 9 * * ? *)", "America/New_York")
    hours = []
    for day in ("2026-01-15", "2026-07-15"):
        moment = schedule.after(datetime.fromisoformat(f"{day}T00:00+00:00").timestamp())
        assert moment is not None
        hours.append(datetime.fromtimestamp(moment, UTC).hour)
    assert hours == [14, 13]


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600), ("rate(7 days)", 604800)],
)
def test_rates_count_from_their_start(expression: str, seconds: int) -> None:
    schedule = parse(expression, start=1000.0)
    assert schedule.after(1000.0) == 1000 + seconds
    assert schedule.after(1000.0 + 2.5 * seconds) == 1000 + 3 * seconds


def test_at_happens_once() -> None:
    assert moments("at(2026-02-01T08:30:00)", "2026-01-30T12:00", 2, "Asia/Tokyo") == ["2026-02-01 08:30"]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(30 seconds)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 * * ?)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0/0 10 * * ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * MON#6 *)",
        "at(tomorrow)",
        "hourly",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(expression)
