"""Filter patterns for JSON and for space-delimited messages: the examples of AWS's documentation, and their corners."""

import json
from typing import Any

import pytest

from dewstack.errors import AwsError
from dewstack.logs.filters import compile_filter

EVENT: dict[str, Any] = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "cluster": {"c.name": "main"},
    "ms": 120.5,
    "status": "404",
}
LINE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "updatetrail" }', False),
        ('{ $.eventType = "*Trail" }', True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress != 111.111.* }", False),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ('{ $.arrayKey[*] = "another value" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id > 1 }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.eventType IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ('{ $.cluster["c.name"] = main }', True),
        ("{ $.ms >= 120.5 && $.ms < 200 }", True),
        ("{ $.ms > 1.2e2 }", True),
        ("{ $.status = 404 }", True),
        ("{ $.status = 4* }", True),
        ("{ $.missing != 1 }", False),
        ("{ $.eventType = %^Update% }", True),
        ("{ $.eventType = nothing || ($.ms > 100 && $.ThisFlag IS TRUE) }", True),
        ("{ ($.eventType = nothing || $.ms > 100) && $.ThisFlag IS FALSE }", False),
        ("{ $.eventType = UpdateTrail || $.ms > 1000 && $.ms < 0 }", True),
        ("{ $.* = 404 }", True),
    ],
)
def test_json_patterns(pattern: str, expected: bool) -> None:
    assert compile_filter(pattern)(json.dumps(EVENT)) is expected


def test_what_is_no_json_matches_no_json_pattern() -> None:
    matches = compile_filter("{ $.a NOT EXISTS }")
    assert not matches("plain text")
    assert not matches("{ broken")
    assert matches("{}")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, server, username, timestamp, request, status_code, bytes]", True),
        ("[ip, server, username, timestamp, request, status_code = 404, bytes > 1000]", True),
        ("[ip, server, username, timestamp, request, status_code = 4*, bytes]", True),
        ("[ip, server, username, timestamp, request =*.html*, status_code = 4*, bytes]", True),
        ('[ip, server, username, timestamp, request = "GET /index.html HTTP/1.0", status_code, bytes]', True),
        ("[ip, server, username != frank, ...]", False),
        ("[..., status_code = 404, bytes]", True),
        ("[ip = 127.*, ..., bytes < 1000]", False),
        ("[ip, server, username]", False),
        ("[..., status_code = 404 || status_code = 410, bytes]", True),
        ("[..., status_code >= 400 && status_code < 500, bytes]", True),
        ("[..., status_code >= 400 && status_code < 404, bytes]", False),
        ("[ip = %127\\.0%, ...]", True),
    ],
)
def test_patterns_of_fields(pattern: str, expected: bool) -> None:
    assert compile_filter(pattern)(LINE) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "{",
        "{}",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a > text }",
        "{ $.a IS }",
        "{ a = 1 }",
        "{ $.a = 1 &&}",
        "{ ($.a = 1 }",
        "{ $.a = 1 } trailing",
        "{ $.a = %(% }",
        "{" + "(" * 200 + "$.a = 1" + ")" * 200 + "}",
        "[",
        "[]",
        "[a, ..., b, ...]",
        "[a = ]",
        "[a > text]",
    ],
)
def test_malformed_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(AwsError, match="Invalid filter pattern"):
        compile_filter(pattern)


def test_stars_take_no_time_that_a_client_could_stretch() -> None:
    matches = compile_filter('{ $.a = "*a*a*a*a*b" }')
    assert not matches(json.dumps({"a": "a" * 100_000}))
    assert matches(json.dumps({"a": "a" * 100_000 + "b"}))
