"""Counts all that AWS would charge for, since the emulator started: also what the record drops.

On the hot path it adds up whole numbers; dollars are made when somebody asks.
"""

import math
import time
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field

from dewstack.billing import Usage
from dewstack.billing.costs import gb_seconds, metered
from dewstack.billing.prices import API_REQUESTS
from dewstack.recording.model import Exchanged, Function, Invoked

NOT_CHARGED = frozenset({401, 403, 429})
"""Statuses with which API Gateway refuses what it then does not charge for."""
MOST_KNOWN = 1000
"""Configurations of functions whose sums are found by their identity."""
MESSAGE, HEAD = b'"connectionId":', 8192
"""What events of a WebSocket API have, in their first bytes, and no others."""


class Ran(NamedTuple):
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
        self.since = time.time()
        self._alone: dict[Ran, Invocations] = {}
        """What no request stands behind."""
        self._routes: dict[tuple[str, str, str, str | None], Requests] = {}
        self._messages = 0
        self._known: dict[int, tuple[Function, Ran]] = {}
        """By the identity of the function's configuration."""

    def exchanged(self, exchanged: Exchanged, invoked: Invoked | None) -> None:
        """A request is answered, and so is the invocation that it led to."""
        route = (exchanged.kind, exchanged.api_id, exchanged.stage, exchanged.route)
        came = self._routes.get(route)
        if came is None:
            came = self._routes[route] = Requests()
        response = exchanged.response
        out = len(response.body)
        came.count += 1
        came.bytes_out += out
        if exchanged.refused is not None and response.status in NOT_CHARGED:
            came.free += 1
        else:
            came.metered += metered(exchanged.kind, max(len(exchanged.request.body), out))
        if invoked is not None:
            self._add(came.invocations, invoked)

    def alone(self, invoked: Invoked) -> None:
        """An invocation is over that no request of an HTTP or REST API stands behind."""
        self._add(self._alone, invoked)
        self._messages += _messages(invoked)

    def mark(self, pending: Iterable[Invoked] = ()) -> Tally:
        """Everything until now, to ask later what came `after` it. `pending`: what is over, and may have a request
        that isn't."""
        now = Tally(time.time(), messages=self._messages)
        _put_in(now.functions, self._alone)
        for route, each in self._routes.items():
            _put_in(now.functions, each.invocations)
            behind: dict[Ran, Invocations] = {}
            _put_in(behind, each.invocations)
            now.routes[Route(*route)] = Requests(each.count, each.metered, each.free, each.bytes_out, behind)
        for invoked in pending:
            self._add(now.functions, invoked)
            now.messages += _messages(invoked)
        return now

    def _add(self, to: dict[Ran, Invocations], invoked: Invoked) -> None:
        known = self._known.get(id(invoked.function))
        ran = (known or self._know(invoked))[1]
        invocations = to.get(ran)
        if invocations is None:
            invocations = to[ran] = Invocations()
        report = invoked.report
        billed = report.billed_ms
        invocations.count += 1
        invocations.billed_ms += billed
        if invoked.error is not None:
            invocations.errors += 1
        if report.init_ms is not None:
            invocations.cold += 1
            invocations.init_ms += billed - min(billed, math.ceil(report.duration_ms))

    def _know(self, invoked: Invoked) -> tuple[Function, Ran]:
        function = invoked.function
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()  # of functions that were deployed again and again
        ran = Ran(function.name, invoked.report.memory_mb, function.architectures[0])
        known = self._known[id(function)] = (function, ran)
        return known

    def after(self, mark: Tally, pending: Iterable[Invoked] = ()) -> Tally:
        """What came after a mark."""
        tally = self.mark(pending)
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


def _messages(invoked: Invoked) -> int:
    """How many messages of a client of a WebSocket API an invocation is charged as."""
    payload = invoked.payload
    return metered("websocket", len(payload)) if payload.find(MESSAGE, 0, HEAD) >= 0 else 0


def _put_in(whole: dict[Ran, Invocations], more: Mapping[Ran, Invocations]) -> None:
    for ran, invocations in more.items():
        whole.setdefault(ran, Invocations()).add(invocations)


def _take_out(whole: dict[Ran, Invocations], before: Mapping[Ran, Invocations]) -> None:
    for ran, invocations in before.items():
        whole[ran].add(invocations, -1)
        if not whole[ran].count:
            del whole[ran]
