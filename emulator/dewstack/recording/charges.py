"""Counts all that AWS would charge for, since the emulator started: also what the record drops.

On the hot path it adds up whole numbers; dollars are made when somebody asks.
"""

import math
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field

from dewstack.billing import Usage
from dewstack.billing.costs import gb_seconds, metered
from dewstack.billing.prices import API_REQUESTS
from dewstack.recording.model import Exchanged, Function, Invoked

NOT_CHARGED = frozenset({401, 403, 429})
"""Statuses with which API Gateway refuses what it then does not charge for."""
MOST_OPEN = 1000
"""Invocations that may wait for the request behind them to end."""
MESSAGE, HEAD = b'"connectionId":', 8192
"""What events of a WebSocket API have, in their first bytes, and no others."""


class Ran(Struct, frozen=True):
    """A function with what its invocations have been billed for: one memory size on one architecture."""

    name: str
    memory_mb: int
    architecture: str


class Invocations(Struct):
    """How many, and their billed milliseconds; `init_ms` of them went into the starts of the `cold` ones."""

    count: int = 0
    billed_ms: int = 0
    cold: int = 0
    init_ms: int = 0
    errors: int = 0

    def add(self, other: "Invocations", sign: int = 1) -> None:
        """Take others in, or out."""
        self.count += sign * other.count
        self.billed_ms += sign * other.billed_ms
        self.cold += sign * other.cold
        self.init_ms += sign * other.init_ms
        self.errors += sign * other.errors


class Route(NamedTuple):
    """A route of a stage of an API; None for requests that no route fits."""

    kind: str
    api: str
    stage: str
    key: str | None


class Requests(Struct):
    """What came to a route. `metered` counts large ones several times; `free` ones were refused at no charge."""

    count: int = 0
    metered: int = 0
    free: int = 0
    bytes_out: int = 0
    """Of bodies."""
    invocations: dict[Ran, Invocations] = field(default_factory=dict)
    """What they led to."""


class Tally(Struct):
    """All of some time, which began at `since`, in seconds since the epoch."""

    since: float
    functions: dict[Ran, Invocations] = field(default_factory=dict)
    routes: dict[Route, Requests] = field(default_factory=dict)
    messages: int = 0
    """That clients of WebSocket APIs have sent to functions."""

    def usage(self) -> Usage:
        """What of it AWS meters."""
        duration: dict[str, Decimal] = {}
        for ran, invocations in self.functions.items():
            seconds = gb_seconds(invocations.billed_ms, ran.memory_mb)
            duration[ran.architecture] = duration.get(ran.architecture, Decimal(0)) + seconds
        requests: dict[str, Decimal] = {"websocket": Decimal(self.messages)} if self.messages else {}
        for route, came in self.routes.items():
            if route.kind in API_REQUESTS:
                requests[route.kind] = requests.get(route.kind, Decimal(0)) + came.metered
        return Usage(
            invocations=Decimal(sum(each.count for each in self.functions.values())),
            duration=duration,
            requests=requests,
            bytes_out=Decimal(sum(each.bytes_out for each in self.routes.values())),
        )


class Charges:
    """The tally of everything since the start, and of any time since. On the loop."""

    def __init__(self) -> None:
        self.all = Tally(time.time())
        self._known: dict[int, tuple[Function, Ran, Invocations]] = {}
        """By the identity of the function's configuration."""
        self._open: dict[int, tuple[Ran, Invocations]] = {}
        """Invocations by the identity of their payload, until the request that caused each is over."""

    def invoked(self, invoked: Invoked) -> None:
        """An invocation is over."""
        report = invoked.report
        known = self._known.get(id(invoked.function)) or self._know(invoked.function, report.memory_mb)
        billed = report.billed_ms
        one = Invocations(1, billed, errors=invoked.error is not None)
        if report.init_ms is not None:
            one.cold, one.init_ms = 1, billed - min(billed, math.ceil(report.duration_ms))
        known[2].add(one)
        payload = invoked.payload
        if payload.find(MESSAGE, 0, HEAD) >= 0:
            self.all.messages += metered("websocket", len(payload))
        else:
            if len(self._open) >= MOST_OPEN:
                self._open.clear()  # what is left are events, which no request stands behind
            self._open[id(payload)] = (known[1], one)

    def exchanged(self, exchanged: Exchanged) -> None:
        """A request is answered."""
        route = Route(exchanged.kind, exchanged.api_id, exchanged.stage, exchanged.route)
        came = self.all.routes.get(route)
        if came is None:
            came = self.all.routes[route] = Requests()
        response = exchanged.response
        out = len(response.body)
        came.count += 1
        came.bytes_out += out
        if exchanged.refused is not None and response.status in NOT_CHARGED:
            came.free += 1
        else:
            came.metered += metered(exchanged.kind, max(len(exchanged.request.body), out))
        behind = self._open.pop(id(exchanged.event), None)
        if behind is not None:
            invocations = came.invocations.get(behind[0])
            if invocations is None:
                came.invocations[behind[0]] = behind[1]
            else:
                invocations.add(behind[1])

    def _know(self, function: Function, memory_mb: int) -> tuple[Function, Ran, Invocations]:
        ran = Ran(function.name, memory_mb, function.architectures[0])
        invocations = self.all.functions.setdefault(ran, Invocations())
        if len(self._known) >= MOST_OPEN:
            self._known.clear()  # of functions that were deployed again and again
        known = self._known[id(function)] = (function, ran, invocations)
        return known

    def mark(self) -> Tally:
        """Everything until now, to ask later what came `after` it."""
        now = Tally(time.time(), messages=self.all.messages)
        now.functions = {ran: _copy(each) for ran, each in self.all.functions.items()}
        now.routes = {
            route: Requests(
                each.count,
                each.metered,
                each.free,
                each.bytes_out,
                {ran: _copy(one) for ran, one in each.invocations.items()},
            )
            for route, each in self.all.routes.items()
        }
        return now

    def after(self, mark: Tally) -> Tally:
        """What came after a mark."""
        tally = self.mark()
        tally.since = mark.since
        tally.messages -= mark.messages
        _take_out(tally.functions, mark.functions)
        for route, before in mark.routes.items():
            came = tally.routes[route]
            came.count -= before.count
            came.metered -= before.metered
            came.free -= before.free
            came.bytes_out -= before.bytes_out
            _take_out(came.invocations, before.invocations)
            if not came.count:
                del tally.routes[route]
        return tally


def _copy(invocations: Invocations) -> Invocations:
    made = Invocations()
    made.add(invocations)
    return made


def _take_out(whole: dict[Ran, Invocations], before: Mapping[Ran, Invocations]) -> None:
    for ran, invocations in before.items():
        whole[ran].add(invocations, -1)
        if not whole[ran].count:
            del whole[ran]
