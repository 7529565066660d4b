"""What `dew up` prints once all runs, and when something was saved."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from dewstack import __version__
from dewstack.app import Emulator
from dewstack.cli.output import print_json_line
from dewstack.cli.routes import print_routes
from dewstack.project import Project
from dewstack.publishing import FRONTEND
from dewstack.service.addresses import rest_base, rest_stage, websocket_routes
from dewstack.watch import Change

if TYPE_CHECKING:
    from dewstack.service import Service


def announce(
    emulator: Emulator, service: "Service", project: Project, *, seconds: float, as_json: bool
) -> None:
    """Say where everything is, and how long the start took (`seconds`)."""
    if as_json:
        print_json_line(
            {
                "event": "ready",
                "service": service.name,
                "stage": service.stage,
                "urls": msgspec.structs.asdict(emulator.urls),
                "routes": emulator.deployed.routes,
                "outputs": emulator.deployed.outputs,
                "debuggers": dict(emulator.functions.invoker.debugging.ports),
                "seconds": round(seconds, 3),
            }
        )
        return
    urls = emulator.urls
    title = f"{click.style(service.name, bold=True)} ({service.stage})"
    click.echo(f"\n{title} runs on dewstack {__version__}, ready in {seconds:.2f} s\n")
    _place("Service", urls.service, _apis(service))
    if websocket_routes(service):
        sockets = f"ws{urls.service.removeprefix('http')}/{service.stage}"
        _place("Sockets", sockets, "the WebSocket API: clients connect here")
    if (service.directory / FRONTEND).is_dir():
        _place("Page", urls.frontend, "open it in a browser")
    _place("AWS", urls.aws, f"for SDKs and tools: AWS_ENDPOINT_URL={urls.aws}")
    _place("Mail", f"{urls.aws}/_dew/mail", "codes arrive here; or: dew mail")
    _place("State", _short(project.state_dir), "users survive a restart; --fresh begins empty")
    for name, port in emulator.functions.invoker.debugging.ports.items():
        _place("Debug", f"127.0.0.1:{port}", f"attach to {name}; its time limits are off")
    click.echo()
    print_routes(service, emulator.config.aws_port)
    click.echo(f"\n{click.style('What the functions print follows. Ctrl-C stops everything.', dim=True)}\n")


def _apis(service: "Service") -> str:
    """Which APIs are served there."""
    kinds = {route.api for route in service.routes}
    if not kinds and websocket_routes(service):
        return "the WebSocket API"
    if kinds == {"http", "rest"}:
        base = rest_base(service, rest_stage(service), beside_http=True)
        return f"the HTTP API; the REST API at {base}"
    return {"http": "the HTTP API", "rest": "the REST API"}.get("".join(kinds), "no routes in the map")


def _place(name: str, where: str, what: str) -> None:
    address = click.style(f"{where:<32}", fg="cyan") if where.startswith(("http", "ws:")) else f"{where:<32}"
    click.echo(f"  {name:<8} {address} {click.style(what, dim=True)}")


def _short(path: Path) -> str:
    here = Path.cwd()
    return f"{path.relative_to(here)}/" if path.is_relative_to(here) else str(path)


def print_change(change: Change) -> None:
    """Say what a save has changed."""
    took = click.style(f"({change.seconds * 1000:.0f} ms)", dim=True)
    mark = click.style("↻", fg="green")
    if change.deployed:
        click.echo(f"{mark} {change.deployed.file} deployed {took}")
        if change.lingering:
            verb = "answers" if len(change.lingering) == 1 else "answer"
            click.echo(f"  {', '.join(change.lingering)} still {verb}, as on AWS: until the next deployment")
    elif change.functions:
        click.echo(f"{mark} {_listed(change.functions)} {took}")


def _listed(functions: tuple[str, ...]) -> str:
    return functions[0] if len(functions) == 1 else f"{len(functions)} functions start anew"
