"""`dew metrics`: how often functions and routes were used, how often they failed, and how fast they were."""

from typing import Any

import click

from dewstack.cli.control import connect
from dewstack.cli.output import json_option, print_json, print_table

FUNCTIONS = {
    "FUNCTION": "function",
    "CALLS": "invocations",
    "ERRORS": "errors",
    "THROTTLED": "throttles",
    "COLD": "cold_starts",
    "AT ONCE": "concurrency",
}
ROUTES = {
    "METHOD": "method",
    "PATH": "path",
    "REQUESTS": "requests",
    "4XX": "client_errors",
    "5XX": "server_errors",
}
TIMES = {"P50": "p50", "P95": "p95", "P99": "p99"}


def _print(columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    def time(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f} ms"

    cells = [
        [*(str(row[key]) for key in columns.values()), *(time(row[key]) for key in TIMES.values())]
        for row in rows
    ]
    print_table([*columns, *TIMES], cells)


@click.command("metrics")
@click.option(
    "--minutes", type=click.IntRange(1, 1440), default=60, show_default=True, help="How far to look back."
)
@json_option
def command(minutes: int, as_json: bool) -> None:
    """Show what functions and routes did lately: calls, errors, cold starts, how long they took.

    \b
    Examples:
      dew metrics
      dew metrics --minutes 5
      dew metrics --json | jq '.functions[] | select(.errors > 0)'
    """
    tables = connect().get("metrics", minutes=str(minutes))
    if as_json:
        print_json(tables)
        return
    if not tables["functions"] and not tables["routes"]:
        click.echo(f"Nothing was called in the last {minutes} minutes.")
        return
    if tables["functions"]:
        _print(FUNCTIONS, tables["functions"])
    if tables["functions"] and tables["routes"]:
        click.echo()
    if tables["routes"]:
        _print(ROUTES, tables["routes"])
