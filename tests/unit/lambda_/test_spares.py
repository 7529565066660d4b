"""Functions that start in a process that waited for them cannot tell: all is as in one started for them."""

import os
import signal
from pathlib import Path

import pytest

from dewstack.lambda_ import spares as module

TELLS = """
import os, sys
before = sorted(name for name in sys.modules if sys.modules[name] is not None)
import json, locale, logging, random, resource, time
import boto3, botocore.session, dateutil.tz, six.moves.urllib.parse

def handler(event, context):
    mask = os.umask(0)
    os.umask(mask)
    return {
        "pid": os.getpid(), "random": random.random(),
        "runtime's": [n for n in before if n.split(".")[0] in event["tops"]],
        "after": sorted(n for n in sys.modules if n.split(".")[0] in event["tops"]),
        "environ": dict(os.environ), "path": sys.path, "argv": sys.argv, "cwd": os.getcwd(), "umask": mask,
        "title": open("/proc/self/cmdline").read(), "group": os.getpgrp() == os.getpid() == os.getsid(0),
        "limits": [resource.getrlimit(n) for n in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)],
        "tz": time.tzname, "locale": [locale.setlocale(locale.LC_CTYPE), sys.getfilesystemencoding()],
        "handlers": [repr(h.formatter._fmt) for h in logging.root.handlers],
        "specs": [repr(m.__spec__).split(" object at ")[0] + m.__spec__.origin for m in (boto3, botocore, six)],
        "files": sorted(os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in os.listdir("/proc/self/fd")
                        if os.path.exists(f"/proc/self/fd/{n}")),
        "finders": [getattr(f, "__name__", type(f).__name__) for f in sys.meta_path],
        "stdin": os.readlink("/proc/self/fd/0"), "threads": len(os.listdir("/proc/self/task")),
        "context": context.function_name, "main": sorted(sys.modules["__main__"].__dict__),
        "boto3": boto3.__file__, "region": boto3.Session().region_name,
        "key": boto3.Session().get_credentials().access_key,
    }
"""
TOPS = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"]
OWN_TO_EACH = """AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_LAMBDA_LOG_STREAM_NAME TMPDIR
    AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_RUNTIME_API AWS_LAMBDA_FUNCTION_NAME _X_AMZN_TRACE_ID""".split()
PID = "import os\nclient = 'boto3, later'\ndef handler(event, context):\n    return os.getpid()"


@pytest.fixture
def spared(functions, monkeypatch):
    """A Lambda service that keeps spare processes at once."""
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(module, "REFILL_SECONDS", 0.0)
    return functions


def keep(functions) -> int:
    """Have a spare that is ready; its process id."""

    async def work():
        functions.service.keep_spares()

    functions._runner.run(work())
    return ready(functions)


def ready(functions) -> int:
    spares = functions.service.invoker.spares
    functions.wait_until(lambda: any(spare.alive and spare.names() for spare in spares.waiting))
    (spare,) = spares.waiting
    return spare._process.pid


def told(answer) -> dict:
    payload = answer["Payload"]
    assert "errorMessage" not in payload, payload
    payload["environ"] = {n: v for n, v in payload["environ"].items() if n not in OWN_TO_EACH}
    return payload


def test_a_function_cannot_tell_that_its_process_waited_for_it(spared):
    spared.write("f.py", TELLS)
    for name in ("plain", "waited"):
        spared.create(name, "f.handler", Environment={"Variables": {"GREETING": "hi", "AWS_PROFILE_": "x"}})
    plain = told(spared.invoke("plain", {"tops": TOPS}))
    pid = keep(spared)
    waited = told(spared.invoke("waited", {"tops": TOPS}))
    assert waited.pop("pid") == pid != plain.pop("pid")
    assert waited.pop("random") != plain.pop("random")
    assert (plain.pop("context"), waited.pop("context")) == ("plain", "waited")
    assert plain.pop("key") != waited.pop("key")
    assert waited["runtime's"] == []
    assert {k: (v, plain[k]) for k, v in waited.items() if v != plain[k]} == {}


def test_module_code_runs_anew_in_each_process(spared):
    spared.function(
        "import os, boto3\nstarted = [os.getpid()]\ndef handler(event, context):\n    return started"
    )
    assert spared.invoke("f")["Payload"] == [spared.environments("f")[0].pid]
    pid = keep(spared)
    spared.write(
        "f.py", "import os, boto3\nstarted = [os.getpid(), 'new']\ndef handler(e, c):\n    return started"
    )
    spared.service.invoker.files_changed([str(spared.directory / "f.py")])
    assert spared.invoke("f")["Payload"] == [pid, "new"]


def test_a_function_that_does_not_name_boto3_has_a_process_and_memory_of_its_own(spared):
    spared.function("import os\ndef handler(event, context):\n    return os.getpid()")
    pid = keep(spared)
    assert spared.invoke("f")["Payload"] != pid
    spared.write("uses.py", "from botocore import session\n")
    spared.service.invoker.files_changed([str(spared.directory / "f.py")])
    assert spared.invoke("f")["Payload"] == pid


@pytest.mark.parametrize("own", ["boto3.py", "six.py", "queue.py", "certifi.py", "libown.so.1"])
def test_what_a_function_brings_itself_asks_for_a_process_of_its_own(spared, own):
    spared.function(PID)
    spared.write(own, "theirs = True\n")
    pid = keep(spared)
    assert spared.invoke("f")["Payload"] != pid
    assert ready(spared) == pid


@pytest.mark.parametrize(
    ("name", "value"), [("TZ", "Asia/Tokyo"), ("HOME", "/nowhere"), ("BOTO_DISABLE_CRT", "1")]
)
def test_a_variable_that_is_read_at_the_start_asks_for_a_process_of_its_own(spared, name, value):
    spared.function(PID, Environment={"Variables": {name: value}})
    pid = keep(spared)
    assert spared.invoke("f")["Payload"] != pid


def test_a_copy_that_the_handler_puts_first_on_its_path_wins(spared):
    vendored = spared.directory / "vendored" / "boto3"
    vendored.mkdir(parents=True)
    (vendored / "__init__.py").write_text("theirs = True\n")
    spared.function(
        "import os, sys\nsys.path.insert(0, os.path.join(os.environ['LAMBDA_TASK_ROOT'], 'vendored'))\n"
        "import boto3, botocore\n"
        "def handler(event, context):\n    return [os.getpid(), boto3.theirs, botocore.__file__]"
    )
    pid = keep(spared)
    own, theirs, file = spared.invoke("f")["Payload"]
    assert (own, theirs) == (pid, True)
    assert Path(file).parts[-2:] == ("botocore", "__init__.py")


def test_hooks_for_imports_see_the_modules(spared):
    spared.function(
        "import os, sys\nseen = []\n"
        "class Hook:\n    def find_spec(self, name, path=None, target=None):\n        seen.append(name)\n"
        "sys.meta_path.insert(0, Hook())\nimport boto3\n"
        "def handler(event, context):\n    return [os.getpid(), 'botocore.client' in seen]"
    )
    pid = keep(spared)
    assert spared.invoke("f")["Payload"] == [pid, True]


def test_one_that_has_crashed_is_replaced_and_costs_no_request(spared):
    spared.function(PID)
    pid = keep(spared)
    os.kill(pid, signal.SIGKILL)
    assert spared.invoke("f")["Payload"] not in (pid, None)
    assert ready(spared) != pid


def test_one_that_dies_as_it_is_assigned_costs_no_request(spared):
    spared.function(PID)
    keep(spared)
    take = spared.service.invoker.spares._take

    def killed_when_taken(launch):
        taken = take(launch)
        if taken is not None:
            os.kill(taken._process.pid, signal.SIGKILL)
            taken._process.wait()
        return taken

    spared.service.invoker.spares._take = killed_when_taken
    assert isinstance(spared.invoke("f")["Payload"], int)


def test_spares_are_no_environments_and_end_with_the_emulator(spared):
    spared.function(PID)
    pid = keep(spared)
    assert spared.environments("f") == []
    spared.invoke("f")
    another = ready(spared)
    spared.service.close()
    for one in (pid, another):
        with pytest.raises(ProcessLookupError):
            os.kill(one, 0)


def test_none_is_made_unless_somebody_asks(functions):
    functions.function(PID)
    functions.invoke("f")
    assert functions.service.invoker.spares.waiting == ()
