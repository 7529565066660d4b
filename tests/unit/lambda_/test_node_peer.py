"""aws-lambda-ric, AWS's own Node.js runtime, works here, and ours gives the same as it does.

It has to be built (cmake, g++, autoconf, two minutes): the variable AWS_LAMBDA_RIC names the folder of the package.
"""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        "AWS_LAMBDA_RIC" not in os.environ, reason="AWS_LAMBDA_RIC does not name an aws-lambda-ric"
    ),
]

SOURCE = """
const handlers = {
  promise: async (event) => ({ got: event }),
  nothing: async () => {},
  undefinedInside: async () => ({ a: undefined, b: null }),
  callback: (event, context, callback) => setTimeout(() => callback(null, [event]), 5),
  waits: (event, context, callback) => { const a = []; setTimeout(() => a.push(1), 20); callback(null, a) },
  doesNotWait: (event, context, callback) => {
    context.callbackWaitsForEmptyEventLoop = false;
    const a = [];
    setTimeout(() => a.push(1), 200);
    callback(null, a);
  },
  plain: () => 1,
  never: () => new Promise(() => {}),
  succeed: (event, context) => { context.succeed(1) },
  done: (event, context) => { context.done(null, 2) },
  failNothing: (event, context) => { context.fail() },
  twice: (event, context) => { context.succeed(1); context.fail(new Error('no')) },
  throws: async () => { throw new TypeError('no') },
  throwsAtOnce: () => { throw new RangeError('no') },
  throwsText: async () => { throw 'no' },
  throwsObject: async () => { throw { a: 1 } },
  callbackText: (event, context, callback) => callback('no'),
  named: async () => { const error = new Error('no'); error.name = 'Mine'; error.code = 'C'; throw error },
  circular: async () => { const a = {}; a.a = a; return a },
  logs: async () => { console.log('a %s', 'b', { c: 1 }); console.error('e'); console.warn('x\\ny') },
  unhandled: async () => { Promise.reject(new Error('no')); await new Promise((done) => setTimeout(done, 1000)) },
  uncaught: () => new Promise(() => { setTimeout(() => { throw new TypeError('no') }, 5) }),
  context: async (event, context) => Object.keys(context).sort(),
};
exports.handler = (event, context, callback) => handlers[event](event, context, callback);
"""
EVENTS = re.findall(r"^  (\w+): ", SOURCE, re.M)
STREAMS = """
const ways = {
  text: async (event, stream) => { stream.setContentType("text/plain"); stream.write("a"); stream.end("b") },
  object: async (event, stream) => { stream.write({ a: 1 }); stream.end() },
  prelude: async (event, stream) => {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
    stream.write("x");
    stream.end();
  },
  onlyEnd: async (event, stream) => { awslambda.HttpResponseStream.from(stream, { statusCode: 201 }).end("x") },
  nothing: async (event, stream) => { stream.end() },
  piped: async (event, stream) => {
    await require("node:stream/promises").pipeline(require("node:stream").Readable.from(["a", "b"]), stream);
  },
  plain: (event, stream) => { stream.write("x"); stream.end() },
  returns: async (event, stream) => { stream.end("x"); return 1 },
  throws: async () => { throw new TypeError("no") },
  middle: async (event, stream) => { stream.write("x"); throw new RangeError("no") },
  text_thrown: async (event, stream) => { stream.write("x"); throw "no" },
  late: async (event, stream) => { stream.write("x"); stream.setContentType("a/b") },
  shown: async (event, stream, context) => {
    stream.write(Object.keys(stream).sort().join());
    stream.end(Object.keys(context).includes("awsRequestId") + typeof stream.writableHighWaterMark);
  },
  unended: async (event, stream) => { stream.write("x") },
};
exports.handler = awslambda.streamifyResponse((event, stream, context) => ways[event](event, stream, context));
"""
STREAMED = re.findall(r"^  (\w+): ", STREAMS, re.M)
LOADING = {
    "missing module": ("require('nowhere')", "f.handler"),
    "missing file": ("", "g.handler"),
    "missing function": ("", "f.handler"),
    "no function": ("exports.handler = 1", "f.handler"),
    "bad name": ("", "f"),
    "mistake": ("exports.handler = (", "f.handler"),
    "error at first": ("throw new TypeError('no')", "f.handler"),
}


def official(functions: Any) -> None:
    """Let functions run on aws-lambda-ric from now on."""
    ours = functions.service.invoker.launch
    program = str(Path(os.environ["AWS_LAMBDA_RIC"], "bin", "index.mjs"))

    def launch(function: Any, stream: str) -> Any:
        plain = ours(function, stream)
        return replace(plain, command=(plain.command[0], program, function.handler))

    functions.service.invoker.launch = launch


def outcome(functions: Any, name: str, event: Any) -> dict[str, Any]:
    """What an invocation gives, and what it wrote, as far as two runs are comparable."""
    answer = functions.invoke(name, event)
    payload = answer["Payload"]
    if isinstance(payload, dict) and "trace" in payload:
        payload = {"errorType": payload["errorType"], "errorMessage": _first_line(payload["errorMessage"])}
    return {"error": answer.get("FunctionError"), "payload": payload}


def _first_line(message: str) -> str:
    """Without the stack of requires and of nested errors, which name the runtime's own files."""
    return message.partition("\n")[0]


def written(functions: Any) -> list[str]:
    """Lines of console.*, without time, request id and JSON."""
    lines = [line.split("\t", 2)[2] for line in functions.log if re.match(r"\S+Z\t", line)]
    return [line.partition("\t{")[0] for line in lines]


@pytest.fixture
def both(make_lambda: Any) -> tuple[Any, Any]:
    """The same functions on our runtime and on AWS's."""
    ours, theirs = make_lambda(), make_lambda()
    official(theirs)
    return ours, theirs


@pytest.mark.parametrize("event", EVENTS)
def test_both_runtimes_give_and_write_the_same(both: tuple[Any, Any], event: str) -> None:
    results = []
    for functions in both:
        functions.write("f.cjs", SOURCE)
        functions.create("f", "f.handler", Runtime="nodejs20.x", Timeout=10)
        results.append(
            [outcome(functions, "f", event), outcome(functions, "f", "promise"), written(functions)]
        )
    assert results[0] == results[1]


@pytest.mark.parametrize("case", LOADING)
def test_both_runtimes_name_what_does_not_load(both: tuple[Any, Any], case: str) -> None:
    source, handler = LOADING[case]
    results = []
    for functions in both:
        functions.write("f.cjs", source)
        functions.create("f", handler, Runtime="nodejs20.x", Timeout=10)
        results.append([outcome(functions, "f", 1), written(functions)])
    assert results[0] == results[1]


@pytest.mark.parametrize("event", STREAMED)
def test_both_runtimes_stream_the_same(both: tuple[Any, Any], event: str) -> None:
    results = []
    for functions in both:
        functions.write("f.cjs", STREAMS)
        functions.create("f", "f.handler", Runtime="nodejs20.x", Timeout=2)
        results.append([streamed(functions, event), streamed(functions, "text"), written(functions)])
    assert results[0] == results[1]


def streamed(functions: Any, event: str) -> list[Any]:
    """What is streamed, under which content type, and how it ends, as far as two runs are comparable."""

    async def work() -> list[Any]:
        arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
        invocation = functions.service.stream(arn, json.dumps(event).encode())
        async with asyncio.timeout(20):
            body = b"".join([chunk async for chunk in invocation])
            outcome = await invocation.outcome()
        error = json.loads(outcome.payload) if outcome.function_error else {}
        message = re.sub("[0-9a-f-]{36}", "", error.get("errorMessage", ""))
        return [body, invocation.content_type, error.get("errorType"), message]

    return functions._runner.run(work())  # type: ignore[no-any-return]
