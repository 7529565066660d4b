"""Which program runs a function, which cannot be called here, and what a process may use."""

import os
import sys
import textwrap
import zipfile

import pytest

from dewstack.errors import AwsError
from dewstack.lambda_.runtimes import Runtimes

OUR_VERSION = f"python3.{sys.version_info[1]}"


@pytest.mark.parametrize("identifier", ["python2.7", "python3.6", "python3.7", "python3.8"])
def test_retired_pythons_run_under_the_nearest_with_one_loud_line(functions, caplog, identifier):
    functions.function(
        "import sys\ndef handler(event, context): return sys.version_info[0]", Runtime=identifier
    )
    functions.create("g", "f.handler", Runtime=identifier)
    assert functions.invoke("f")["Payload"] == functions.invoke("g")["Payload"] == 3
    assert [
        f"{identifier} is not on this machine: its functions run under Python 3." in r
        for r in caplog.messages
    ] == [True]


@pytest.mark.parametrize("identifier", ["dotnet8", "dotnetcore3.1", "ruby3.3", "ruby2.7"])
def test_what_cannot_be_run_is_deployed_and_fails_when_it_is_called(functions, caplog, identifier):
    functions.create("f", "org.example.Handler::handle", Runtime=identifier)
    assert f"{identifier} is not emulated by dewstack: its functions are deployed" in caplog.text
    answer = functions.invoke("f")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.InvalidEntrypoint"
    assert identifier in answer["Payload"]["errorMessage"] and "python" in answer["Payload"]["errorMessage"]


def test_a_container_image_is_deployed_and_fails_when_it_is_called(functions):
    functions.call(
        "CreateFunction",
        FunctionName="f",
        Role="arn:aws:iam::000000000000:role/test",
        PackageType="Image",
        Code={"ImageUri": "shop:latest"},
    )
    told = functions.call("GetFunction", FunctionName="f")
    assert (told["Configuration"]["PackageType"], told["Code"]["ImageUri"]) == ("Image", "shop:latest")
    assert "Handler" not in told["Configuration"]
    assert "Container images are not run" in functions.invoke("f")["Payload"]["errorMessage"]


@pytest.mark.parametrize("identifier", ["cobol85", "python", "python3", "", "Python3.12"])
def test_what_aws_never_had_is_refused(tmp_path, identifier):
    with pytest.raises(AwsError, match=r"is not emulated by dewstack: python2\.7 to"):
        Runtimes(tmp_path).resolve(identifier)


@pytest.mark.parametrize("identifier", ["dotnet8", "python2.7", "container image"])
def test_strict_runtimes_refuse_what_is_not_exactly_here(tmp_path, identifier):
    with pytest.raises(AwsError, match="runtimes are strict"):
        Runtimes(tmp_path, strict=True).resolve(identifier)


BOOTSTRAP = """\
    #!{python}
    import http.client, json, os
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        event = api.getresponse()
        text = json.dumps([json.loads(event.read()), os.environ["_HANDLER"], os.path.basename(__file__)])
        path = "/2018-06-01/runtime/invocation/" + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
        api.request("POST", path, text)
        api.getresponse().read()
    """


def program(directory, name):
    path = directory / name
    path.write_text(textwrap.dedent(BOOTSTRAP.format(python=sys.executable)))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("identifier", "handler", "name"),
    [
        ("provided.al2023", "hello.main", "bootstrap"),
        ("provided", "x", "bootstrap"),
        ("go1.x", "main", "main"),
    ],
)
def test_a_package_may_bring_its_own_program(functions, identifier, handler, name):
    program(functions.directory, name)
    functions.create("f", handler, Runtime=identifier)
    assert functions.invoke("f", {"a": 1})["Payload"] == [{"a": 1}, handler, name]
    assert functions.invoke("f", 2)["Payload"][0] == 2


def test_a_package_without_its_program_says_what_was_looked_for(functions):
    (functions.directory / "bootstrap").write_text("not executable")
    functions.create("f", "x", Runtime="provided.al2")
    message = functions.invoke("f")["Payload"]["errorMessage"]
    assert "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" in message
    assert str(functions.directory / "bootstrap") in message


def test_a_program_for_another_machine_is_an_error_of_the_function(functions):
    path = functions.directory / "bootstrap"
    path.write_bytes(b"\x7fELF, but of no machine that anybody has")
    path.chmod(0o755)
    functions.create("f", "x", Runtime="provided.al2023")
    answer = functions.invoke("f")
    assert answer["Payload"]["errorType"] == "Runtime.InvalidEntrypoint"
    assert str(path) in answer["Payload"]["errorMessage"]


def test_what_a_function_has_only_on_aws_is_named_once(functions, caplog):
    functions.function(
        "def handler(event, context): return 1",
        FileSystemConfigs=[{"Arn": "arn:aws:elasticfilesystem:x", "LocalMountPath": "/mnt/data"}],
    )
    for _ in range(2):
        functions.call("UpdateFunctionConfiguration", FunctionName="f", Description="start anew")
        assert functions.invoke("f")["Payload"] == 1
    assert sum("file systems are not mounted" in message for message in caplog.messages) == 1


def test_a_wrapper_script_starts_the_runtime(functions):
    wrapper = functions.directory / "wrap"
    wrapper.write_text('#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n')
    wrapper.chmod(0o755)
    functions.function(
        "import os\ndef handler(event, context): return os.environ['WRAPPED']",
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap"}},
    )
    assert functions.invoke("f")["Payload"] == "yes"
    functions.create("g", "f.handler", Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}})
    assert "AWS_LAMBDA_EXEC_WRAPPER is /opt/wrap" in functions.invoke("g")["Payload"]["errorMessage"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="memory is counted by /proc")
class TestMemory:
    def test_a_function_that_wants_more_than_it_has_is_killed(self, functions):
        functions.function(
            "def handler(event, context):\n    hoard = []\n"
            "    while event: hoard.append(b'x' * 1_000_000)\n    return 1",
            Timeout=20,
        )
        assert functions.invoke("f", False)["Payload"] == 1
        answer = functions.invoke("f", True, LogType="Tail")
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorMessage"].endswith("Runtime exited with error: signal: killed")
        assert "Status: error\tError Type: Runtime.OutOfMemory\t" in answer["Tail"]
        assert functions.invoke("f", False)["Payload"] == 1

    def test_so_is_one_that_wants_it_at_import(self, functions):
        functions.function("hoard = []\nwhile True: hoard.append(b'x' * 1_000_000)")
        assert functions.invoke("f")["Payload"]["errorMessage"].endswith("signal: killed")
        assert any("Error Type: Runtime.OutOfMemory" in line for line in functions.log)

    def test_more_memory_is_enough(self, functions):
        functions.function(
            "import time\ndef handler(event, context):\n"
            "    hoard = b'x' * 200_000_000\n    time.sleep(0.2)\n    return 1",
            MemorySize=512,
            Timeout=20,
        )
        assert functions.invoke("f")["Payload"] == 1


@pytest.mark.node
def test_node_knows_how_large_its_heap_may_become(functions):
    functions.write(
        "f.cjs",
        "exports.handler = async (event) => {\n"
        "  const hoard = []; while (event) hoard.push(Array(100).fill(hoard.length));\n"
        "  return process.execArgv;\n};",
    )
    functions.create("f", "f.handler", Runtime="nodejs20.x", MemorySize=200, Timeout=20)
    assert functions.invoke("f", False)["Payload"] == ["--max-old-space-size=180"]
    payload = functions.invoke("f", True)["Payload"]
    assert payload["errorType"] == "Runtime.ExitError" and "signal: " in payload["errorMessage"]
    functions.create(
        "g",
        "f.handler",
        Runtime="nodejs20.x",
        Environment={"Variables": {"NODE_OPTIONS": "--max-old-space-size=64"}},
    )
    assert functions.invoke("g", False)["Payload"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are Linux's")
def test_open_files_are_limited_as_on_aws_and_no_core_is_dumped(functions):
    functions.function(
        "import resource as r\ndef handler(event, context):\n"
        "    return [r.getrlimit(r.RLIMIT_NOFILE)[0], r.getrlimit(r.RLIMIT_CORE)[0]]"
    )
    assert functions.invoke("f")["Payload"] == [1024, 0]


def archive(path, source):
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("f.py", source)
    return path


def test_an_archive_of_the_developers_is_unpacked_whenever_it_is_new(functions, tmp_path):
    path = archive(tmp_path / "app.zip", "def handler(event, context): return 'old'")
    functions.create("f", "f.handler", Code={"S3Bucket": "hot-reload", "S3Key": str(path)})
    assert functions.invoke("f")["Payload"] == "old"
    archive(path, "def handler(event, context): return 'newer'")
    assert functions.service.invoker.files_changed([os.path.realpath(path)]) == ["f"]
    assert functions.invoke("f")["Payload"] == "newer"


def test_an_archive_may_be_built_after_the_deployment(functions, tmp_path):
    path = tmp_path / "app.zip"
    functions.create("f", "f.handler", Code={"S3Bucket": "hot-reload", "S3Key": str(path)})
    assert (
        f"its package {os.path.realpath(path)} can't be used"
        in functions.invoke("f")["Payload"]["errorMessage"]
    )
    archive(path, "def handler(event, context): return 1")
    assert functions.invoke("f")["Payload"] == 1
    path.write_text("no zip")
    functions.service.invoker.files_changed([os.path.realpath(path)])
    assert "can't be used: Could not unzip" in functions.invoke("f")["Payload"]["errorMessage"]


@pytest.mark.parametrize("identifier", ["python2.7", "python3.8", "python3.9"])
def test_functions_of_retired_pythons_have_an_interpreter_that_boto3_runs_under(functions, identifier):
    source = "import boto3, sys\ndef handler(event, context): return list(sys.version_info[:2])"
    functions.function(source, Runtime=identifier)
    answer = functions.invoke("f")
    assert "FunctionError" not in answer
    assert answer["Payload"] >= [3, 10]
