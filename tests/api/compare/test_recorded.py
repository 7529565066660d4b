"""What was recorded on AWS, compared: Flask's event and answer are API Gateway's, and those are what AWS's were."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from dewstack.compare import Compared, Comparison
from dewstack.shim.embedded import find_endpoint
from dewstack.testing import start
from tests.api.apigateway.test_http_api_recorded import RECORDED
from tests.api.apigateway.test_http_api_recorded import compare as check

pytestmark = pytest.mark.xdist_group("compared")

HANDLER = """\
import base64, json

def see(event, context):
    return {"statusCode": 200}

def answer(event, context):
    body = event["body"]
    return json.loads(base64.b64decode(body) if event["isBase64Encoded"] else body)
"""
FAMILIES = {"httpapi-v1": "1.0", "httpapi-v2": "2.0", "rest-v1": "rest", "rest-v1 (edge)": "rest"}
KINDS = ("event", "routing", "response")
NOT_COMPARED = (
    "headerNames",
    "absentHeaders",
    "topLevelKeys",
    "requestContextKeys",
    "identityKeys",
    "headers",
)
"""Of a recorded event: what is said of names alone, and what the client of the record sent by itself."""
Look = Callable[[dict[str, Any]], Compared]


def cases() -> list[Any]:
    """All of requests to HTTP and REST APIs."""
    if not RECORDED.exists():
        return []
    every = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    chosen = [case for case in every if case["kind"] in KINDS and case.get("api") in FAMILIES]
    return [pytest.param(case, id=case["id"]) for case in chosen]


def test_the_recorded_cases_are_there() -> None:
    if not RECORDED.exists() and not os.environ.get("CI"):
        pytest.skip("no recorded cases beside the checkout")
    assert len(cases()) == 55


def group(case: dict[str, Any]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Which service can serve it: its kind of API, binary media types, and routes where they shut others out."""
    binary = tuple(case.get("binaryMediaTypes") or ())
    routes = tuple(case["routes"]) if case["kind"] == "routing" else ()
    rest = FAMILIES[case["api"]] == "rest"
    return ("rest" if rest else "http"), binary if rest else (), routes


def map_of(members: list[dict[str, Any]]) -> dict[str, Any]:
    """A service with the routes of these cases, and one that answers what it is told to."""
    functions: dict[str, Any] = {}
    for version in ("2.0", "1.0", "rest"):
        own = [case for case in members if FAMILIES[case["api"]] == version]
        routes = {route for case in own for route in _routes(case)}
        key = version.replace(".", "_")
        for name, wanted in ("see", sorted(routes)), ("answer", [f"POST /answer/{key}"]):
            event = "http" if version == "rest" else "httpApi"
            functions[f"{name}_{key}"] = {
                "handler": f"told.{name}",
                "httpApi": {"payload": "2.0" if version == "rest" else version},
                "events": [{event: route if route != "$default" else "*"} for route in wanted] if own else [],
            }
    provider: dict[str, Any] = {"name": "aws", "runtime": "python3.11", "stage": "stage"}
    binary = group(members[0])[1]
    if binary:
        provider["apiGateway"] = {"binaryMediaTypes": list(binary)}
    return {"service": "told", "provider": provider, "functions": functions}


def _routes(case: dict[str, Any]) -> list[str]:
    if case["kind"] == "response":
        return []
    request = case["request"]
    return case.get("routes") or [f"{request['method']} {request['route']}"]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[dict[str, Any]], Look]]:
    """Compares requests to the service that serves a case; each is started once."""
    made: dict[Any, Look] = {}
    every = [param.values[0] for param in cases()]
    with ExitStack() as stack:

        def of(case: dict[str, Any]) -> Look:
            key = group(case)
            if key not in made:
                directory: Path = tmp_path_factory.mktemp("told")
                directory.joinpath("told.py").write_text(HANDLER)
                members = [each for each in every if group(each) == key]
                directory.joinpath("serverless.yml").write_text(yaml.safe_dump(map_of(members)))
                dew = stack.enter_context(start(directory))
                client = stack.enter_context(httpx.Client(base_url=f"{dew.aws_url}/_dew/", timeout=30))
                comparison = Comparison(find_endpoint(directory, {}, None, dew.aws_url))
                stack.callback(comparison.close)

                def look(request: dict[str, Any]) -> Compared:
                    answer = client.post("invocations/send", json=request)
                    assert answer.status_code == 200, answer.text
                    return comparison.compare(answer.json())

                made[key] = look
            return made[key]

        yield of


def request_of(case: dict[str, Any]) -> dict[str, Any]:
    """As it was sent to AWS; what the function is to answer is told in the body."""
    asked = case.get("request") or {}
    headers = [["Host", "localhost"], *map(list, asked.get("headers", ()))]
    family = FAMILIES[case["api"]]
    stage = "/stage" if family == "rest" else ""
    if case["kind"] == "response":
        path = f"{stage}/answer/{family.replace('.', '_')}"
        return {"method": "POST", "path": path, "headers": headers, "body": case["lambdaPayload"]}
    path = asked["path"] if asked["path"].lstrip("/").startswith("stage/") else stage + asked["path"]
    query = f"?{asked['query']}" if asked.get("query") else ""
    content = {"body": asked.get("bodyBase64") or "", "base64": True}
    return {"method": asked["method"], "path": path + query, "headers": headers, **content}


@pytest.mark.parametrize("case", cases())
def test_both_do_what_aws_did(looks: Callable[[dict[str, Any]], Look], case: dict[str, Any]) -> None:
    compared = looks(case)(request_of(case))
    assert not compared.unexplained
    expected = case["expect"]
    if case["kind"] == "event":
        wanted = {name: value for name, value in expected.items() if name not in NOT_COMPARED}
        context = wanted["requestContext"]
        if context.get("stage") == "test":  # its record was of another stage
            wanted["requestContext"] = {
                name: value for name, value in context.items() if name not in ("path", "stage")
            }
        check(compared.flask_event, wanted)
    elif case["kind"] == "routing" and "route" in expected:
        event = compared.flask_event
        assert event.get("routeKey", event.get("resource")) in (
            expected["route"],
            expected["route"].split()[-1],
        )
    else:
        assert compared.flask_response["status"] == expected["status"]
        if isinstance(expected.get("body"), str):
            assert compared.flask_response["body"] == expected["body"]
