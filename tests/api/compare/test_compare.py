"""Requests as Flask would have seen them: what is laid side by side, and what is said of it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.compare import Comparison
from dewstack.compare.differences import differences
from dewstack.errors import UserError
from dewstack.testing import Dew
from tests.api.compare.conftest import send


def test_what_differs_is_named(dew: Dew, comparison: Comparison) -> None:
    detail = send(dew, method="GET", path="/echo?a=1&a=2")
    detail["event"]["queryStringParameters"]["a"] = "changed"
    detail["http_response"]["headers"].append(["X-Extra", "1"])
    compared = comparison.compare(detail)
    assert [(one.field, one.flask, one.gateway) for one in compared.unexplained] == [
        ("queryStringParameters.a", "1,2", "changed"),
        ("headers.x-extra[0]", "(absent)", "1"),
    ]
    assert not compared.same
    explained = {one.field: one.reason for one in compared.event_differences if one.reason}
    assert explained["headers.x-amzn-trace-id"] == "X-Ray's trace id is new for each request."


def test_flask_and_the_event_are_laid_side_by_side(dew: Dew, comparison: Comparison) -> None:
    headers = [["Host", "localhost"], ["Content-Type", "application/json"], ["Cookie", "one=1"]]
    compared = comparison.compare(
        send(dew, method="POST", path="/echo/x%2Fy/z?tag=a&tag=b", headers=headers, body='{"n": 1}')
    )
    assert compared.flask is not None and compared.flask.json == {"n": 1}
    assert compared.flask.code.splitlines()[0] == '@app.route("/echo/<first>/<second_one>")'
    pairs = {pair.flask: pair for pair in compared.mapping}
    assert pairs['request.args["tag"]'].event == 'event["queryStringParameters"]["tag"]'
    assert pairs['request.args["tag"]'].value == "a,b"
    assert pairs['request.view_args["first"]'].value == "x/y"
    assert pairs['request.cookies["one"]'].value == "one=1"
    assert pairs["request.get_json()"].path == ("body",)
    for pair in compared.mapping:
        value = compared.event
        for part in pair.path:
            value = value[part]
        assert value == pair.value


def test_what_is_no_request_cannot_be_compared(dew: Dew, comparison: Comparison) -> None:
    detail = send(dew, method="GET", path="/echo")
    with pytest.raises(UserError, match="no request to an HTTP or REST API"):
        comparison.compare(detail | {"request": None})


def ask(dew: Dew, **body: Any) -> httpx.Response:
    """What the control API says of a request."""
    return httpx.post(f"{dew.aws_url}/_dew/comparison", json=body, timeout=30)


def test_the_control_api_compares_what_was_recorded_and_what_is_sent_now(dew: Dew) -> None:
    number = send(dew, method="GET", path="/echo/one/two?x=1")["summary"]["id"]
    told = ask(dew, id=number).json()
    assert (told["summary"]["id"], told["same"]) == (number, True)
    assert told["flask"]["args"] == {"x": ["1"]} and told["flask"]["rule"] == "/echo/<first>/<second_one>"
    assert 'first = event["pathParameters"]["first"]' in told["handler"]
    (pair,) = [each for each in told["mapping"] if each["flask"] == 'request.args["x"]']
    assert (pair["part"], pair["path"], pair["flask_value"]) == ("query", ["queryStringParameters", "x"], "1")
    sent = ask(dew, request={"method": "GET", "path": "/nowhere", "headers": [["Host", "localhost"]]}).json()
    assert (sent["http_response"]["status"], sent["event"], sent["flask"]["code"]) == (404, None, "")
    assert (sent["same"], sent["mapping"], sent["payloads"]) == (True, [], None)


def test_the_documentation_names_every_field(dew: Dew) -> None:
    page = Path(__file__).parents[3].joinpath("docs", "flask.md").read_text()
    rows = [
        row.split(" | ") for row in page.partition("## The same as JSON")[2].splitlines() if row[:3] == "| `"
    ]
    named = {field.strip("`") for row in rows for field in row[0].strip("| ").split(", ")}
    told = ask(dew, request={"method": "GET", "path": "/echo?x=1"}).json()
    assert named == told.keys()
    rest = {row[0].strip("| `"): row[1] for row in rows}
    parts = {"flask": told["flask"], "mapping": told["mapping"][0], "payloads": told["payloads"]}
    for name, part in parts.items():
        assert all(f"`{field}`" in rest[name] for field in part), name
    moved, difference = told["payloads"]["moved"][0], told["event_differences"][0]
    assert all(f"`{field}`" in rest["payloads"] for field in moved)
    assert all(f"`{field}`" in page for field in difference)


def test_a_request_that_is_not_there_is_refused(dew: Dew) -> None:
    for body, status, said in (
        ({}, 400, "expected one of: id"),
        ({"id": "1"}, 400, "expected one of: id"),
        ({"id": 1, "request": {}}, 400, "expected one of: id"),
        ({"id": 999_999}, 404, "no request or invocation 999999"),
    ):
        answer = ask(dew, **body)
        assert (answer.status_code, said in answer.json()["error"]["message"]) == (status, True), answer.text


def test_both_payload_formats_are_what_the_gateway_makes(dew: Dew, comparison: Comparison) -> None:
    headers = [["Host", "localhost"], ["Cookie", "one=1"], ["X-Twice", "a"], ["X-Twice", "b"]]
    for path in ("/echo/x%2Fy/z?tag=a&tag=b", "/v1/echo?tag=a&tag=b"):
        compared = comparison.compare(send(dew, method="GET", path=path, headers=headers))
        assert compared.payloads is not None
        made = {"1.0": compared.payloads.v1, "2.0": compared.payloads.v2}[compared.event["version"]]
        assert not [one for one in differences(made, compared.event) if not one.reason]
        moved = {(one.v1, one.v2): one for one in compared.payloads.moved}
        query = moved[("queryStringParameters",), ("queryStringParameters",)]
        assert (query.v1_value, query.v2_value, query.same) == ({"tag": "b"}, {"tag": "a,b"}, False)
        assert moved[("multiValueHeaders", "Cookie"), ("cookies",)].v2_value == ["one=1"]


@pytest.mark.parametrize("stage", ["", "/dev"])
@pytest.mark.parametrize(
    ("path", "body"), [("/faulty", "fail"), ("/faulty", "leave"), ("/faulty", "kill"), ("/slow", "")]
)
def test_a_function_that_fails_fails_on_both_sides(
    dew: Dew, comparison: Comparison, stage: str, path: str, body: str
) -> None:
    headers = [["Host", "localhost"], ["Content-Type", "text/plain"]]
    compared = comparison.compare(send(dew, method="POST", path=stage + path, headers=headers, body=body))
    assert compared.same, compared.unexplained
    assert compared.flask_response["status"] == compared.http_response["status"] >= 500


def test_what_the_authorizer_found_out_is_mapped(dew: Dew, comparison: Comparison) -> None:
    headers = [["Host", "localhost"], ["Authorization", "open"]]
    for path, expression, value in (
        ("/guarded?door=front", 'event["requestContext"]["authorizer"]["lambda"]["door"]', "front"),
        ("/dev/request/x?door=front", 'event["requestContext"]["authorizer"]["n"]', "7"),
    ):
        compared = comparison.compare(send(dew, method="GET", path=path, headers=headers))
        assert compared.same, compared.unexplained
        assert "@login_required" in compared.flask.code
        found = {pair.event: pair for pair in compared.mapping if pair.part == "caller"}
        assert found[expression].value == value and found[expression].flask.startswith("g.")


def test_a_route_that_is_throttled_differs_for_a_reason(dew: Dew, comparison: Comparison) -> None:
    detail = send(dew, method="GET", path="/echo")
    detail |= {"event": None, "response": None, "http_response": {**detail["http_response"], "status": 429}}
    compared = comparison.compare(detail)
    assert compared.same
    assert {one.reason for one in compared.response_differences if one.field == "status"} == {
        "Throttled: it depends on how many requests came just before, and each side counts its own."
    }
