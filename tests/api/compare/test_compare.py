"""Requests as Flask would have seen them: nothing differs but ids and times, whatever the request."""

import json
import random
import string
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from dewstack.compare import Comparison
from dewstack.compare.differences import differences
from dewstack.errors import UserError
from dewstack.shim.embedded import find_endpoint
from dewstack.testing import Dew, start

SERVICE = Path(__file__).parents[1] / "shim" / "service"
LETTERS = string.ascii_letters + string.digits + "-._~ /%+&=ü€,;:'\"()[]{}\\"


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The service that the shim's own tests have."""
    directory = tmp_path_factory.mktemp("compared")
    copytree(SERVICE, directory, dirs_exist_ok=True)
    with start(directory) as running:
        yield running


@pytest.fixture(scope="module")
def comparison(dew: Dew) -> Iterator[Comparison]:
    made = Comparison(find_endpoint(dew.service.directory, {}, None, dew.aws_url))
    yield made
    made.close()


def send(dew: Dew, **request: Any) -> dict[str, Any]:
    """What became of a request to the service."""
    given = {"headers": [["Host", "localhost"]], "body": ""} | request
    answer = httpx.post(f"{dew.aws_url}/_dew/invocations/send", json=given, timeout=30)
    assert answer.status_code == 200, answer.text
    detail: dict[str, Any] = answer.json()
    return detail


def word(chance: random.Random, most: int = 12) -> str:
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(0, most)))


def requests(seed: int, bases: list[str]) -> Iterator[dict[str, Any]]:
    """Requests of all kinds, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(30):
        segments = [quote(word(chance), safe="") for _ in range(chance.randint(0, 3))]
        path = chance.choice(bases) + chance.choice(["", "/"]).join(["", *segments])
        names = [chance.choice(["a", "b", "tag", word(chance, 4)]) for _ in range(chance.randint(0, 4))]
        query = str(httpx.QueryParams([(name, word(chance)) for name in names]))
        kind = chance.choice(
            ["application/json", "text/plain", "application/x-www-form-urlencoded", "image/png", ""]
        )
        headers = [["Host", "localhost"], ["X-Word", "".join(filter(str.isalnum, word(chance))) or "x"]]
        headers += [["Content-Type", kind]] if kind else []
        headers += [["Cookie", "one=1; two=2"]] if chance.random() < 0.3 else []
        body = json.dumps({word(chance, 4): word(chance)}) if kind == "application/json" else word(chance, 30)
        yield {
            "method": chance.choice(["GET", "POST", "PUT", "DELETE", "PATCH"]),
            "path": f"{path or '/'}?{query}" if query else path or "/",
            "headers": headers,
            "body": body if chance.random() < 0.7 else "",
        }


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_asked_both_see_the_same(dew: Dew, comparison: Comparison, seed: int) -> None:
    routes = httpx.get(f"{dew.aws_url}/_dew/routes").json()["routes"]
    bases = sorted({route["path"].partition("{")[0].rstrip("/") for route in routes} | {""})
    for request in requests(seed, bases):
        compared = comparison.compare(send(dew, **request))
        assert compared.same, (request, compared.event_differences, compared.response_differences)


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
