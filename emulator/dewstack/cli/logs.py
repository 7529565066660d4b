"""`dew logs`: what the functions print, and Lambda's own lines about each invocation."""

import re
from datetime import datetime
from typing import Any

import click

from dewstack.cli.control import connect, named_function
from dewstack.cli.output import json_option, print_json_line

COLORS = ("cyan", "green", "magenta", "blue", "yellow")
START_AND_END = ("INIT_START ", "START RequestId:", "END RequestId:")
REPORT = "REPORT RequestId:"
FAULTS = ("[ERROR]", "Task timed out", "Status: timeout", "Status: error")
DURATION = re.compile(r"\tDuration: ([\d.]+ ms)")
INIT = re.compile(r"Init Duration: ([\d.]+ ms)")


def print_event(event: dict[str, Any]) -> None:
    """One log event: when, which function, what. Lambda's own lines are dim, faults red."""
    message = str(event["message"]).rstrip()
    if message.startswith((*START_AND_END, REPORT, "INIT_REPORT ")):
        message = click.style(message.replace("\t", "  "), dim=True)
    _print(event, message)


def follow_event(event: dict[str, Any]) -> None:
    """The same for `dew up`: of Lambda's own lines only how long each invocation took."""
    message = str(event["message"]).rstrip()
    if message.startswith(START_AND_END):
        return
    if message.startswith(REPORT) and (took := DURATION.search(message)):
        init = INIT.search(message)
        message = click.style(f"took {took[1]}{f', after {init[1]} of start' if init else ''}", dim=True)
    _print(event, message)


def _print(event: dict[str, Any], message: str) -> None:
    if any(fault in message for fault in FAULTS):
        message = click.style(message, fg="red")
    function = str(event["function"])
    at = datetime.fromtimestamp(event["timestamp"] / 1000).strftime("%H:%M:%S.%f")[:-3]
    name = click.style(function, fg=COLORS[sum(function.encode()) % len(COLORS)])
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
    api = connect()
    query = {"function": named_function(function, api.functions())["key"]} if function else {}
    if follow:
        query["follow"] = "1"
    for event in api.stream("logs", **query):
        if as_json:
            print_json_line(event)
        else:
            print_event(event)
