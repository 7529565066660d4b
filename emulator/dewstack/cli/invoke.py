"""`dew invoke`: call one function directly, as `aws lambda invoke` would."""

import base64
import json
import sys
from pathlib import Path

import click

from dewstack.cli.control import connect
from dewstack.cli.output import json_option, print_json
from dewstack.errors import UserError


def read_event(data: str) -> str:
    """The event that `--data` gives: JSON, `@file` or `-` for stdin. Raises UserError when it is not JSON."""
    try:
        if data == "-":
            event = sys.stdin.buffer.read()
        elif data.startswith("@"):
            event = Path(data[1:]).read_bytes()
        else:
            event = data.encode()
    except OSError as error:
        raise UserError(f"Cannot read the event from {data[1:]}: {error.strerror}.") from error
    try:
        json.loads(event)
        return event.decode()
    except ValueError as error:
        raise UserError(
            f"The event is not JSON: {error}.",
            hint="""In a shell: --data '{"key": "value"}', or --data @event.json""",
        ) from error


@click.command("invoke")
@click.argument("function")
@click.option("-d", "--data", default="{}", metavar="JSON|@FILE|-", help="The event. Default: {}")
@click.option("--log", "with_log", is_flag=True, help="Show the end of the invocation's log, on stderr.")
@json_option
@click.pass_context
def command(ctx: click.Context, function: str, data: str, with_log: bool, as_json: bool) -> None:
    """Call FUNCTION with an event of your own and print what it returns. Exit code 1 when it fails.

    \b
    Examples:
      dew invoke login --data '{"body": "{}"}'
      dew invoke login --data @event.json --log
      jq .request case.json | dew invoke login --data -
    """
    event = read_event(data)
    api = connect()
    output = api.call(
        "lambda", "Invoke", FunctionName=api.function(function)["name"], Payload=event, LogType="Tail"
    )
    payload = base64.b64decode(output.get("Payload") or "")
    log = base64.b64decode(output.get("LogResult") or "").decode(errors="replace")
    failed = output.get("FunctionError")
    if with_log:
        click.echo(click.style(log.rstrip("\n"), dim=True), err=True)
    result = json.loads(payload) if payload else None
    if as_json:
        print_json({"result": result, "error": failed, "log": log, "version": output.get("ExecutedVersion")})
    else:
        print_json(result)
    ctx.exit(1 if failed else 0)
