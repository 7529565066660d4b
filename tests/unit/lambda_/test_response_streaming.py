"""Responses streamed by a runtime of the package's own, over raw sockets: what is said, and what goes wrong."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
RUNTIME = """#!PYTHON
import base64, json, os, socket, sys, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
BASE = "/2018-06-01/runtime/invocation/"

def connect():
    return socket.create_connection((host, int(port)))

def read(answers):
    headers = {}
    status = answers.readline().split()[1].decode()
    while (line := answers.readline().strip()):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, answers.read(int(headers["content-length"]))

class Stream:
    def __init__(self, request_id, kind="text/plain"):
        self.socket = connect()
        self.send(f"POST {BASE}{request_id}/response HTTP/1.1\\r\\nHost: x\\r\\n"
            f"Content-Type: {kind}\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\n"
            "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n"
            "Transfer-Encoding: chunked\\r\\n\\r\\n")
    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())
    def write(self, data):
        self.send(b"%x\\r\\n%b\\r\\n" % (len(data), data))
    def end(self, trailers=""):
        self.send(f"0\\r\\n{trailers}\\r\\n")
        return read(self.socket.makefile("rb"))[0]

waiting = connect()
answers = waiting.makefile("rb")
while True:
    waiting.sendall(f"GET {BASE}next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".encode())
    _, headers, event = read(answers)
    event = json.loads(event)
    request_id = headers["lambda-runtime-aws-request-id"]
    if event.get("then") == "error":
        body = json.dumps({"errorType": "Mine", "errorMessage": "at once"})
        posting = connect()
        posting.sendall(f"POST {BASE}{request_id}/error HTTP/1.1\\r\\nHost: x\\r\\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\\r\\nLambda-Runtime-Function-Error-Type: Mine\\r\\n"
            f"Content-Length: {len(body)}\\r\\n\\r\\n{body}".encode())
        read(posting.makefile("rb"))
        continue
    stream = Stream(request_id, event.get("type", "text/plain"))
    for count in range(event.get("chunks", 0)):
        stream.write(event.get("text", "x").encode() * event.get("times", 1))
        if event.get("progress"):
            with open(event["progress"], "a") as file:
                file.write(".")
        if event.get("gate"):
            while not os.path.exists(event["gate"] + str(count)):
                time.sleep(0.005)
    if event.get("then") == "exit":
        sys.exit(3)
    if event.get("then") == "close":
        stream.socket.close()
        continue
    if event.get("then") == "sleep":
        time.sleep(60)
    if event.get("then") == "fail":
        error = base64.b64encode(json.dumps({"errorType": "Mine", "errorMessage": "no"}).encode()).decode()
        stream.end(f"Lambda-Runtime-Function-Error-Type: Mine\\r\\nLambda-Runtime-Function-Error-Body: {error}\\r\\n")
        continue
    print("status", stream.end(), flush=True)
"""


@pytest.fixture
def streaming(functions: Any) -> Any:
    path: Path = functions.directory / "bootstrap"
    path.write_text(RUNTIME.replace("PYTHON", sys.executable, 1))
    path.chmod(0o755)
    functions.create("f", "x", Runtime="provided.al2023", Timeout=5, MemorySize=256)
    return functions


def collect(functions: Any, event: dict[str, Any], **options: Any) -> tuple[bytes, Any, Any]:
    """The whole response, the invocation and its outcome."""

    async def work() -> tuple[bytes, Any, Any]:
        invocation = functions.service.stream(ARN, json.dumps(event).encode(), **options)
        await invocation.began()
        chunks = [chunk async for chunk in invocation]
        return b"".join(chunks), invocation, await invocation.outcome()

    return functions._runner.run(work())


def test_what_is_written_is_read_before_the_end(streaming, tmp_path):
    gate = str(tmp_path / "gate")

    async def work() -> tuple[list[bytes], Any]:
        event = {"chunks": 3, "text": "abc", "gate": gate}
        invocation = streaming.service.stream(ARN, json.dumps(event).encode())
        async with asyncio.timeout(10):
            await invocation.began()
            assert invocation.streams
            assert invocation.content_type == "text/plain"
            read = []
            async for chunk in invocation:
                read.append(chunk)
                Path(gate + str(len(read) - 1)).touch()  # only now the next one is written
            return read, await invocation.outcome()

    chunks, outcome = streaming._runner.run(work())
    assert chunks == [b"abc"] * 3
    assert outcome.function_error is None
    assert outcome.payload == b""


def test_a_plain_invocation_collects_what_is_streamed(streaming):
    assert streaming.invoke("f", {"chunks": 2, "text": '{"a"', "times": 0})["Payload"] is None
    assert streaming.invoke("f", {"chunks": 2, "text": "1"})["Payload"] == 11


def test_an_error_in_the_trailers_is_the_functions(streaming):
    body, _, outcome = collect(streaming, {"chunks": 2, "text": "x", "then": "fail"})
    assert body == b"xx"
    assert outcome.function_error == "Unhandled"
    assert json.loads(outcome.payload) == {"errorType": "Mine", "errorMessage": "no"}
    answer = streaming.invoke("f", {"chunks": 1, "then": "fail"})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorMessage"] == "no"
    assert collect(streaming, {"chunks": 1})[0] == b"x"


def test_an_error_instead_of_a_stream_is_the_functions(streaming):
    body, invocation, outcome = collect(streaming, {"then": "error"})
    assert (body, invocation.streams) == (b"", False)
    assert json.loads(outcome.payload) == {"errorType": "Mine", "errorMessage": "at once"}
    assert collect(streaming, {"chunks": 1})[0] == b"x"


def test_a_process_that_ends_in_the_middle_is_told(streaming):
    body, _, outcome = collect(streaming, {"chunks": 1, "then": "exit"})
    assert body == b"x"
    assert json.loads(outcome.payload)["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert collect(streaming, {"chunks": 1})[0] == b"x"


def test_a_response_whose_end_never_comes_is_an_error(streaming, tmp_path):
    gate = str(tmp_path / "gate")

    async def work() -> Any:
        event = {"chunks": 1, "gate": gate, "then": "close"}
        invocation = streaming.service.stream(ARN, json.dumps(event).encode())
        async with asyncio.timeout(10):
            await invocation.began()
            Path(gate + "0").touch()
            assert [chunk async for chunk in invocation] == [b"x"]
            return await invocation.outcome()

    assert json.loads(streaming._runner.run(work()).payload)["errorType"] == "Runtime.TruncatedResponse"
    assert collect(streaming, {"chunks": 1})[0] == b"x"


def test_the_time_limit_ends_a_stream(streaming):
    streaming.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=1)
    body, _, outcome = collect(streaming, {"chunks": 1, "then": "sleep"})
    assert body == b"x"
    assert json.loads(outcome.payload)["errorType"] == "Sandbox.Timedout"
    assert any("Status: timeout" in line for line in streaming.log)


def test_a_slow_reader_slows_the_function(streaming, tmp_path):
    progress = tmp_path / "progress"
    megabyte, count = 1024 * 1024, 64

    async def work() -> int:
        event = {"chunks": count, "times": megabyte, "progress": str(progress)}
        invocation = streaming.service.stream(ARN, json.dumps(event).encode())
        async with asyncio.timeout(20):
            await invocation.began()
            last = -1
            while last != (last := progress.stat().st_size if progress.exists() else 0) or not last:
                await asyncio.sleep(0.1)  # until it gets no further
            size = 0
            async for chunk in invocation:
                size += len(chunk)
            assert size == count * megabyte
        return last

    assert streaming._runner.run(work()) < count // 2


def test_a_reader_that_has_gone_stops_nothing(streaming, tmp_path):
    progress = tmp_path / "progress"

    async def work() -> Any:
        event = {"chunks": 64, "times": 1024 * 1024, "progress": str(progress)}
        invocation = streaming.service.stream(ARN, json.dumps(event).encode())
        async with asyncio.timeout(10):
            await invocation.began()
            invocation.abandon()
            return await invocation.outcome()

    assert streaming._runner.run(work()).function_error is None
    assert progress.stat().st_size == 64


def test_more_than_200_mb_are_an_error(streaming):
    async def work() -> tuple[int, Any]:
        event = {"chunks": 201, "times": 1024 * 1024}
        invocation = streaming.service.stream(ARN, json.dumps(event).encode())
        size = 0
        async with asyncio.timeout(20):
            async for chunk in invocation:
                size += len(chunk)
            return size, await invocation.outcome()

    size, outcome = streaming._runner.run(work())
    assert 199 * 1024 * 1024 < size <= 200 * 1024 * 1024
    assert json.loads(outcome.payload)["errorType"] == "Function.ResponseSizeTooLarge"
    streaming.wait_until(lambda: "status 413" in streaming.log)
    assert collect(streaming, {"chunks": 1})[0] == b"x"


def test_a_function_that_does_not_stream_is_one_chunk(functions):
    functions.function("def handler(event, context): return event if event else 1 / 0")
    body, invocation, outcome = collect(functions, {"a": 1}, tail=True)
    assert json.loads(body) == {"a": 1}
    assert not invocation.streams
    assert invocation.content_type == "application/json"
    assert "REPORT" in outcome.log_tail
    body, _, outcome = collect(functions, {})
    assert body == b""
    assert json.loads(outcome.payload)["errorType"] == "ZeroDivisionError"
