"""Clients that misbehave, and many at once: everybody gets their own answer, and nothing is left of those who leave."""

import asyncio
import os
import socket
import struct
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from dewstack.testing import Dew, start
from tests.e2e.faults.load import SECONDS, answer, ask, request, together

MAP = """
service: clients
provider: {name: aws, runtime: python3.11, timeout: 5}
functions:
  echo: {handler: app.echo, events: [{httpApi: POST /echo}, {http: POST /echo}]}
  tenth: {handler: app.tenth, events: [{httpApi: POST /tenth}]}
  large: {handler: app.large, events: [{httpApi: GET /large}, {http: GET /large}]}
"""
HANDLERS = """
import json, time

def echo(event, context):
    return {"statusCode": 200, "body": json.dumps({"id": event["body"]})}

def tenth(event, context):
    time.sleep(0.1)
    return echo(event, context)

def large(event, context):
    return {"statusCode": 200, "body": "x" * 5_000_000}
"""
BASES = ("", "/dev")
"""The HTTP API, and the REST API's stage."""


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    directory = tmp_path_factory.mktemp("clients")
    (directory / "serverless.yml").write_text(textwrap.dedent(MAP))
    (directory / "app.py").write_text(HANDLERS)
    with start(directory) as running:
        yield running


@pytest.fixture
def port(dew: Dew) -> int:
    return httpx.URL(dew.url).port or 80


def connect(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def slam(client: socket.socket) -> None:
    """Leave without a goodbye (RST)."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def connections(port: int) -> int:
    """How many connections this process, which is the server's too, holds at its port."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    mine = {line.split()[9] for line in lines if line.split()[1].endswith(f":{port:04X}")}
    held = 0
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            held += os.readlink(f"/proc/self/fd/{name}")[8:-1] in mine
    return held


def becomes(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def served(port: int, path: str) -> bool:
    return asyncio.run(together(port, path, 1)) == {"right": 1}


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="connections are counted in /proc")
@pytest.mark.parametrize("base", BASES)
def test_nothing_is_left_of_clients_that_leave_whenever(port: int, base: str) -> None:
    assert served(port, f"{base}/echo")
    assert becomes(lambda: connections(port) == 1)  # the one that listens
    whole = request(f"{base}/echo", "x" * 1000)
    for length in (0, 1, 20, whole.index(b"\r\n\r\n") + 4, len(whole) - 1, len(whole)):
        for leave in (socket.socket.close, slam):
            client = connect(port)
            client.sendall(whole[:length])
            leave(client)
    assert served(port, f"{base}/echo")
    assert becomes(lambda: connections(port) == 1)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="connections are counted in /proc")
@pytest.mark.parametrize("base", BASES)
def test_nothing_is_left_of_clients_that_leave_amid_a_response(port: int, base: str) -> None:
    for leave in (socket.socket.close, slam):
        clients = [connect(port) for _ in range(4)]
        for client in clients:
            client.sendall(f"GET {base}/large HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        for client in clients:
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            leave(client)
    assert served(port, f"{base}/echo")
    assert becomes(lambda: connections(port) == 1)


@pytest.mark.parametrize("base", BASES)
def test_a_request_that_comes_byte_by_byte_is_served_and_holds_up_nobody(port: int, base: str) -> None:
    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        others = await asyncio.open_connection("127.0.0.1", port)
        for byte in request(f"{base}/echo", "dribbled"):
            writer.write(bytes([byte]))
            await writer.drain()
            assert await ask(*others, f"{base}/echo") == "right"
        assert await answer(reader) == (200, b'{"id": "dribbled"}')
        for each in (writer, others[1]):
            each.close()

    asyncio.run(asyncio.wait_for(work(), SECONDS))


def test_a_response_that_is_read_byte_by_byte_comes_whole(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        beginning = b"".join(client.recv(1) for _ in range(1000))
        assert served(port, "/echo")
        body = beginning.partition(b"\r\n\r\n")[2]
        assert len(body) + sum(map(len, iter(lambda: client.recv(1_000_000), b""))) == 5_000_000


@pytest.mark.parametrize("base", BASES)
def test_pipelined_requests_are_answered_in_order_on_every_connection(port: int, base: str) -> None:
    async def work(client: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        names = [f"{client}-{number}" for number in range(20)]
        writer.write(b"".join(request(f"{base}/echo", name) for name in names))
        for name in names:
            assert await answer(reader) == (200, f'{{"id": "{name}"}}'.encode())
        writer.close()

    async def all_of_them() -> None:
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*map(work, range(10)))

    asyncio.run(all_of_them())


@pytest.mark.parametrize("base", BASES)
def test_a_client_that_offers_http_2_is_answered_in_http_1(port: int, base: str) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQ\r\n"
    head = f"POST {base}/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: ".encode()
    with connect(port) as client:
        for body in (b"first", b"and a second"):
            client.sendall(head + b"%d\r\n" % len(body) + offer + b"\r\n")
            client.sendall(body)
            received = b""
            while body not in received:
                received += client.recv(65536)
            assert received.startswith(b"HTTP/1.1 200 ")


def test_two_hundred_at_once_are_all_served(port: int) -> None:
    assert asyncio.run(together(port, "/tenth", 200)) == {"right": 200}
