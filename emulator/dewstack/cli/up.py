"""`dew up`: the service of this directory and all it needs, in the foreground or in the background."""

import gc
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Literal

import click

from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, notice, print_json
from dewstack.cli.ports import is_free, owner
from dewstack.config import Config
from dewstack.errors import UserError
from dewstack.project import Project, ProjectLock, RunFile, already_running, find_project, unwritable

START_SECONDS = 60.0
"""How long `--wait` waits. A start takes well under a second; a slow machine with much to build takes longer."""
DEFAULTS = Config()
port_option = partial(click.option, type=click.IntRange(0, 65535), metavar="PORT", show_default=True)
SMTP_VARIABLE = "DEW_SMTP"
STATE_FILES = tuple(
    f"{name}.db{end}" for name in ("state", "data", "recorded") for end in ("", "-wal", "-shm")
)


def check_ports(config: Config) -> None:
    """Raise UserError that names every port which is taken, and by whom."""
    wanted = {
        "--port": config.service_port,
        "--aws-port": config.aws_port,
        "--frontend-port": config.frontend_port,
    }
    taken = {option: port for option, port in wanted.items() if port and not is_free(config.host, port)}
    if not taken:
        return
    said = [f"Port {port} is in use by {owner(port) or 'another process'}." for port in taken.values()]
    others = " ".join(f"{option} 0" for option in taken)
    raise UserError("\n".join(said), hint=f"Stop what uses it, or take free ports: dew up {others}")


def remove_state(state_dir: Path) -> None:
    """Forget all users, pools and stacks. Raises UserError when the files cannot be removed."""
    for name in STATE_FILES:
        try:
            (state_dir / name).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(state_dir, error) from error


def detach(project: Project, config: Config, arguments: list[str], *, wait: bool) -> RunFile | None:
    """Start `dew up` in the background, its output in `dew.log`; with `wait`, return once the service answers.

    Raises UserError with what it printed when it ends instead.
    """
    if project.lock_holder() is not None:
        raise already_running(project)
    check_ports(config)
    project.make_state_dir()
    try:
        log = project.log_file.open("wb")
    except OSError as error:
        raise unwritable(project.state_dir, error) from error
    with log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dewstack.cli", "up", *arguments],
            cwd=project.directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, SMTP_VARIABLE: config.smtp},  # not for `ps` to see
        )
    deadline = time.monotonic() + START_SECONDS
    while wait and time.monotonic() < deadline:
        if process.poll() is not None:
            said = project.log_file.read_text(errors="replace").strip()
            raise UserError(f"The emulator did not start:\n{said.removeprefix('Error: ')}")
        run = project.running()
        if run is not None and run.pid == process.pid:
            return run
        time.sleep(0.01)
    if wait:
        raise UserError(
            f"The emulator (pid {process.pid}) is not ready after {START_SECONDS:.0f} s.",
            hint=f"See what it prints in {project.log_file}; 'dew down' stops it.",
        )
    return None


def print_detached(project: Project, run: RunFile | None, *, as_json: bool) -> None:
    """Where the emulator in the background is, or is going to be, after what it had to say of the map."""
    if run:
        said = project.log_file.read_text(errors="replace")
        for line in takewhile(lambda line: line and not line.startswith("{"), said.splitlines()):
            notice(line)
    if as_json:
        print_json({**(asdict(run) if run else {}), "log": str(project.log_file)})
    elif run:
        click.echo(f"The service runs at {click.style(run.service_url, bold=True)} (pid {run.pid}).")
        has_page = (project.directory / "stack/frontend").is_dir()
        page = f"The page is at {run.frontend_url}, AWS at" if has_page else "AWS is at"
        click.echo(f"{page} {run.aws_url}. 'dew down' stops it.")
    else:
        click.echo(f"Starting in the background; its output goes to {project.log_file}. 'dew down' stops it.")


def is_default(option: str) -> bool:
    """Whether nobody gave this option to the running command."""
    source = click.get_current_context().get_parameter_source(option)
    return source == click.core.ParameterSource.DEFAULT


@click.command("up")
@map_options
@click.option("--host", default=DEFAULTS.host, show_default=True, help="The address to listen on.")
@port_option("-p", "--port", default=DEFAULTS.service_port, help="Port of the service; 0 takes a free one.")
@port_option("--aws-port", default=DEFAULTS.aws_port, help="Port of the AWS endpoint.")
@port_option("--frontend-port", default=DEFAULTS.frontend_port, help="Port of the front end.")
@click.option("--fresh", is_flag=True, help="Begin empty: forget users, pools and stacks of earlier runs.")
@click.option("-d", "--detach", "background", is_flag=True, help="Run in the background (see dew down).")
@click.option("--wait", is_flag=True, help="With --detach: return when the service answers.")
@click.option(
    "--issuer",
    type=click.Choice(["aws", "local"]),
    default="aws",
    help="What tokens name as issuer: AWS's URL, or this emulator's for clients that fetch keys there.",
)
@click.option(
    "--strict-runtimes", is_flag=True, help="Refuse a function whose exact runtime is not installed."
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse a map with events, plugins or keys that dew doesn't know, or can't run.",
)
@click.option(
    "--debug", "debugged", multiple=True, metavar="FUNCTION", help="Let a debugger attach to it. Repeatable."
)
@click.option(
    "--debug-port", type=click.IntRange(1, 65535), help="Default: 5678 for Python, 9229 for Node.js."
)
@click.option(
    "--iam",
    type=click.Choice(["off", "warn", "enforce"]),
    default="warn",
    show_default=True,
    help="What comes of a function's call that its role doesn't permit: nothing, a warning, or AccessDenied.",
)
@click.option("--state-dir", type=click.Path(path_type=Path), help="Where state is kept. Default: .dew")
@click.option(
    "--smtp",
    envvar=SMTP_VARIABLE,
    default="",
    metavar="URL",
    help=f"Send e-mails out too: HOST:PORT, smtp://USER:PASSWORD@HOST or smtps://… Or the variable {SMTP_VARIABLE}.",
)
@click.option(
    "--allow-aws", is_flag=True, help="Let functions reach AWS by its own names, which else lead here."
)
@click.option(
    "--isolation/--no-isolation",
    default=True,
    help="Give functions a /tmp of their own, read-only code and layers at /opt (on Linux).",
)
@click.option(
    "--spares/--no-spares", default=True, help="Keep a Python process ready, so that functions start sooner."
)
@click.option(
    "--record/--no-record", default=True, help="Keep the latest requests, for the console and 'dew replay'."
)
@click.option(
    "--docker",
    is_flag=True,
    help="Run functions in containers of AWS's own images, and those that are images.",
)
@json_option
def command(
    stage: str,
    region: str,
    params: tuple[str, ...],
    host: str,
    port: int,
    aws_port: int,
    frontend_port: int,
    fresh: bool,
    background: bool,
    wait: bool,
    issuer: Literal["aws", "local"],
    strict_runtimes: bool,
    strict: bool,
    debugged: tuple[str, ...],
    debug_port: int | None,
    iam: Literal["off", "warn", "enforce"],
    state_dir: Path | None,
    smtp: str,
    allow_aws: bool,
    isolation: bool,
    spares: bool,
    record: bool,
    docker: bool,
    as_json: bool,
) -> None:
    """Start the service of this directory: its functions, HTTP API, user pool and page. Ctrl-C stops it.

    A saved handler serves the next request, a saved map is deployed again; users survive a restart.

    \b
    Examples:
      dew up
      dew up --fresh --port 3001
      dew up --detach --wait && dew routes
      dew up --stage test --param domain=example.com
      dew up --debug login
      dew up --smtp localhost:1025
    """
    project = find_project(state_dir)
    options = MapOptions(stage, region, params, strict)
    if is_default("port"):
        port = options.offline(project.directory).http_port or port
    config = Config(
        host=host,
        aws_port=aws_port,
        service_port=port,
        frontend_port=frontend_port,
        state_dir=project.state_dir,
        issuer=issuer,
        strict_runtimes=strict_runtimes,
        debug=debugged,
        debug_port=debug_port,
        iam=iam,
        smtp=smtp,
        allow_aws=allow_aws,
        isolation=isolation,
        spares=spares and not docker,
        record=record,
        docker=docker,
    )
    _check_neighbours(config)
    if background or wait:
        passed = [argument for argument in _own_arguments(config, options) if argument]
        if fresh:
            passed.append("--fresh")
        run = detach(project, config, passed, wait=wait)
        print_detached(project, run, as_json=as_json)
        return
    with ProjectLock(project) as lock:
        check_ports(config)
        if fresh:
            remove_state(project.state_dir)
        gc.disable()  # nothing that is loaded or made until the service runs is garbage
        from dewstack.cli.foreground import run_in_foreground

        run_in_foreground(project, config, options, lock, as_json=as_json)


def _check_neighbours(config: Config) -> None:
    """Raise UserError, before anything starts, where there is no Docker engine, or a mistake in the SMTP server."""
    if config.docker:
        from dewstack.lambda_.containers.engine import Engine

        with closing(Engine()) as engine:
            engine.facts()
    if config.smtp:
        from dewstack.cognito.mail.smtp import SmtpServer

        SmtpServer.parse(config.smtp)


def _own_arguments(config: Config, options: MapOptions) -> list[str]:
    """The command line that starts the same in the foreground."""
    return [
        *options.arguments(),
        f"--host={config.host}",
        f"--port={config.service_port}",
        f"--aws-port={config.aws_port}",
        f"--frontend-port={config.frontend_port}",
        f"--issuer={config.issuer}",
        f"--iam={config.iam}",
        *(f"--debug={name}" for name in config.debug),
        f"--debug-port={config.debug_port}" if config.debug_port else "",
        f"--state-dir={config.state_dir}",
        "--strict-runtimes" if config.strict_runtimes else "",
        "--allow-aws" if config.allow_aws else "",
        "" if config.isolation else "--no-isolation",
        "" if config.spares else "--no-spares",
        "" if config.record else "--no-record",
        "--docker" if config.docker else "",
    ]
