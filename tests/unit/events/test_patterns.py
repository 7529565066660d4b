"""What EventBridge's patterns match, by AWS's documented examples."""

from typing import Any

import pytest

from dewstack.events.patterns import InvalidPattern, compile_pattern

EVENT = {
    "source": "aws.ec2",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "state": "Terminated",
        "count": 5,
        "flag": True,
        "none": None,
        "ip": "10.0.0.7",
        "tags": [],
        "star": "a*\\b",
    },
}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["aws.ec2", "aws.s3"]}, True),
        ({"source": ["aws.s3"]}, False),
        ({"resources": ["arn:b"]}, True),
        ({"detail": {"state": [{"prefix": "Term"}]}}, True),
        ({"detail": {"state": [{"prefix": {"equals-ignore-case": "TERM"}}]}}, True),
        ({"detail": {"state": [{"suffix": "ing"}]}}, False),
        ({"detail": {"state": [{"equals-ignore-case": "terminated"}]}}, True),
        ({"detail": {"state": [{"wildcard": "T*ed"}]}}, True),
        ({"detail": {"state": [{"wildcard": "*e*min*"}]}}, True),
        ({"detail": {"state": [{"wildcard": "Termin*inated"}]}}, False),
        ({"detail": {"state": [{"wildcard": "Terminated"}]}}, True),
        ({"detail": {"star": [{"wildcard": "a\\*\\\\*"}]}}, True),
        ({"detail": {"state": [{"wildcard": "T\\*ed"}]}}, False),
        ({"detail": {"state": [{"anything-but": ["Terminated", "x"]}]}}, False),
        ({"detail": {"state": [{"anything-but": {"prefix": "init"}}]}}, True),
        ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
        ({"detail": {"count": [{"numeric": [">", 0, "<=", 5]}]}}, True),
        ({"detail": {"count": [{"numeric": ["<", 5]}]}}, False),
        ({"detail": {"count": [5.0]}}, True),
        ({"detail": {"flag": [1]}}, False),
        ({"detail": {"none": [None]}}, True),
        ({"detail": {"missing": [{"exists": False}]}}, True),
        ({"detail": {"state": [{"exists": True}], "tags": [{"exists": False}]}}, True),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"state": ["Terminated"], "count": [6]}}, False),
        ({"$or": [{"source": ["aws.s3"]}, {"detail": {"count": [5]}}]}, True),
        ({"missing": {"deeper": [{"exists": False}]}}, True),
    ],
)
def test_patterns_match(pattern: Any, matches: bool) -> None:
    assert compile_pattern(pattern)(EVENT) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        [],
        {"source": "aws.ec2"},
        {"source": []},
        {"detail": {}},
        {"source": [{"begins": "x"}]},
        {"source": [{"numeric": [">", "x"]}]},
        {"source": [{"exists": "yes"}]},
        {"source": [{"cidr": "nowhere"}]},
        {"$or": [{"source": ["a"]}]},
    ],
)
def test_what_aws_refuses_is_refused(pattern: Any) -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)


def test_a_wildcard_takes_no_time_that_a_client_could_stretch() -> None:
    matches = compile_pattern({"path": [{"wildcard": "*a*a*a*a*b"}]})
    assert not matches({"path": "a" * 100_000})
    assert matches({"path": "a" * 100_000 + "b"})
