"""Measures `dew deploy`: of the reference service to the emulator that runs for it and to LocalStack in host mode, and
how long a map of 200 functions takes to compile. Prints the table for RESULTS.md.

    .venv/bin/python benchmarks/deploys.py [--rounds N] [--localstack]

Figures are seconds from the launch of the command to its end, the smallest and the median of the rounds. With
`--localstack` LocalStack is started for it, which installs it the first time (about a minute).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from changing import FUNCTIONS, write_large

ROOT = Path(__file__).parents[1]
DEW = (sys.executable, "-m", "dewstack.cli")
PORTS = {"--port": "14310", "--aws-port": "14576", "--frontend-port": "14810"}
LOCALSTACK_PORT = 14577
WANTED = {
    "dew deploy to the emulator, first": 0.5,
    "the same, nothing changed": 0.3,
    "the same, one handler changed": 0.3,
    "dew deploy to LocalStack, first": 15.0,
    "the same there, nothing changed": 3.0,
    "the same there, one handler changed": 3.0,
    f"a map of {FUNCTIONS} functions compiled": 0.5,
}
Figures = dict[str, list[float]]


def dew(directory: Path, *arguments: str) -> float:
    """Run a command in a directory; how many seconds it took. Ends the program where it fails."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    ran = subprocess.run([*DEW, *arguments], cwd=directory, env=environ, capture_output=True, text=True)
    took = time.perf_counter() - started
    if ran.returncode:
        raise SystemExit(f"dew {' '.join(arguments)}: {ran.stderr}")
    return took


def reference(scratch: Path) -> Path:
    """A copy of the reference service."""
    copy = scratch / "reference"
    copy.mkdir()
    shutil.copy(ROOT / "serverless.yml", copy)
    for folder in ("handlers", "stack", "frontend"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, copy / folder)
    return copy


def rounds_of(project: Path, names: Sequence[str], rounds: int, target: Sequence[str]) -> Figures:
    """First, unchanged and changed deployments; each round has a stage of its own, removed again."""
    figures: Figures = {name: [] for name in names}
    handler = project / "handlers" / "login.py"
    for number in range(rounds):
        arguments = (*target, "--stage", f"bench{number}", "--yes", "--json")
        figures[names[0]].append(dew(project, "deploy", *arguments))
        figures[names[1]].append(dew(project, "deploy", *arguments))
        handler.write_text(handler.read_text() + f"# {number}\n")
        time.sleep(1.0)  # dew up looks at what was saved, too
        figures[names[2]].append(dew(project, "deploy", *arguments))
        dew(project, "remove", *arguments)
    return figures


def to_emulator(scratch: Path, rounds: int) -> Figures:
    """To `dew up` of the same directory."""
    project = reference(scratch)
    ports = [each for pair in PORTS.items() for each in pair]
    dew(project, "up", "--detach", "--wait", *ports)
    try:
        return rounds_of(project, list(WANTED)[:3], rounds, ())
    finally:
        dew(project, "down")


def to_localstack(scratch: Path, rounds: int) -> Figures:
    """To LocalStack in host mode, which is stopped again."""
    project = scratch / "reference"
    dew(project, "localstack", "up", "--host", "--port", str(LOCALSTACK_PORT))
    try:
        endpoint = f"http://127.0.0.1:{LOCALSTACK_PORT}"
        return rounds_of(
            project, list(WANTED)[3:6], rounds, ("--target", "localstack", "--endpoint", endpoint)
        )
    finally:
        dew(project, "localstack", "down")


def compiled(scratch: Path, rounds: int) -> Figures:
    """A large map, read and compiled in this process, and not the first time: no imports are measured."""
    from dewstack.deploy.release import Tools, compile_for
    from dewstack.deploy.target import EMBEDDED
    from dewstack.service import load

    directory = scratch / "large"
    write_large(directory, 0.25)

    def nobody(service: str, operation: str, params: dict[str, object]) -> dict[str, object]:
        return {"Account": "000000000000"}

    tools = Tools(lambda text: None, lambda runtime: None)  # type: ignore[arg-type,return-value]

    def once() -> None:
        service = load(directory, options={}, environ={})
        template = compile_for(EMBEDDED, nobody, service, tools).template
        assert len(template["Resources"]) > FUNCTIONS
        json.dumps(template)

    return {list(WANTED)[6]: timed(once, rounds + 1)[1:]}


def timed(act: Callable[[], None], rounds: int) -> list[float]:
    """Seconds of each time."""
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        took.append(time.perf_counter() - started)
    return took


def table(figures: Figures) -> str:
    """The rows for RESULTS.md."""
    rows = ["| | smallest | median | wanted |", "|---|--:|--:|--:|"]
    for name, took in figures.items():
        rows.append(f"| {name} | {min(took):.2f} s | {statistics.median(took):.2f} s | ≤ {WANTED[name]:g} |")
    return "\n".join(rows)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--localstack", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dew-deploys-") as name:
        scratch = Path(name)
        figures = compiled(scratch, options.rounds) | to_emulator(scratch, options.rounds)
        if options.localstack:
            figures |= to_localstack(scratch, options.rounds)
    print(table({name: figures[name] for name in WANTED if name in figures}))


if __name__ == "__main__":
    main()
