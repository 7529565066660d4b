"""User pools: dewstack beside moto's server and ministack, each in a virtual environment of its own from PyPI."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from client import wait_for_first
from users_client import PASSWORD, People, Pools, measure_crowd, measure_people

MANY = 100_000
PORT = 14900
Launch = Callable[[list[str], Path], tuple[subprocess.Popen[bytes], float]]
Stop = Callable[[subprocess.Popen[bytes]], None]


class Peer:
    """An emulator that a benchmark installs and starts."""

    def __init__(self, name: str, requirement: str, command: list[str], **environ: str) -> None:
        self.name, self.requirement, self.command, self.environ = name, requirement, command, environ

    def install(self, scratch: Path) -> None:
        """Into a virtual environment of its own."""
        subprocess.run([sys.executable, "-m", "venv", scratch / self.name], check=True)
        pip = [scratch / self.name / "bin/pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, self.requirement], check=True)

    @contextmanager
    def running(self, scratch: Path, launch: Launch, stop: Stop) -> Iterator[None]:
        """The emulator, at PORT and with nothing in it."""
        directory = scratch / f"{self.name}-{time.time_ns()}"
        directory.mkdir()
        environ = [f"{key}={value}" for key, value in self.environ.items()]
        program = str(scratch / self.name / "bin" / self.command[0])
        process, launched = launch(["env", *environ, program, *self.command[1:]], directory)
        try:
            wait_for_port(launched)
            yield
        finally:
            stop(process)


PEERS = [
    Peer("moto", "moto[server]==5.2.*", ["moto_server", "-p", str(PORT)]),
    Peer("ministack", "ministack[full]==1.5.33", ["ministack"], GATEWAY_PORT=str(PORT)),
]


def wait_for_port(launched: float, seconds: float = 60) -> None:
    """Until something answers at PORT, whatever it says."""
    while time.monotonic() - launched < seconds:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nothing answers on port {PORT} after {seconds} s")


def measure_peer(peer: Peer, scratch: Path, launch: Launch, stop: Stop) -> dict[str, Any]:
    """One round of a peer, with few users."""
    with peer.running(scratch, launch, stop):
        people = People.make(PORT)
        return {"few": measure_people(people), "beside_api": beside_api(PORT, people)}


def beside_api(port: int, people: People) -> dict[str, float]:
    """The crowd, and DescribeUserPoolClient beside it."""
    other = Pools(port)
    names = {"UserPoolId": people.pool, "ClientId": people.client}
    return measure_crowd(port, people, lambda: other.call("DescribeUserPoolClient", **names))


def measure_dewstack_people(
    directory: Path, launch: Launch, stop: Stop, command: list[str], port: int, aws_port: int
) -> dict[str, Any]:
    """One round: few users, the crowd, then the same pool with very many users."""
    import http.client

    process, launched = launch(command, directory)
    try:
        wait_for_first(port, "/py/hello", launched)
        people = People.make(aws_port)
        result: dict[str, Any] = {"few": measure_people(people)}
        service = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

        def hello() -> None:
            service.request("GET", "/py/hello")
            response = service.getresponse()
            response.read()
            assert response.status == 200, response.status

        result["beside_function"] = measure_crowd(aws_port, people, hello)
        result["beside_api"] = beside_api(aws_port, people)
    finally:
        stop(process)
    seed(directory / ".dew/state.db", people.pool)
    process, launched = launch(command, directory)
    try:
        wait_for_first(port, "/py/hello", launched)
        result["many"] = measure_people(
            People(Pools(aws_port), people.pool, people.client), f"crowd{MANY // 2}"
        )
    finally:
        stop(process)
    return result


def seed(state: Path, pool_id: str) -> None:
    """MANY more users, straight into the state of an emulator that is stopped: over the API it takes ten minutes.

    Only the one in the middle can sign in.
    """
    from dewstack.clock import Clock
    from dewstack.cognito.directory import Directory
    from dewstack.cognito.model import User
    from dewstack.cognito.secrets import passwords
    from dewstack.store import Store

    store = Store(state)
    directory = Directory(store, Clock())
    pool = directory.pool_anywhere(pool_id)
    assert pool is not None
    kept = passwords.derive(pool_id, f"crowd{MANY // 2}", PASSWORD)
    with store.batch():
        for number in range(MANY):
            name = f"crowd{number}"
            user = User(
                username=name,
                sub=str(uuid.uuid4()),
                attributes={"email": f"{name}@example.com", "email_verified": "true"},
                status="CONFIRMED",
                created=time.time(),
                modified=time.time(),
                password=kept,
            )
            with store.transaction():
                directory.put(pool, user)
    store.close()


ROWS: list[tuple[str, str, Callable[[dict[str, Any]], float], str]] = [
    ("InitiateAuth with a password, p50", "ms", lambda r: r["few"]["password"], "≤ 6"),
    ("GetUser, p50", "ms", lambda r: r["few"]["get_user"], "≤ 1"),
    ("SRP sign-in, the server's part of both steps, p50", "ms", lambda r: r["few"]["srp"], "≤ 15"),
    ("AdminGetUser, p50", "ms", lambda r: r["few"]["admin_get_user"], ""),
    ("ListUsers, a page of all, p50", "ms", lambda r: r["few"]["list_users"], "≤ 20"),
    ("with 100,000 users: InitiateAuth", "ms", lambda r: r["many"]["password"], "≤ 1.3 x"),
    ("with 100,000 users: GetUser", "ms", lambda r: r["many"]["get_user"], "≤ 1.3 x"),
    ("with 100,000 users: SRP sign-in", "ms", lambda r: r["many"]["srp"], "≤ 1.3 x"),
    ("with 100,000 users: AdminGetUser", "ms", lambda r: r["many"]["admin_get_user"], "≤ 1.3 x"),
    ("with 100,000 users: ListUsers, a page of 60", "ms", lambda r: r["many"]["list_users"], "≤ 20"),
    ("with 100,000 users: ListUsers, email ^=", "ms", lambda r: r["many"]["list_filtered"], "≤ 20"),
    ("with 100,000 users: DescribeUserPool", "ms", lambda r: r["many"]["describe_pool"], "≤ 1.3 x"),
    ("50 clients sign in at once: sign-ins/s", "", lambda r: r["beside_api"]["sign_ins_per_s"], ""),
    ("beside them, DescribeUserPoolClient, p99", "ms", lambda r: r["beside_api"]["p99"], "≤ 10"),
    (
        "beside them, a warm function through its API, p99",
        "ms",
        lambda r: r["beside_function"]["p99"],
        "≤ 10",
    ),
]


def install_peers(scratch: Path) -> None:
    """All of them."""
    for peer in PEERS:
        peer.install(scratch)
