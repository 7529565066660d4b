"""`dew doctor`: whether this machine has what dew needs, and what it would gain from what is missing."""

import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from shutil import which
from typing import Literal

import click

from dewstack.cli.mapping import MapOptions, ask_running
from dewstack.cli.output import json_option, print_json
from dewstack.cli.ports import is_free, owner
from dewstack.cli.version import versions
from dewstack.config import Config
from dewstack.errors import UserError
from dewstack.project import Project, find_project

Level = Literal["ok", "note", "missing"]
MARKS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "missing": ("✗", "red")}
PYTHON_RUNTIMES = tuple(f"python3.{minor}" for minor in range(9, 15))
PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. Only `missing` makes the command fail."""

    level: Level
    subject: str
    detail: str
    advice: str = ""


def output_of(*command: str) -> str | None:
    """What `command` prints when it works, None when it is absent, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else None


def check_python() -> Iterator[Finding]:
    """The Python that runs dew, and those that functions could run on."""
    from dewstack.lambda_.runtimes import Runtimes

    yield Finding("ok", "Python", f"{platform.python_version()} ({sys.executable})")
    runtimes = Runtimes(Path(tempfile.gettempdir()))
    exact = [runtime for runtime in PYTHON_RUNTIMES if not runtimes.resolve(runtime).notice]
    yield Finding("ok", "Python runtimes", ", ".join(exact))


def check_node() -> Iterator[Finding]:
    """Node.js, for functions with a `nodejs` runtime."""
    version = output_of("node", "--version")
    if version:
        yield Finding("ok", "Node.js", f"{version} ({which('node')})")
    else:
        yield Finding("note", "Node.js", "not found", "Needed only for functions with a nodejs runtime.")


def check_isolation() -> Iterator[Finding]:
    """Whether functions can have a disk as on AWS."""
    from dewstack.lambda_.isolation import Isolation
    from dewstack.lambda_.temporary import TemporaryDirectories

    temporary = TemporaryDirectories()
    try:
        if Isolation(temporary).possible:
            yield Finding("ok", "Functions' disk", "each has its own /tmp, read-only code and layers at /opt")
        else:
            advice = "They get a TMPDIR of their own. For more: Linux, util-linux, and leave to make user namespaces."
            yield Finding("note", "Functions' disk", "the machine's: it can't be as on AWS here", advice)
    finally:
        temporary.close()


def check_libraries() -> Iterator[Finding]:
    """dewstack and the libraries it stands on."""
    found = versions()
    del found["Python"]
    yield Finding("ok", "Libraries", ", ".join(f"{name} {version}" for name, version in found.items()))


def check_ports(project: Project | None) -> Iterator[Finding]:
    """The default ports; those that this project's own emulator holds count as good."""
    config = Config()
    run = project.running() if project else None
    own = {run.aws_url, run.service_url, run.frontend_url} if run else set()
    wanted = {"AWS": config.aws_port, "service": config.service_port, "front end": config.frontend_port}
    for name, port in wanted.items():
        if is_free(config.host, port):
            yield Finding("ok", f"Port {port}", f"free ({name})")
        elif f"http://{config.host}:{port}" in own:
            yield Finding("ok", f"Port {port}", f"this project's emulator ({name})")
        else:
            holder = owner(port) or "another process"
            option = {"AWS": "--aws-port", "service": "--port", "front end": "--frontend-port"}[name]
            yield Finding(
                "missing", f"Port {port}", f"taken by {holder} ({name})", f"Stop it, or: dew up {option} 0"
            )


def check_state(project: Project | None) -> Iterator[Finding]:
    """Where users and pools survive a restart."""
    if project is None:
        return
    state_dir = project.state_dir
    nearest = next(path for path in (state_dir, *state_dir.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        advice = "Make it writable, or give another place: dew up --state-dir DIRECTORY"
        yield Finding("missing", "State", f"cannot write to {nearest}: {error.strerror}", advice)
    else:
        yield Finding("ok", "State", f"{state_dir} is writable")


def check_map(project: Project | None) -> Iterator[Finding]:
    """Whether the map can be read, and whether its runtimes are here exactly."""
    if project is None:
        yield Finding("note", "Map", "no serverless.yml here", "Run dew in a directory with a map.")
        return
    from dewstack.errors import AwsError
    from dewstack.lambda_.runtimes import Runtimes

    try:
        service = MapOptions().load(project.directory, ask=ask_running(project))
    except UserError as error:
        yield Finding("missing", "Map", error.message, "Mend it; dew up would say the same.")
        return
    yield Finding("ok", "Map", f"{project.map_file}, {len(service.functions)} functions")
    runtimes = Runtimes(Path(tempfile.gettempdir()))
    for runtime in sorted({function.runtime for function in service.functions.values()}):
        try:
            if notice := runtimes.resolve(runtime).notice:
                yield Finding("note", f"Runtime {runtime}", notice, "dew up --strict-runtimes refuses that.")
        except AwsError as error:
            yield Finding("missing", f"Runtime {runtime}", error.message)


def examine() -> list[Finding]:
    """All findings, in the order in which one would mend them."""
    try:
        project = find_project()
    except UserError:
        project = None
    checks: list[Callable[[], Iterator[Finding]]] = [
        check_python,
        check_node,
        check_isolation,
        check_libraries,
        partial(check_map, project),
        partial(check_state, project),
        partial(check_ports, project),
    ]
    return [finding for check in checks for finding in check()]


@click.command("doctor")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check that this machine has what dew needs. Exit code 1 when something needed is missing.

    \b
    Examples:
      dew doctor
      dew doctor --json | jq '.findings[] | select(.level == "missing")'
    """
    findings = examine()
    ok = all(finding.level != "missing" for finding in findings)
    if as_json:
        print_json({"ok": ok, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            mark, color = MARKS[finding.level]
            click.echo(f"{click.style(mark, fg=color)} {finding.subject:<18} {finding.detail}")
            if finding.advice:
                click.echo(click.style(f"  {'':<18} {finding.advice}", dim=True))
    ctx.exit(0 if ok else 1)
