"""One service behind both: the emulator's gateway, and the shim on Flask's own server."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from shutil import copytree

import pytest

from dewstack.shim import create_app
from dewstack.shim.server import make_server
from dewstack.testing import Dew, start

SERVICE = Path(__file__).parent / "service"


@dataclass(slots=True)
class Answer:
    """A response: header names as they came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class Mirror:
    """The service on the gateway and on Flask, with what either needs."""

    dew: Dew
    directory: Path
    gateway: tuple[str, int]
    flask: tuple[str, int]

    def both(self, request: bytes) -> tuple[Answer, Answer]:
        """The gateway's answer and the shim's to the same bytes."""
        return send(self.gateway, request), send(self.flask, request)


def send(address: tuple[str, int], request: bytes) -> Answer:
    """Send bytes, read one response."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection, method=request.partition(b" ")[0].decode())
        response.begin()
        return Answer(response.status, response.getheaders(), response.read())


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """Both of them, running."""
    directory = tmp_path_factory.mktemp("mirror")
    copytree(SERVICE, directory, dirs_exist_ok=True)
    with start(directory) as dew:
        server = make_server(create_app(directory, endpoint_url=dew.aws_url), "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            host, port = dew.url.removeprefix("http://").split(":")
            yield Mirror(dew, directory, (host, int(port)), ("127.0.0.1", server.port))
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
