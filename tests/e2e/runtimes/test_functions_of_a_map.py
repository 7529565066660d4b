"""A map whose functions differ in all that functions may differ in: each runs, or says why it does not."""

import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start

FOREIGN_LAYER = "arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:14"
MAP = f"""\
service: many
plugins:
  - serverless-python-requirements
provider:
  name: aws
  runtime: python3.11
  environment:
    A: provider
    B: provider
layers:
  common:
    path: layers/common
    allowedAccounts: ['*']
  modules:
    path: layers/modules
functions:
  settings:
    handler: app.settings
    layers:
      - Ref: CommonLambdaLayer
      - {FOREIGN_LAYER}
    environment:
      A: own
    memorySize: 256
    timeout: 7
    ephemeralStorageSize: 1024
    architecture: arm64
    provisionedConcurrency: 2
    runtimeManagement: onFunctionUpdate
  crowded:
    handler: app.settings
    reservedConcurrency: 0
    events:
      - httpApi: GET /crowded
      - http: GET /crowded
  retired:
    handler: app.version
    runtime: python3.6
  node:
    handler: app.handler
    runtime: nodejs20.x
    layers:
      - Ref: ModulesLambdaLayer
  zipped:
    handler: zipped.handler
    package:
      artifact: build/zipped.zip
  folder:
    handler: inside.handler
    module: folder
    package:
      individually: true
  shell:
    handler: whatever
    runtime: provided.al2023
    package:
      artifact: build/shell.zip
  dotnet:
    handler: org.example.Handler
    runtime: dotnet8
    package:
      artifact: target/is-not-built-yet.jar
    events:
      - httpApi: GET /dotnet
  image:
    image: 000000000000.dkr.ecr.us-east-1.amazonaws.com/many:latest
"""
APP = """\
import os, sys

def settings(event, context):
    import common
    memory, left = context.memory_limit_in_mb, context.get_remaining_time_in_millis()
    return [common.NAME, os.environ["A"], os.environ["B"], memory, 6000 < left <= 7000]

def version(event, context):
    return sys.version_info[0]
"""
SHELL = """\
#!/bin/sh
while true; do
  head=$(mktemp)
  next="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
  event=$(curl -sS -D "$head" "$next/next") || exit 0
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$head" | tr -d '[:space:]' | cut -d: -f2)
  rm "$head"
  curl -sS -o /dev/null "$next/$id/response" -d "{\\"shell\\": $event}"
done
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's directory."""
    root = tmp_path_factory.mktemp("many")
    for path, text in {
        "serverless.yml": MAP,
        "app.py": APP,
        "app.js": "exports.handler = async (event) => [require('left'), event]",
        "folder/inside.py": "def handler(event, context): return 'folder'",
        "layers/common/python/common.py": "NAME = 'common'",
        "layers/modules/nodejs/node_modules/left/index.js": "module.exports = 'left'",
    }.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    pack(root / "build" / "zipped.zip", "zipped.py", "def handler(event, context): return 'zipped'")
    pack(root / "build" / "shell.zip", "bootstrap", SHELL)
    return root


def pack(path: Path, name: str, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o755 << 16
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr(entry, text)


@pytest.fixture(scope="module")
def dew(code: Path) -> Iterator[Dew]:
    """The project, running."""
    with start(code) as running:
        yield running


def invoke(dew: Dew, key: str) -> Any:
    answer = dew.call("lambda", "Invoke", {"FunctionName": f"many-dev-{key}", "Payload": b'{"a": 1}'})
    return json.loads(answer["Payload"])


@pytest.mark.parametrize(
    ("key", "returned"),
    [
        ("settings", ["common", "own", "provider", "256", True]),
        ("retired", 3),
        pytest.param("node", ["left", {"a": 1}], marks=pytest.mark.node),
        ("zipped", "zipped"),
        ("folder", "folder"),
        ("shell", {"shell": {"a": 1}}),
    ],
)
def test_a_function_runs_as_the_map_says(dew: Dew, key: str, returned: Any) -> None:
    assert invoke(dew, key) == returned


@pytest.mark.parametrize(
    ("key", "said"), [("dotnet", "dotnet8 is not emulated"), ("image", "images are not run")]
)
def test_what_cannot_run_here_says_so_when_it_is_called(dew: Dew, key: str, said: str) -> None:
    assert said in invoke(dew, key)["errorMessage"]


def test_a_function_that_cannot_run_fails_as_any_other_does(dew: Dew) -> None:
    response = httpx.get(f"{dew.url}/dotnet", timeout=20)
    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})


def test_reserved_concurrency_throttles(dew: Dew) -> None:
    assert httpx.get(f"{dew.url}/crowded", timeout=20).status_code == 503
    assert httpx.get(f"{dew.url}/dev/crowded", timeout=20).status_code >= 500


def test_the_configuration_is_told(dew: Dew) -> None:
    told = dew.call("lambda", "GetFunctionConfiguration", {"FunctionName": "many-dev-settings"})
    assert (told["Timeout"], told["MemorySize"], told["Architectures"]) == (7, 256, ["arm64"])
    assert told["EphemeralStorage"] == {"Size": 1024}
    assert [layer["Arn"].rpartition(":layer:")[2] for layer in told["Layers"]] == [
        "common:1",
        "LambdaInsightsExtension:14",
    ]
    where = {"FunctionName": "many-dev-settings", "Qualifier": "provisioned"}
    deadline = time.monotonic() + 15
    provisioned = dew.call("lambda", "GetProvisionedConcurrencyConfig", where)
    while provisioned["Status"] == "IN_PROGRESS" and time.monotonic() < deadline:
        provisioned = dew.call("lambda", "GetProvisionedConcurrencyConfig", where)
    assert (provisioned["RequestedProvisionedConcurrentExecutions"], provisioned["Status"]) == (2, "READY")
