"""The emulator as LocalStack's lodger: which requests are its own, and how it asks its neighbours."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dewstack.config import Caller, Config
from dewstack.errors import AwsError
from dewstack.http import Headers, Request
from dewstack.localstack.bridge import Bridge
from dewstack.localstack.resident import Resident

BUCKETS = (
    b"<ListAllMyBucketsResult><Buckets><Bucket><Name>there</Name></Bucket></Buckets></ListAllMyBucketsResult>"
)


@dataclass(slots=True)
class Neighbour:
    """Something that answers as S3 where LocalStack would be, and remembers what it was asked."""

    port: int
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Neighbour]:
    """It, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append(
                (self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
            )
            self.send_response(200)
            self.send_header("Content-Length", str(len(BUCKETS)))
            self.end_headers()
            self.wfile.write(BUCKETS)
            self.close_connection = True  # without a word, as servers do with those that were idle for long

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Neighbour(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def bridge(neighbour: Neighbour) -> Iterator[Bridge]:
    """A resident behind it."""
    config = Config(aws_port=0, service_port=0, frontend_port=0, spares=False)
    made = Bridge(Resident(config, neighbour.port))
    made.start()
    yield made
    made.stop()


def signed(service: str, key: str = "test") -> Headers:
    scope = f"{key}/20260101/eu-west-1/{service}/aws4_request"
    value = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"
    return [(b"Authorization", value.encode()), (b"X-Amz-Date", b"20260101T000000Z")]


OWN = {
    "an API by its host": Request("GET", "/x", "", [(b"Host", b"abc.execute-api.localhost:4566")], b""),
    "an API by path": Request("GET", "/_aws/execute-api/abc/dev/x", "", [], b""),
    "an API by LocalStack's old path": Request("GET", "/restapis/abc/dev/_user_request_/x", "", [], b""),
    "a function URL": Request("GET", "/", "", [(b"Host", b"abc.lambda-url.us-east-1.localhost:4566")], b""),
    "a pool's keys": Request("GET", "/us-east-1_abc/.well-known/jwks.json", "", [], b""),
    "a pool's domain": Request("GET", "/login", "", [(b"Host", b"x.auth.us-east-1.amazoncognito.com")], b""),
    "the hosted UI": Request("GET", "/oauth2/authorize", "", [], b""),
    "the control API": Request("GET", "/_dew/health", "", [], b""),
    "Cognito": Request("POST", "/", "", signed("cognito-idp"), b""),
    "Cognito, unsigned": Request(
        "POST", "/", "", [(b"X-Amz-Target", b"AWSCognitoIdentityProviderService.SignUp")], b""
    ),
    "a page's preflight for Cognito": Request(
        "OPTIONS", "/", "", [(b"Access-Control-Request-Headers", b"content-type,X-Amz-Target")], b""
    ),
    "Lambda": Request("GET", "/2015-03-31/functions/", "", signed("lambda"), b""),
    "REST APIs": Request("GET", "/restapis", "", signed("apigateway"), b""),
    "HTTP APIs": Request("GET", "/v2/apis", "", signed("apigateway"), b""),
    "CloudFormation": Request("POST", "/", "", signed("cloudformation"), b""),
    "a client of a WebSocket API": Request("POST", "/dev/@connections/abc", "", signed("execute-api"), b""),
}
NEIGHBOURS = {
    "S3": Request("GET", "/", "", signed("s3"), b""),
    "an object": Request("GET", "/bucket/login", "", [], b""),
    "a bucket by host": Request("GET", "/k", "", [(b"Host", b"b.s3.localhost.localstack.cloud:4566")], b""),
    "DynamoDB": Request("POST", "/", "", signed("dynamodb"), b""),
    "the event bus": Request("POST", "/", "", signed("events"), b""),
    "metrics": Request("POST", "/", "", signed("monitoring"), b""),
    "STS, by somebody unknown": Request("POST", "/", "", signed("sts"), b""),
    "LocalStack's own pages": Request("GET", "/_localstack/health", "", [], b""),
}


@pytest.mark.parametrize("request_", OWN.values(), ids=OWN)
def test_what_dewstack_answers(bridge: Bridge, request_: Request) -> None:
    assert bridge.resident.claims(request_)


@pytest.mark.parametrize("request_", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_what_localstack_answers(bridge: Bridge, request_: Request) -> None:
    assert not bridge.resident.claims(request_)


def test_other_services_are_asked_at_localstack_in_the_callers_account(
    bridge: Bridge, neighbour: Neighbour
) -> None:
    caller = Caller("111122223333", "eu-west-1")
    for _ in range(3):  # the neighbour hangs up each time
        answer = bridge.resident.call("s3", "ListBuckets", {}, caller)
        assert [bucket["Name"] for bucket in answer["Buckets"]] == ["there"]
    method, path, headers = neighbour.asked[-1]
    assert (method, path.partition("?")[0]) == ("GET", "/")
    assert "Credential=111122223333/" in headers["authorization"]
    assert "/eu-west-1/s3/" in headers["authorization"]


def test_urls_name_localstacks_port(bridge: Bridge, neighbour: Neighbour) -> None:
    assert bridge.resident.urls.aws == f"http://127.0.0.1:{neighbour.port}"


def test_a_response_comes_over_the_bridge(bridge: Bridge) -> None:
    answer = bridge.answer(Request("GET", "/_dew/health", "", [(b"Host", b"127.0.0.1:4566")], b""))
    assert answer.status == 200


def test_a_neighbour_that_is_away_is_said_to_be() -> None:
    config = Config(aws_port=0, service_port=0, frontend_port=0, spares=False)
    bridge = Bridge(Resident(config, 9))  # the port of "discard", where nobody is
    bridge.start()
    try:
        with pytest.raises(AwsError, match="does not answer for s3") as raised:
            bridge.resident.call("s3", "ListBuckets", {})
        assert raised.value.status == 503
    finally:
        bridge.stop()


def test_localstacks_own_cloudformation_may_stay(neighbour: Neighbour) -> None:
    config = Config(aws_port=0, service_port=0, frontend_port=0, spares=False)
    bridge = Bridge(Resident(config, neighbour.port, stacks=False))
    bridge.start()
    try:
        assert not bridge.resident.claims(OWN["CloudFormation"])
        assert bridge.resident.claims(OWN["Lambda"])
    finally:
        bridge.stop()


def test_functions_that_run_from_a_directory_follow_its_files(bridge: Bridge, tmp_path: Path) -> None:
    handlers = tmp_path / "handlers"
    handlers.mkdir()
    (tmp_path / "word.py").write_text("WORD = 'first'\n")
    (handlers / "say.py").write_text(
        "from word import WORD\n\ndef handler(event, context):\n    return WORD\n"
    )
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    function = {"Runtime": "python3.11", "Role": "arn:aws:iam::000000000000:role/r", "Code": code}
    bridge.resident.call(
        "lambda", "CreateFunction", {"FunctionName": "say", "Handler": "handlers/say.handler", **function}
    )

    def said() -> bytes:
        return bytes(bridge.resident.call("lambda", "Invoke", {"FunctionName": "say"})["Payload"])

    assert said() == b'"first"'
    deadline = time.monotonic() + 20
    number = 0
    while said() == b'"first"':
        assert time.monotonic() < deadline
        number += 1  # the watch may not have begun when it was first saved
        (tmp_path / "word.py").write_text(f"WORD = 'second'  # {number}\n")
        time.sleep(0.05)
    assert said() == b'"second"'
