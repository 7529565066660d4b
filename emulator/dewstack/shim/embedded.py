"""Which endpoint a service is served with: the emulator that runs for it, or one that starts in this process."""

import asyncio
import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.app import Emulator
from dewstack.background import STOP_SECONDS, LoopThread
from dewstack.config import DEFAULT_REGION, Config
from dewstack.deploy import Prepared
from dewstack.deploy.remote import boto3_call
from dewstack.errors import UserError
from dewstack.project import Project, ProjectLock, RunFile, find_project
from dewstack.service import Ask, Service, load
from dewstack.watch import Load, ServedMap

log = logging.getLogger("dewstack.shim")

START_SECONDS = 60.0
POLL_SECONDS = 0.05


class Found(Struct, frozen=True):
    """A map, and the URL of the AWS endpoint that its stack is at."""

    service: Service
    url: str


def find_endpoint(
    directory: str | os.PathLike[str] | None,
    options: Mapping[str, str | None],
    params: Mapping[str, str] | None,
    url: str | None,
) -> Found:
    """The map in `directory` and where it runs; what does not run yet is started. Raises UserError."""
    project = find_project(directory=None if directory is None else Path(directory))
    given = {name: value for name, value in options.items() if value}

    def read(environ: Mapping[str, str], ask: Ask) -> Service:
        return load(project.directory, options=given, environ=environ, params=params, ask=ask)

    url = url or _running(project)
    return Found(read(os.environ, _asking(url)), url) if url else _start(project, read)


def _asking(url: str) -> Ask:
    """What the map's own variables ask of AWS is asked of the endpoint."""

    def ask(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        call = boto3_call(endpoint=url, region=region or DEFAULT_REGION, access_key="test", secret_key="test")
        return call(service, operation, params)

    return ask


def _running(project: Project) -> str | None:
    """The endpoint of the emulator that runs for the project. One that still starts is waited for."""
    deadline = time.monotonic() + START_SECONDS
    while project.lock_holder() is not None and time.monotonic() < deadline:
        run = project.running()
        if run is not None:
            return run.aws_url
        time.sleep(POLL_SECONDS)
    return None


def _start(project: Project, read: Load) -> Found:
    """Serve the project from this process, on free ports, until it ends."""
    with ExitStack() as stack:
        lock = stack.enter_context(ProjectLock(project))
        emulator = Emulator(Config(aws_port=0, service_port=0, frontend_port=0, state_dir=project.state_dir))
        thread = LoopThread()
        stack.callback(thread.close)
        thread.run(emulator.start(), START_SECONDS)
        stack.callback(lambda: thread.run(emulator.stop(), STOP_SECONDS))
        served = ServedMap(emulator, read, approve=_refuse_losses)
        service = thread.run(served.deploy(), START_SECONDS)
        following = thread.run(_started(_follow(served)), START_SECONDS)
        stack.callback(lambda: thread.run(_cancelled(following), STOP_SECONDS))
        urls = emulator.urls
        lock.publish(RunFile(os.getpid(), urls.aws, urls.service, urls.frontend, time.time()))
        _at_exit(stack.pop_all().close)
        return Found(service, urls.aws)


def _at_exit(close: Callable[[], None]) -> None:
    """Have `close` run at the process's end while worker threads still take work, which `atexit` is too late for."""
    register: Callable[[Callable[[], None]], object] = getattr(threading, "_register_atexit", atexit.register)
    register(close)


def _refuse_losses(prepared: Prepared) -> None:
    """Nobody is asked here whether users may be dropped, so they are not."""
    lost = [f"{change.logical_id} ({change.type})" for change in prepared.changes if change.loses_data]
    if lost:
        raise UserError(
            f"This would drop {', '.join(lost)} with all that is in it, its users for instance.",
            hint="Undo the change, or begin empty: dew up --fresh",
        )


async def _started(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(work)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _follow(served: ServedMap) -> None:
    """Keep what is invoked in step with the disk; Flask's own rules stay as they are until it starts anew."""
    async for change in served.watch():
        if change.error:
            log.error("%s", change.error)
        elif change.deployed:
            log.warning("%s is deployed again; restart Flask to see new routes", change.deployed.file)
