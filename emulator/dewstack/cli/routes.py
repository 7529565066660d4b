"""`dew routes`: which request reaches which function, and who may send it."""

from typing import Any

import click

from dewstack.cli.control import connect
from dewstack.cli.output import json_option, print_json, print_table

METHOD_COLORS = {"GET": "green", "POST": "yellow", "PUT": "blue", "PATCH": "blue", "DELETE": "red"}


def cells(route: dict[str, Any]) -> list[str]:
    """One route as the table's cells: method, path, function, authorizer."""
    method, path = str(route["method"]), str(route["path"])
    return [
        click.style(method, fg=METHOD_COLORS.get(method)),
        path,
        str(route.get("function") or ""),
        str(route.get("authorizer") or ""),
    ]


@click.command("routes")
@json_option
def command(as_json: bool) -> None:
    """List which request reaches which function, and the authorizer in between.

    \b
    Examples:
      dew routes
      dew routes --json | jq -r '.routes[].path'
    """
    found = connect().get("routes")
    if as_json:
        print_json(found)
        return
    print_table(["METHOD", "PATH", "FUNCTION", "AUTHORIZER"], [cells(route) for route in found["routes"]])
