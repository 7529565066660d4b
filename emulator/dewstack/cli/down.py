"""`dew down`: stop the emulator of this project, in the background or in another terminal."""

import os
import signal
import time
from contextlib import suppress

import click

from dewstack.cli.output import json_option, print_json
from dewstack.project import Project, find_project

PATIENCE_SECONDS = 5.0


def stop(project: Project) -> int | None:
    """Stop the project's emulator and wait until it is gone; its pid, or None when none ran.

    One that does not stop within PATIENCE_SECONDS is killed: its functions' processes notice and end too.
    """
    pid = project.lock_holder()
    if pid is None:
        return None
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if project.lock_holder() != pid:
                return pid
            time.sleep(0.02)
    return pid


@click.command("down")
@json_option
def command(as_json: bool) -> None:
    """Stop the emulator of this project. Users and pools stay, in .dew.

    \b
    Examples:
      dew down
    """
    project = find_project()
    pid = stop(project)
    if as_json:
        print_json({"stopped": pid})
    elif pid is None:
        click.echo(f"No emulator runs for {project.directory}.")
    else:
        click.echo(f"Stopped (pid {pid}).")
