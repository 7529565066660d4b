"""`dew invoke`: call one function directly, as `aws lambda invoke` would, or as a request to its route would."""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from dewstack.cli.control import ControlApi, named_function
from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, notice, print_json
from dewstack.errors import UserError
from dewstack.project import find_project

if TYPE_CHECKING:
    from dewstack.cli.sample import Sample

LIMIT_CLIENT_CONTEXT = 3583
"""Bytes of the context as Lambda counts them, base64 and all."""


class Api(Protocol):
    """An emulator with the project's functions."""

    def functions(self) -> list[dict[str, Any]]:
        """The functions of the map."""

    def routes(self) -> dict[str, Any]:
        """The routes of the map, and the region that it is in."""

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """One AWS operation in boto3's shapes."""


def read_event(data: str, option: str = "--event") -> str:
    """The event that `--event` gives: JSON, `@file` or `-` for stdin. Raises UserError when it is not JSON."""
    event = read_text(data)
    try:
        json.loads(event)
    except ValueError as error:
        raise UserError(
            f"The event is not JSON: {error}.",
            hint=f"""In a shell: {option} '{{"key": "value"}}', or {option} @event.json""",
        ) from error
    return event


def read_text(data: str) -> str:
    """What an option gives: itself, `@file` or `-` for stdin. Raises UserError when it cannot be read."""
    try:
        if data == "-":
            return sys.stdin.buffer.read().decode()
        return Path(data[1:]).read_bytes().decode() if data.startswith("@") else data
    except OSError as error:
        raise UserError(f"Cannot read the event from {data[1:]}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"The event is not JSON: {error}.") from error


def read_object(text: str, option: str) -> dict[str, Any]:
    """A JSON object. Raises UserError when it is none."""
    value = json.loads(read_event(text, option)) if text else {}
    if not isinstance(value, dict):
        raise UserError(f"{option} takes a JSON object.", hint=f"""{option} '{{"sub": "ada"}}'""")
    return value


@contextmanager
def open_api(options: MapOptions) -> Iterator[Api]:
    """The emulator that runs for the project, or one in memory for this call. Raises UserError."""
    project = find_project()
    run = project.running()
    if run is not None:
        yield ControlApi(run)
        return
    notice(click.style("No emulator runs here: this call gets one in memory, without users.", dim=True))
    from dewstack.cli.local import local_api

    with local_api(project, options) as api:
        yield api


@click.command("invoke")
@click.argument("function")
@click.option("-e", "--event", metavar="JSON|@FILE|-", help="The event. Default: {}")
@click.option("--route", default="", metavar="'METHOD /PATH'", help="Make the event of this route.")
@click.option("--path", default="", metavar="PATH", help="Make the event of a request to this path.")
@click.option("-X", "--method", default="", help="The request's method. Default: the route's.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A request header.")
@click.option("-d", "--data", metavar="TEXT|@FILE|-", help="The request's body; without a route the event.")
@click.option("--claims", default="", metavar="JSON|@FILE", help="Claims of the request's token.")
@click.option(
    "--context", default="", metavar="JSON|@FILE", help="The client context, as mobile SDKs send it."
)
@click.option("--dry-run", is_flag=True, help="Print the event and call nothing.")
@click.option("--log", "with_log", is_flag=True, help="Show the end of the invocation's log, on stderr.")
@map_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    function: str,
    event: str | None,
    route: str,
    path: str,
    method: str,
    headers: tuple[str, ...],
    data: str | None,
    claims: str,
    context: str,
    dry_run: bool,
    with_log: bool,
    stage: str,
    region: str,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Call FUNCTION with an event of your own, or as a request to its route, and print what it returns.

    With --path or --route the event is what API Gateway would make of such a request, in the route's own format.
    Exit code 1 when the function fails. Without a running emulator, one in memory serves the call.

    \b
    Examples:
      dew invoke login --event '{"body": "{}"}'
      dew invoke login --event @event.json --log
      dew invoke login --path /auth/login --data '{"email": "ada@example.com"}'
      dew invoke profile --route 'GET /auth/profile' --claims '{"username": "ada"}'
      jq .request case.json | dew invoke login --event -
    """
    sample = None
    if route or path:
        if event is not None:
            raise UserError("--event is the whole event: --path and --route would make another.")
        from dewstack.cli.sample import Sample

        body = None if data is None else read_text(data)
        sample = Sample(route, method, path, headers, body, read_object(claims, "--claims"))
    elif method or headers or claims:
        raise UserError(
            "--method, --header and --claims are of a request: give its --path or --route as well."
        )
    given = "{}" if sample else _given(event, data)
    client_context = read_object(context, "--context")
    with open_api(MapOptions(stage, region, params)) as api:
        wanted = named_function(function, api.functions())
        payload = _sampled(sample, wanted, api) if sample else given
        if dry_run:
            print_json(json.loads(payload))
            return
        output = _invoke(api, wanted["name"], payload, client_context)
    _print(output, with_log=with_log, as_json=as_json)
    ctx.exit(1 if output["error"] else 0)


def _given(event: str | None, data: str | None) -> str:
    """The event that the caller wrote, under either name; an empty one by default."""
    if event is None and data is None:
        return "{}"
    return read_event(event or data or "", "--event" if event else "--data")


def _sampled(sample: "Sample", function: dict[str, Any], api: Api) -> str:
    told = api.routes()
    return sample.event(function["key"], told["routes"], told.get("region") or "us-east-1").decode()


def _invoke(api: Api, name: str, payload: str, context: dict[str, Any]) -> dict[str, Any]:
    """What came of it: `result`, `error` (None, or `Unhandled`), `log` and `version`."""
    params: dict[str, Any] = {"FunctionName": name, "Payload": payload, "LogType": "Tail"}
    if context:
        params["ClientContext"] = base64.b64encode(json.dumps(context).encode()).decode()
        if len(params["ClientContext"]) > LIMIT_CLIENT_CONTEXT:
            raise UserError(f"--context is too large: Lambda takes {LIMIT_CLIENT_CONTEXT} bytes as base64.")
    output = api.call("lambda", "Invoke", **params)
    returned = output.get("Payload") or b""
    returned = base64.b64decode(returned) if isinstance(returned, str) else bytes(returned)
    return {
        "result": json.loads(returned) if returned else None,
        "error": output.get("FunctionError"),
        "log": base64.b64decode(output.get("LogResult") or "").decode(errors="replace"),
        "version": output.get("ExecutedVersion"),
    }


def _print(output: dict[str, Any], *, with_log: bool, as_json: bool) -> None:
    if with_log or (output["error"] and not as_json):
        click.echo(click.style(output["log"].rstrip("\n"), dim=True), err=True)
    print_json(output if as_json else output["result"])
