"""How much API keys have called: their quotas and their throttles, counted in memory and kept now and then.

A plan's quota holds for each of its keys, over all stages of the plan. Its period begins at midnight UTC: each day,
each week (offset 0 is Sunday) or each month (offset 0 is the first).
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct, field

from dewstack.apigateway.rest_api.model import UsagePlan
from dewstack.apigateway.throttle import ACCOUNT_BURST, ACCOUNT_RATE, TokenBucket
from dewstack.clock import Clock
from dewstack.store import Store

KEEP_SECONDS = 1.0
"""How long what is counted is in memory alone."""
DAYS_KEPT = 92


class Used(Struct):
    """What one key called under one plan: requests by day, and what was granted beyond the quota by the day that a
    period begins with."""

    days: dict[str, int] = field(default_factory=dict)
    granted: dict[str, int] = field(default_factory=dict)


def _week(day: date, offset: int) -> date:
    return day - timedelta(days=(day.isoweekday() - offset) % 7)


def _month(day: date, offset: int) -> date:
    first = day.replace(day=1) + timedelta(days=offset)
    return (
        first
        if first <= day
        else (day.replace(day=1) - timedelta(days=1)).replace(day=1) + timedelta(days=offset)
    )


STARTS: Mapping[str, Callable[[date, int], date]] = {
    "DAY": lambda day, offset: day,
    "WEEK": _week,
    "MONTH": _month,
}
"""The first day of the period that a day is in."""


class Quota(Struct, frozen=True):
    """A plan's quota: so many requests a period."""

    limit: int
    offset: int
    period: str

    @classmethod
    def of(cls, plan: UsagePlan) -> "Quota | None":
        """The plan's quota, or None."""
        quota = plan.quota
        if not quota:
            return None
        return cls(int(quota.get("limit", 0)), int(quota.get("offset", 0)), str(quota.get("period", "DAY")))

    def start(self, day: date) -> date:
        """The first day of the period that `day` is in."""
        return STARTS[self.period](day, self.offset)

    def remaining(self, used: Used, day: date) -> int:
        """What is left at the end of `day`."""
        first = self.start(day)
        spent = sum(used.days.get(str(first + timedelta(days=n)), 0) for n in range((day - first).days + 1))
        return max(0, self.limit + used.granted.get(str(first), 0) - spent)


class Counter:
    """One key under one plan. `count` is asked for each request: a comparison or two, and an addition."""

    def __init__(self, meter: "Usage", quota: Quota | None, used: Used) -> None:
        self._meter = meter
        self._quota = quota
        self.used = used
        self._midnight = 0.0
        self._day = ""
        self._left = 0

    def count(self, now: float) -> bool:
        """Count a request at `now` (seconds since the epoch), unless the quota is spent."""
        if now >= self._midnight:
            self.refresh(now)
        if self._quota is not None:
            if self._left <= 0:
                return False
            self._left -= 1
        self.used.days[self._day] = self.used.days.get(self._day, 0) + 1
        self._meter.counted(now)
        return True

    def refresh(self, now: float) -> None:
        """Take note that it is another day, or that more was granted."""
        today = datetime.fromtimestamp(now, UTC).date()
        tomorrow = datetime.combine(today + timedelta(days=1), datetime.min.time(), UTC)
        self._midnight, self._day = tomorrow.timestamp(), str(today)
        oldest = str(today - timedelta(days=DAYS_KEPT))
        for days in (self.used.days, self.used.granted):
            for day in [day for day in days if day < oldest]:
                del days[day]
        if self._quota is not None:
            self._left = self._quota.remaining(self.used, today)


Key = tuple[str, str, str, str]
"""Account, region, plan, API key."""


class Usage:
    """What all keys of all plans have used."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._kept = store.collection("apigateway.usage", Used)
        self._transaction = store.transaction
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[Key, Used] = {}
        self._counters: dict[tuple[Key, Quota | None], Counter] = {}
        self._buckets: dict[tuple[str, ...], TokenBucket] = {}
        self._changed = False
        self._keep_at = 0.0

    def forget(self) -> None:
        """Take note that the store was emptied or replaced."""
        with self._lock:
            self._used.clear()
            self._counters.clear()
            self._buckets.clear()

    def time(self) -> float:
        """Seconds since the epoch, by the domain's clock."""
        return self._clock.time()

    def used(self, plan: UsagePlan, key_id: str) -> Used:
        """What the key used under the plan."""
        key = (*plan.key, key_id)
        with self._lock:
            if key not in self._used:
                self._used[key] = self._kept.get(*key) or Used()
            return self._used[key]

    def counter(self, plan: UsagePlan, key_id: str) -> Counter:
        """What counts the key's requests under the plan; the same one as long as the quota is."""
        quota, used = Quota.of(plan), self.used(plan, key_id)
        return self._counters.setdefault(((*plan.key, key_id), quota), Counter(self, quota, used))

    def bucket(
        self, plan: UsagePlan, key_id: str, limits: Mapping[str, float], where: str = ""
    ) -> TokenBucket:
        """What throttles the key under the plan, or at the method `where`; the same one as long as the limits are."""
        rate, burst = limits.get("rateLimit", ACCOUNT_RATE), int(limits.get("burstLimit", ACCOUNT_BURST))
        name = (*plan.key, key_id, where, str(rate), str(burst))
        return self._buckets.setdefault(name, TokenBucket(rate, burst))

    def grant(self, plan: UsagePlan, key_id: str, remaining: int) -> None:
        """Let so many requests remain in the current period."""
        quota, used, now = Quota.of(plan), self.used(plan, key_id), self._clock.time()
        if quota is None:
            return
        today = datetime.fromtimestamp(now, UTC).date()
        first = str(quota.start(today))
        spent = quota.limit + used.granted.get(first, 0) - quota.remaining(used, today)
        used.granted[first] = remaining + spent - quota.limit
        self.counter(plan, key_id).refresh(now)
        self._changed = True
        self.keep()

    def counted(self, now: float) -> None:
        """Keep what was counted, if it is time to: in a thread, not in the request."""
        self._changed = True
        if now >= self._keep_at:
            self._keep_at = now + KEEP_SECONDS
            asyncio.get_running_loop().run_in_executor(None, self.keep)

    def keep(self) -> None:
        """Keep what was counted since the last time."""
        if not self._changed:
            return
        self._changed = False
        with self._lock:
            used = {key: Used(dict(each.days), dict(each.granted)) for key, each in self._used.items()}
        with self._transaction():
            for key, each in used.items():
                if self._kept.get(*key) != each:
                    self._kept.put(each, *key)
