"""Responses that Node.js functions stream, by `awslambda`, as AWS's own runtime has it."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.node


def node(functions: Any, source: str, **settings: Any) -> None:
    """Create the function `f`."""
    functions.write("f.cjs", source)
    functions.create("f", "f.handler", Runtime="nodejs22.x", **settings)


STREAMS = """
const { setTimeout: sleep } = require("node:timers/promises");
const { existsSync } = require("node:fs");
const ways = {
  prelude: async (event, stream) => {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" } });
    stream.write("x");
    stream.end("y");
  },
  steps: async (event, stream) => {
    stream.setContentType("text/event-stream");
    for (const step of [0, 1]) {
      stream.write(`step ${step}\\n`);
      while (!existsSync(event.gate + step)) await sleep(2);
    }
    stream.end();
  },
  middle: async (event, stream) => { stream.write({ a: 1 }); throw new TypeError("no"); },
  late: async (event, stream) => { stream.write("x"); stream.setContentType("text/plain"); },
  plain: (event, stream) => { stream.end("x"); },
  returns: async (event, stream) => { stream.end("x"); return 1; },
  uncaught: async (event, stream) => {
    stream.write("x");
    setTimeout(() => { throw new TypeError("nobody catches") }, 100);
    await sleep(1000);
  },
  exits: async (event, stream) => { stream.write("x"); setTimeout(() => process.exit(7), 100); await sleep(1000) },
  twice: async (event, stream) => {
    stream.end("x");
    await sleep(20);
    stream.write("too late");
  },
  slow: async (event, stream) => {
    const piece = Buffer.alloc(65536);
    let drained = 0;
    for (let at = 0; at < 256; at++) {
      if (!stream.write(piece)) {
        drained++;
        await new Promise((resolve) => stream.once("drain", resolve));
      }
    }
    console.log("drained", drained > 0);
    stream.end();
  },
};
exports.handler = awslambda.streamifyResponse((event, stream, context) => ways[event.way](event, stream, context));
"""


def streamed(functions: Any, event: dict[str, Any]) -> tuple[bytes, Any, Any]:
    async def work() -> tuple[bytes, Any, Any]:
        arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
        invocation = functions.service.stream(arn, json.dumps(event).encode())
        chunks = []
        async with asyncio.timeout(10):
            async for chunk in invocation:
                chunks.append(chunk)
                if "gate" in event:
                    Path(f"{event['gate']}{len(chunks) - 1}").touch()
            return b"".join(chunks), invocation, await invocation.outcome()

    return functions._runner.run(work())


def test_a_streamed_response_is_read_while_it_is_written(functions, tmp_path):
    node(functions, STREAMS)
    body, invocation, outcome = streamed(functions, {"way": "steps", "gate": str(tmp_path / "gate")})
    assert body == b"step 0\nstep 1\n"
    assert invocation.content_type == "text/event-stream"
    assert outcome.function_error is None
    assert streamed(functions, {"way": "slow"})[0] == bytes(16 * 1024 * 1024)
    assert any("drained true" in line for line in functions.log)


def test_the_prelude_stands_before_what_is_streamed(functions):
    node(functions, STREAMS)
    body, invocation, _ = streamed(functions, {"way": "prelude"})
    assert body == b'{"statusCode":201,"headers":{"a":"b"}}' + bytes(8) + b"xy"
    assert invocation.content_type == "application/vnd.awslambda.http-integration-response"


@pytest.mark.parametrize(
    ("way", "written", "error"),
    [
        ("middle", b'{"a":1}', {"errorType": "TypeError", "errorMessage": "no"}),
        ("late", b"x", {"errorType": "Runtime.InvalidStreamingOperation"}),
        ("unknown", b"", {"errorType": "TypeError"}),
        ("uncaught", b"x", {"errorType": "TypeError", "errorMessage": "nobody catches"}),
        ("plain", b"x", None),
        ("returns", b"x", None),
    ],
)
def test_a_stream_that_goes_wrong_ends_with_its_error(functions, way, written, error):
    node(functions, STREAMS)
    body, _, outcome = streamed(functions, {"way": way})
    assert body == written
    if error is None:
        assert outcome.function_error is None
    else:
        told = json.loads(outcome.payload)
        assert {name: told[name] for name in error} == error
        lines = functions.log
        end = next(at for at, line in enumerate(lines) if line.startswith("END "))
        assert any(re.search("Invoke Error|Uncaught Exception", line) for line in lines[:end])
    assert streamed(functions, {"way": "prelude"})[0].endswith(b"xy")


def test_a_process_that_ends_in_the_middle_is_told(functions):
    node(functions, STREAMS)
    body, _, outcome = streamed(functions, {"way": "exits"})
    assert body == b"x"
    assert "Runtime exited with error: exit status 7" in json.loads(outcome.payload)["errorMessage"]
    assert streamed(functions, {"way": "prelude"})[0].endswith(b"xy")


def test_what_is_written_after_the_end_reaches_nobody(functions):
    node(functions, STREAMS)
    assert streamed(functions, {"way": "twice"})[0] == b"x"
    assert streamed(functions, {"way": "prelude"})[0].endswith(b"xy")
