"""Measures dewstack beside serverless-offline and ministack, and its user pools beside moto and ministack, one after
the other in one go, and writes RESULTS.md.

    .venv/bin/python benchmarks/run.py [--rounds N] [--alone] [--only service|people]

Needs wrk, Node.js and npm (serverless-offline comes from the npm registry into a temporary folder, moto and ministack
from PyPI). `--alone` measures dewstack only; with it, or with `--only`, nothing is written. Figures of different runs
are not comparable; the ratios are.
"""

import argparse
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from changing import LAST_HTTP_ROUTE, LAST_REST_ROUTE, saved_to_served, write_large
from client import cold_starts, growth, measure, together, tokens, wait_for_first, warm, wrk
from ministack import measure_ministack
from users import PEERS as PEOPLE_PEERS
from users import ROWS as PEOPLE_ROWS
from users import install_peers, measure_dewstack_people, measure_peer

HERE = Path(__file__).parent
DEW = HERE.parent / "dew"
PEERS = ["serverless@npm:osls@4.3.1", "serverless-offline@14.8.2", "esbuild@0.28.2"]
PORT, AWS_PORT, FRONTEND_PORT = 14300, 14566, 14800


def copy(name: str, scratch: Path) -> Path:
    """A fresh copy of a service, so that no state of an earlier run speeds anything up."""
    target = scratch / f"{name}-{time.time_ns()}"
    shutil.copytree(HERE / name, target)
    return target


def launch(command: list[str], directory: Path) -> tuple[subprocess.Popen[bytes], float]:
    """Start an emulator; with the moment of the launch."""
    launched = time.monotonic()
    log = (directory / "emulator.log").open("wb")
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command, cwd=directory, env=environ, stdout=log, stderr=log, start_new_session=True
    )
    return process, launched


def stop(process: subprocess.Popen[bytes]) -> None:
    """End an emulator and all it started."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def dew_command() -> list[str]:
    """How dewstack is started: as its users start it."""
    ports = ["--port", PORT, "--aws-port", AWS_PORT, "--frontend-port", FRONTEND_PORT]
    return [str(DEW), "up", *map(str, ports)]


def measure_dewstack(scratch: Path) -> dict[str, Any]:
    """One round: the service, the same without a record, the authorized one."""
    process, launched = launch(dew_command(), copy("service", scratch))
    try:
        result = measure(PORT, process.pid, launched, "/dev/rest/py/hello")
    finally:
        stop(process)
    process, launched = launch([*dew_command(), "--no-record"], copy("service", scratch))
    try:
        wait_for_first(PORT, "/py/hello", launched)
        warm(PORT, "/py/hello")
        result["unrecorded_wrk"] = wrk(PORT, "/py/hello")
    finally:
        stop(process)
    process, launched = launch(dew_command(), directory := copy("authorized", scratch))
    try:
        while not (directory / ".dew/run.json").exists():
            time.sleep(0.02)
        token = tokens(f"http://127.0.0.1:{AWS_PORT}", PORT)
        bearer = {"Authorization": f"Bearer {token}"}
        result["authorized_warm"] = warm(PORT, "/py/hello", bearer)
        result["authorized_wrk"] = wrk(PORT, "/py/hello", headers=bearer)
    finally:
        stop(process)
    return result


def measure_large(scratch: Path) -> dict[str, Any]:
    """One round with the large maps: all routes of the HTTP API, and half of them of the REST API."""
    result: dict[str, Any] = {}
    for kind, rest_share in (("http", 0.0), ("mixed", 0.5)):
        directory = scratch / f"large-{kind}-{time.time_ns()}"
        write_large(directory, rest_share)
        process, launched = launch(dew_command(), directory)
        try:
            result[f"large_{kind}_s"] = wait_for_first(PORT, LAST_HTTP_ROUTE, launched)
            result[f"large_{kind}_warm"] = warm(PORT, LAST_HTTP_ROUTE)
            if rest_share:
                wait_for_first(PORT, LAST_REST_ROUTE, time.monotonic())
                result["large_rest_warm"] = warm(PORT, LAST_REST_ROUTE)
        finally:
            stop(process)
    return result


def measure_saves(scratch: Path, modules: Path) -> dict[str, Any]:
    """One round of saving a Python and a TypeScript handler. `modules` is a node_modules that has esbuild."""
    directory = copy("saved", scratch)
    (directory / "node_modules").symlink_to(modules)
    process, launched = launch(dew_command(), directory)
    try:
        result: dict[str, Any] = {}
        for name, file in (("py", "handlers/hello.py"), ("ts", "handlers/hello.ts")):
            wait_for_first(PORT, f"/{name}", launched)
            result[f"save_{name}_ms"] = statistics.median(saved_to_served(PORT, f"/{name}", directory / file))
        return result
    finally:
        stop(process)


def measure_cold(directory: Path, command: list[str], ready: str) -> dict[str, Any]:
    """One round of first requests, and of 200 requests at once."""
    process, launched = launch(command, directory)
    try:
        wait_for_first(PORT, ready, launched)
        return {
            "cold_py_ms": cold_starts(PORT, "/boto"),
            "cold_node_ms": cold_starts(PORT, "/node"),
            "crowd": together(PORT, "/slow"),
        }
    finally:
        stop(process)


def measure_growth(scratch: Path) -> dict[str, Any]:
    """How much larger 100,000 more requests make dewstack."""
    process, launched = launch(dew_command(), copy("service", scratch))
    try:
        wait_for_first(PORT, "/py/hello", launched)
        return {"growth_mb": growth(PORT, process.pid, "/py/hello")}
    finally:
        stop(process)


def offline_command(directory: Path, installed: Path) -> list[str]:
    """How serverless-offline is started in a directory."""
    (directory / "node_modules").symlink_to(installed / "node_modules")
    ports = ["--httpPort", PORT, "--lambdaPort", PORT + 1, "--websocketPort", PORT + 2]
    sls = str(installed / "node_modules/.bin/sls")
    path = f"PATH={DEW.parent / '.venv/bin'}:{os.environ['PATH']}"  # its Python functions need boto3
    return ["env", path, sls, "offline", "start", "--noPrependStageInUrl", *map(str, ports)]


def install_offline(scratch: Path) -> Path:
    """serverless-offline and osls, in a folder of their own."""
    folder = scratch / "offline"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", *PEERS], cwd=folder, check=True)
    return folder


def measure_offline(scratch: Path, installed: Path) -> dict[str, Any]:
    """One round of serverless-offline."""
    directory = copy("service", scratch)
    command = offline_command(directory, installed)
    process, launched = launch(command, directory)
    try:
        return measure(PORT, process.pid, launched, "/rest/py/hello")
    finally:
        stop(process)


ROWS: list[tuple[str, str, Any, str]] = [
    ("launch to first served request", "s", lambda r: r["first_served_s"], "≤ 0.7"),
    ("warm request, Python, p50", "ms", lambda r: r["py_warm"]["p50"], "≤ 0.5"),
    ("the same behind the verifying JWT authorizer", "ms", lambda r: r["authorized_warm"]["p50"], "≤ 0.6"),
    ("wrk -t2 -c16 behind it, requests/s", "", lambda r: r["authorized_wrk"]["rps"], "≥ 9,000"),
    ("wrk behind it, p99", "ms", lambda r: r["authorized_wrk"]["p99"], "≤ 15"),
    ("warm request, Python, REST API, p50", "ms", lambda r: r["rest_warm"]["p50"], "≤ 1.15 x HTTP"),
    ("warm request, Node.js, p50", "ms", lambda r: r["node_warm"]["p50"], "≤ 0.5"),
    ("wrk -t2 -c16, Python, requests/s", "", lambda r: r["py_wrk"]["rps"], "≥ 1.3 x"),
    ("the same without a record (--no-record)", "", lambda r: r["unrecorded_wrk"]["rps"], "≤ 1.05 x it"),
    ("wrk, Python, p99", "ms", lambda r: r["py_wrk"]["p99"], "≤ 20"),
    ("wrk, Python, requests that took over 2 s", "", lambda r: r["py_wrk"]["timeouts"], "0"),
    ("wrk, Python, requests not answered with 2xx", "", lambda r: r["py_wrk"]["refused"], "0"),
    ("wrk -t2 -c16, Python, REST API, requests/s", "", lambda r: r["rest_wrk"]["rps"], "≥ HTTP / 1.15"),
    ("wrk -t2 -c16, Node.js, requests/s", "", lambda r: r["node_wrk"]["rps"], "≥ 2 x"),
    ("cold start, Python that imports boto3, first answer", "ms", lambda r: r["cold_py_ms"], "≤ 60"),
    ("cold start, Node.js, first answer", "ms", lambda r: r["cold_node_ms"], "≤ 90"),
    ("200 requests at once of a 100 ms handler, until the last answer", "s", lambda r: r["crowd"]["s"], ""),
    ("of these, not answered with 200", "", lambda r: r["crowd"]["failed"], "0"),
    ("memory (PSS) that 100,000 more requests take", "MB", lambda r: r["growth_mb"], "0"),
    ("ten parallel one-second handlers, cold", "s", lambda r: r["parallel_cold_s"], "≤ 1.30"),
    ("ten parallel one-second handlers, warm", "s", lambda r: r["parallel_warm_s"], "≤ 1.03"),
    ("memory (PSS) after the first requests", "MB", lambda r: r["memory_first"]["mb"], "≤ 100"),
    ("memory (PSS) after the Python wrk", "MB", lambda r: r["memory_wrk"]["mb"], "≤ 250"),
    ("processes after the Python wrk", "", lambda r: r["memory_wrk"]["processes"], "≤ 20"),
    ("200 functions, 1,000 routes (HTTP): launch to first answer", "s", lambda r: r["large_http_s"], "≤ 1.5"),
    ("the same, 500 of the routes REST", "s", lambda r: r["large_mixed_s"], "≤ 1.5"),
    ("one of 1,000 HTTP routes, warm, p50", "ms", lambda r: r["large_http_warm"]["p50"], "≤ 1.2 x small"),
    ("one of 500 REST routes, warm, p50", "ms", lambda r: r["large_rest_warm"]["p50"], "≤ 1.2 x small"),
    ("save to served, Python", "ms", lambda r: r["save_py_ms"], "≤ 150"),
    ("save to served, TypeScript", "ms", lambda r: r["save_ts_ms"], "≤ 150"),
]


def median(rounds: list[dict[str, Any]], pick: Any) -> float | None:
    """The median over the rounds; None where an emulator has no such figure."""
    try:
        return statistics.median(float(pick(each)) for each in rounds)
    except (KeyError, statistics.StatisticsError):
        return None


def shown(value: float | None, unit: str) -> str:
    """A figure as the table shows it."""
    if value is None:
        return "-"
    digits = 0 if value >= 100 else 1 if value >= 20 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def table(rounds: dict[str, list[dict[str, Any]]], rows: list[tuple[str, str, Any, str]]) -> str:
    """The results as Markdown."""
    lines = [f"| | {' | '.join(rounds)} | wanted |", f"|---|{'--:|' * len(rounds)}--:|"]
    for name, unit, pick, wanted in rows:
        figures = " | ".join(shown(median(each, pick), unit) for each in rounds.values())
        lines.append(f"| {name} | {figures} | {wanted} |")
    return "\n".join(lines)


def measure_services(scratch: Path, rounds: int, *, alone: bool) -> str:
    """The rounds of functions and APIs, as a table."""
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    installed = install_offline(scratch)
    if not alone:
        install_peers(scratch)
    for number in range(rounds):
        print(f"functions and APIs, round {number + 1} of {rounds} …", file=sys.stderr)
        ours.append(measure_dewstack(scratch) | measure_large(scratch))
        ours[-1] |= measure_saves(scratch, installed / "node_modules")
        ours[-1] |= measure_cold(copy("cold", scratch), dew_command(), "/ready")
        ours[-1] |= measure_growth(scratch)
        if not alone:
            theirs.append(measure_offline(scratch, installed))
            directory = copy("cold", scratch)
            theirs[-1] |= measure_cold(directory, offline_command(directory, installed), "/ready")
            others.append(measure_ministack(scratch, launch, stop))
    return table({"dewstack": ours, "serverless-offline": theirs, "ministack": others}, ROWS)


def measure_pools(scratch: Path, rounds: int, *, alone: bool) -> str:
    """The rounds of user pools, as a table. The peers are installed."""
    peers = [] if alone else PEOPLE_PEERS
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in ["dewstack", *(p.name for p in peers)]}
    for number in range(rounds):
        print(f"user pools, round {number + 1} of {rounds} …", file=sys.stderr)
        directory = copy("people", scratch)
        ours = measure_dewstack_people(directory, launch, stop, dew_command(), PORT, AWS_PORT)
        results["dewstack"].append(ours)
        for peer in peers:
            results[peer.name].append(measure_peer(peer, scratch, launch, stop))
    return table(results, PEOPLE_ROWS)


def main() -> None:
    """Measure in turns, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--only", choices=["service", "people"])
    arguments = parser.parse_args()
    if shutil.which("wrk") is None and arguments.only != "people":
        sys.exit("benchmarks need wrk (Debian, Ubuntu: apt install wrk; macOS: brew install wrk)")
    subprocess.run([DEW, "version"], check=True, stdout=subprocess.DEVNULL)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, part in (("service", measure_services), ("people", measure_pools)):
            if arguments.only in (None, name):
                results[name] = part(Path(folder), arguments.rounds, alone=arguments.alone)
                print(results[name])
    if arguments.alone or arguments.only:
        return
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    (HERE / "RESULTS.md").write_text(
        f"# Results\n\n`.venv/bin/python benchmarks/run.py --rounds {arguments.rounds}`, "
        f"{datetime.now(UTC):%Y-%m-%d}, {machine}.\nMedians of {arguments.rounds} rounds, the emulators in turns;"
        " serverless-offline 14.8.2 with osls 4.3.1, ministack[full] 1.5.33. Compare ratios, not figures of different"
        " runs.\nserverless-offline does not verify a JWT's signature, so it has no figure behind the authorizer.\n\n"
        f"{results['service']}\n\n## User pools\n\n"
        f"Beside {' and '.join(peer.requirement for peer in PEOPLE_PEERS)}, one kept connection, 50 users unless said"
        " otherwise. Neither of the two hashes passwords, and moto does not check an SRP proof.\n\n"
        f"{results['people']}\n"
    )


if __name__ == "__main__":
    main()
