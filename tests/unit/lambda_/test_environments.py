"""Execution environments: as many as the load needs, reused, renewed, reaped, and never left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from dewstack.errors import AwsError

PID = "import os\ndef handler(event, context):\n    return os.getpid()"


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_warm_environment_serves_again_with_its_globals(functions):
    functions.function(
        "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count"
    )
    assert [functions.invoke("f")["Payload"] for _ in range(3)] == [1, 2, 3]


def test_parallel_events_get_environments_of_their_own(functions):
    functions.function(
        "import os, time\ndef handler(event, context):\n    time.sleep(0.3)\n    return os.getpid()",
        Timeout=20,
    )
    began = time.monotonic()
    pids = functions.invoke_together("f", 5)
    assert len(set(pids)) == 5
    assert time.monotonic() - began < 5 * 0.3 + 10
    assert set(functions.invoke_together("f", 5)) == set(pids)


def test_idle_environments_are_reaped_to_zero(make_lambda):
    functions = make_lambda(idle_seconds=0.05)
    functions.function(PID)
    pid = functions.invoke("f")["Payload"]
    functions.wait_until(lambda: functions.environments("f") == [] and not alive(pid))
    assert functions.invoke("f")["Payload"] != pid


def test_changed_files_are_served_by_the_next_request(functions):
    functions.function("def handler(event, context):\n    return 'old'")
    assert functions.invoke("f")["Payload"] == "old"
    path = functions.write("f.py", "def handler(event, context):\n    return 'new'")
    assert functions.service.invoker.files_changed([os.path.realpath(path)]) == ["f"]
    assert functions.invoke("f")["Payload"] == "new"


def test_changed_configuration_is_served_by_the_next_request(functions):
    functions.function("import os\ndef handler(event, context):\n    return os.environ.get('A')")
    assert functions.invoke("f")["Payload"] is None
    functions.call("UpdateFunctionConfiguration", FunctionName="f", Environment={"Variables": {"A": "1"}})
    assert functions.invoke("f")["Payload"] == "1"


def test_a_deleted_function_ends_its_environments(functions):
    functions.function(PID)
    pid = functions.invoke("f")["Payload"]
    functions.call("DeleteFunction", FunctionName="f")
    functions.wait_until(lambda: not alive(pid))
    with pytest.raises(AwsError):
        functions.invoke("f")


def test_reserved_concurrency_throttles(functions):
    functions.function("def handler(event, context): pass")
    functions.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(AwsError) as caught:
        functions.invoke("f")
    assert (caught.value.code, caught.value.status) == ("TooManyRequestsException", 429)
    assert caught.value.message == "Rate Exceeded."
    assert caught.value.fields == {
        "Type": "User",
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
    }
    functions.call("DeleteFunctionConcurrency", FunctionName="f")
    assert functions.invoke("f")["StatusCode"] == 200


def test_what_a_handler_started_ends_with_its_environment(functions):
    functions.function(
        "import subprocess\ndef handler(event, context):\n    return subprocess.Popen(['sleep', '300']).pid"
    )
    pid = functions.invoke("f")["Payload"]
    assert alive(pid)
    functions.call("DeleteFunction", FunctionName="f")
    functions.wait_until(lambda: not alive(pid))


DAEMON = """\
import os, time
def daemon():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            time.sleep(300)
        os._exit(0)
    os.wait()
    return int(os.read(reader, 20))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="daemons are found in /proc")
def test_a_daemon_that_a_handler_made_ends_with_its_environment(functions):
    functions.function(f"{DAEMON}\ndef handler(event, context): return daemon()")
    pid = functions.invoke("f")["Payload"]
    assert alive(pid)
    functions.call("DeleteFunction", FunctionName="f")
    functions.wait_until(lambda: not alive(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="daemons are found in /proc")
def test_a_daemon_ends_with_the_emulator(make_lambda):
    functions = make_lambda()
    functions.function(f"{DAEMON}\ndef handler(event, context): return daemon()")
    pid = functions.invoke("f")["Payload"]
    functions.service.close()
    functions.wait_until(lambda: not alive(pid))


@pytest.mark.parametrize("who", ["os.getpid()", "daemon()"])
def test_a_killed_emulator_leaves_no_process_behind(tmp_path, who):
    script = tmp_path / "emulator.py"
    (tmp_path / "f.py").write_text(
        f"{DAEMON}\ndef handler(event, context):\n    print({who}, flush=True)\n    time.sleep(300)"
    )
    script.write_text(
        textwrap.dedent(
            """
            import asyncio, sys
            from dewstack.clock import Clock
            from dewstack.config import Caller, Config
            from dewstack.lambda_ import LambdaService
            from dewstack.store import Store

            class Stream:
                def append(self, at, message):
                    if isinstance(message, str) and message.isdigit():
                        print(message, flush=True)

            async def main():
                service = LambdaService(Store(), Clock(), Config(), lambda group, stream: Stream())
                await service.operations["CreateFunction"](Caller(), {
                    "FunctionName": "f", "Handler": "f.handler", "Runtime": "python3.11", "Role": "arn", "Timeout": 300,
                    "Code": {"S3Bucket": "hot-reload", "S3Key": sys.argv[1]}})
                await service.invoke("arn:aws:lambda:us-east-1:000000000000:function:f", b"{}")

            asyncio.run(main())
            """
        )
    )
    with subprocess.Popen(
        [sys.executable, script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as emulator:
        assert emulator.stdout is not None
        pid = int(emulator.stdout.readline())
        assert alive(pid)
        emulator.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < deadline, "the function's process outlived the emulator"
        os.sched_yield()


def test_the_official_runtime_client_works(functions, tmp_path):
    """awslambdaric, AWS's own Python runtime, against our Runtime API."""
    from msgspec.structs import replace

    functions.function(
        "import logging\ndef handler(event, context):\n"
        "    if event == 'raise': raise KeyError('k')\n"
        "    return {'got': event, 'id': context.aws_request_id, 'left': context.get_remaining_time_in_millis()}"
    )
    invoker = functions.service.invoker
    ours = invoker.launch

    def official(function, stream):
        launch = ours(function, stream)
        command = (sys.executable, "-m", "awslambdaric", function.handler)
        return replace(launch, command=command)

    invoker.launch = official
    assert functions.invoke("f", {"a": "ü"})["Payload"]["got"] == {"a": "ü"}
    error = functions.invoke("f", "raise")
    assert error["FunctionError"] == "Unhandled" and error["Payload"]["errorType"] == "KeyError"
    assert functions.invoke("f", 2)["Payload"]["got"] == 2
    assert len(functions.environments("f")) == 1
