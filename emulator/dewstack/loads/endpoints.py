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

from dewstack.billing import SERVERS
from dewstack.billing.prices import AS_OF, REGION
from dewstack.control import BadRequest, answer, body_of
from dewstack.costs import server_of, server_told
from dewstack.http import Request, Response
from dewstack.lambda_.invoker import Invoker
from dewstack.loads.generator import MOST_AT_ONCE, Generator
from dewstack.loads.reckoning import cost, of_target, simulated, together
from dewstack.loads.targets import Door, Execute, Host, Target, Targets
from dewstack.recording import Recorder
from dewstack.recording.charges import Tally
from dewstack.simulate import Report

Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]
MOST_RATE, MOST_SECONDS, MOST_BURST = 200.0, 600.0, 50
USUAL_SECONDS = 10.0
LEAST_IDLE_SECONDS = 1.0
SETTLE_SECONDS = 1.0
"""After a load, a shorter idle time lasts for itself and this much longer, so that one sees environments vanish."""


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
        self._simulated: dict[tuple[float, int, int], Report] = {}

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
        self._running = Running(asked, target, generator, recorder.mark(), task)
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
        recorder = self._recorder
        aws = await self._on_aws(of_target(recorder.after(running.mark), target), running.asked.rate)
        tally = of_target(recorder.after(running.mark), target)  # as it is now, like all that follows
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
                "cost": cost(tally, running.asked.rate, time.monotonic() - generator.began, server, aws),
                "aws": aws,
            }
        }

    async def _on_aws(self, tally: Tally, rate: float) -> dict[str, Any] | None:
        """How many environments AWS would have for this load: simulated, with the durations that were measured."""
        ran = together(tally)
        if not ran.count or rate <= 0:
            return None
        warm = max(1, round((ran.billed_ms - ran.init_ms) / ran.count))
        init = round(ran.init_ms / ran.cold) if ran.cold else 0
        key = (rate, warm, init)
        if key not in self._simulated:
            if len(self._simulated) > 100:
                self._simulated.clear()
            self._simulated[key] = await asyncio.to_thread(simulated, *key)
        report = self._simulated[key]
        return {
            "warm_ms": warm,
            "init_ms": init,
            "cold": round(report.cold_probability, 5),
            "environments": report.most_busy,
            "busy": round(report.busy, 3),
            "throttled": round(report.throttle_probability, 4),
        }


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
