"""Timestamps in the three formats of the AWS protocols."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


def moment(value: Any) -> datetime:
    """A datetime (naive ones are UTC), epoch seconds or ISO 8601 text as an aware UTC datetime.

    Raises ValueError when it is none of these.
    """
    if isinstance(value, bool):
        raise ValueError(f"not a timestamp: {value!r}")
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(f"not a timestamp: {value!r}") from error
    return moment(datetime.fromisoformat(str(value)))


def _iso8601(at: datetime) -> str:
    text = at.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{at.microsecond // 1000:03}Z" if at.microsecond >= 1000 else f"{text}Z"


def _unix(at: datetime) -> float | int:
    seconds = round(at.timestamp(), 3)
    return int(seconds) if seconds == int(seconds) else seconds


def _rfc822(at: datetime) -> str:
    from email.utils import format_datetime

    return format_datetime(at, usegmt=True)


_FORMATS: dict[str, Callable[[datetime], Any]] = {
    "iso8601": _iso8601,
    "unixTimestamp": _unix,
    "rfc822": _rfc822,
}


def serialize(value: Any, timestamp_format: str) -> Any:
    """`value` (a datetime or epoch seconds) as `iso8601`, `unixTimestamp` (a number) or `rfc822`."""
    return _FORMATS[timestamp_format](moment(value))


def parse(value: Any, timestamp_format: str) -> datetime:
    """Read a timestamp of the wire, leniently: whatever the format, numbers are epoch seconds.

    Raises ValueError when it cannot be one.
    """
    if isinstance(value, str):
        try:
            return moment(float(value))
        except ValueError:
            pass
        if timestamp_format == "rfc822":
            from email.utils import parsedate_to_datetime

            try:
                return moment(parsedate_to_datetime(value))
            except (TypeError, IndexError) as error:
                raise ValueError(f"not a timestamp: {value!r}") from error
    return moment(value)
