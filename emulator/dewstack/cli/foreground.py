"""What `dew up` does in the foreground: start, deploy, print, follow, stop."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dewstack.app import Emulator
from dewstack.cli.announce import announce, print_change
from dewstack.cli.logs import follow_event
from dewstack.cli.mapping import MapOptions, print_warnings
from dewstack.cli.output import notice, print_json_line, report_error
from dewstack.comparisons import Comparisons
from dewstack.config import Config
from dewstack.console import Console
from dewstack.deploy import Prepared
from dewstack.errors import AwsError, UserError
from dewstack.project import Project, ProjectLock, RunFile
from dewstack.service import Service
from dewstack.watch import ServedMap

if TYPE_CHECKING:
    from dewstack.cognito.mail.smtp import Relay

MOMENT_SECONDS, LINES_A_MOMENT = 0.1, 60
"""How often log lines are printed, and how many at once: printing must not cost the service its speed."""


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run the emulator on uvloop where there is one."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):
        from uvloop import new_event_loop as uvloop_factory

        factory = uvloop_factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


async def serve(
    project: Project, config: Config, options: MapOptions, lock: ProjectLock, *, as_json: bool
) -> None:
    """Serve the project until SIGINT or SIGTERM. Raises UserError when it cannot be started."""
    started = time.perf_counter()
    stopping = stop_on_signals()
    emulator = Emulator(config, pages=Console())
    await emulator.start()
    served = ServedMap(
        emulator, partial(options.load, project.directory), approve=partial(approve, sys.stdin.isatty())
    )
    Comparisons(emulator, lambda: served.service).attach()
    tasks, relay = [], None
    try:
        deploying = asyncio.ensure_future(served.deploy())
        await _first(deploying, stopping)
        if not deploying.done():
            await emulator.stop()
            # Its thread may wait for an answer at the keyboard: nobody waits for it.
            os._exit(0)
        service = deploying.result()
        print_warnings(service)
        relay = send_out(emulator, service)
        urls = emulator.urls
        lock.publish(RunFile(os.getpid(), urls.aws, urls.service, urls.frontend, time.time()))
        announce(emulator, service, project, seconds=time.perf_counter() - started, as_json=as_json)
        gc.freeze()  # what has been loaded by now stays: collections need not walk it
        gc.enable()
        if config.spares:
            emulator.functions.keep_spares()
        tasks = [
            asyncio.ensure_future(_ready_keys(emulator)),
            asyncio.ensure_future(print_logs(emulator, as_json=as_json)),
            asyncio.ensure_future(print_changes(served, as_json=as_json)),
        ]
        await _first(*tasks[1:], stopping)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await emulator.stop()
        if relay is not None:
            await asyncio.to_thread(relay.close)


def send_out(emulator: Emulator, service: Service) -> "Relay | None":
    """Let e-mails go out too, by the server that `--smtp` or the map's `custom.dew.smtp` names. Raises UserError."""
    own = service.custom.get("dew")
    named = emulator.config.smtp or (own.get("smtp") if isinstance(own, dict) else None)
    if not named:
        return None
    from dewstack.cognito.mail.smtp import Relay, SmtpServer

    try:
        server = SmtpServer.parse(str(named))
    except UserError as error:
        raise UserError(f"{service.file}: custom.dew.smtp: {error.message}", hint=error.hint) from None
    relay = Relay(server, lambda line: notice(f"{click.style('Warning:', fg='yellow', bold=True)} {line}"))
    emulator.cognito.mailbox.relay = relay.send
    return relay


async def _ready_keys(emulator: Emulator) -> None:
    """Make the pools' keys while nobody waits for them; what goes wrong goes wrong again at the first sign-in."""
    with suppress(AwsError):
        await emulator.make_keys()


async def _first(*awaited: "asyncio.Future[Any]") -> None:
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)


def stop_on_signals() -> "asyncio.Future[None]":
    """A future that the first SIGINT or SIGTERM completes; a second one ends the process on the spot."""
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[None] = loop.create_future()

    def stop(number: int) -> None:
        if stopping.done():
            os._exit(128 + number)
        stopping.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    return stopping


def approve(interactive: bool, prepared: Prepared) -> None:
    """Ask before a deployment drops what people put in. Raises UserError when the answer is no, or nobody is there."""
    lost = [change for change in prepared.changes if change.loses_data]
    if not lost:
        return
    named = ", ".join(f"{change.logical_id} ({change.type})" for change in lost)
    question = f"This would drop {named} with all that is in it, its users for instance."
    if interactive and click.confirm(f"{question} Go on?"):
        return
    raise UserError(question, hint="Undo the change, or begin empty: dew up --fresh")


async def print_logs(emulator: Emulator, *, as_json: bool) -> None:
    """Print what the functions write, soon after it happens; of a flood the beginning of each moment."""
    follower = emulator.logs.follow()
    while True:
        await asyncio.sleep(MOMENT_SECONDS)
        events, skipped = follower.take(LINES_A_MOMENT)
        groups = {each["log_group"]: each["key"] for each in emulator.deployed.functions} if events else {}
        for event in events:
            line = {
                "function": groups.get(event.group, event.group.rpartition("/")[2]),
                "group": event.group,
                "stream": event.stream,
                "timestamp": event.timestamp_ms,
                "message": event.message,
            }
            if as_json:
                print_json_line({"event": "log", **line})
            else:
                follow_event(line)
        if skipped and as_json:
            print_json_line({"event": "skipped", "lines": skipped})
        elif skipped:
            click.secho(f"… and {skipped:,} more lines: dew logs", dim=True)


async def print_changes(served: ServedMap, *, as_json: bool) -> None:
    """Print what was saved and what came of it."""
    async for change in served.watch():
        if as_json:
            print_json_line(
                {
                    "event": "change",
                    "functions": list(change.functions),
                    "deployed": change.deployed is not None,
                    "lingering": list(change.lingering),
                    "error": change.error.message if change.error else None,
                    "seconds": round(change.seconds, 3),
                }
            )
        elif change.error:
            report_error(change.error.message, change.error.hint or "What was served before goes on.")
        else:
            print_change(change)


def run_in_foreground(
    project: Project, config: Config, options: MapOptions, lock: ProjectLock, *, as_json: bool
) -> None:
    """Serve the project until it is told to stop, its lock held. Raises UserError."""
    run_loop(serve(project, config, options, lock, as_json=as_json))
    if not as_json:
        click.echo("Stopped.", err=True)
