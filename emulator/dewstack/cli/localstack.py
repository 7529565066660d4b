"""`dew localstack`: start and stop LocalStack with dewstack's services inside, in a container or without Docker."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from dewstack.cli.foreground import run_loop, stop_on_signals
from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, notice, print_json
from dewstack.cli.outputs import read_outputs
from dewstack.cli.ports import is_free, owner
from dewstack.cli.progress import urls_here
from dewstack.cli.targeting import Aim, TargetOptions
from dewstack.errors import UserError
from dewstack.project import find_project
from dewstack.publishing import FRONTEND

if TYPE_CHECKING:
    from dewstack.localstack.twin import Status, Twin

DEFAULT_PORT = 4567


@click.group("localstack")
def command() -> None:
    """Start and stop LocalStack 4.14.0 with dewstack's services inside: Lambda, Cognito, both gateways, stacks.

    \b
    Examples:
      dew localstack up
      dew deploy --target localstack
      dew localstack down
    """


@command.command("up")
@click.option("--host", "on_host", is_flag=True, help="Without Docker: a process of this machine.")
@click.option(
    "-p",
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Its port, on the loopback interface.",
)
@json_option
def up(on_host: bool, port: int, as_json: bool) -> None:
    """Start LocalStack, and wait until it answers.

    \b
    Examples:
      dew localstack up
      dew localstack up --host --port 4600
    """
    host, container = _twins()
    twin = host if on_host else container
    if twin.status() is None and not is_free("127.0.0.1", port):
        raise UserError(
            f"Port {port} is in use by {owner(port) or 'another process'}.",
            hint="Stop what uses it (dew localstack status), or take another: dew localstack up --port 4600",
        )
    _show(twin.up(port), as_json=as_json)


@command.command("down")
@json_option
def down(as_json: bool) -> None:
    """Stop LocalStack. What was in it is gone.

    \b
    Examples:
      dew localstack down
    """
    stopped = [status for twin in _twins() if (status := twin.down()) is not None]
    if as_json:
        print_json({"stopped": [status.endpoint for status in stopped]})
    for status in [] if as_json else stopped:
        click.echo(f"Stopped LocalStack at {status.endpoint} ({status.kind} {status.id}).")
    if not stopped and not as_json:
        click.echo("No LocalStack runs that dew has started.")


@command.command("status")
@json_option
def status(as_json: bool) -> None:
    """Show whether LocalStack runs, where, and with which services. Exit code 1: it doesn't, or doesn't answer.

    \b
    Examples:
      dew localstack status
      dew localstack status --json | jq -r .endpoint
    """
    found = next(_running(), None)
    if found is None:
        if as_json:
            print_json(None)
        else:
            click.echo("No LocalStack runs that dew has started.")
        raise click.exceptions.Exit(1)
    _show(found, as_json=as_json)
    if not found.healthy:
        raise click.exceptions.Exit(1)


@command.command("page")
@click.option("--endpoint", default=f"http://127.0.0.1:{DEFAULT_PORT}", show_default=True, help="LocalStack.")
@click.option(
    "--public", default="", metavar="URL", help="LocalStack as a browser reaches it, if that differs."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "-p", "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Its port."
)
@map_options
def page(
    endpoint: str, public: str, host: str, port: int, stage: str, region: str, params: tuple[str, ...]
) -> None:
    """Serve the front end of what is deployed to LocalStack: stack/frontend/, and its /config.json. Ctrl-C ends it.

    \b
    Examples:
      dew localstack page
      dew localstack page --endpoint http://localstack:4567 --public http://127.0.0.1:4567 --host 0.0.0.0
    """
    from dewstack.localstack.page import Page, page_config

    endpoint, public = endpoint.rstrip("/"), (public or endpoint).rstrip("/")
    aimed = Aim.take(MapOptions(stage, region, params), TargetOptions("localstack", endpoint, ""))
    outputs = read_outputs(aimed)
    directory = aimed.reached.project.directory / FRONTEND
    if not directory.is_dir():
        raise UserError(f"{directory} is not there: the service has no front end")
    config = page_config(outputs, urls_here(outputs, public), aimed.service.region, public)
    serving = Page(directory, config, host, port)

    async def serve() -> None:
        stopping = stop_on_signals()
        await serving.start()
        click.echo(f"The page is at http://{host}:{serving.port}")
        await stopping
        await serving.stop()

    run_loop(serve())


@command.command("logs")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is printed from now on; Ctrl-C ends it.")
def logs(follow: bool) -> None:
    """Show what LocalStack prints. What functions print is in their logs: 'dew logs', or the logs API.

    \b
    Examples:
      dew localstack logs -f
    """
    twins = _twins()
    chosen = next((twin for twin in twins if twin.status() is not None), twins[0])
    for line in chosen.logs(follow=follow):
        click.echo(line)


def _twins() -> "tuple[Twin, Twin]":
    from dewstack.localstack.container import Container
    from dewstack.localstack.host import HostMode

    project = find_project()
    project.make_state_dir()
    directory = project.state_dir / "localstack"
    directory.mkdir(exist_ok=True)
    return HostMode(directory, notice), Container(project.directory, notice)


def _running() -> "Iterator[Status]":
    for twin in _twins():
        found = twin.status()
        if found is not None:
            yield found


def _show(status: "Status", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "kind": status.kind,
                "id": status.id,
                "endpoint": status.endpoint,
                "version": status.version,
                "services": list(status.services),
                "healthy": status.healthy,
            }
        )
        return
    state = f"LocalStack {status.version}" if status.healthy else "LocalStack, which doesn't answer,"
    click.echo(f"{state} at {click.style(status.endpoint, fg='cyan')} ({status.kind} {status.id[:12]})")
    if status.healthy:
        click.echo(f"Deploy to it with: dew deploy --target localstack --endpoint {status.endpoint}")
