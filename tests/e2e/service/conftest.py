"""The surfaces that the reference service is reached by, as rows of data, and people who use it there."""

import itertools
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.shim import create_app
from dewstack.shim.server import make_server
from tests.e2e.service.remote import ENDPOINT, Remote, World

PASSWORD = "Difference-1"
_number = itertools.count(1)
_RUN = uuid.uuid4().hex[:12]


ROOT = Path(__file__).parents[3]


@contextmanager
def http_api(dew: World) -> Iterator[str]:
    """The emulator's own port."""
    yield dew.url


@contextmanager
def rest_api(dew: World) -> Iterator[str]:
    """The same port, or where the API is deployed."""
    yield dew.rest_url if isinstance(dew, Remote) else dew.url


@contextmanager
def flask(dew: World) -> Iterator[str]:
    """The Flask shim, on Flask's own server."""
    if isinstance(dew, Remote) and dew.flask_url:
        yield dew.flask_url
        return
    clock = None if isinstance(dew, Remote) else dew.clock
    app = create_app(ROOT, endpoint_url=dew.aws_url, clock=clock)
    server = make_server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Surface:
    """One way to reach the service: `open` gives a URL, `base` is where the API is below it.

    `unscoped` is the status for a token without the scope, `nowhere` what a path that is not on the map is answered
    with, `expired` what an expired token is told, `preflight` the status of the answer to one.
    """

    open: Callable[[World], AbstractContextManager[str]]
    base: str = ""
    unscoped: int = 403
    nowhere: tuple[int, str] = (404, "Not Found")
    expired: str = "Unauthorized"
    preflight: int = 204


REST: dict[str, Any] = {
    "base": "/dev",
    "unscoped": 401,
    "nowhere": (403, "Missing Authentication Token"),
    "expired": "The incoming token has expired",
    "preflight": 200,
}
SURFACES = {
    "HTTP API": Surface(http_api),
    "REST API": Surface(rest_api, **REST),
    "HTTP API on Flask": Surface(flask),
    "REST API on Flask": Surface(flask, **REST),
}


@dataclass(slots=True)
class Service:
    """The service at `url`, which belongs to a surface, and the emulator behind it."""

    dew: World
    url: str
    surface: Surface


@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest) -> World:
    """Where the service is deployed: as the environment says, or to the emulator that this process's tests share."""
    endpoint = os.environ.get(ENDPOINT)
    running: World = Remote(endpoint) if endpoint else request.getfixturevalue("dew")
    return running


@pytest.fixture(scope="session", params=SURFACES.values(), ids=SURFACES)
def service(world: World, request: pytest.FixtureRequest) -> Iterator[Service]:
    """The service on each surface in turn."""
    with request.param.open(world) as url:
        yield Service(world, url + request.param.base, request.param)


@dataclass(slots=True)
class Person:
    """Someone who uses the service."""

    service: Service
    email: str
    tokens: dict[str, Any] = field(default_factory=dict)

    def post(self, path: str, **body: Any) -> httpx.Response:
        """An open request."""
        return httpx.post(f"{self.service.url}/auth/{path}", json=body, timeout=20)

    def guarded(self, method: str, path: str, token: str = "accessToken", **more: Any) -> httpx.Response:
        """A request with a token."""
        headers = {"Authorization": f"Bearer {self.tokens[token]}"}
        return httpx.request(method, f"{self.service.url}/auth/{path}", headers=headers, timeout=20, **more)

    def code(self) -> str:
        """The newest code in the person's mailbox."""
        return str(self.service.dew.mail(self.email)[-1].code)

    def register(self, **more: str) -> httpx.Response:
        """Sign up."""
        return self.post("register", email=self.email, password=PASSWORD, **more)

    def confirm(self) -> httpx.Response:
        """Send back the code."""
        return self.post("confirm", email=self.email, code=self.code())

    def login(self, password: str = PASSWORD) -> httpx.Response:
        """Log in, and keep the tokens."""
        response = self.post("login", email=self.email, password=password)
        if response.status_code == 200:
            self.tokens = response.json()
        return response


def somebody(service: Service) -> Person:
    """Somebody whom no earlier run knows either."""
    return Person(service, f"ada.{_RUN}.{next(_number)}@example.com")


@pytest.fixture
def person(service: Service) -> Person:
    """Somebody new."""
    return somebody(service)


@pytest.fixture
def member(person: Person) -> Person:
    """Somebody who has registered, confirmed and logged in."""
    assert person.register(name="Ada").status_code == 201
    assert person.confirm().status_code == 200
    assert person.login().status_code == 200
    return person
