"""Lambda's scaling as a discrete-event simulation: environments start, serve, idle and vanish; too much is throttled.

An environment serves one request at a time. The one used last is taken first; where none is free another one starts, as
long as the account's concurrency and the scaling rate allow: each function may gain 1,000 environments every 10 s,
refilled continuously and not accrued. A function's requests a second are limited to ten times its concurrency.
https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
"""

import heapq
import math
from collections.abc import Iterable
from random import Random

from msgspec import Struct, field

from dewstack.simulate.retirement import IdleExpiry, Retirement


class Limits(Struct, frozen=True):
    """An account's. `scaling` is how many environments a function may gain within `scaling_seconds`."""

    concurrency: int = 1000
    scaling: int = 1000
    scaling_seconds: float = 10.0
    requests_per_concurrency: float = 10.0
    """Requests a second, for each of the concurrency."""


class Service(Struct, frozen=True):
    """How long a function takes: in a warm environment, and in one that has to start first. Seconds on average; drawn
    from an exponential distribution unless they are to be `constant`."""

    warm: float
    cold: float
    constant: bool = False

    def draw(self, cold: bool, random: Random) -> float:
        """Seconds of one request."""
        mean = self.cold if cold else self.warm
        return mean if self.constant else random.expovariate(1 / mean)


class Moment(Struct, frozen=True):
    """How many environments there are at a time, in seconds."""

    at: float
    busy: int
    idle: int


class Report(Struct):
    """What became of the requests, and of the environments, averaged over time from `after` to the end."""

    requests: int = 0
    cold: int = 0
    throttled: int = 0
    environments: float = 0.0
    busy: float = 0.0
    most: int = 0
    """Environments at the same time."""
    most_busy: int = 0
    """Those that serve at the same time."""
    moments: list[Moment] = field(default_factory=list)
    """One for each `every` seconds, where that was asked for."""

    @property
    def cold_probability(self) -> float:
        """Of a request that is served."""
        served = self.requests - self.throttled
        return self.cold / served if served else 0.0

    @property
    def throttle_probability(self) -> float:
        """Of a request."""
        return self.throttled / self.requests if self.requests else 0.0

    @property
    def idle(self) -> float:
        """Environments that wait, on average."""
        return self.environments - self.busy

    @property
    def utilization(self) -> float:
        """The part of the environments' time in which they serve."""
        return self.busy / self.environments if self.environments else 0.0


class _Allowance:
    """A rate that refills continuously, up to `most` and no further."""

    def __init__(self, most: float, seconds: float) -> None:
        self._most, self._rate = most, most / seconds
        self._left, self._at = most, 0.0

    def take(self, at: float) -> bool:
        """Take one, if there is one."""
        self._left = min(self._most, self._left + (at - self._at) * self._rate)
        self._at = at
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class _Pool:
    """The environments of one function. Times are measured within [after, end]."""

    def __init__(self, retirement: Retirement, random: Random, after: float, end: float) -> None:
        self._retirement, self._random = retirement, random
        self._after, self._end = after, end
        self._busy: list[tuple[float, float]] = []
        """When each will be done, and when it started."""
        self._idle: list[tuple[float, float]] = []
        """When each ends, and when it started; the one used last is the last."""
        self._first_end = math.inf
        """None of the idle ones ends before."""
        self.lived = self.served = 0.0
        """Seconds of all environments, and those in which they served."""

    def settle(self, at: float) -> None:
        """Let those that are done by then rest, and those end that have rested long enough."""
        while self._busy and self._busy[0][0] <= at:
            done, started = heapq.heappop(self._busy)
            ends = self._retirement.deadline(done, self._random)
            self._idle.append((ends, started))
            self._first_end = min(self._first_end, ends)
        if self._first_end <= at:
            for ends, started in self._idle:
                if ends <= at:
                    self.lived += self._measured(started, ends)
            self._idle = [each for each in self._idle if each[0] > at]
            self._first_end = min((ends for ends, _ in self._idle), default=math.inf)

    def _measured(self, begin: float, until: float) -> float:
        """The part of a time that is measured."""
        return max(0.0, min(until, self._end) - max(begin, self._after))

    @property
    def busy(self) -> int:
        """How many serve."""
        return len(self._busy)

    @property
    def idle(self) -> int:
        """How many wait."""
        return len(self._idle)

    def serve(self, at: float, seconds: float) -> None:
        """Serve a request in the environment used last, or in a new one."""
        started = self._idle.pop()[1] if self._idle else at
        self.served += self._measured(at, at + seconds)
        heapq.heappush(self._busy, (at + seconds, started))

    def close(self) -> None:
        """Count the time of those that are left."""
        self.settle(self._end)
        for _, started in (*self._busy, *self._idle):
            self.lived += self._measured(started, self._end)


def simulate(
    arrivals: Iterable[float],
    service: Service,
    end: float,
    random: Random,
    *,
    limits: Limits | None = None,
    retirement: Retirement | None = None,
    after: float = 0.0,
    every: float = 0.0,
) -> Report:
    """Serve requests that come at `arrivals` (seconds, in order) until `end`. What happens before `after` sets the
    stage and is not counted; `every` so many seconds it is noted how many environments there are. The same `random`
    gives the same report."""
    limits = limits or Limits()
    pool = _Pool(retirement or IdleExpiry(), random, after, end)
    starts = _Allowance(limits.scaling, limits.scaling_seconds)
    calls = limits.concurrency * limits.requests_per_concurrency
    rate = _Allowance(calls, 1.0)
    report = Report()

    def note(until: float) -> None:
        while every and len(report.moments) * every <= until:
            at = len(report.moments) * every
            pool.settle(at)
            report.moments.append(Moment(at, pool.busy, pool.idle))

    for at in arrivals:
        note(at)
        pool.settle(at)
        cold = not pool.idle
        served = rate.take(at) and pool.busy < limits.concurrency and (not cold or starts.take(at))
        if served:
            pool.serve(at, service.draw(cold, random))
        if at >= after:
            report.requests += 1
            report.cold += served and cold
            report.throttled += not served
            report.most = max(report.most, pool.busy + pool.idle)
            report.most_busy = max(report.most_busy, pool.busy)
    note(end)
    pool.close()
    report.environments = pool.lived / (end - after)
    report.busy = pool.served / (end - after)
    return report
