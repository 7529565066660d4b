"""Node.js functions: modules of both kinds, every way to end, errors, logs, as AWS's own runtime has them."""

import base64
import json
import re

import pytest

pytestmark = pytest.mark.node


def node(functions, source, name="f.cjs", handler="f.handler", runtime="nodejs22.x", **settings):
    """Create the function `f` of a Node.js file."""
    path = functions.directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    functions.create("f", handler, Runtime=runtime, **settings)


def answer(functions, source, event=None, **settings):
    node(functions, source, **settings)
    return functions.invoke("f", event)


MODULES = {
    "cjs": ("f.cjs", "exports.handler = async (event) => [event]", {}),
    "js": ("f.js", "exports.handler = async (event) => [event]", {}),
    "js in a CommonJS package": ("f.js", "exports.handler = async (event) => [event]", {"type": "commonjs"}),
    "js in a module package": ("f.js", "export const handler = async (event) => [event]", {"type": "module"}),
    "mjs": ("f.mjs", "export const handler = async (event) => [event]", {}),
    "mjs that awaits": ("f.mjs", "const a = await 1;\nexport const handler = async (event) => [event]", {}),
    "mjs with a default": ("f.mjs", "export default { handler: async (event) => [event] }", {}),
    "cjs in a module package": ("f.cjs", "exports.handler = async (event) => [event]", {"type": "module"}),
}


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("runtime", ["nodejs20.x", "nodejs24.x"])
def test_every_kind_of_module_is_loaded(functions, kind, runtime):
    name, source, package = MODULES[kind]
    if package:
        functions.write("package.json", json.dumps(package))
    assert answer(functions, source, "ü", name=name, runtime=runtime)["Payload"] == ["ü"]


def test_a_handler_may_lie_in_folders_and_in_objects(functions):
    source = "module.exports = { a: { default: { b: async () => 1 } } }"
    assert answer(functions, source, name="src/api/f.js", handler="src/api/f.a.default.b")["Payload"] == 1


def test_modules_come_from_the_projects_node_modules(functions):
    package = functions.directory / "node_modules" / "one"
    package.mkdir(parents=True)
    (package / "index.js").write_text("module.exports = 1")
    assert answer(functions, "const one = require('one');\nexports.handler = async () => one")["Payload"] == 1


WAYS = {
    "a promise": ("async () => 1", 1),
    "a promise of nothing": ("async () => {}", None),
    "a callback": ("(event, context, callback) => setTimeout(() => callback(null, 1), 5)", 1),
    "a callback with nothing": ("(event, context, callback) => callback()", None),
    "a callback, which waits for the rest": (
        "(event, context, callback) => { const a = []; setTimeout(() => a.push(1), 20); callback(null, a) }",
        [1],
    ),
    "a callback, which does not wait": (
        "(event, context, callback) => { context.callbackWaitsForEmptyEventLoop = false; const a = [];"
        " setTimeout(() => a.push(1), 500); callback(null, a) }",
        [],
    ),
    "succeed": ("(event, context) => { context.succeed(1) }", 1),
    "done": ("(event, context) => context.done(null, 1)", 1),
    "nothing at all": ("() => {}", None),
    "a plain value, which nobody looks at": ("() => 1", None),
    "a promise that is never kept": ("() => new Promise(() => {})", None),
    "the first of two ways": ("(event, context) => { context.succeed(1); context.succeed(2) }", 1),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_handler_ends_in_every_way_there_is(functions, way):
    source, expected = WAYS[way]
    node(functions, f"exports.handler = {source}")
    assert [functions.invoke("f")["Payload"] for _ in range(2)] == [expected, expected]


def test_from_node_24_on_there_are_no_callbacks(functions):
    error = answer(
        functions, "exports.handler = (event, context, callback) => callback()", runtime="nodejs24.x"
    )
    assert error["FunctionError"] == "Unhandled"
    assert error["Payload"]["errorType"] == "Runtime.CallbackHandlerDeprecated"


def test_from_node_24_on_a_plain_value_is_the_response(functions):
    assert answer(functions, "exports.handler = () => 1", runtime="nodejs24.x")["Payload"] == 1


FAILURES = {
    "throw": ("async () => { throw new TypeError('no') }", "TypeError", "no"),
    "throw at once": ("() => { throw new RangeError('no') }", "RangeError", "no"),
    "a callback": ("(e, c, callback) => callback(new Error('no'))", "Error", "no"),
    "a callback with text": ("(e, c, callback) => callback('no')", "string", "no"),
    "fail": ("(e, context) => context.fail(new Error('no'))", "Error", "no"),
    "fail with nothing": ("(e, context) => context.fail()", "string", "handled"),
    "a text thrown": ("async () => { throw 'no' }", "string", "no"),
    "an error of one's own": (
        "async () => { const e = new Error('no'); e.name = 'Mine'; throw e }",
        "Mine",
        "no",
    ),
    "a result that is no JSON": (
        "async () => { const a = {}; a.a = a; return a }",
        "Error",
        "Unable to stringify",
    ),
    "nobody waits for a promise": (
        "async () => { Promise.reject(new Error('no')); await new Promise(setImmediate); await new Promise(() => {}) }",
        "Runtime.UnhandledPromiseRejection",
        "Error: no",
    ),
    "nobody catches": (
        "() => new Promise(() => { setTimeout(() => { throw new SyntaxError('no') }, 5) })",
        "SyntaxError",
        "no",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_described_and_the_next_event_served(functions, failure):
    source, kind, message = FAILURES[failure]
    node(
        functions,
        f"const fail = {source}\nexports.handler = (e, c, d) => e ? fail(e, c, d) : d(null, 'well')",
    )
    error = functions.invoke("f", 1)
    assert error["FunctionError"] == "Unhandled"
    assert error["Payload"]["errorType"] == kind
    assert error["Payload"]["errorMessage"].startswith(message)
    assert isinstance(error["Payload"]["trace"], list)
    assert functions.invoke("f", 0)["Payload"] == "well"


LOADING = {
    "a missing module": (
        "require('nowhere')",
        "f.handler",
        "Runtime.ImportModuleError",
        "Error: Cannot find module",
    ),
    "a missing file": ("", "g.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'g'"),
    "a missing function": (
        "",
        "f.handler",
        "Runtime.HandlerNotFound",
        "f.handler is undefined or not exported",
    ),
    "no function": (
        "exports.handler = 1",
        "f.handler",
        "Runtime.HandlerNotFound",
        "f.handler is not a function",
    ),
    "a mistake": (
        "exports.handler = (",
        "f.handler",
        "Runtime.UserCodeSyntaxError",
        "SyntaxError: Unexpected",
    ),
    "a bad name": ("", "f", "Runtime.MalformedHandlerName", "Bad handler"),
    "a way out": (
        "",
        "../f.handler",
        "Runtime.MalformedHandlerName",
        "'../f.handler' is not a valid handler name",
    ),
    "an error at first": ("throw new TypeError('no')", "f.handler", "TypeError", "no"),
}


@pytest.mark.parametrize("case", LOADING)
def test_what_does_not_load_is_named(functions, case):
    source, handler, kind, message = LOADING[case]
    error = answer(functions, source, handler=handler)
    assert error["FunctionError"] == "Unhandled"
    assert error["Payload"]["errorType"] == kind
    assert error["Payload"]["errorMessage"].startswith(message)
    assert any(line.startswith("INIT_REPORT") and f"Error Type: {kind}" in line for line in functions.log)
    logged = next(line for line in functions.log if "Uncaught Exception" in line)
    assert re.match(r"\S+Z\tundefined\tERROR\tUncaught Exception \t\{", logged)


def test_a_mistake_is_placed(functions):
    error = answer(functions, "const a = 1;\nexports.handler = (")
    assert any("f.cjs:2" in line for line in error["Payload"]["trace"])


def test_a_missing_aws_sdk_says_what_to_install(functions):
    answer(functions, "require('@aws-sdk/client-s3')")
    assert any("npm install --save-dev @aws-sdk/client-s3" in line for line in functions.log)


def test_console_lines_are_those_of_aws(functions):
    node(
        functions,
        "exports.handler = async () => { console.log('a %d', 1, {b: 2}); console.error('two\\nlines');"
        " console.warn('w'); console.debug('d'); console.trace('t'); process.stdout.write('raw\\n') }",
    )
    functions.invoke("f")
    lines = functions.log
    begin = next(index for index, line in enumerate(lines) if line.startswith("START"))
    request_id = lines[begin].split()[2]
    stamp = re.compile(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{request_id}\t")
    texts = [stamp.sub("", line) for line in lines[begin + 1 :]]
    assert texts[:6] == ["INFO\ta 1 { b: 2 }", "ERROR\ttwo\nlines", "WARN\tw", "DEBUG\td", "TRACE\tt", "raw"]
    assert texts[6].startswith("END")


def test_an_error_is_logged_with_its_stack(functions):
    node(
        functions,
        "exports.handler = async function named() { const e = new Error('no'); e.code = 'X'; throw e }",
    )
    error = functions.invoke("f")["Payload"]
    line = next(line for line in functions.log if "Invoke Error" in line)
    logged = json.loads(line.split("Invoke Error \t")[1])
    assert logged["errorType"] == "Error" and logged["errorMessage"] == "no" and logged["code"] == "X"
    assert logged["stack"] == error["trace"]
    assert "named" in error["trace"][1] and "f.cjs:1" in error["trace"][1]


def test_log_level_and_format_are_the_functions_own(functions):
    variables = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "warn"}
    node(
        functions,
        "exports.handler = async () => { console.info('quiet'); console.warn({a: 1});"
        " console.error('b', new Error('no')) }",
        Environment={"Variables": variables},
    )
    functions.invoke("f")
    first, second = [json.loads(line) for line in functions.log if line.startswith("{")]
    assert (first["level"], first["message"]) == ("WARN", {"a": 1})
    assert second["errorType"] == "Error" and second["errorMessage"] == "no" and second["stackTrace"]


def test_the_context_has_the_fields_of_aws(functions):
    node(
        functions,
        "exports.handler = async (event, context) => ({...context, left: context.getRemainingTimeInMillis()})",
        Timeout=5,
        MemorySize=256,
    )
    context = functions.invoke("f")["Payload"]
    assert 4000 < context.pop("left") <= 5000
    assert re.fullmatch("[0-9a-f-]{36}", context.pop("awsRequestId"))
    assert context.pop("logStreamName")
    assert context == {
        "callbackWaitsForEmptyEventLoop": True,
        "functionVersion": "$LATEST",
        "functionName": "f",
        "memoryLimitInMB": "256",
        "logGroupName": "/aws/lambda/f",
        "invokedFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
    }


def test_the_environment_is_the_functions(functions):
    node(
        functions,
        "exports.handler = async () => [process.env.MINE, process.execArgv, process.env.NODE_OPTIONS,"
        " process.cwd(), process.env.AWS_EXECUTION_ENV, /^Root=1-/.test(process.env._X_AMZN_TRACE_ID), typeof gc]",
        Environment={"Variables": {"MINE": "1", "NODE_OPTIONS": "--expose-gc"}},
    )
    assert functions.invoke("f")["Payload"] == [
        "1",
        ["--max-old-space-size=115"],
        "--expose-gc",
        str(functions.directory),
        "AWS_Lambda_nodejs22.x",
        True,
        "function",
    ]


@pytest.mark.parametrize("status", [0, 3])
def test_a_process_that_exits_is_told_and_replaced(functions, status):
    node(functions, f"exports.handler = async (event) => event ? process.exit({status}) : 'well'")
    error = functions.invoke("f", 1)
    assert error["Payload"]["errorType"] == "Runtime.ExitError"
    expected = f"exit status {status}" if status else "without providing a reason"
    assert error["Payload"]["errorMessage"].endswith(expected)
    assert functions.invoke("f", 0)["Payload"] == "well"


def test_a_response_that_is_too_large_is_the_error(functions):
    node(functions, "exports.handler = async (n) => 'x'.repeat(n)")
    assert len(functions.invoke("f", 5_000_000)["Payload"]) == 5_000_000
    error = functions.invoke("f", 7_000_000)
    assert error["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"
    assert functions.invoke("f", 1)["Payload"] == "x"


def test_large_events_and_text_of_every_alphabet_arrive(functions):
    node(functions, "exports.handler = async (event) => event")
    event = "äöü日本語🙂" * 100_000
    assert functions.invoke("f", event)["Payload"] == event
    assert functions.invoke("f", "small")["Payload"] == "small"


def test_nothing_runs_between_two_events(functions):
    """AWS freezes a function that has answered: what it left behind goes on with the next event."""
    node(
        functions,
        "let ticks = 0;\nexports.handler = async (wait) => { setInterval(() => ticks++, 1).unref();"
        " if (wait) await new Promise((done) => setTimeout(done, 50)); return ticks }",
    )
    assert functions.invoke("f", 0)["Payload"] == 0
    assert functions.invoke("f", 0)["Payload"] <= 1
    assert functions.invoke("f", 1)["Payload"] > 5


def test_a_streamed_response_arrives_whole(functions):
    node(
        functions,
        "const { pipeline } = require('node:stream/promises'); const { Readable } = require('node:stream');\n"
        "exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {\n"
        "  if (event === 'fail') throw new Error('no');\n"
        "  if (event === 'open') return;\n"
        "  stream.setContentType('application/json');\n"
        "  await pipeline(Readable.from([Buffer.from('{\"a\":'), JSON.stringify(event), '}']), stream);\n"
        "});",
    )
    assert functions.invoke("f", "ü")["Payload"] == {"a": "ü"}
    assert functions.invoke("f", "fail")["Payload"]["errorMessage"] == "no"
    assert functions.invoke("f", 1)["Payload"] == {"a": 1}
    functions.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=1)
    assert functions.invoke("f", "open")["Payload"]["errorType"] == "Sandbox.Timedout"


def test_a_stack_trace_names_the_source_by_its_map(functions):
    mapping = {"version": 3, "sources": ["../src/f.ts"], "names": [], "mappings": "AAIM"}
    encoded = base64.b64encode(json.dumps(mapping).encode()).decode()
    node(
        functions,
        "exports.handler = async () => { throw new Error('no') }\n"
        f"//# sourceMappingURL=data:application/json;base64,{encoded}",
        name="out/f.cjs",
        handler="out/f.handler",
    )
    trace = functions.invoke("f")["Payload"]["trace"]
    assert any("src/f.ts:5:" in line for line in trace)


def test_the_sdk_does_not_complain_about_a_version_that_is_only_this_machine_s(functions):
    source = (
        "exports.handler = async () => process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ?? null"
    )
    node(functions, source, runtime="nodejs16.x")
    assert functions.invoke("f")["Payload"] == "true"


SDK_2 = """\
class Config { update(values) { Object.assign(this, values); } }
exports.config = new Config();
"""


@pytest.mark.parametrize("name", ["aws-sdk", "aws-sdk/clients/dynamodb"])
@pytest.mark.parametrize("source", ["const sdk = require('NAME');", "import sdk from 'NAME';"])
def test_clients_of_the_sdks_version_2_go_to_the_emulator(functions, name, source):
    package = functions.directory / "node_modules" / "aws-sdk"
    for folder in ("lib", "clients"):
        (package / folder).mkdir(parents=True)
    (package / "package.json").write_text('{"main": "lib/aws.js"}')
    (package / "lib" / "core.js").write_text(SDK_2)
    (package / "lib" / "aws.js").write_text("module.exports = require('./core');")
    (package / "clients" / "dynamodb.js").write_text("module.exports = require('../lib/core');")
    ending = "mjs" if source.startswith("import") else "cjs"
    name = f"{name}.js" if ending == "mjs" and "/" in name else name
    export = "export const handler" if ending == "mjs" else "exports.handler"
    source = (
        f"{source.replace('NAME', name)}\n{export} = async () => [sdk.config, process.env.AWS_ENDPOINT_URL]"
    )
    environment = {"Variables": {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}}
    config, endpoint = answer(functions, source, name=f"f.{ending}", Environment=environment)["Payload"]
    assert config == {"endpoint": endpoint, "s3ForcePathStyle": True}
    assert endpoint == "http://127.0.0.1:4566"
