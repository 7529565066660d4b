"""What is measured of an emulator that serves `service/`, and how."""

import http.client
import json
import re
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

SAMPLES = 300


def wait_for_first(port: int, path: str, launched: float, seconds: float = 60) -> float:
    """Seconds from the launch (`launched`, monotonic) to the first request that was served."""
    while time.monotonic() - launched < seconds:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                return time.monotonic() - launched
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.005)
    raise SystemExit(f"nothing serves {path} on port {port} after {seconds} s")


def warm(port: int, path: str, headers: dict[str, str] | None = None) -> dict[str, float]:
    """Latency in ms of one kept connection's requests, one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    for _ in range(SAMPLES + 20):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - began) * 1000)
        assert response.status == 200, response.status
    times = sorted(times[20:])
    return {"p50": statistics.median(times), "p95": times[int(SAMPLES * 0.95)], "max": times[-1]}


def wrk(port: int, path: str, seconds: int = 5, headers: dict[str, str] | None = None) -> dict[str, float]:
    """Requests per second and latency in ms of 16 connections, by wrk; and how many were not answered with 2xx."""
    command = ["wrk", "-t2", "-c16", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    lines = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    text = subprocess.run([*command, *lines], capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    timeouts = re.search(r"timeout (\d+)", text)
    found = {name: re.search(rf"{name}%\s+([\d.]+)(us|ms|s)\b", text) for name in ("50", "99")}
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert rate and all(found.values()), text
    latencies = {f"p{k}": float(m[1]) * scale[m[2]] for k, m in found.items() if m}
    return {
        "rps": float(rate[1]),
        "timeouts": int(timeouts[1]) if timeouts else 0,
        "refused": int(refused[1]) if refused else 0,
        **latencies,
    }


def parallel(port: int, path: str, count: int = 10) -> float:
    """Seconds until `count` requests that were sent together have been answered."""
    statuses: list[int] = []

    def one() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)

    threads = [threading.Thread(target=one) for _ in range(count)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * count, statuses
    return time.monotonic() - began


def together(port: int, path: str, count: int = 200) -> dict[str, float]:
    """Seconds until `count` requests that were sent at once are over, and how many of them did not get a 200."""
    failed: list[object] = []

    def one() -> None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                failed.append(response.status)
        except (OSError, http.client.HTTPException) as error:
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(count)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"s": time.monotonic() - began, "failed": len(failed)}


def cold_starts(port: int, path: str) -> float:
    """The median of the first requests, in ms, to five functions that nobody has called: `path` and a number."""
    times = []
    for number in range(5):
        time.sleep(0.5)  # what the one before has left to do is done
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        began = time.perf_counter()
        connection.request("GET", f"{path}{number}")
        response = connection.getresponse()
        text = response.read()
        times.append((time.perf_counter() - began) * 1000)
        assert response.status == 200, text
    return statistics.median(times)


def growth(port: int, pid: int, path: str, requests: int = 100_000) -> float:
    """By how many MB the process tree of `pid` grows while it serves so many requests, after as many for warming up."""
    sizes = []
    for _ in range(2):
        served = 0.0
        while served < requests:
            served += wrk(port, path)["rps"] * 5
        sizes.append(memory(pid)["mb"])
    return max(0.0, sizes[1] - sizes[0])


def memory(root: int) -> dict[str, float]:
    """Proportional set size in MB of the process tree below and with `root`, and how many processes it has."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    tree, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        tree.append(pid)
        waiting += children.get(pid, [])
    total = 0
    for pid in tree:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)
        total += int(found[1]) if found else 0
    return {"mb": total / 1024, "processes": len(tree)}


def measure(port: int, pid: int, launched: float, rest_path: str) -> dict[str, Any]:
    """All of it, in the order in which the figures do not disturb each other. `rest_path` leads to the same handler
    as `/py/hello`, by the REST API."""
    result: dict[str, Any] = {"first_served_s": wait_for_first(port, "/py/hello", launched)}
    wait_for_first(port, "/node/hello", time.monotonic())
    result["memory_first"] = memory(pid)
    result["py_warm"] = warm(port, "/py/hello")
    result["rest_warm"] = warm(port, rest_path)
    result["node_warm"] = warm(port, "/node/hello")
    result["py_wrk"] = wrk(port, "/py/hello")
    result["memory_wrk"] = memory(pid)
    result["rest_wrk"] = wrk(port, rest_path)
    result["node_wrk"] = wrk(port, "/node/hello")
    result["parallel_cold_s"] = parallel(port, "/py/sleep")
    result["parallel_warm_s"] = parallel(port, "/py/sleep")
    return result


def tokens(aws_url: str, port: int) -> str:
    """An id token of a new user of the pool that `authorized/` deploys, by dewstack's control API."""
    import urllib.request

    def call(service: str, operation: str, **params: Any) -> dict[str, Any]:
        url = f"{aws_url}/_dew/call/{service}/{operation}"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(params).encode())) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    pool = call("cognito-idp", "ListUserPools", MaxResults=10)["UserPools"][0]["Id"]
    client = call("cognito-idp", "ListUserPoolClients", UserPoolId=pool)["UserPoolClients"][0]["ClientId"]
    user = {"UserPoolId": pool, "Username": f"bench{time.time_ns()}"}
    call("cognito-idp", "AdminCreateUser", **user, MessageAction="SUPPRESS")
    call("cognito-idp", "AdminSetUserPassword", **user, Password="Benchmark-1", Permanent=True)
    signed_in = call(
        "cognito-idp",
        "AdminInitiateAuth",
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user["Username"], "PASSWORD": "Benchmark-1"},
    )
    return str(signed_in["AuthenticationResult"]["IdToken"])
