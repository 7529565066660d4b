"""`dew replay`: a recorded request or invocation once more, as it was or changed."""

import json
from typing import IO, Any

import click

from dewstack.cli.control import connect
from dewstack.cli.output import json_option, print_json
from dewstack.cli.record import described, newest, took
from dewstack.errors import UserError


def _read(file: IO[str]) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise UserError(f"{file.name}: not JSON: {error}") from error


def _edited(detail: dict[str, Any]) -> dict[str, Any]:
    """What the editor makes of the event, or of a request that reached no function."""
    key = "event" if detail["event"] is not None else "request"
    text = click.edit(json.dumps(detail[key], indent=2, ensure_ascii=False) + "\n", extension=".json")
    if text is None:
        raise UserError("Nothing was saved in the editor: nothing is done again.")
    try:
        return {key: json.loads(text)}
    except ValueError as error:
        raise UserError(f"What was saved is not JSON: {error}") from error


def _print(detail: dict[str, Any]) -> None:
    row, answer = detail["summary"], detail["http_response"]
    status = f" {row['status']}" if row["status"] else ""
    head = f"{described(row)}{status}, {took(row)}{', cold' if row['cold'] else ''} (recorded as {row['id']})"
    click.echo(click.style(head, bold=True))
    for line in detail["logs"]:
        if not line.startswith(("START ", "END ", "REPORT ")):
            click.echo(click.style(f"  {line}", dim=True))
    if answer is not None:
        click.echo(answer["body"])
    else:
        click.echo(json.dumps(detail["response"], indent=2, ensure_ascii=False))


@click.command("replay")
@click.argument("number", metavar="[ID]", type=click.IntRange(1), required=False)
@click.option(
    "--event", type=click.File(encoding="utf-8"), help="Invoke its function with this event; - reads stdin."
)
@click.option("--edit", is_flag=True, help="Change its event in your editor first.")
@json_option
def command(number: int | None, event: IO[str] | None, edit: bool, as_json: bool) -> None:
    """Do a recorded request or invocation again: the newest, or the one of this ID ('dew record' lists them).

    A request goes through API Gateway again, with the headers it had; with another event its function is invoked. The
    exit code is 1 where that ends in an error of the function, or a status of 500 and above.

    \b
    Examples:
      dew replay
      dew replay 42
      dew replay 42 --edit
      dew record --show 42 --as event | jq '.body = "{}"' | dew replay 42 --event -
    """
    if event is not None and edit:
        raise click.UsageError("--event and --edit exclude each other")
    api = connect()
    wanted: dict[str, Any] = {"id": number or newest(api)}
    if not wanted["id"]:
        raise UserError("Nothing was recorded yet.", hint="Send a request; 'dew routes' lists what there is.")
    if event is not None:
        wanted["event"] = _read(event)
    elif edit:
        wanted |= _edited(api.get("invocation", id=str(wanted["id"])))
    detail = api.post("invocations/replay", wanted)
    if as_json:
        print_json(detail)
    else:
        _print(detail)
    row = detail["summary"]
    if (row["status"] or 0) >= 500 or (row["error"] and row["status"] is None):
        raise click.exceptions.Exit(1)
