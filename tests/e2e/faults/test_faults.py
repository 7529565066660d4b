"""Functions that misbehave: each is answered as AWS answers, within bounded time, and the next request is served."""

import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from dewstack.shim import create_app
from dewstack.shim.server import make_server
from dewstack.testing import Dew, start

SERVICE = Path(__file__).parent / "service"
CLIENT_SECONDS = 20
FINE = (200, "fine")


@contextmanager
def gateway(dew: Dew, base: str = "") -> Iterator[str]:
    """An API of the emulator."""
    yield f"{dew.url}{base}"


@contextmanager
def flask(dew: Dew, base: str = "") -> Iterator[str]:
    """The Flask shim: what would take its process along is named, and has one of its own."""
    app = create_app(dew.service.directory, endpoint_url=dew.aws_url, invoke=tuple(dew.service.functions))
    server = make_server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}{base}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Surface:
    """A way to reach a function over HTTP. `fault` is what a function that fails is answered with, `late` one for
    which the gateway doesn't wait any longer; `others` are answers of its own, by the fault's name."""

    open: Callable[[Dew], AbstractContextManager[str]]
    fault: tuple[int, str]
    late: tuple[int, str]
    others: Mapping[str, tuple[int, str]] = field(default_factory=dict)


INTERNAL_SERVER_ERROR = (500, '{"message":"Internal Server Error"}')
SERVICE_UNAVAILABLE = (503, '{"message":"Service Unavailable"}')
INFERRED = {
    "returns_a_number": (200, "5"),
    "returns_nothing": (200, "null"),
    "returns_text": (200, "text"),
    "returns_a_list": (200, "[1,2]"),
}
"""What payload format 2.0 makes of an answer without a status."""
HTTP_API = (INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE, INFERRED)
REST_API = (
    (502, '{"message": "Internal server error"}'),
    (504, '{"message": "Endpoint request timed out"}'),
    {"returns_base64_that_is_none": (200, "%%%")},  # decoded only where the API has binary media types
)
SURFACES = {
    "HTTP API": Surface(gateway, *HTTP_API),
    "REST API": Surface(partial(gateway, base="/dev"), *REST_API),
    "Flask, HTTP API": Surface(flask, *HTTP_API),
    "Flask, REST API": Surface(partial(flask, base="/dev"), *REST_API),
}


@dataclass(slots=True)
class Service:
    """The service of faults at `url`, which belongs to a surface."""

    url: str
    surface: Surface

    def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        response = httpx.get(f"{self.url}{path}", timeout=CLIENT_SECONDS)
        return response.status_code, response.text


FAILING = [
    "raises",
    "raises_what_no_exception_is",
    "raises_an_error_of_many_lines",
    "exits_with_0",
    "exits_with_3",
    "segfaults",
    "kills_itself",
    "never_returns",
    "computes_forever",
    "stops_itself",
    "ignores_every_signal",
    "recurses",
    "recurses_without_limit",
    "returns_a_set",
    "returns_bytes",
    "returns_itself",
    "returns_not_a_number",
    "returns_seven_megabytes",
    "returns_a_number",
    "returns_nothing",
    "returns_text",
    "returns_a_list",
    "returns_a_status_of_letters",
    "returns_base64_that_is_none",
    "prints_without_end",
    "closes_its_sockets",
    "closes_everything",
    "closes_everything_and_stays",
    "exhausts_memory",
]
"""What is answered as a failure where the surface has no answer of its own."""
HARMLESS = [
    "prints_a_line_without_end",
    "prints_a_binary_mess",
    "leaves_a_child",
    "leaves_a_daemon",
    "closes_its_output",
    "starts_many_threads",
    "opens_many_files",
    "leaks_sockets",
    "changes_its_directory",
    "forgets_its_environment",
    "calls_the_runtime_api_itself",
    "replaces_its_modules",
]
"""Odd, and answered."""
AT_IMPORT = [
    "raises",
    "exits",
    "exits_quietly",
    "crashes",
    "does_not_parse",
    "imports_what_is_not_there",
    "of_java",
    "of_an_image",
]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service in a directory of its own: one of its functions deletes its code."""
    directory = tmp_path_factory.mktemp("faults") / "service"
    shutil.copytree(SERVICE, directory)
    (directory / "at_import" / "does_not_parse.txt").rename(directory / "at_import" / "does_not_parse.py")
    return directory


@pytest.fixture(scope="module")
def dew(code: Path) -> Iterator[Dew]:
    """The service of faults, running."""
    with start(code) as running:
        shorten_patience(running)
        yield running


def shorten_patience(dew: Dew) -> None:
    """Let the HTTP API wait for `slow` no longer than the map lets the REST API."""
    api = {"ApiId": dew.call("apigatewayv2", "GetApis")["Items"][0]["ApiId"]}
    for integration in dew.call("apigatewayv2", "GetIntegrations", api)["Items"]:
        if integration["IntegrationUri"].endswith("faults-dev-slow"):
            which = {"IntegrationId": integration["IntegrationId"]}
            dew.call("apigatewayv2", "UpdateIntegration", {**api, **which, "TimeoutInMillis": 300})


@pytest.fixture(scope="module", params=SURFACES.values(), ids=SURFACES)
def service(dew: Dew, request: pytest.FixtureRequest) -> Iterator[Service]:
    """The service on each surface in turn."""
    with request.param.open(dew) as url:
        yield Service(url, request.param)


@pytest.mark.parametrize("name", FAILING)
def test_a_fault_is_answered_as_on_aws_and_the_next_request_is_served(service: Service, name: str) -> None:
    began = time.monotonic()
    assert service.get(f"/fault/{name}") == service.surface.others.get(name, service.surface.fault)
    assert time.monotonic() - began < CLIENT_SECONDS / 2
    assert service.get("/fault/fine") == FINE


@pytest.mark.parametrize("name", HARMLESS)
def test_odd_habits_are_survived(service: Service, name: str) -> None:
    assert service.get(f"/fault/{name}") == FINE
    assert service.get("/fault/fine") == FINE


@pytest.mark.parametrize("name", AT_IMPORT)
def test_a_function_that_does_not_load_fails_each_time_and_hinders_no_other(
    service: Service, name: str
) -> None:
    for _ in range(2):
        assert service.get(f"/at_import/{name}") == service.surface.fault
    assert service.get("/fault/fine") == FINE


def test_the_gateway_waits_no_longer_than_it_may(service: Service) -> None:
    began = time.monotonic()
    assert service.get("/slow") == service.surface.late
    assert time.monotonic() - began < 10
    assert service.get("/fault/fine") == FINE


def test_a_function_whose_code_is_gone_fails_until_it_is_back(service: Service, dew: Dew, code: Path) -> None:
    source = (SERVICE / "forgetful.py").read_text()
    (code / "forgetful.py").write_text(source)
    start_anew = {"FunctionName": "faults-dev-forgetful", "Description": f"{time.monotonic()}"}
    dew.call("lambda", "UpdateFunctionConfiguration", start_anew)
    assert service.get("/forgetful") == FINE
    (code / "forgetful.py").unlink()
    dew.call("lambda", "UpdateFunctionConfiguration", {**start_anew, "Description": "again"})
    assert service.get("/forgetful") == service.surface.fault
    (code / "forgetful.py").write_text(source)
    assert service.get("/forgetful") == FINE
    (code / "forgetful.py").write_text(source)


def test_a_handler_that_returns_twice_is_replaced(service: Service) -> None:
    answers = [
        service.get("/fault/returns_twice"),
        *(service.get("/fault/fine") for _ in range(3)),
    ]
    assert answers[0] == FINE and answers[-1] == FINE
    assert set(answers) <= {FINE, service.surface.fault}


def test_a_header_of_two_lines_does_not_become_two_headers(service: Service) -> None:
    response = httpx.get(f"{service.url}/fault/returns_a_header_of_two_lines", timeout=CLIENT_SECONDS)
    assert "x-b" not in response.headers


def test_a_gigabyte_of_output_takes_little_memory_and_holds_up_nobody(service: Service) -> None:
    service.get("/fault/fine")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    service.get("/fault/prints_a_gigabyte")
    assert service.get("/fault/fine") == FINE
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 150_000  # kilobytes
