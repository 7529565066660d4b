"""`dew flask`: the service of this directory as an ordinary Flask application."""

import sys

import click

from dewstack.cli.ports import is_free, owner
from dewstack.errors import UserError


@click.command("flask")
@click.option("-s", "--stage", default="", help="The stage: what ${opt:stage} gives. Default: dev")
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
def command(stage: str, host: str, port: int, invoke: tuple[str, ...], no_timeouts: bool) -> None:
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
    from dewstack.shim import create_app
    from dewstack.shim.server import make_server

    app = create_app(stage=stage or None, invoke=invoke)
    app.debug = no_timeouts
    server = make_server(app, host, port)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    click.echo(f"{click.style(app.name, bold=True)} runs on Flask at http://{host}:{server.port}")
    click.echo(f"Cognito and the rest of AWS are at {app.config['AWS_ENDPOINT_URL']}.")
    for rule in app.url_map.iter_rules():
        methods = ", ".join(sorted(rule.methods)) if rule.methods else "ANY"
        click.echo(f"  {methods:<8} {rule.rule:<36} {click.style(rule.endpoint, dim=True)}")
    try:
        server.serve_forever()
    finally:
        server.server_close()
