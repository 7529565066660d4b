"""HTTP APIs that pass requests on (HTTP_PROXY), and what parameter mappings change on the way."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dewstack.errors import AwsError
from dewstack.http import Response
from tests.api.apigateway.http_api_client import Gateway, header


class Backend(BaseHTTPRequestHandler):
    """Answers with what it was asked; `/status/NUMBER` with that status, `/image` with bytes."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        status = int(self.path.rpartition("/")[2]) if self.path.startswith("/status/") else 200
        payload = bytes(range(256)) if self.path == "/image" else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "image/png" if self.path == "/image" else "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("x-from-BACKEND", "one")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    """Where a backend listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def proxy(gateway: Gateway, route: str, uri: str, method: str = "ANY", **settings: Any) -> None:
    """A route that leads to an address."""
    made = gateway.call(
        "CreateIntegration",
        IntegrationType="HTTP_PROXY",
        IntegrationMethod=method,
        IntegrationUri=uri,
        PayloadFormatVersion="1.0",
        **settings,
    )
    gateway.call("CreateRoute", RouteKey=route, Target=f"integrations/{made['IntegrationId']}")


def asked(response: Response) -> dict[str, Any]:
    """What the backend was asked."""
    assert response.status == 200, response
    told: dict[str, Any] = json.loads(response.body)
    return told


def test_a_request_goes_on_and_its_answer_comes_back(gateway: Gateway, backend: str) -> None:
    gateway.create()
    proxy(gateway, "ANY /shop/{proxy+}", backend + "/{proxy}")
    response = gateway.request(
        "POST", "/shop/orders/7?a=1&b=x%20y", {"X-Mine": "yes", "Content-Type": "text/plain"}, b"hello"
    )
    told = asked(response)
    assert (told["method"], told["path"], told["body"]) == ("POST", "/orders/7?a=1&b=x%20y", "hello")
    assert told["headers"]["x-mine"] == "yes"
    assert told["headers"]["host"] in backend
    assert header(response, "X-From-Backend") == ["one"]
    assert header(response, "Set-Cookie") == ["a=1", "b=2"]
    assert header(response, "Apigw-Requestid")


def test_a_method_and_parameters_of_its_own(gateway: Gateway, backend: str) -> None:
    gateway.create()
    proxy(gateway, "GET /users/{id}", backend + "/people/{id}?kind=user", "DELETE")
    told = asked(gateway.get("/users/a%2Fb?x=1"))
    assert told["method"] == "DELETE"
    assert told["path"].startswith("/people/a") and told["path"].endswith("?kind=user&x=1")


def test_bytes_and_statuses_are_the_backends(gateway: Gateway, backend: str) -> None:
    gateway.create()
    proxy(gateway, "ANY /{proxy+}", backend + "/{proxy}")
    assert gateway.get("/image").body == bytes(range(256))
    assert gateway.get("/status/404").status == 404


def test_a_stage_variable_names_the_address(gateway: Gateway, backend: str) -> None:
    gateway.create()
    gateway.call(
        "UpdateStage",
        StageName="$default",
        StageVariables={"where": backend.removeprefix("http://")},
    )
    proxy(gateway, "GET /x", "http://${stageVariables.where}/there")
    assert asked(gateway.get("/x"))["path"] == "/there"


def test_nobody_there_is_503(gateway: Gateway) -> None:
    gateway.create()
    proxy(gateway, "GET /x", "http://127.0.0.1:9/")
    response = gateway.get("/x")
    assert (response.status, response.body) == (503, b'{"message":"Service Unavailable"}')


def test_requests_are_mapped(gateway: Gateway, backend: str) -> None:
    gateway.create()
    proxy(
        gateway,
        "POST /users/{id}",
        backend + "/ignored",
        RequestParameters={
            "overwrite:path": "/people/$request.path.id",
            "append:header.x-mine": "${context.stage}-${request.querystring.a}",
            "overwrite:header.x-name": "$request.body.user.name",
            "remove:header.x-secret": "''",
            "overwrite:querystring.a": "new",
            "append:querystring.b": "$request.header.x-mine",
        },
    )
    told = asked(
        gateway.request(
            "POST",
            "/users/7?a=1&c=2",
            {"X-Mine": "yes", "X-Secret": "s", "Content-Type": "application/json"},
            b'{"user": {"name": "Ada"}}',
        )
    )
    assert told["path"] == "/people/7?c=2&a=new&b=yes"
    assert told["headers"]["x-mine"] == "yes,$default-1"
    assert told["headers"]["x-name"] == "Ada"
    assert "x-secret" not in told["headers"]


def test_responses_are_mapped_by_their_status(gateway: Gateway, backend: str) -> None:
    gateway.create()
    proxy(
        gateway,
        "GET /{proxy+}",
        backend + "/{proxy}",
        ResponseParameters={
            "404": {"overwrite:statuscode": "410", "remove:header.x-from-backend": "''"},
            "200": {
                "append:header.x-more": "$response.body.method",
                "overwrite:header.x-from-backend": "$context.requestId",
            },
        },
    )
    gone = gateway.get("/status/404")
    assert (gone.status, header(gone, "X-From-Backend")) == (410, [])
    found = gateway.get("/x")
    assert header(found, "X-More") == ["GET"]
    assert header(found, "X-From-Backend") == header(found, "Apigw-Requestid")


def test_the_event_of_a_function_is_of_the_mapped_request(gateway: Gateway) -> None:
    gateway.create()
    target = gateway.integration(
        RequestParameters={"overwrite:header.x-stage": "$context.stage", "remove:querystring.debug": "''"}
    )
    gateway.call("CreateRoute", RouteKey="GET /x", Target=target)
    event = gateway.event("GET", "/x?debug=1&a=2")
    assert event["headers"]["x-stage"] == "$default"
    assert event["queryStringParameters"] == {"a": "2"}


def test_what_no_mapping_names_is_as_the_client_sent_it(gateway: Gateway, backend: str) -> None:
    gateway.create()
    changes = {"overwrite:header.x-new": "1"}
    proxy(gateway, "GET /{proxy+}", backend + "/{proxy}", RequestParameters=changes)
    told = asked(gateway.request("GET", "/x?a=1&b=x%20y&flag&c=%FF"))
    assert told["path"] == "/x?a=1&b=x%20y&flag&c=%FF"
    assert told["headers"]["x-new"] == "1"
    gateway.call("CreateRoute", RouteKey="GET /f", Target=gateway.integration(RequestParameters=changes))
    lines = [("Cookie", "a=1"), ("Cookie", "b=2"), ("X-Twice", "1"), ("X-Twice", "2")]
    event = gateway.event("GET", "/f", headers=lines)
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-twice"] == "1,2"
    assert event["headers"]["x-new"] == "1"
    old = gateway.integration("1.0", RequestParameters=changes)
    gateway.call("CreateRoute", RouteKey="GET /old", Target=old)
    assert gateway.event("GET", "/old", headers=lines)["multiValueHeaders"]["X-Twice"] == ["1", "2"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"RequestParameters": {"overwrite:body": "x"}}, "Invalid mapping expression"),
        (
            {"RequestParameters": {"overwrite:header.Authorization": "x"}},
            "Operations on header Authorization",
        ),
        ({"RequestParameters": {"append:header.x": "$request.cookie.a"}}, "Invalid mapping expression"),
        ({"RequestParameters": {"append:header.x": "$context.moon"}}, "is no variable"),
        ({"ResponseParameters": {"99": {"remove:header.x": "''"}}}, "Invalid status code 99"),
        ({"IntegrationUri": "ftp://x"}, "Invalid HTTP endpoint"),
        ({"IntegrationType": "MOCK"}, "Invalid integration type MOCK"),
    ],
)
def test_what_means_nothing_is_refused(gateway: Gateway, settings: dict[str, Any], message: str) -> None:
    gateway.create()
    params = {
        "IntegrationType": "HTTP_PROXY",
        "IntegrationUri": "https://example.com",
        "IntegrationMethod": "GET",
        "PayloadFormatVersion": "1.0",
    }
    with pytest.raises(AwsError, match=message):
        gateway.call("CreateIntegration", **params | settings)
