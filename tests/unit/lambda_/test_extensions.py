"""Lambda extensions: programs of layers and threads of the function, told of its events and of its end."""

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXTENSION = f"""#!{sys.executable} -S
import http.client, json, os, signal, sys, time

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, body=None, **headers):
    api.request(method, "/2020-01-01/extension/" + path, body and json.dumps(body), headers)
    response = api.getresponse()
    return response, json.loads(response.read())

def tell(*words):
    print("extension:", *words, flush=True)

name = {{"Lambda-Extension-Name": os.path.basename(__file__)}}
response, function = call("POST", "register", {{"events": EVENTS}}, **name)
tell("registered for", function["functionName"], function["handler"])
me = {{"Lambda-Extension-Identifier": response.headers["Lambda-Extension-Identifier"]}}
while True:
    _, event = call("GET", "event/next", **me)
    tell(event["eventType"], event.get("requestId") or event.get("shutdownReason"))
    AFTER
    if event["eventType"] == "SHUTDOWN":
        break
"""
HANDLER = "def handler(event, context):\n    print('serving', context.aws_request_id)\n    return event"
INTERNAL = """
import http.client, json, os, signal, sys, threading

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
events = EVENTS
name = {"Lambda-Extension-Name": "inside"}
api.request("POST", "/2020-01-01/extension/register", json.dumps({"events": events}), name)
response = api.getresponse()
registered = response.status, json.loads(response.read())
identifier = response.headers["Lambda-Extension-Identifier"]

def wait():
    while True:
        api.request("GET", "/2020-01-01/extension/event/next", None, {"Lambda-Extension-Identifier": identifier})
        print("inside:", json.loads(api.getresponse().read())["eventType"], flush=True)

def ended(number, frame):
    print("told to end by", number, flush=True)
    sys.exit(0)

if identifier:
    signal.signal(signal.SIGTERM, ended)
    threading.Thread(target=wait, daemon=True).start()

def handler(event, context):
    return registered
"""


def layer_of(functions: Any, source: str, name: str = "observer") -> str:
    """A layer with one extension; its ARN."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo(f"extensions/{name}")
        info.external_attr = 0o755 << 16
        archive.writestr(info, source)
    published = functions.call("PublishLayerVersion", LayerName=name, Content={"ZipFile": buffer.getvalue()})
    return str(published["LayerVersionArn"])


def extension(events: str = '["INVOKE", "SHUTDOWN"]', after: str = "pass") -> str:
    return EXTENSION.replace("EVENTS", events).replace("AFTER", after)


def lines(functions: Any, beginning: str) -> list[str]:
    return [line for line in functions.log if line.startswith(beginning)]


@pytest.fixture
def observed(functions: Any) -> Callable[..., Any]:
    """Makes the function `f`, observed by an extension of a layer."""

    def make(source: str, handler: str = HANDLER, **settings: Any) -> Any:
        functions.function(handler, Layers=[layer_of(functions, source)], **settings)
        return functions

    return make


def test_an_extension_of_a_layer_is_told_of_every_event_and_of_the_end(observed: Callable[..., Any]) -> None:
    functions = observed(extension())
    assert functions.invoke("f", 1)["Payload"] == 1
    functions.wait_until(lambda: functions.environments("f")[0].extensions.at_rest)
    assert functions.invoke("f", 2)["Payload"] == 2
    requests = [line.removeprefix("serving ") for line in lines(functions, "serving")]
    functions.wait_until(lambda: len(lines(functions, "extension: INVOKE")) == 2)
    assert lines(functions, "extension: registered") == ["extension: registered for f f.handler"]
    assert lines(functions, "extension: INVOKE") == [f"extension: INVOKE {id}" for id in requests]
    assert lines(functions, "EXTENSION") == [
        "EXTENSION\tName: observer\tState: Ready\tEvents: [INVOKE, SHUTDOWN]"
    ]
    (environment,) = functions.environments("f")
    functions.call("DeleteFunction", FunctionName="f")
    functions.wait_until(lambda: bool(lines(functions, "extension: SHUTDOWN")))
    assert lines(functions, "extension: SHUTDOWN") == ["extension: SHUTDOWN spindown"]
    functions.wait_until(lambda: environment.pid is None)


def test_an_environment_is_busy_until_its_extension_is_done(observed: Callable[..., Any]) -> None:
    functions = observed(
        extension(after="os.path.exists('/nowhere') or time.sleep(30)"),
        "import os\ndef handler(event, context):\n    return os.getpid()",
    )
    first, second = (functions.invoke("f")["Payload"] for _ in range(2))
    assert first != second


def test_an_extension_that_ends_takes_the_environment_with_it(observed: Callable[..., Any]) -> None:
    functions = observed(
        extension(after="sys.exit(3)"), "import time\ndef handler(event, context):\n    time.sleep(60)"
    )
    answer = functions.invoke("f")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Extension.Crash"
    assert answer["Payload"]["errorMessage"].endswith(" Error: exit status 3")
    assert lines(functions, "EXTENSION")[-1] == "EXTENSION\tName: observer\tState: Crashed"


def test_an_extension_that_never_registers_is_an_init_phase_without_end(observed: Callable[..., Any]) -> None:
    functions = observed(f"#!{sys.executable} -S\nraise SystemExit(1)")
    answer = functions.invoke("f")
    assert answer["Payload"]["errorType"] == "Extension.Crash"


def test_one_inside_the_runtime_lets_the_runtime_hear_of_its_end(functions: Any) -> None:
    functions.function(INTERNAL.replace("EVENTS", '["INVOKE"]'))
    status, function = functions.invoke("f")["Payload"]
    assert (status, function["functionName"], function["handler"]) == (200, "f", "f.handler")
    functions.wait_until(lambda: bool(lines(functions, "inside: INVOKE")))
    functions.call("DeleteFunction", FunctionName="f")
    functions.wait_until(lambda: bool(lines(functions, "told to end by 15")))


def test_a_function_without_extensions_hears_of_nothing(functions: Any) -> None:
    functions.function(
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('told', flush=True))\n" + HANDLER
    )
    functions.invoke("f", 1)
    (environment,) = functions.environments("f")
    functions.call("DeleteFunction", FunctionName="f")
    functions.wait_until(lambda: environment.pid is None)
    assert "told" not in functions.log


@pytest.mark.parametrize("events", ['["SHUTDOWN"]', '["SLEEP"]', '"INVOKE"'])
def test_registrations_for_what_there_is_not_are_refused(functions: Any, events: str) -> None:
    functions.function(INTERNAL.replace("EVENTS", events))
    status, body = functions.invoke("f")["Payload"]
    assert status == 400
    assert body["errorType"].startswith("Extension.")


def test_requests_of_strangers_are_refused(functions: Any, tmp_path: Path) -> None:
    functions.function(
        """
import http.client, json, os

def handler(event, context):
    told = []
    for method, path in event:
        api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        api.request(method, path, "{}", {"Lambda-Extension-Identifier": "nobody"})
        response = api.getresponse()
        told.append([response.status, json.loads(response.read())["errorType"]])
    return told
"""
    )
    asked = [
        ["GET", "/2020-01-01/extension/event/next"],
        ["POST", "/2020-01-01/extension/exit/error"],
        ["PUT", "/2022-07-01/telemetry"],
    ]
    assert functions.invoke("f", json.loads(json.dumps(asked)))["Payload"] == [
        [403, "Extension.InvalidExtensionIdentifier"],
        [403, "Extension.InvalidExtensionIdentifier"],
        [202, "Telemetry.NotSupported"],
    ]
