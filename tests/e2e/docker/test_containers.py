"""Functions in containers: what they see, what they print, and how they end."""

import json
import os
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start
from tests.e2e.docker.engine import docker

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("docker")]

SECONDS = 30.0
HANDLERS = """
import os, time

def seen(event, context):
    import boto3
    try:
        open("/var/task/written", "w")
        task = "writable"
    except OSError as error:
        task = error.strerror
    before = os.listdir("/tmp")
    open("/tmp/mine", "w").close()
    return {
        "task": task,
        "tmp": before,
        "where": os.getcwd(),
        "who": boto3.client("sts").get_caller_identity()["Arn"],
        "colour": os.environ["COLOUR"],
        "pid": os.getpid(),
    }

def says(event, context):
    print("a line")
    return "said"

def big(event, context):
    return len(bytearray(event["bytes"]))

def slow(event, context):
    time.sleep(60)

def exits(event, context):
    os._exit(3)

def layered(event, context):
    import only, shared
    return [only.NAME, shared.NAME, os.access("/opt/python", os.W_OK)]
"""
BOOTSTRAP = """#!/usr/local/bin/python3
import json, os, signal, sys, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"

def ended(number, frame):
    print("terminated", flush=True)
    sys.exit(0)

signal.signal(signal.SIGTERM, ended)
while True:
    with urllib.request.urlopen(f"{api}next") as event:
        identifier = event.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = json.dumps([os.environ["_HANDLER"], sys.argv[0]]).encode()
    urllib.request.urlopen(f"{api}{identifier}/response", answer).close()
"""
EXTENSION = """#!/usr/local/bin/python3
import json, os, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension/"
name = {"Lambda-Extension-Name": "watcher"}
body = json.dumps({"events": ["INVOKE", "SHUTDOWN"]}).encode()
with urllib.request.urlopen(urllib.request.Request(f"{api}register", body, name)) as answer:
    known = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
event = ""
while event != "SHUTDOWN":
    with urllib.request.urlopen(urllib.request.Request(f"{api}event/next", headers=known)) as answer:
        event = json.load(answer)["eventType"]
    print("watched", event, flush=True)
"""
ABSENT = "000000000000.dkr.ecr.us-east-1.amazonaws.com/dewstack-absent:1"


def service_of(image: str) -> dict[str, Any]:
    """The map."""
    layers = [{"Ref": "FirstLambdaLayer"}, {"Ref": "SecondLambdaLayer"}]
    return {
        "service": "boxed",
        "provider": {
            "name": "aws",
            "runtime": "python3.13",
            "memorySize": 128,
            "environment": {"COLOUR": "green"},
        },
        "functions": {
            "seen": {"handler": "app.seen", "events": [{"httpApi": "GET /seen"}]},
            "says": {"handler": "app.says"},
            "big": {"handler": "app.big"},
            "slow": {"handler": "app.slow", "timeout": 1},
            "exits": {"handler": "app.exits"},
            "layered": {"handler": "app.layered", "layers": layers},
            "image": {"image": image},
            "command": {"image": {"uri": image, "command": ["own.other"], "workingDirectory": "/opt"}},
        },
        "layers": {"first": {"path": "first"}, "second": {"path": "second"}},
    }


def write(directory: Path, name: str, text: str, mode: int = 0o644) -> None:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture(scope="module")
def directory(images: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("boxed")
    write(directory, "serverless.yml", json.dumps(service_of(images)))
    write(directory, "app.py", HANDLERS)
    write(directory, "first/python/shared.py", "NAME = 'first'\n")
    write(directory, "first/python/only.py", "NAME = 'only in the first'\n")
    write(directory, "second/python/shared.py", "NAME = 'second'\n")
    write(directory, "provided/bootstrap", BOOTSTRAP, 0o755)
    write(directory, "watching/extensions/watcher", EXTENSION, 0o755)
    return directory


@pytest.fixture(scope="module")
def dew(directory: Path) -> Iterator[Dew]:
    with start(directory, docker=True) as dew:
        yield dew
    assert containers() == []


def containers(name: str = "") -> list[str]:
    """The containers of this process's emulator that are there, those of one function if it is named."""
    listed = docker(
        *("ps", "--all", "--filter", "label=dewstack.emulator"),
        *("--format", '{{.Label "dewstack.emulator"}} {{.Label "dewstack.function"}} {{.ID}} {{.Status}}'),
    )
    return [
        line
        for line in listed.splitlines()
        if line.split()[0] == str(os.getpid()) and name in line and "Removal" not in line
    ]


def invoke(dew: Dew, name: str, event: Any = None) -> tuple[Any, str]:
    """What a function of the map returned, and the end of its log."""
    answer = dew.client("lambda").invoke(
        FunctionName=f"boxed-dev-{name}", Payload=json.dumps(event).encode(), LogType="Tail"
    )
    return json.loads(answer["Payload"].read()), b64decode(answer["LogResult"]).decode()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_function_has_its_code_read_only_a_tmp_of_its_own_and_its_roles_credentials(dew: Dew) -> None:
    told = httpx.get(f"{dew.url}/seen", timeout=SECONDS).json()
    assert told.pop("who").endswith("/boxed-dev-seen")
    assert told == {
        "task": "Read-only file system",
        "tmp": [],
        "where": "/var/task",
        "colour": "green",
        "pid": 1,
    }
    assert len(containers("seen")) == 1
    assert httpx.get(f"{dew.url}/seen", timeout=SECONDS).json()["tmp"] == ["mine"]
    assert len(containers("seen")) == 1


def test_a_container_may_do_no_more_than_an_environment_on_aws(dew: Dew) -> None:
    assert invoke(dew, "big", {"bytes": 1})[0] == 1
    [container] = containers("big")
    told = json.loads(docker("inspect", "--format", "{{json .HostConfig}}", container.split()[3]))
    assert (told["ReadonlyRootfs"], told["CapDrop"], told["PidsLimit"]) == (True, ["ALL"], 1024)
    assert told["Memory"] == told["MemorySwap"] == 128 * 1024 * 1024
    assert "no-new-privileges" in told["SecurityOpt"]
    assert {limit["Name"]: limit["Hard"] for limit in told["Ulimits"]} == {"nofile": 1024, "core": 0}


def test_what_a_function_prints_stands_before_the_end_of_its_invocation(dew: Dew) -> None:
    for _ in range(50):
        said, tail = invoke(dew, "says")
        assert said == "said"
        assert "a line" in tail.partition("END RequestId")[0]


def test_a_function_that_wants_too_much_memory_is_killed_and_the_next_event_served(dew: Dew) -> None:
    assert invoke(dew, "big", {"bytes": 1000})[0] == 1000
    told, tail = invoke(dew, "big", {"bytes": 1_000_000_000})
    assert told["errorMessage"].endswith("signal: killed")
    assert "Error Type: Runtime.OutOfMemory" in tail
    assert invoke(dew, "big", {"bytes": 1000})[0] == 1000


def test_a_function_that_takes_too_long_is_ended_with_its_container(dew: Dew) -> None:
    told, _ = invoke(dew, "slow")
    assert told["errorMessage"].endswith("Task timed out after 1.00 seconds")
    wait_for(lambda: containers("slow") == [])


def test_a_function_that_exits_is_told_of_with_its_status(dew: Dew) -> None:
    told, _ = invoke(dew, "exits")
    assert told["errorType"] == "Runtime.ExitError"
    assert told["errorMessage"].endswith("exit status 3")
    wait_for(lambda: containers("exits") == [])


def test_layers_are_one_directory_that_is_read_only_and_of_two_files_the_later_counts(dew: Dew) -> None:
    assert invoke(dew, "layered")[0] == ["only in the first", "second", False]


def test_an_image_of_the_functions_own_runs_as_it_says_and_as_its_configuration_says(dew: Dew) -> None:
    assert invoke(dew, "image")[0] == ["handler", "/var/task", "green", "boxed-dev-image"]
    assert invoke(dew, "command")[0] == ["other", "/opt"]


def test_an_image_that_cannot_be_pulled_is_told_when_it_is_deployed_and_when_it_is_called(
    dew: Dew, caplog: pytest.LogCaptureFixture
) -> None:
    dew.client("lambda").create_function(
        FunctionName="boxed-dev-absent",
        PackageType="Image",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ImageUri": ABSENT},
        Architectures=["arm64"],
    )
    pulling, refused = (record.getMessage() for record in caplog.records if ABSENT in record.getMessage())
    assert pulling == f"pulling {ABSENT} (linux/arm64), which is not on this machine: this takes a while"
    assert refused.endswith("its functions are deployed, and calling one fails")
    told, _ = invoke(dew, "absent")
    assert f"the image {ABSENT} (linux/arm64) is not here and can't be pulled" in told["errorMessage"]
    assert f"docker pull --platform linux/arm64 {ABSENT}" in told["errorMessage"]


def test_a_runtime_that_the_package_brings_and_extensions_are_told_when_they_end(
    dew: Dew, directory: Path
) -> None:
    functions, logs = dew.client("lambda"), dew.client("logs")
    layer = functions.publish_layer_version(
        LayerName="watching",
        Content={"S3Bucket": "hot-reload", "S3Key": str(directory / "watching")},
    )
    functions.create_function(
        FunctionName="boxed-dev-provided",
        Runtime="provided.al2023",
        Handler="any.thing",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"S3Bucket": "hot-reload", "S3Key": str(directory / "provided")},
        Layers=[layer["LayerVersionArn"]],
    )
    assert invoke(dew, "provided")[0] == ["any.thing", "/var/task/bootstrap"]
    functions.update_function_configuration(FunctionName="boxed-dev-provided", Description="another one")

    def printed() -> set[str]:
        events = logs.filter_log_events(logGroupName="/aws/lambda/boxed-dev-provided")["events"]
        return {event["message"].strip() for event in events}

    wait_for(lambda: {"watched INVOKE", "watched SHUTDOWN", "terminated"} <= printed())
    wait_for(lambda: containers("provided") == [])
