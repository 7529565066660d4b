"""The cases of REST APIs that were recorded on AWS, replayed. They stay beside the checkout."""

import base64
import json
import os
from typing import Any

import pytest

from tests.api.apigateway.http_api_client import HOST, echo, header
from tests.api.apigateway.rest_api_client import RestGateway
from tests.api.apigateway.test_http_api_recorded import RECORDED, compare

KINDS = ("rest-v1", "rest-v1 (edge)")
EDGE_HEADERS = ("CloudFront-", "Via", "X-Amz-Cf-Id")


def cases(kind: str) -> list[Any]:
    if not RECORDED.exists():
        return []
    every = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    chosen = [case for case in every if case["kind"] == kind and case.get("api") in KINDS]
    return [pytest.param(case, id=case["id"]) for case in chosen]


def test_the_recorded_cases_are_there() -> None:
    if not RECORDED.exists() and not os.environ.get("CI"):
        pytest.skip("no recorded cases beside the checkout")
    assert [len(cases(kind)) for kind in ("event", "response", "routing", "error")] == [8, 23, 6, 2]


def at(path: str, stage: str) -> str:
    """A recorded path in the way of the client: the stage is part of it."""
    return f"/{path}" if path.lstrip("/").startswith(f"{stage}/") else f"//{stage}{path}"


@pytest.mark.parametrize("case", cases("event"))
def test_events(rest: RestGateway, case: dict[str, Any]) -> None:
    request, expected = case["request"], dict(case["expect"])
    edge = "edge" in case["api"]
    stage = case.get("stage", "test")
    rest.create_rest(
        binaryMediaTypes=case.get("binaryMediaTypes") or [],
        endpointConfiguration={"types": ["EDGE" if edge else "REGIONAL"]},
    )
    for route in case.get("routes") or [f"{request['method']} {request['route']}"]:
        rest.method(route)
    rest.deploy(stage)
    headers = [("Host", HOST), *map(tuple, request["headers"])]
    if not edge and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "text/plain; charset=utf-8"))
    body = base64.b64decode(request["bodyBase64"] or "")
    path = f"{at(request['path'], stage)}?{request['query']}"
    event = rest.event(request["method"], path, headers=headers, body=body)
    names = [name for name in event["headers"] if not (edge and name.startswith(EDGE_HEADERS))]
    assert sorted(names) == sorted(expected.pop("headerNames"))
    assert not set(expected.pop("absentHeaders", ())) & set(event["headers"])
    context = event["requestContext"]
    for keys, of in (
        ("topLevelKeys", event),
        ("requestContextKeys", context),
        ("identityKeys", context["identity"]),
    ):
        if keys in expected:
            assert sorted(of) == expected.pop(keys)
    compare(event, expected)


@pytest.mark.parametrize("case", cases("response"))
def test_responses(rest: RestGateway, case: dict[str, Any]) -> None:
    rest.create_rest("GET /", binaryMediaTypes=case.get("binaryMediaTypes") or [])
    rest.function = lambda event: case["lambdaPayload"].encode()
    headers = list(map(tuple, case.get("request", {}).get("headers", ())))
    response = rest.request("GET", "/", headers)
    expected = case["expect"]
    assert response.status == expected["status"]
    if "body" in expected:
        assert response.body.decode() == expected["body"]
    if "bodyIsDecodedBinary" in expected:
        text = json.loads(case["lambdaPayload"])["body"]
        decoded = base64.b64decode(text)
        assert response.body == (decoded if expected["bodyIsDecodedBinary"] else text.encode())
    for name, values in expected.get("headers", {}).items():
        assert header(response, name) == values
    for name in expected.get("presentHeaders", ()):
        assert header(response, name)


@pytest.mark.parametrize("case", cases("routing"))
def test_routing(rest: RestGateway, case: dict[str, Any]) -> None:
    rest.create_rest(*case["routes"])
    rest.function = echo
    response = rest.request(case["request"]["method"], case["request"]["path"])
    expected = case["expect"]
    if "route" in expected:
        event = json.loads(response.body)
        verb, _, resource = expected["route"].partition(" ")
        assert event["resource"] == resource
        assert verb in ("ANY", event["httpMethod"])
    else:
        assert (response.status, json.loads(response.body)) == (expected["status"], expected["body"])
        for name, value in expected["headers"].items():
            assert header(response, name) == [value]


@pytest.mark.parametrize("case", cases("error"))
def test_errors(rest: RestGateway, case: dict[str, Any]) -> None:
    rest.create_rest()
    ERRORS[case["id"]](rest)
    rest.deploy()
    response = rest.request("GET", "/")
    assert response.status == case["expect"]["status"]
    if "body" in case["expect"]:
        assert json.loads(response.body) == case["expect"]["body"]


def validated(rest: RestGateway) -> None:
    settings = {"validateRequestParameters": True, "validateRequestBody": True}
    validator = rest.call("CreateRequestValidator", name="all", **settings)["id"]
    names = ("querystring.qs1", "path.issuer", "header.x-header-param")
    required = {f"method.request.{name}": True for name in names}
    rest.method("GET /", requestValidatorId=validator, requestParameters=required)


def with_api_key(rest: RestGateway) -> None:
    rest.method("GET /", apiKeyRequired=True)


ERRORS = {"localstack/validator-all": validated, "localstack/api-key-missing": with_api_key}
