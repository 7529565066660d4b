"""The domain's time: tokens, codes, lockouts and schedules run on it, and tests may move it."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall-clock time that can be moved forward. Deadlines of real work use the monotonic clock instead."""

    def __init__(self) -> None:
        self.offset = 0.0

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The same moment as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`. Raises ValueError for a negative amount: time never runs back."""
        if not 0 <= seconds < 1e10:
            raise ValueError("the clock only moves forward, and by less than three centuries")
        self.offset += seconds
