"""The cases of HTTP APIs that were recorded on AWS, replayed. They stay beside the checkout."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.api.apigateway.http_api_client import Gateway, header

RECORDED = Path(__file__).parents[4] / "shared" / "contract" / "recorded.jsonl"
VERSIONS = {"httpapi-v1": "1.0", "httpapi-v2": "2.0"}


def cases(kind: str) -> list[Any]:
    if not RECORDED.exists():
        return []
    every = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    chosen = [case for case in every if case["kind"] == kind and case.get("api") in VERSIONS]
    return [pytest.param(case, id=case["id"]) for case in chosen]


def test_the_recorded_cases_are_there() -> None:
    if not RECORDED.exists() and not os.environ.get("CI"):
        pytest.skip("no recorded cases beside the checkout")
    assert [len(cases(kind)) for kind in ("event", "response", "routing")] == [4, 10, 4]


def at(event: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        event = event.get(name) if event else None
    return event


def compare(actual: Any, expected: dict[str, Any], where: str = "") -> None:
    for name, value in expected.items():
        if isinstance(value, dict) and name in ("requestContext", "http"):
            compare(actual.get(name), value, f"{where}{name}.")
        else:
            assert at(actual, name) == value, where + name


@pytest.mark.parametrize("case", cases("event"))
def test_events(gateway: Gateway, case: dict[str, Any]) -> None:
    request, expected = case["request"], dict(case["expect"])
    version = VERSIONS[case["api"]]
    gateway.create(f"{request['method']} {request['route']}", version=version)
    headers = [("Host", "x.example"), *map(tuple, request["headers"])]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "text/plain; charset=utf-8"))
    body = base64.b64decode(request["bodyBase64"] or "")
    event = gateway.event(
        request["method"], f"{request['path']}?{request['query']}", headers=headers, body=body
    )
    assert sorted(event["headers"]) == expected.pop("headerNames")
    for name, value in expected.pop("headers", {}).items():
        assert event["headers"][name] == value
    compare(event, expected)
    if version == "2.0":
        assert None not in event.values()


@pytest.mark.parametrize("case", cases("response"))
def test_responses(gateway: Gateway, case: dict[str, Any]) -> None:
    gateway.create("GET /", version=VERSIONS[case["api"]])
    gateway.function = lambda event: case["lambdaPayload"].encode()
    response = gateway.get("/")
    expected = case["expect"]
    assert (response.status, response.body.decode()) == (expected["status"], expected["body"])
    for name, values in expected["headers"].items():
        assert header(response, name) == values
    for name in expected["presentHeaders"]:
        assert header(response, name)


@pytest.mark.parametrize("case", cases("routing"))
def test_routing(gateway: Gateway, case: dict[str, Any]) -> None:
    event = gateway.create(*case["routes"]).event(case["request"]["method"], case["request"]["path"])
    assert event["routeKey"] == case["expect"]["route"]
