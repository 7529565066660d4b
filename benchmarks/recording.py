"""Measures what the record costs the hot path: two emulators side by side, one with `--no-record`, asked in turns.
Prints the rows for RESULTS.md.

    .venv/bin/python benchmarks/recording.py [--rounds N]

A round is wrk for five seconds and 1,000 requests on one connection, for each of the two, whose order changes.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from client import wait_for_first, warm, wrk
from run import DEW, copy, launch, stop

PORTS = {"recorded": 14300, "unrecorded": 14310}
PATH = "/py/hello"
SECONDS = 5


def command(name: str) -> list[str]:
    """How one of the two is started."""
    port = PORTS[name]
    ports = ["--port", str(port), "--aws-port", str(port + 1), "--frontend-port", str(port + 2)]
    return [str(DEW), "up", *ports, *(["--no-record"] if name == "unrecorded" else [])]


def processor_seconds(pid: int) -> float:
    """What a process has used of the processor until now, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    """Of each round: requests a second, the emulator's processor time for one in µs, and the median of one after the
    other in ms."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in PORTS}
    with tempfile.TemporaryDirectory(prefix="dewstack-recording-") as scratch:
        running = {name: launch(command(name), copy("service", Path(scratch))) for name in PORTS}
        try:
            for name, (_, launched) in running.items():
                wait_for_first(PORTS[name], PATH, launched)
                warm(PORTS[name], PATH)
            for number in range(rounds):
                for name in sorted(PORTS, reverse=bool(number % 2)):
                    before = processor_seconds(running[name][0].pid)
                    rps = wrk(PORTS[name], PATH, seconds=SECONDS)["rps"]
                    time.sleep(1.0)  # what is written behind the answers is the other's no more
                    used = processor_seconds(running[name][0].pid) - before
                    found[name].append((rps, used / (rps * SECONDS) * 1e6, warm(PORTS[name], PATH)["p50"]))
                    time.sleep(1.0)
        finally:
            for process, _ in running.values():
                stop(process)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    found = measure(parser.parse_args().rounds)
    rps, used, p50 = (
        {name: statistics.median(each[at] for each in found[name]) for name in PORTS} for at in range(3)
    )
    print("| | recorded | with --no-record | costs | wanted |\n|---|--:|--:|--:|--:|")
    for what, figures, cost in (
        ("wrk -t2 -c16, requests/s", rps, rps["unrecorded"] / rps["recorded"] - 1),
        ("processor time of the emulator for one, µs", used, used["recorded"] / used["unrecorded"] - 1),
        ("one after the other, p50 in ms", p50, p50["recorded"] / p50["unrecorded"] - 1),
    ):
        print(f"| {what} | {figures['recorded']:,.3g} | {figures['unrecorded']:,.3g} | {cost:.1%} | ≤ 5% |")


if __name__ == "__main__":
    main()
