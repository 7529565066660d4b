"""`/_dew/load`: start a load on a route or a function, change it, watch it, end it; and what it costs meanwhile.

A load ends by itself after `seconds` unless it is renewed, so that it does not outlive the page that drives it.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from dewstack.billing import SERVERS, bill, break_even, scaled, total
from dewstack.billing.prices import AS_OF, MONTH_HOURS, REGION
from dewstack.control import BadRequest, answer, body_of
from dewstack.costs import costs_of, server_of, server_told
from dewstack.http import Request, Response
from dewstack.lambda_.invoker import Invoker
from dewstack.loads.generator import MOST_AT_ONCE, Generator
from dewstack.loads.targets import Door, Execute, Host, Target, Targets
from dewstack.recording import Recorder
from dewstack.recording.charges import Invocations, Ran, Tally
from dewstack.simulate import Report, Service, poisson, simulate

Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]
MOST_RATE, MOST_SECONDS, MOST_BURST = 200.0, 600.0, 50
USUAL_SECONDS = 10.0
LEAST_IDLE_SECONDS = 1.0
SETTLE_SECONDS = 1.0
"""After a load, a shorter idle time lasts for itself and this much longer, so that one sees environments vanish."""
SIMULATED_REQUESTS, SIMULATED_SECONDS = 2000, 120.0
"""What is simulated of a load at most, to say how many environments AWS would have."""


class Asked(Struct, frozen=True):
    """What a `POST` may say."""

    route: str | None = None
    function: str | None = None
    event: Any = None
    """What the function is to get; else what it got last."""
    rate: float = 1.0
    """Requests a second."""
    seconds: float = USUAL_SECONDS
    burst: int = 0
    """So many besides, at once."""
    fresh: bool = False
    """Begin without environments: those of the function end."""
    idle_seconds: float | None = None
    """How long environments of all functions may idle while the load lasts."""


class Running(Struct):
    """A load that runs, or has run last."""

    asked: Asked
    target: Target
    generator: Generator
    mark: Tally
    task: asyncio.Task[None]


class Loads:
    """One load at a time. On the loop."""

    def __init__(
        self, host: Host, recorder: Recorder | None, execute: Execute, door: Door, invoker: Invoker
    ) -> None:
        self._recorder = recorder
        self._invoker = invoker
        self._targets = Targets(host, recorder, execute, door, invoker) if recorder else None
        self._usual_idle = invoker.idle_time.seconds
        self._restoring: asyncio.TimerHandle | None = None
        self._running: Running | None = None
        self._simulated: dict[tuple[float, int], Report] = {}

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {("POST", "load"): self._post, ("GET", "load"): self._get, ("DELETE", "load"): self._delete}

    async def close(self) -> None:
        """End the load and what it has left."""
        await self._end()
        if self._restoring is not None:
            self._restoring.cancel()

    async def _post(self, request: Request, query: dict[str, str]) -> Response:
        """Start a load, or go on with the one that runs on the same. Raises BadRequest."""
        asked = msgspec.convert(body_of(request), Asked)
        _check(asked, self._usual_idle)
        if self._targets is None or self._recorder is None:
            raise BadRequest("a load needs the record: the emulator was started with --no-record")
        running = self._running
        same = running is not None and (running.asked.route, running.asked.function, running.asked.event) == (
            asked.route,
            asked.function,
            asked.event,
        )
        if running is None or not same or running.task.done() or asked.fresh:
            target = await self._targets.find(asked.route, asked.function, asked.event)
            await self._end()
            if asked.fresh:
                self._end_environments(target.function)
            running = self._begin(asked, target, self._recorder)
        running.asked = asked
        running.generator.change(asked.rate, asked.seconds)
        running.generator.burst(asked.burst)
        self._shorten(asked)
        return answer(await self._told(query))

    def _begin(self, asked: Asked, target: Target, recorder: Recorder) -> Running:
        generator = Generator(target.send, Random())
        generator.change(asked.rate, asked.seconds)
        task = asyncio.get_running_loop().create_task(generator.run())
        self._running = Running(asked, target, generator, recorder.charges.mark(), task)
        return self._running

    def _end_environments(self, name: str) -> None:
        for pool in self._invoker.pools:
            if pool.function.name == name:
                pool.recycle()

    async def _end(self) -> None:
        """Stop sending."""
        if self._running is not None:
            self._running.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running.task

    def _shorten(self, asked: Asked) -> None:
        """Let environments idle for a shorter time, and as long as before when the load is over."""
        if self._restoring is not None:
            self._restoring.cancel()
            self._restoring = None
        idle = self._usual_idle if asked.idle_seconds is None else asked.idle_seconds
        if idle != self._invoker.idle_time.seconds:
            self._invoker.idle_time.change(idle)
        if asked.idle_seconds is not None:
            later = asked.seconds + idle + SETTLE_SECONDS
            self._restoring = asyncio.get_running_loop().call_later(later, self._restore)

    def _restore(self) -> None:
        self._restoring = None
        self._invoker.idle_time.change(self._usual_idle)

    async def _delete(self, request: Request, query: dict[str, str]) -> Response:
        """End the load now."""
        await self._end()
        if self._restoring is not None:
            self._restoring.cancel()
            later = self._invoker.idle_time.seconds + SETTLE_SECONDS
            self._restoring = asyncio.get_running_loop().call_later(later, self._restore)
        return answer(await self._told(query))

    async def _get(self, request: Request, query: dict[str, str]) -> Response:
        """The load that runs, or the last one."""
        return answer(await self._told(query))

    async def _told(self, query: dict[str, str]) -> dict[str, Any]:
        server = server_of(query.get("server"))
        told: dict[str, Any] = {
            "region": REGION,
            "as_of": AS_OF,
            "limits": {
                "rate": MOST_RATE,
                "seconds": MOST_SECONDS,
                "burst": MOST_BURST,
                "at_once": MOST_AT_ONCE,
            },
            "idle_seconds": self._invoker.idle_time.seconds,
            "usual_idle_seconds": self._usual_idle,
            "load": None,
            "always_on": [server_told(key, Decimal(0)) for key in SERVERS],
        }
        running = self._running
        if running is None or self._recorder is None:
            return told
        generator, target = running.generator, running.target
        tally = _of_target(self._recorder.charges.after(running.mark), target)
        answers, median = generator.recent()
        going = not running.task.done()
        return told | {
            "load": {
                "running": going,
                "route": running.asked.route,
                "function": target.function,
                "memory_mb": target.memory_mb,
                "repeats": target.repeats,
                "rate": running.asked.rate,
                "seconds": round(generator.seconds, 3),
                "elapsed": round(time.monotonic() - generator.began, 3),
                "sent": generator.sent,
                "in_flight": generator.in_flight,
                "skipped": generator.skipped,
                "statuses": dict(generator.statuses),
                "answers_per_second": round(answers, 2),
                "median_ms": None if median is None else round(median, 2),
                "cost": _cost(tally, running.asked.rate, Decimal(time.monotonic() - generator.began), server),
                "aws": await self._on_aws(tally, running.asked.rate),
            }
        }

    async def _on_aws(self, tally: Tally, rate: float) -> dict[str, Any] | None:
        """How many environments AWS would have for this load: simulated, with the durations that were measured."""
        of_all = Invocations()
        for each in tally.functions.values():
            of_all.add(each)
        if not of_all.count or rate <= 0:
            return None
        milliseconds = max(1, round(of_all.billed_ms / of_all.count))
        key = (rate, milliseconds)
        if key not in self._simulated:
            if len(self._simulated) > 100:
                self._simulated.clear()
            self._simulated[key] = await asyncio.to_thread(_simulated, rate, milliseconds / 1000)
        report = self._simulated[key]
        return {
            "billed_ms": milliseconds,
            "environments": report.most,
            "busy": round(report.busy, 3),
            "throttled": round(report.throttle_probability, 4),
        }


def _simulated(rate: float, seconds: float) -> Report:
    lasting = min(SIMULATED_SECONDS, SIMULATED_REQUESTS / rate)
    service = Service(seconds, seconds, constant=True)
    return simulate(poisson(rate, lasting, Random(1)), service, lasting, Random(2))


def _check(asked: Asked, usual_idle: float) -> None:
    """Raise BadRequest for what a load may not be."""
    for name, value, least, most in (
        ("rate", asked.rate, 0.0, MOST_RATE),
        ("seconds", asked.seconds, 0.1, MOST_SECONDS),
        ("burst", asked.burst, 0, MOST_BURST),
        ("idle_seconds", asked.idle_seconds, min(LEAST_IDLE_SECONDS, usual_idle), usual_idle),
    ):
        if value is not None and not least <= value <= most:
            raise BadRequest(f"{name} is a number from {least:g} to {most:g}, not {value:g}")


def _of_target(tally: Tally, target: Target) -> Tally:
    """What of a tally is the target's: of a route the requests and the invocations behind them."""
    if target.route is None:
        return Tally(
            tally.since, {ran: each for ran, each in tally.functions.items() if ran.name == target.function}
        )
    functions: dict[Ran, Invocations] = {}
    routes = {r: each for r, each in tally.routes.items() if (r.kind, r.key) == (target.kind, target.key)}
    for each in routes.values():
        for ran, invocations in each.invocations.items():
            functions.setdefault(ran, Invocations()).add(invocations)
    return Tally(tally.since, functions, routes)


def _cost(tally: Tally, rate: float, seconds: Decimal, key: str) -> dict[str, Any]:
    """What the load has cost, what it would go on to cost, and what a server costs."""
    usage = tally.usage()
    counted = sum(each.count for each in (tally.routes or tally.functions).values())
    so_far = total(bill(usage))
    server = SERVERS[key]
    told = {
        "counted": counted,
        "so_far": costs_of(tally, tally.since),
        "server": server_told(key, seconds / 3600),
        "billed_seconds": sum(each.billed_ms for each in tally.functions.values()) / 1000,
        "per_request_usd": None,
        "hourly_usd": 0.0,
        "monthly_usd": 0.0,
        "monthly_with_free_tier_usd": 0.0,
        "monthly_requests": 0.0,
        "break_even_rate": None,
    }
    if not counted:
        return told
    per_request = so_far / counted
    even = break_even(per_request, server)
    a_month = Decimal(str(rate)) * 3600 * MONTH_HOURS
    month = scaled(usage, a_month / counted)
    return told | {
        "per_request_usd": float(per_request),
        "hourly_usd": float(per_request * Decimal(str(rate)) * 3600),
        "monthly_usd": float(total(bill(month))),
        "monthly_with_free_tier_usd": float(total(bill(month, free_tier=True))),
        "monthly_requests": float(a_month),
        "break_even_rate": None if even is None else float(even),
    }
