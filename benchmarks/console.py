"""Measures the console with 100,000 recorded invocations: a launch of `dew up`, the API's answers, the page in
Chromium. Prints the table for RESULTS.md.

    .venv/bin/python benchmarks/console.py [--rows N] [--rounds N]

Figures are the smallest and the median of the rounds. The rows are those of real requests, many times over.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import msgspec
from deploys import DEW, PORTS, reference
from playwright.sync_api import sync_playwright

from dewstack.recording.model import Filter, Row
from dewstack.recording.shelf import Shelf

API = f"http://127.0.0.1:{PORTS['--aws-port']}/_dew"
SERVICE = f"http://127.0.0.1:{PORTS['--port']}"
FLAGS = [part for pair in PORTS.items() for part in pair]
ASKED = {
    "the newest 100": {},
    "the newest 100 that failed": {"status": "error"},
    "those with a cold start": {"status": "cold"},
    "of one route": {"route": "GET /auth/profile"},
    "a text that one row has": {"q": "/needle"},
    "a text that none has": {"q": "no such text"},
}
"""What is asked of `GET /_dew/invocations`."""


def up(directory: Path) -> float:
    """Launch the service; seconds until it answers."""
    started = time.perf_counter()
    subprocess.run([*DEW, "up", "--detach", "--wait", *FLAGS], cwd=directory, check=True, capture_output=True)
    return time.perf_counter() - started


def down(directory: Path) -> None:
    """End it."""
    subprocess.run([*DEW, "down"], cwd=directory, check=True, capture_output=True)


def fill(path: Path, rows: int) -> None:
    """Repeat what was recorded until there are so many rows, one of them another's path."""
    shelf = Shelf(path)
    summaries, _ = shelf.newest(Filter(), 100)
    found = [shelf.get(each["id"]) for each in summaries]
    samples = [msgspec.json.encode(each) for each in found if each is not None]
    for start in range(0, rows - shelf.count, 1000):
        made = [msgspec.json.decode(samples[at % len(samples)]) for at in range(start, start + 1000)]
        if start == 0:
            made[0][0]["path"] = "/needle"
        shelf.add(Row(summary, detail, None) for summary, detail in made)
    shelf.close()


def timed(rounds: int, work: Callable[[], object]) -> list[float]:
    """Milliseconds of each round."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def endpoints(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each question."""
    with httpx.Client(timeout=60) as client:

        def ask(parameters: dict[str, str]) -> dict[str, object]:
            told: dict[str, object] = (
                client.get(f"{API}/invocations", params=parameters).raise_for_status().json()
            )
            return told

        found = {what: timed(rounds, partial(ask, parameters)) for what, parameters in ASKED.items()}
        newest = ask({"limit": "1"})["invocations"][0]["id"]  # type: ignore[index]
        found["one in full"] = timed(
            rounds, lambda: client.get(f"{API}/invocation", params={"id": newest}).raise_for_status()
        )
    return found


def page(rounds: int) -> dict[str, list[float]]:
    """Milliseconds in Chromium until rows are shown."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        shown = browser.new_page(viewport={"width": 1280, "height": 800})
        row = "[role=listbox] [role=option], main .list-row, main tbody tr"

        def visit() -> None:
            shown.goto("about:blank")
            shown.goto(f"{API}/#/invocations")
            shown.locator(row).first.wait_for()

        visit()
        opened = timed(rounds, visit)
        total = shown.evaluate("document.querySelectorAll('*').length")
        browser.close()
    return {f"the page, until rows are shown ({total} elements)": opened}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dewstack-console-") as scratch:
        directory = reference(Path(scratch))
        launched = {"few": [], "many": []}  # type: dict[str, list[float]]
        for _ in range(3):
            launched["few"].append(up(directory) * 1000)
            for path in ("/auth/profile", "/nowhere", "/auth/profile?a=1"):
                httpx.get(SERVICE + path, headers={"X-Sent-By": "benchmark"})
            body = {"email": "ann@example.com", "password": "wrong"}
            httpx.post(f"{SERVICE}/auth/login", json=body, timeout=30)
            httpx.get(f"{API}/invocations")
            down(directory)
        fill(directory / ".dew" / "recorded.db", asked.rows)
        for _ in range(2):
            launched["many"].append(up(directory) * 1000)
            down(directory)
        launched["many"].append(up(directory) * 1000)
        try:
            figures = {
                "`dew up --wait`, a few rows recorded": launched["few"],
                f"`dew up --wait`, {asked.rows:,} rows recorded": launched["many"],
                **endpoints(asked.rounds),
                **page(asked.rounds),
            }
        finally:
            down(directory)
    print(f"| {asked.rows:,} invocations recorded | smallest ms | median ms |\n|---|---|---|")
    for what, taken in figures.items():
        print(f"| {what} | {min(taken):.1f} | {statistics.median(taken):.1f} |")


if __name__ == "__main__":
    main()
