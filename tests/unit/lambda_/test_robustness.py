"""What goes wrong at odd moments: floods of output, ends before beginnings, names with qualifiers."""

import asyncio
import base64
import concurrent.futures
import json
import socket

import pytest

from dewstack.errors import AwsError

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
VERSION = "import os\ndef handler(event, context):\n    return [context.function_version, os.getpid()]"


def test_a_function_that_prints_without_end_still_times_out(functions):
    functions.function(
        "import os\nline = b'x' * 65536\ndef handler(event, context):\n    while True: os.write(1, line)",
        Timeout=1,
    )
    assert "timed out" in functions.invoke("f")["Payload"]["errorMessage"]


def test_a_function_removed_while_its_environment_starts_leaves_no_process(functions):
    functions.function(VERSION)

    async def work():
        invoking = asyncio.ensure_future(functions.service.invoke(ARN, b"{}"))
        await asyncio.sleep(0)
        (pool,) = functions.service.invoker.pools
        (environment,) = pool.environments
        functions.service.invoker.removed(ARN)
        outcome = await invoking
        for _ in range(10):
            await asyncio.sleep(0)
        return outcome, environment.pid

    outcome, pid = functions._runner.run(work())
    assert outcome.function_error == "Unhandled"
    assert pid is None


def test_a_qualifier_in_the_name_is_the_version_that_runs(functions):
    functions.function(VERSION)
    functions.call("PublishVersion", FunctionName="f")
    for name in ("f:1", f"{ARN}:1"):
        answer = functions.invoke(name)
        assert (answer["ExecutedVersion"], answer["Payload"][0]) == ("1", "1")


def test_a_client_context_of_several_lines_and_scripts_reaches_the_handler(functions):
    functions.function("def handler(event, context):\n    return context.client_context.custom")
    text = json.dumps({"custom": {"name": "日本"}}, indent=2, ensure_ascii=False)
    context = base64.b64encode(text.encode()).decode()
    assert functions.invoke("f", ClientContext=context)["Payload"] == {"name": "日本"}


@pytest.mark.parametrize("context", ["%%%", base64.b64encode(b"x\r\nX: y").decode(), "aGk"])
def test_a_client_context_that_is_not_json_is_refused(functions, context):
    functions.function("def handler(event, context): pass")
    with pytest.raises(AwsError) as caught:
        functions.invoke("f", ClientContext=context)
    assert caught.value.code == "InvalidRequestContentException"


def test_a_deleted_version_is_served_no_more(functions):
    functions.function(VERSION)
    functions.call("PublishVersion", FunctionName="f")
    latest, first = functions.invoke("f")["Payload"], functions.invoke("f:1")["Payload"]
    assert first[0] == "1"
    functions.call("DeleteFunction", FunctionName="f", Qualifier="1")
    with pytest.raises(AwsError):
        functions._runner.run(functions.service.invoke(f"{ARN}:1", b"{}"))
    assert functions.invoke("f")["Payload"] == latest


def test_versions_share_the_reserved_concurrency(functions):
    functions.function("import time\ndef handler(event, context): time.sleep(0.2)")
    functions.call("PublishVersion", FunctionName="f")
    functions.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=1)

    async def work():
        invoke = functions.service.invoke
        return await asyncio.gather(invoke(ARN, b"{}"), invoke(f"{ARN}:1", b"{}"), return_exceptions=True)

    served, throttled = functions._runner.run(work())
    assert served.function_error is None
    assert isinstance(throttled, AwsError) and throttled.code == "TooManyRequestsException"


def test_a_moved_alias_names_another_version_and_restarts_none(functions):
    functions.function(VERSION)
    functions.call("PublishVersion", FunctionName="f")
    functions.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    latest, first = functions.invoke("f")["Payload"], functions.invoke("f:live")["Payload"]
    functions.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="$LATEST")
    assert functions.invoke("f:live")["Payload"] == latest
    functions.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    assert functions.invoke("f:live")["Payload"] == first


def test_a_page_cannot_take_an_event_or_end_an_environment(functions):
    functions.function("import time; time.sleep(0.5)\ndef handler(event, context): return 'served'")

    async def work():
        invoking = asyncio.ensure_future(functions.service.invoke(ARN, b"{}"))
        (environment,) = (await _started(functions)).environments
        port = environment._server.sockets[0].getsockname()[1]
        for line in (b"GET /2018-06-01/runtime/invocation/next", b"POST /2018-06-01/runtime/init/error"):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(line + b" HTTP/1.1\r\nOrigin: http://evil\r\nContent-Length: 0\r\n\r\n")
                await asyncio.sleep(0.05)
        return await invoking

    assert functions._runner.run(work()).payload == b'"served"'


async def _started(functions):
    while True:
        await asyncio.sleep(0.005)
        for pool in functions.service.invoker.pools:
            if any(environment.pid for environment in pool.environments):
                return pool


def test_environments_take_no_thread_from_others_where_processes_have_no_descriptors(functions, monkeypatch):
    monkeypatch.delattr("os.pidfd_open", raising=False)
    functions.function(VERSION)

    async def work():
        loop = asyncio.get_running_loop()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(max_workers=1))
        outcome = await functions.service.invoke(ARN, b"{}")
        async with asyncio.timeout(3):
            await asyncio.to_thread(str)
        return outcome

    assert functions._runner.run(work()).function_error is None
    functions.call("DeleteFunction", FunctionName="f")


def test_an_init_phase_that_takes_too_long_runs_once_more_within_the_invocation(functions, monkeypatch):
    monkeypatch.setattr("dewstack.lambda_.initialization.INIT_SECONDS", 0.5)
    functions.function(
        "import os, time\nfirst = not os.path.exists('../seen')\nopen('../seen', 'w').close()\n"
        "if first: time.sleep(60)\ndef handler(event, context): return 'served'"
    )
    assert functions.invoke("f")["Payload"] == "served"
    assert any("Phase: init\tStatus: timeout" in line for line in functions.log)


def test_one_that_never_ends_is_a_timeout(functions, monkeypatch):
    monkeypatch.setattr("dewstack.lambda_.initialization.INIT_SECONDS", 0.2)
    functions.function("import time\ntime.sleep(60)\ndef handler(event, context): pass", Timeout=1)
    for _ in range(2):
        assert "Task timed out after 1.00 seconds" in functions.invoke("f")["Payload"]["errorMessage"]
    assert any("Phase: invoke\tStatus: timeout" in line for line in functions.log)
