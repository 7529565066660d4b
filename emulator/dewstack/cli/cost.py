"""`dew cost`: what AWS would charge for what has run here, for a recorded session, or for a load that one imagines."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from dewstack.cli.control import connect
from dewstack.cli.output import json_option, notice, print_json, print_table
from dewstack.errors import UserError

KINDS = ("http", "rest", "none")
SERVERS = ("fargate", "fargate-2", "t3.micro", "t3.small")
SIMULATED_REQUESTS = 5000


def dollars(value: float) -> str:
    """An amount with three digits that count, however small it is."""
    if value == 0:
        return "$0"
    return f"${value:,.2f}" if value >= 1 else f"${Decimal(f'{value:.3g}'):f}"


def _print_ran(told: dict[str, Any]) -> None:
    hours, seconds = divmod(round(told["seconds"]), 3600)
    lasted = f"{hours} h {seconds // 60} min" if hours else f"{seconds // 60} min {seconds % 60} s"
    whole = click.style(dollars(told["cost_usd"]), bold=True)
    click.echo(f"{whole} in {lasted}: {told['requests']:,} requests, {told['invocations']:,} invocations,")
    tier = "with the free tier" if told["free_tier"] else "without the free tier"
    click.echo(
        f"{told['gb_seconds']:.3f} GB-seconds at the prices of {told['region']}, {told['as_of']}, {tier}."
    )
    if told["functions"]:
        click.echo()
        print_table(
            ["FUNCTION", "CALLS", "COLD", "MEMORY", "BILLED", "COST"],
            [
                [
                    row.get("key") or row["function"],
                    f"{row['invocations']:,}",
                    str(row["cold"]),
                    f"{row['memory_mb']} MB",
                    f"{row['billed_ms']:,} ms",
                    dollars(row["cost_usd"]),
                ]
                for row in told["functions"]
            ],
        )
    if told["routes"]:
        click.echo()
        print_table(
            ["ROUTE", "API", "REQUESTS", "FREE", "GATEWAY", "LAMBDA", "A MILLION"],
            [
                [
                    row["route"] or "(no route)",
                    row["kind"],
                    f"{row['requests']:,}",
                    str(row["free"]),
                    dollars(row["gateway_usd"]),
                    dollars(row["lambda_usd"]),
                    dollars(row["per_million_usd"]),
                ]
                for row in told["routes"]
            ],
        )


def _print_monthly(told: dict[str, Any]) -> None:
    server = next(each for each in told["always_on"] if each["key"] == told["compared_with"])
    click.echo(f"\nMeanwhile {server['name']} would have cost {dollars(server['meanwhile_usd'])}.")
    for pool in told["monthly"]["users"]:
        click.echo(
            f"Users of {pool['pool']} ({pool['plan'].title()}): {pool['users']:,}, {dollars(pool['cost_usd'])} in a"
            f" month in which all sign in; {dollars(pool['with_free_tier_usd'])} with the free tier."
        )
    if told["monthly"]["provisioned_usd"]:
        kept = dollars(told["monthly"]["provisioned_usd"])
        click.echo(f"Provisioned concurrency: {kept} a month, whether anybody calls or not.")
    logs = told["monthly"]["logs"]
    if logs["bytes"]:
        click.echo(
            f"Logs: {logs['bytes']:,} bytes are kept; taking them in has cost {dollars(logs['cost_usd'])}."
        )


def _session(path: Path) -> dict[str, Any]:
    """What a file that `dew record --out` has written costs, by function and route."""
    by: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            row = json.loads(line)["summary"]
            name = f"{row['method']} {row['path']}" if row["route"] is None else str(row["route"])
            found = by.setdefault(
                name if row["kind"] in ("http", "rest") else f"{row['kind']} {row['function']}",
                {"requests": 0, "billed_ms": 0, "cost_usd": Decimal(0)},
            )
            found["requests"] += 1
            found["billed_ms"] += row["billed_ms"] or 0
            found["cost_usd"] += Decimal(str(row["cost_usd"] or 0))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path}:{number} is not a recorded request: {error!r}",
                hint="dew record --out writes such a file.",
            ) from error
    whole = sum((each["cost_usd"] for each in by.values()), Decimal(0))
    rows = [{"what": name, **each, "cost_usd": float(each["cost_usd"])} for name, each in by.items()]
    rows.sort(key=lambda row: -float(row["cost_usd"]))
    return {"file": str(path), "cost_usd": float(whole), "rows": rows}


def _print_session(told: dict[str, Any]) -> None:
    click.echo(f"{click.style(dollars(told['cost_usd']), bold=True)} for what is in {told['file']}.")
    if told["rows"]:
        click.echo()
        print_table(
            ["WHAT", "REQUESTS", "BILLED", "COST"],
            [
                [row["what"], f"{row['requests']:,}", f"{row['billed_ms']:,} ms", dollars(row["cost_usd"])]
                for row in told["rows"]
            ],
        )


def _print_estimate(told: dict[str, Any]) -> None:
    load = told["load"]
    click.echo(
        f"{click.style(dollars(told['monthly_usd']), bold=True)} a month ({dollars(told['hourly_usd'])} an hour) for"
        f" {load['rate']:g} requests a second of {load['duration_ms']:g} ms at {load['memory_mb']} MB;"
    )
    click.echo(f"{dollars(told['monthly_with_free_tier_usd'])} with the free tier.\n")
    print_table(
        ["WHAT", "AMOUNT", "COST"],
        [
            [
                f"{line['service']}: {line['what']}",
                f"{line['amount']:,.0f} {line['unit']}s",
                dollars(line["cost_usd"]),
            ]
            for line in told["lines"]
        ],
    )
    click.echo()
    print_table(
        ["ALWAYS ON", "A MONTH", "CHEAPER FROM"],
        [
            [each["name"], dollars(each["monthly_usd"]), f"{each['break_even_rate']:.3g} requests a second"]
            for each in told["always_on"]
        ],
    )
    aws = told["aws"]
    click.echo(
        f"\nAWS would have up to {aws['environments']} environments serving at once, {aws['busy']:.2g} on average;"
        f" {aws['cold']:.2%} of the requests would meet a cold start"
        + (f", {aws['throttled']:.2%} would be throttled." if aws["throttled"] else ".")
    )


def estimate(
    rate: float, duration_ms: float, memory_mb: int, kind: str, architecture: str, init_ms: float
) -> dict[str, Any]:
    """What a load would cost: the cold starts are simulated. Dollars, by the hour and the month."""
    from random import Random

    from dewstack.billing import SERVERS as ALWAYS_ON
    from dewstack.billing import bill, break_even, total
    from dewstack.billing.estimates import Load
    from dewstack.billing.prices import AS_OF, REGION
    from dewstack.simulate import Service, poisson, simulate

    lasting = SIMULATED_REQUESTS / rate
    service = Service(duration_ms / 1000, (duration_ms + init_ms) / 1000, constant=True)
    report = simulate(poisson(rate, lasting, Random(1)), service, lasting, Random(2), after=lasting / 5)
    load = Load(
        Decimal(str(rate)),
        Decimal(str(duration_ms)),
        memory_mb,
        architecture,
        "" if kind == "none" else kind,
        Decimal(str(report.cold_probability)),
        Decimal(str(init_ms)),
    )
    lines = bill(load.usage())
    return {
        "region": REGION,
        "as_of": AS_OF,
        "load": {
            "rate": rate,
            "duration_ms": duration_ms,
            "memory_mb": memory_mb,
            "kind": kind,
            "architecture": architecture,
            "init_ms": init_ms,
        },
        "per_request_usd": float(load.per_request),
        "hourly_usd": float(load.cost(1)),
        "monthly_usd": float(total(lines)),
        "monthly_with_free_tier_usd": float(load.cost(free_tier=True)),
        "lines": [
            {
                "service": line.service,
                "what": line.what,
                "amount": float(line.amount),
                "unit": line.unit,
                "cost_usd": float(line.cost),
            }
            for line in lines
        ],
        "always_on": [
            {
                "key": key,
                "name": server.name,
                "hourly_usd": float(server.hourly),
                "monthly_usd": float(server.monthly),
                "break_even_rate": float(break_even(load.per_request, server) or 0),
            }
            for key, server in ALWAYS_ON.items()
        ],
        "aws": {
            "environments": report.most_busy,
            "busy": report.busy,
            "cold": report.cold_probability,
            "throttled": report.throttle_probability,
        },
    }


@click.command("cost")
@click.option(
    "--rate", type=click.FloatRange(1e-4, 1e5), help="Estimate: so many requests a second, all month."
)
@click.option(
    "--duration-ms", type=click.FloatRange(0.0, 900_000.0), default=50.0, help="How long each takes."
)
@click.option("--memory", type=click.IntRange(128, 10_240), default=128, help="The function's memory in MB.")
@click.option("--api", "kind", type=click.Choice(KINDS), default="http", help="What stands in front of it.")
@click.option("--arm", is_flag=True, help="On arm64 instead of x86_64.")
@click.option(
    "--init-ms", type=click.FloatRange(0.0, 60_000.0), default=100.0, help="How long a cold start takes."
)
@click.option(
    "--session",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of a file that 'dew record --out' has written.",
)
@click.option("--server", type=click.Choice(SERVERS), default=SERVERS[0], help="Compare with this one.")
@click.option("--free-tier", is_flag=True, help="Take off what is free in every month.")
@json_option
def command(
    rate: float | None,
    duration_ms: float,
    memory: int,
    kind: str,
    arm: bool,
    init_ms: float,
    session: Path | None,
    server: str,
    free_tier: bool,
    as_json: bool,
) -> None:
    """Show what AWS would charge: for all that has run since the emulator started, or for a load to come.

    \b
    Examples:
      dew cost
      dew cost --free-tier --json
      dew cost --session today.ndjson
      dew cost --rate 10 --duration-ms 50 --memory 128
      dew cost --rate 10 --duration-ms 50 --memory 512 --api rest --arm
    """
    if rate is not None and session is not None:
        raise UserError("--rate and --session can't be told together.", hint="Choose one of them.")
    if rate is not None:
        told = estimate(rate, duration_ms, memory, kind, "arm64" if arm else "x86_64", init_ms)
        show = _print_estimate
    elif session is not None:
        told, show = _session(session), _print_session
    else:
        told = connect().get("costs", server=server, free_tier="1" if free_tier else "0")
        show = _print_ran
    if as_json:
        print_json(told)
        return
    show(told)
    if rate is None and session is None:
        _print_monthly(told)
    notice("What is counted and what is not: docs/cost.md")
