"""Streamed responses over HTTP: InvokeWithResponseStream by boto3, function URLs by httpx and raw sockets."""

import base64
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from dewstack.testing import Dew, start

pytestmark = pytest.mark.node

ROLE = "arn:aws:iam::000000000000:role/test"
SOURCE = """
const { setTimeout: sleep } = require("node:timers/promises");
const { appendFileSync, existsSync } = require("node:fs");
const ways = {
  steps: async (event, stream) => {
    stream.setContentType("text/event-stream");
    for (let step = 0; step < 3; step++) {
      stream.write(`data: ${step}\\n\\n`);
      while (!existsSync(event.gate + step)) await sleep(2);
    }
    stream.end();
  },
  prelude: async (event, stream) => {
    const head = { statusCode: 201, headers: { "x-a": "b", "content-type": "text/plain" }, cookies: ["c=d", "e=f"] };
    stream = awslambda.HttpResponseStream.from(stream, head);
    stream.write("hello ");
    stream.end("world");
  },
  broken: async (event, stream) => {
    awslambda.HttpResponseStream.from(stream, "no object").end("x");
    stream.write("x");
  },
  fails: async (event, stream) => { throw new TypeError("at once") },
  middle: async (event, stream) => { stream.write("first"); await sleep(20); throw new TypeError("in the middle") },
  forever: async (event, stream) => {
    for (;;) {
      if (!stream.write(Buffer.alloc(65536))) await new Promise((resolve) => stream.once("drain", resolve));
      appendFileSync(event.gate, ".");
    }
  },
  logs: async (event, stream) => { console.log("a line"); stream.end("x") },
};
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const asked = event.requestContext ? event.queryStringParameters : event;
  return ways[asked.way](asked, stream);
});
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def client(dew: Dew, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """boto3's client of Lambda, with the function `streams` made."""
    directory = tmp_path_factory.mktemp("code")
    (directory / "f.cjs").write_text(SOURCE)
    (directory / "p.py").write_text("def handler(event, context): return event['a']")
    client = dew.client("lambda")
    code = {"S3Bucket": "hot-reload", "S3Key": str(directory)}
    made = {"Role": ROLE, "Code": code, "Timeout": 5, "MemorySize": 512}
    client.create_function(FunctionName="streams", Handler="f.handler", Runtime="nodejs20.x", **made)
    client.create_function(FunctionName="whole", Handler="p.handler", Runtime="python3.11", **made)
    return client


@pytest.fixture(scope="module")
def host(client: Any) -> str:
    """The host of the function's URL."""
    config = client.create_function_url_config(
        FunctionName="streams", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )
    for suffix, action, condition in (
        ("Url", "lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("Call", "lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        client.add_permission(
            FunctionName="streams", StatementId=suffix, Action=action, Principal="*", **condition
        )
    return urlsplit(config["FunctionUrl"]).netloc


def invoke(client: Any, event: Any, name: str = "streams", **params: Any) -> tuple[bytes, dict[str, Any]]:
    """What is streamed, and the last event."""
    answer = client.invoke_with_response_stream(
        FunctionName=name, Payload=json.dumps(event).encode(), **params
    )
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    *chunks, complete = answer["EventStream"]
    return b"".join(each["PayloadChunk"]["Payload"] for each in chunks), complete["InvokeComplete"]


def test_boto3_reads_while_the_function_writes(client: Any, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    event = {"way": "steps", "gate": gate}
    answer = client.invoke_with_response_stream(FunctionName="streams", Payload=json.dumps(event).encode())
    chunks = []
    for each in answer["EventStream"]:
        if "PayloadChunk" in each:
            Path(f"{gate}{len(chunks)}").touch()
            chunks.append(each["PayloadChunk"]["Payload"])
    assert chunks == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]


def test_the_last_event_says_how_it_went(client: Any) -> None:
    body, complete = invoke(client, {"way": "logs"}, LogType="Tail")
    assert body == b"x"
    assert "ErrorCode" not in complete
    log = base64.b64decode(complete["LogResult"]).decode()
    assert "a line" in log
    assert "REPORT" in log
    body, complete = invoke(client, {"way": "middle"})
    assert body == b"first"
    assert complete["ErrorCode"] == "Unhandled"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "in the middle"
    assert "LogResult" not in complete


def test_a_function_that_does_not_stream_is_answered_through_it_too(client: Any) -> None:
    assert invoke(client, {"a": [1]}, "whole") == (b"[1]", {})
    body, complete = invoke(client, {}, "whole")
    assert body == b""
    assert json.loads(complete["ErrorDetails"])["errorType"] == "KeyError"


def test_a_streaming_function_is_collected_for_a_plain_invocation(client: Any) -> None:
    payload = json.dumps({"way": "logs"}).encode()
    assert client.invoke(FunctionName="streams", Payload=payload)["Payload"].read() == b"x"


def test_a_url_streams_what_the_function_writes(dew: Dew, host: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    params = {"way": "steps", "gate": gate}
    with httpx.stream("GET", dew.aws_url, params=params, headers={"host": host}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert "content-length" not in response.headers
        count = 0
        for text in response.iter_text():
            assert text == f"data: {count}\n\n"
            Path(f"{gate}{count}").touch()
            count += 1
    assert count == 3


def test_the_prelude_gives_status_headers_and_cookies(dew: Dew, host: str) -> None:
    response = httpx.get(dew.aws_url, params={"way": "prelude"}, headers={"host": host})
    assert (response.status_code, response.text) == (201, "hello world")
    assert response.headers["x-a"] == "b"
    assert response.headers["content-type"] == "text/plain"
    assert response.headers.get_list("set-cookie") == ["c=d", "e=f"]
    assert httpx.head(dew.aws_url, params={"way": "prelude"}, headers={"host": host}).status_code == 201


@pytest.mark.parametrize("way", ["fails", "broken", "unknown"])
def test_a_failure_before_the_response_is_a_bad_gateway(dew: Dew, host: str, way: str) -> None:
    response = httpx.get(dew.aws_url, params={"way": way}, headers={"host": host})
    assert (response.status_code, response.text) == (502, "Internal Server Error")


def test_a_failure_in_the_middle_leaves_the_response_unfinished(dew: Dew, host: str) -> None:
    read = b""
    with (
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream("GET", dew.aws_url, params={"way": "middle"}, headers={"host": host}) as response,
    ):
        for chunk in response.iter_bytes():
            read += chunk
    assert read == b"first"


def test_a_client_that_stalls_or_goes_costs_little(dew: Dew, client: Any, host: str, tmp_path: Path) -> None:
    progress = tmp_path / "progress"

    def written() -> int:
        return progress.stat().st_size if progress.exists() else 0

    address = urlsplit(dew.aws_url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(f"GET /?way=forever&gate={progress} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        last, deadline = -1, time.monotonic() + 4
        while last != (last := written()) or not last:  # until it gets no further
            assert time.monotonic() < deadline
            time.sleep(0.2)
    stalled, deadline = last, time.monotonic() + 4
    while written() <= stalled:  # the client has gone, and the function goes on
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert stalled * 65536 < 64 * 1024 * 1024
    assert invoke(client, {"way": "logs"})[0] == b"x"


def test_clients_of_http_1_0_get_the_bytes_as_they_are(dew: Dew, host: str) -> None:
    address = urlsplit(dew.aws_url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.sendall(f"GET /?way=prelude HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    assert body == b"hello world"
    assert b"Transfer-Encoding" not in head


def test_the_control_api_collects_an_event_stream(dew: Dew, client: Any) -> None:
    params = {"FunctionName": "streams", "Payload": '{"way": "logs"}'}
    response = httpx.post(f"{dew.aws_url}/_dew/call/lambda/InvokeWithResponseStream", json=params)
    events = response.json()["EventStream"]
    assert events == [{"PayloadChunk": {"Payload": base64.b64encode(b"x").decode()}}, {"InvokeComplete": {}}]
