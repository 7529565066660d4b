"""`dew up`, killed with SIGKILL under load and started again: clients see broken connections or their own answers."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.e2e.cli.service import Project
from tests.e2e.faults.load import SECONDS, keep_asking

MAP = """\
service: load
provider: {name: aws, runtime: python3.11}
functions:
  echo: {handler: app.echo, events: [{httpApi: POST /echo}]}
"""
HANDLER = """\
import json, subprocess
child = subprocess.Popen(["sleep", "600"])

def echo(event, context):
    return {"statusCode": 200, "body": json.dumps({"id": event["body"]})}
"""
CLIENTS, ENOUGH = 8, 200


async def live(project: Project) -> tuple[Counter[str], dict[str, int]]:
    """Ask all the time, kill the emulator amid it, start it again, stop when it has served enough. What clients got,
    and the processes of the first emulator's time."""
    first = await asyncio.to_thread(project.up)
    port = httpx.URL(first["service_url"]).port or 0
    before, answers, state = Counter[str](), Counter[str](), {"again": False}

    def enough() -> bool:
        return state["again"] and answers["right"] >= ENOUGH

    def now() -> bool:
        return before["right"] >= ENOUGH

    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(keep_asking(port, "/echo", now, before) for _ in range(CLIENTS)))
        clients = [asyncio.create_task(keep_asking(port, "/echo", enough, answers)) for _ in range(CLIENTS)]
        while answers["right"] < ENOUGH:
            await asyncio.sleep(0.005)
        processes = {name: pid for pid, name in children(project)}
        os.kill(first["pid"], signal.SIGKILL)
        while not answers["connection error"]:
            await asyncio.sleep(0.005)
        again = ("up", "--detach", "--wait", f"--port={port}", "--aws-port=0", "--frontend-port=0")
        await asyncio.to_thread(project.told, *again)
        answers["right"], state["again"] = 0, True
        await asyncio.gather(*clients)
    assert set(before) == {"right"}
    return answers, processes


def children(project: Project) -> list[tuple[int, str]]:
    """Pid, and start time to tell it from a later one, of the processes that run in the project."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == project.directory.resolve():
                found.append(
                    (int(process.name), (process / "stat").read_text().rpartition(")")[2].split()[19])
                )
        except OSError:
            continue
    return found


def becomes(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true in time."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_killed_under_load_and_started_again_nobody_gets_anothers_answer(tmp_path: Path) -> None:
    project = Project.make(tmp_path / "load")
    project.write("serverless.yml", MAP)
    project.write("app.py", HANDLER)
    try:
        answers, first = asyncio.run(live(project))
        assert set(answers) == {"right", "connection error"}
        assert len(first) >= 3  # the emulator, an environment and what this has started
        assert becomes(lambda: not {name for _, name in children(project)} & set(first))
    finally:
        project.dew("down")
    assert becomes(lambda: project.processes() == [])
