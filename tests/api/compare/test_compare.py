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
def comparison(dew: Dew) -> Comparison:
    return Comparison(find_endpoint(dew.service.directory, {}, None, dew.aws_url))


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
    assert [(one.field, one.flask, one.gateway) for one in compared.event_differences] == [
        ("queryStringParameters.a", "1,2", "changed")
    ]
    assert [one.field for one in compared.response_differences] == ["headers.x-extra[0]"]
    assert not compared.same


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
