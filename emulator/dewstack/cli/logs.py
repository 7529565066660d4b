"""`dew logs`: what the functions print, and Lambda's own lines about each invocation."""

from datetime import datetime
from typing import Any

import click

from dewstack.cli.control import connect
from dewstack.cli.output import json_option, print_json_line

COLORS = ("cyan", "green", "magenta", "blue", "yellow")
PLATFORM_LINES = ("INIT_START ", "START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_REPORT ")


def print_event(event: dict[str, Any]) -> None:
    """One log event: when, which function, what. Lambda's own lines are dim, errors red."""
    function, message = str(event["function"]), str(event["message"]).rstrip("\n")
    at = datetime.fromtimestamp(event["timestamp"] / 1000).strftime("%H:%M:%S.%f")[:-3]
    name = click.style(function, fg=COLORS[sum(function.encode()) % len(COLORS)])
    if message.startswith(PLATFORM_LINES):
        message = click.style(message.replace("\t", "  ").rstrip(), dim=True)
    elif message.startswith("[ERROR]") or "Task timed out" in message:
        message = click.style(message, fg="red")
    for line in message.replace("\r", "\n").split("\n"):
        click.echo(f"{click.style(at, dim=True)} {name} {line}")


@click.command("logs")
@click.argument("function", required=False, default="")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is printed from now on; Ctrl-C ends it.")
@json_option
def command(function: str, follow: bool, as_json: bool) -> None:
    """Show what the functions print, or what FUNCTION does (its name in the map, or its full name).

    \b
    Examples:
      dew logs
      dew logs -f login
      dew logs --json | jq -r .message
    """
    query = {"function": function} if function else {}
    if follow:
        query["follow"] = "1"
    for event in connect().stream("logs", **query):
        if as_json:
            print_json_line(event)
        else:
            print_event(event)
