"""`dew flask`: the service of this directory as an ordinary Flask application."""

import signal
import sys
from typing import TYPE_CHECKING

import click

from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, print_json_line
from dewstack.cli.ports import is_free, owner
from dewstack.errors import UserError

if TYPE_CHECKING:
    from flask import Flask


@click.command("flask")
@map_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "-p",
    "--port",
    type=click.IntRange(0, 65535),
    default=5000,
    metavar="PORT",
    show_default=True,
    help="Port of the application; 0 takes a free one.",
)
@click.option(
    "--invoke",
    multiple=True,
    metavar="FUNCTION",
    help="Run FUNCTION in a process of its own, as AWS does. Can be given more than once.",
)
@click.option("--no-timeouts", is_flag=True, help="Let handlers take their time: for breakpoints.")
@json_option
def command(
    stage: str,
    region: str,
    params: tuple[str, ...],
    host: str,
    port: int,
    invoke: tuple[str, ...],
    no_timeouts: bool,
    as_json: bool,
) -> None:
    """Serve the map and the handlers of this directory with Flask: every route is a rule, every function a view.

    A user pool is there too: that of 'dew up' where it runs, or one that starts along. Ctrl-C stops it.

    \b
    Examples:
      dew flask
      dew flask --port 5001 --invoke resize
      flask --app 'dewstack.shim:create_app()' routes
    """
    if port and not is_free(host, port):
        raise UserError(
            f"Port {port} is in use by {owner(port) or 'another process'}.",
            hint="Stop what uses it, or take another port: dew flask --port 0",
        )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    from dewstack.shim import create_app
    from dewstack.shim.server import make_server

    options = MapOptions(stage, region, params)
    app = create_app(stage=stage or None, region=region or None, params=options.named_params(), invoke=invoke)
    app.debug = no_timeouts
    server = make_server(app, host, port)
    _announce(app, f"http://{host}:{server.port}", as_json=as_json)
    sys.stdout.flush()
    try:
        server.serve_forever()
    finally:
        server.server_close()


def _announce(app: "Flask", url: str, *, as_json: bool) -> None:
    """Say where the application is, and which rule leads to which function."""
    aws_url, rules = app.config["AWS_ENDPOINT_URL"], list(app.url_map.iter_rules())
    if as_json:
        told = [
            {"methods": sorted(rule.methods or ()), "rule": rule.rule, "endpoint": rule.endpoint}
            for rule in rules
        ]
        urls = {"service": url, "aws": aws_url}
        print_json_line({"event": "ready", "service": app.name, "urls": urls, "rules": told})
        return
    click.echo(f"{click.style(app.name, bold=True)} runs on Flask at {url}, with AWS at {aws_url}.")
    for rule in rules:
        methods = ", ".join(sorted(rule.methods)) if rule.methods else "ANY"
        click.echo(f"  {methods:<8} {rule.rule:<40} {click.style(rule.endpoint, dim=True)}")


def _stop(number: int, frame: object) -> None:
    """End the process as if its work were done: what runs along is stopped, too."""
    sys.exit()
