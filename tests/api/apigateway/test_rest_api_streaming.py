"""REST APIs whose integration has `responseTransferMode: STREAM`: the function writes while the client reads."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

pytestmark = pytest.mark.node

ROLE = "arn:aws:iam::000000000000:role/test"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"
URI = "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/{}/response-streaming-invocations"
SOURCE = """
const { setTimeout: sleep } = require("node:timers/promises");
const { existsSync } = require("node:fs");
const head = {
  statusCode: 201,
  headers: { "x-path": "", "content-type": "text/event-stream" },
  multiValueHeaders: { "x-mv": ["a", "b"] },
  cookies: ["c=d"],
};
const ways = {
  steps: async (event, stream) => {
    head.headers["x-path"] = event.path;
    stream = awslambda.HttpResponseStream.from(stream, head);
    for (let step = 0; step < 3; step++) {
      stream.write(`data: ${step}\\n\\n`);
      while (!existsSync(event.queryStringParameters.gate + step)) await sleep(2);
    }
    stream.end();
  },
  byHand: async (event, stream) => {
    stream.write('{"headers":{"a":"b"}}');
    stream.write(Buffer.alloc(4));
    stream.write(Buffer.alloc(4));
    stream.end("x");
  },
  large: async (event, stream) => {
    stream = awslambda.HttpResponseStream.from(stream, {});
    for (let at = 0; at < 11; at++) stream.write(Buffer.alloc(1 << 20));
    stream.end();
  },
  middle: async (event, stream) => {
    awslambda.HttpResponseStream.from(stream, {}).write("x");
    await sleep(10);
    throw new Error("no");
  },
  bare: async (event, stream) => { stream.end("no prelude") },
  late: async (event, stream) => {
    stream.write(" ".repeat(20000));
    stream.write("{}" + "\\0".repeat(8));
    stream.end();
  },
  wrong: async (event, stream) => {
    awslambda.HttpResponseStream.from(stream, { statusCode: 9 }).write("x");
    stream.end();
  },
  fails: async () => { throw new Error("no") },
  waits: async (event, stream) => { await sleep(3000); stream.end() },
};
exports.handler = awslambda.streamifyResponse((event, stream) => ways[event.queryStringParameters.way](event, stream));
exports.whole = async () => ({ statusCode: 200, body: "x" });
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def base(dew: Dew, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an API: `/streams` and `/whole` by their functions, `/short` with a timeout of 200 ms."""
    directory = tmp_path_factory.mktemp("code")
    (directory / "f.cjs").write_text(SOURCE)
    functions = dew.client("lambda")
    code = {"S3Bucket": "hot-reload", "S3Key": str(directory)}
    for name, handler in (("streams", "f.handler"), ("whole", "f.whole")):
        functions.create_function(
            FunctionName=name,
            Handler=handler,
            Runtime="nodejs20.x",
            Role=ROLE,
            Code=code,
            Timeout=5,
            MemorySize=512,
        )
        functions.add_permission(
            FunctionName=name,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
    client = dew.client("apigateway")
    api = client.create_rest_api(name="streams", minimumCompressionSize=0)
    for part, name, timeout in (
        ("streams", "streams", 29_000),
        ("whole", "whole", 29_000),
        ("short", "streams", 200),
    ):
        resource = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=part)
        where = {"restApiId": api["id"], "resourceId": resource["id"], "httpMethod": "GET"}
        client.put_method(**where, authorizationType="NONE")
        made = client.put_integration(
            **where,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=URI.format(FUNCTION + name),
            responseTransferMode="STREAM",
            timeoutInMillis=timeout,
        )
        assert made["responseTransferMode"] == "STREAM"
    client.create_deployment(restApiId=api["id"], stageName="dev")
    return f"{dew.aws_url}/_aws/execute-api/{api['id']}/dev"


def get(base: str, way: str, path: str = "/streams") -> httpx.Response:
    return httpx.get(base + path, params={"way": way}, timeout=10)


def test_the_client_reads_while_the_function_writes(base: str, tmp_path: Path) -> None:
    params = {"way": "steps", "gate": str(tmp_path / "gate")}
    with httpx.stream("GET", f"{base}/streams", params=params) as response:
        assert response.status_code == 201
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["x-path"] == "/streams"
        assert response.headers.get_list("x-mv") == ["a", "b"]
        assert response.headers["set-cookie"] == "c=d"
        assert "x-amzn-trace-id" in response.headers
        assert not {"content-length", "content-encoding"} & response.headers.keys()
        for count, text in enumerate(response.iter_text()):
            assert text == f"data: {count}\n\n"
            Path(f"{params['gate']}{count}").touch()


def test_the_prelude_may_be_written_by_hand(base: str) -> None:
    response = get(base, "byHand")
    assert (response.status_code, response.text, response.headers["a"]) == (200, "x", "b")


def test_a_stream_may_be_larger_than_a_buffered_response(base: str) -> None:
    assert len(get(base, "large").content) == 11 << 20


@pytest.mark.parametrize("way", ["bare", "late", "wrong", "fails"])
def test_what_is_no_response_is_a_bad_gateway(base: str, way: str) -> None:
    response = get(base, way)
    assert (response.status_code, response.text) == (502, '{"message": "Internal server error"}')


def test_a_function_that_does_not_stream_is_a_bad_gateway(base: str) -> None:
    assert get(base, "", "/whole").status_code == 502


def test_a_failure_in_the_middle_leaves_the_response_unfinished(base: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        get(base, "middle")


def test_the_integrations_timeout_bounds_the_wait_for_the_prelude(base: str) -> None:
    assert get(base, "waits", "/short").status_code == 504


class Endpoint(BaseHTTPRequestHandler):
    """An address elsewhere: `/steps` waits for a file after each step, `/short` says less than it has announced."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, gate = self.path.partition("?gate=")
        self.send_response(202)
        self.send_header("X-Own", "a")
        if path == "/short":
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"short")
            self.close_connection = True
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for step in range(3):
            self.wfile.write(b"6\r\nstep %d\r\n" % step)
            deadline = time.monotonic() + 10
            while not Path(f"{unquote(gate)}{step}").exists() and time.monotonic() < deadline:
                time.sleep(0.005)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def proxied(dew: Dew) -> Iterator[str]:
    """The URL of an API that leads to the endpoint, with its answers streamed."""
    client = dew.client("apigateway")
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        api = client.create_rest_api(name="proxied")
        where = {"restApiId": api["id"], "httpMethod": "GET"}
        for part in ("steps", "short"):
            resource = client.create_resource(
                restApiId=api["id"], parentId=api["rootResourceId"], pathPart=part
            )
            here = {**where, "resourceId": resource["id"]}
            client.put_method(**here, authorizationType="NONE")
            client.put_integration(
                **here,
                type="HTTP_PROXY",
                integrationHttpMethod="GET",
                uri=f"http://127.0.0.1:{server.server_port}/{part}",
                responseTransferMode="STREAM",
            )
        client.create_deployment(restApiId=api["id"], stageName="dev")
        yield f"{dew.aws_url}/_aws/execute-api/{api['id']}/dev"
        server.shutdown()
        thread.join()


def test_an_endpoints_answer_is_streamed_too(proxied: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    with httpx.stream("GET", f"{proxied}/steps", params={"gate": gate}, timeout=10) as response:
        assert (response.status_code, response.headers["x-own"]) == (202, "a")
        for count, text in enumerate(response.iter_text()):
            assert text == f"step {count}"
            Path(f"{gate}{count}").touch()
    assert count == 2


def test_an_endpoints_answer_that_breaks_off_is_unfinished(proxied: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{proxied}/short")


def test_only_proxies_stream(dew: Dew) -> None:
    client = dew.client("apigateway")
    api = client.create_rest_api(name="other")
    where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**where, authorizationType="NONE")

    def refused(**params: Any) -> None:
        with pytest.raises(ClientError) as caught:
            client.put_integration(**where, **params)
        assert caught.value.response["Error"]["Code"] == "BadRequestException"

    refused(type="MOCK", responseTransferMode="STREAM")
    refused(type="MOCK", responseTransferMode="SOMETIMES")
    uri = URI.format(FUNCTION + "f")
    proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri}
    refused(**proxy, timeoutInMillis=900_000)
    client.put_integration(**where, **proxy, timeoutInMillis=900_000, responseTransferMode="STREAM")
