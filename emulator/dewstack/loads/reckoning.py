"""What a load costs: until now, and if it went on for an hour or a month; and what AWS would need for it."""

from decimal import Decimal
from random import Random
from typing import Any

from msgspec.structs import replace

from dewstack.billing import SERVERS, Usage, bill, break_even, scaled, total
from dewstack.billing.costs import gb_seconds
from dewstack.billing.prices import MONTH_HOURS
from dewstack.costs import costs_of, server_told
from dewstack.loads.targets import Target
from dewstack.recording.charges import Invocations, Ran, Tally
from dewstack.simulate import Report, Service, poisson, simulate

SIMULATED_REQUESTS = 2000
"""What is simulated of a load, to say how many environments AWS would have and how many starts would be cold."""


def simulated(rate: float, warm_ms: int, init_ms: int) -> Report:
    """A load that has gone on for a while: how it starts is not counted."""
    lasting = SIMULATED_REQUESTS / rate
    service = Service(warm_ms / 1000, (warm_ms + init_ms) / 1000, constant=True)
    return simulate(poisson(rate, lasting, Random(1)), service, lasting, Random(2), after=lasting / 5)


def together(tally: Tally) -> Invocations:
    """All invocations."""
    whole = Invocations()
    for each in tally.functions.values():
        whole.add(each)
    return whole


def of_target(tally: Tally, target: Target) -> Tally:
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


def cost(tally: Tally, rate: float, elapsed: float, key: str, aws: dict[str, Any] | None) -> dict[str, Any]:
    """What the load has cost, what it would go on to cost, and what a server costs."""
    ran, server = together(tally), SERVERS[key]
    counted = sum(each.count for each in (tally.routes or tally.functions).values())
    told = {
        "counted": counted,
        "so_far": costs_of(tally, tally.since),
        "server": server_told(key, Decimal(elapsed) / 3600),
        "billed_seconds": ran.billed_ms / 1000,
        "init_seconds": ran.init_ms / 1000,
        "per_request_usd": None,
        "hourly_usd": 0.0,
        "monthly_usd": 0.0,
        "monthly_with_free_tier_usd": 0.0,
        "monthly_requests": 0.0,
        "break_even_rate": None,
    }
    if not counted:
        return told
    usage = _going_on(tally, Decimal(str(aws["cold"])) if aws else Decimal(0))
    per_request = total(bill(usage)) / counted
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


def _going_on(tally: Tally, cold: Decimal) -> Usage:
    """The same usage with as many cold starts as there are in the long run, the share `cold`: what one has just
    watched began with many."""
    duration: dict[str, Decimal] = {}
    for name, each in tally.functions.items():
        starts = cold * each.count * each.init_ms / each.cold if each.cold else Decimal(0)
        seconds = gb_seconds(each.billed_ms - each.init_ms + starts, name.memory_mb)
        duration[name.architecture] = duration.get(name.architecture, Decimal(0)) + seconds
    return replace(tally.usage(), duration=duration)
