"""Whatever is asked: Flask and API Gateway make the same event of it, and the same answer."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dewstack.compare import Comparison
from dewstack.compare.differences import REASONS
from dewstack.testing import Dew

VARIABLE = re.compile(r"\{[^{}]*\}")
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
KINDS = [
    "application/json",
    "text/plain; charset=utf-8",
    "application/x-www-form-urlencoded",
    "image/png",
    "",
]
TOKENS = ["Bearer a.b.c", "Bearer ", "open", "open", "shut", "out", "broken", "Basic YTpi"]
ODD_QUERIES = [
    "a",
    "a=",
    "=a",
    "&&",
    "a=%zz",
    "a=%FF",
    "a=1;b=2",
    "a=1=2",
    "a+b=c+d",
    "%61=1",
    "a=1&a",
    "a[]=1&a[]=2",
]
ODD_SEGMENTS = [
    "",
    ".",
    "..",
    "%2F",
    "%2e%2e",
    "a%2Fb",
    "%25",
    "%zz",
    "a+b",
    "a;b",
    "@",
    ":",
    "%E2%82%AC",
    "%FF",
    "(x)",
]


words = some.text(max_size=8)
segments = some.sampled_from(ODD_SEGMENTS) | words.map(lambda word: quote(word, safe=""))
pairs = some.tuples(some.sampled_from(["a", "b", "tag"]) | words, words)
queries = some.sampled_from(ODD_QUERIES) | some.lists(pairs, max_size=4).map(urlencode)
visible = some.text(some.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
headers = some.lists(
    some.one_of(
        some.tuples(
            some.sampled_from(["X-Many", "x-many", "User-Agent", "Accept", "X-Forwarded-For"]), visible
        ),
        some.tuples(
            some.just("Cookie"), some.sampled_from(["one=1", "one=1; two=2", "a=b=c; ;d", "empty=", '"'])
        ),
        some.tuples(some.just("Authorization"), some.sampled_from(TOKENS)),
        some.tuples(
            some.just("Origin"), some.sampled_from(["https://page.example", "https://evil.example", "null"])
        ),
        some.tuples(some.just("Access-Control-Request-Method"), some.sampled_from(METHODS)),
    ),
    max_size=5,
)
bodies = (
    some.just(b"")
    | some.binary(max_size=40)
    | words.map(str.encode)
    | some.dictionaries(words, words, max_size=2).map(lambda found: json.dumps(found).encode())
)


@some.composite
def requests(draw: Callable[[Any], Any], routes: list[str]) -> dict[str, Any]:
    """One of any kind, for one of these routes or nearly so."""
    path = VARIABLE.sub(lambda _: draw(segments), draw(some.sampled_from(routes)))
    path = path + draw(some.sampled_from(["", "", "", "/", "//", "/more"])) or "/"
    query = draw(queries)
    kind = draw(some.sampled_from(KINDS))
    return {
        "method": draw(some.sampled_from(METHODS)),
        "path": f"{path}?{query}" if query else path,
        "headers": [["Host", "localhost"], *draw(headers), *([["Content-Type", kind]] if kind else [])],
        "body": base64.b64encode(draw(bodies)).decode(),
        "base64": True,
    }


@pytest.fixture(scope="module")
def client(dew: Dew) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{dew.aws_url}/_dew/", timeout=30) as client:
        yield client


def test_whatever_is_asked_both_see_the_same(client: httpx.Client, comparison: Comparison) -> None:
    routes = client.get("routes").json()["routes"]
    paths = sorted({route["path"] for route in routes} | {"", "/nowhere/{any}", "/{any}"})
    compared = 0

    @settings(derandomize=True, deadline=None, max_examples=250, database=None)
    @given(requests(paths))
    def look(request: dict[str, Any]) -> None:
        nonlocal compared
        sent = client.post("invocations/send", json=request)
        if sent.status_code == 404:
            return  # at no API: the door has answered
        assert sent.status_code == 200, (request, sent.text)
        made = comparison.compare(sent.json())
        found = [*made.event_differences, *made.response_differences]
        assert not [one for one in found if one.reason not in REASONS.values()], request
        compared += 1

    look()
    assert compared > 150
