"""Measures what the record costs the hot path: two emulators side by side, one with `--no-record`, asked in turns.
Prints the rows for RESULTS.md: medians of several launches, as one process may be slower than another for its whole
life, and what the record costs within a launch.

    .venv/bin/python benchmarks/recording.py [--launches N]

In a launch each of the two has three rounds of wrk for three seconds and 1,000 requests on one connection.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from client import wait_for_first, warm, wrk
from run import DEW, copy, launch, stop

PORTS = {"recorded": 14300, "unrecorded": 14310}
PATH = "/py/hello"
SECONDS = 3
ROUNDS = 3
WHAT = (
    "wrk -t2 -c16, requests/s",
    "processor time of the emulator for one, µs",
    "one after the other, p50 in ms",
)


def command(name: str) -> list[str]:
    """How one of the two is started."""
    port = PORTS[name]
    ports = ["--port", str(port), "--aws-port", str(port + 1), "--frontend-port", str(port + 2)]
    return [str(DEW), "up", *ports, *(["--no-record"] if name == "unrecorded" else [])]


def processor_seconds(pid: int) -> float:
    """What a process has used of the processor until now, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


Figures = tuple[float, ...]
"""Requests a second, the emulator's processor time for one in µs, the median of one after the other in ms."""


def measure(names: Iterable[str]) -> dict[str, Figures]:
    """The medians of a launch of both, in this order."""
    found: dict[str, list[Figures]] = {name: [] for name in PORTS}
    with tempfile.TemporaryDirectory(prefix="dewstack-recording-") as scratch:
        running = {name: launch(command(name), copy("service", Path(scratch))) for name in names}
        try:
            for name, (_, launched) in running.items():
                wait_for_first(PORTS[name], PATH, launched)
                warm(PORTS[name], PATH)
            for _ in range(ROUNDS):
                for name, (process, _) in running.items():
                    before = processor_seconds(process.pid)
                    rps = wrk(PORTS[name], PATH, seconds=SECONDS)["rps"]
                    time.sleep(1.0)  # what is written behind the answers is the other's no more
                    used = processor_seconds(process.pid) - before
                    found[name].append((rps, used / (rps * SECONDS) * 1e6, warm(PORTS[name], PATH)["p50"]))
                    time.sleep(1.0)
        finally:
            for process, _ in running.values():
                stop(process)
    return {name: medians(rounds) for name, rounds in found.items()}


def medians(figures: Iterable[Figures]) -> Figures:
    """Of each figure."""
    return tuple(statistics.median(each) for each in zip(*figures, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launches", type=int, default=8)
    count = parser.parse_args().launches
    launches = [measure(sorted(PORTS, reverse=bool(number % 2))) for number in range(count)]
    recorded, unrecorded = (medians(each[name] for each in launches) for name in PORTS)
    pairs = [(each["recorded"], each["unrecorded"]) for each in launches]
    print(
        f"| medians of {count} launches | recorded | with --no-record | costs | wanted |\n|---|--:|--:|--:|--:|"
    )
    for at, what in enumerate(WHAT):
        # requests a second are fewer where the two others are more
        ratios = [without[at] / with_[at] if at == 0 else with_[at] / without[at] for with_, without in pairs]
        cost = statistics.median(ratios) - 1
        print(f"| {what} | {recorded[at]:,.3g} | {unrecorded[at]:,.3g} | {cost:.1%} | ≤ 5% |")


if __name__ == "__main__":
    main()
