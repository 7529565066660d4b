"""What AWS would charge for what has run here, by function and route, beside servers that are always on."""

import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Protocol

from dewstack.billing import SERVERS, Server, Usage, bill, total
from dewstack.billing.prices import AS_OF, MONTH_HOURS, REGION, USERS
from dewstack.config import Caller
from dewstack.control import BadRequest, answer
from dewstack.errors import AwsError
from dewstack.http import Request, Response
from dewstack.lambda_.invoker import Invoker
from dewstack.recording import Recorder
from dewstack.recording.charges import Invocations, Ran, Requests, Route, Tally

Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]
Call = Callable[[str, str, dict[str, Any], Caller], Awaitable[dict[str, Any]]]
CHOICES = ("0", "1", "false", "true")


class Deployed(Protocol):
    """What the map says of itself."""

    functions: list[dict[str, Any]]


class Host(Protocol):
    """The emulator, as it is seen here."""

    @property
    def deployed(self) -> Deployed:
        """What runs here."""

    @property
    def caller(self) -> Caller:
        """Who it is to the AWS APIs."""


class Costs:
    """`GET /_dew/costs?server=fargate&free_tier=1`."""

    def __init__(self, host: Host, recorder: Recorder | None, invoker: Invoker, call: Call) -> None:
        self._host = host
        self._recorder = recorder
        self._invoker = invoker
        self._call = call

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {("GET", "costs"): self._costs}

    async def _costs(self, request: Request, query: dict[str, str]) -> Response:
        """All that has run since the emulator started. Raises BadRequest."""
        if self._recorder is None:
            raise BadRequest("nothing is counted: the emulator was started with --no-record")
        free_tier = query.get("free_tier", "0")
        if free_tier not in CHOICES:
            raise BadRequest(f"free_tier is 1 or 0, not {free_tier!r}")
        server = server_of(query.get("server"))
        tally = self._recorder.mark()
        since = self._recorder.charges.since
        told = costs_of(tally, since, free_tier=free_tier in ("1", "true"))
        keys = {each["name"]: each["key"] for each in self._host.deployed.functions}
        for row in told["functions"]:
            row["key"] = keys.get(row["function"])
        hours = Decimal(told["seconds"]) / 3600
        return answer(
            {
                "region": REGION,
                "as_of": AS_OF,
                "free_tier": free_tier in ("1", "true"),
                **told,
                "always_on": [server_told(key, hours) for key in SERVERS],
                "compared_with": server,
                "monthly": await self._monthly(),
            }
        )

    async def _monthly(self) -> dict[str, Any]:
        """What would be charged by the month, whether anybody calls or not."""
        kept: dict[str, Decimal] = {}
        for pool in self._invoker.pools:
            architecture, gb = pool.function.architectures[0], Decimal(pool.function.memory_size) / 1024
            seconds = pool.provisioned.provision.requested * gb * 3600 * MONTH_HOURS
            kept[architecture] = kept.get(architecture, Decimal(0)) + seconds
        lines = bill(Usage(provisioned=kept))
        return {
            "users": await self._users(),
            "provisioned_usd": float(total(lines)),
            "logs": await self._logs(),
        }

    async def _users(self) -> list[dict[str, Any]]:
        """The pools, and what their users would cost in a month in which each of them signs in."""
        caller, found = self._host.caller, []
        for pool in (await self._call("cognito-idp", "ListUserPools", {"MaxResults": 60}, caller))[
            "UserPools"
        ]:
            named = {"UserPoolId": pool["Id"]}
            told = (await self._call("cognito-idp", "DescribeUserPool", named, caller))["UserPool"]
            plan, count = told.get("UserPoolTier", "ESSENTIALS"), told.get("EstimatedNumberOfUsers", 0)
            cost, free = USERS[plan].cost(Decimal(count)), USERS[plan].cost(Decimal(count), free_tier=True)
            found.append(
                {
                    "pool": pool["Id"],
                    "plan": plan,
                    "users": count,
                    "cost_usd": float(cost),
                    "with_free_tier_usd": float(free),
                    "user_usd": float(USERS[plan].first),
                }
            )
        return found

    async def _logs(self) -> dict[str, Any]:
        """What is kept of what was logged, and what it cost as it arrived."""
        try:
            groups = (await self._call("logs", "DescribeLogGroups", {}, self._host.caller))["logGroups"]
        except AwsError:
            groups = []
        size = sum(group["storedBytes"] for group in groups)
        return {"bytes": size, "cost_usd": float(total(bill(Usage(log_bytes=Decimal(size)))))}


def server_of(key: str | None) -> str:
    """The key of an always-on server, the usual one for none. Raises BadRequest."""
    if not key:
        return next(iter(SERVERS))
    if key not in SERVERS:
        raise BadRequest(f"server is one of {', '.join(SERVERS)}, not {key!r}")
    return key


def server_told(key: str, hours: Decimal) -> dict[str, Any]:
    """A server, and what it has cost in so many hours."""
    server: Server = SERVERS[key]
    return {
        "key": key,
        "name": server.name,
        "tells": server.tells,
        "hourly_usd": float(server.hourly),
        "monthly_usd": float(server.monthly),
        "meanwhile_usd": float(server.hourly * hours),
        "parts": [
            {
                "what": part.what,
                "count": float(part.count),
                "hourly_usd": float(part.hourly),
                "source": part.source,
            }
            for part in server.parts
        ],
    }


def costs_of(tally: Tally, since: float, *, free_tier: bool = False) -> dict[str, Any]:
    """What a tally costs, line by line, by function and by route."""
    usage = tally.usage()
    lines = bill(usage, free_tier=free_tier)
    functions = [_function(ran, invocations) for ran, invocations in tally.functions.items()]
    routes = [_route(route, requests) for route, requests in tally.routes.items()]
    return {
        "since": round(since, 3),
        "seconds": round(time.time() - since, 3),
        "requests": sum(each.count for each in tally.routes.values()),
        "invocations": int(usage.invocations),
        "cold": sum(each.cold for each in tally.functions.values()),
        "gb_seconds": float(sum(usage.duration.values(), Decimal(0))),
        "cost_usd": float(total(lines)),
        "lines": [
            {
                "service": line.service,
                "what": line.what,
                "amount": float(line.amount),
                "unit": line.unit,
                "price_usd": float(line.price),
                "cost_usd": float(line.cost),
                "source": line.source,
            }
            for line in lines
        ],
        "functions": sorted(functions, key=lambda row: -float(row["cost_usd"])),
        "routes": sorted(routes, key=lambda row: -float(row["cost_usd"])),
    }


def _function(ran: Ran, invocations: Invocations) -> dict[str, Any]:
    usage = Tally(0.0, functions={ran: invocations}).usage()
    return {
        "function": ran.name,
        "memory_mb": ran.memory_mb,
        "architecture": ran.architecture,
        "invocations": invocations.count,
        "cold": invocations.cold,
        "errors": invocations.errors,
        "billed_ms": invocations.billed_ms,
        "init_ms": invocations.init_ms,
        "gb_seconds": float(usage.duration[ran.architecture]),
        "cost_usd": float(total(bill(usage))),
    }


def _route(route: Route, requests: Requests) -> dict[str, Any]:
    """A route: its requests, and the invocations behind them. An authorizer's are its function's alone."""
    functions = Tally(0.0, functions=requests.invocations).usage()
    gateway = Tally(0.0, routes={route: requests}).usage()
    duration, asked = total(bill(functions)), total(bill(gateway))
    return {
        "kind": route.kind,
        "api": route.api,
        "stage": route.stage,
        "route": route.key,
        "requests": requests.count,
        "free": requests.free,
        "metered": requests.metered,
        "bytes_out": requests.bytes_out,
        "gateway_usd": float(asked),
        "lambda_usd": float(duration),
        "cost_usd": float(asked + duration),
        "per_million_usd": float((asked + duration) / requests.count * 1_000_000),
    }
