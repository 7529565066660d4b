"""JSONPath in mapping templates."""

import time
from typing import Any

import pytest

from dewstack.apigateway.json_path import BadPath, find

DOCUMENT = {"a": {"b": [{"c": 1}, {"c": "z", "d": None}]}, "e f": 2, "g-h": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", DOCUMENT),
        ("$.a.b[0].c", 1),
        ("a.b[1].c", "z"),
        ("$['e f']", 2),
        ('$["a"].b[-1]["c"]', "z"),
        ("$.g-h[1]", 2),
        ("$.a.b[*].c", [1, "z"]),
        ("$..c", [1, "z"]),
        ("$.a.*", [[{"c": 1}, {"c": "z", "d": None}]]),
        ("$.g-h[1:3]", [2, 3]),
        ("$.g-h[:2]", [1, 2]),
        ("$.g-h[-1:]", [4]),
        ("$.none", None),
        ("$.none.more[0]", None),
        ("$.a.b[9]", None),
        ("$.a.b[1].d", None),
        ("$.none[*]", []),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    assert find(DOCUMENT, path) == expected


@pytest.mark.parametrize("path", ["$.a[?(@.b > 1)]", "$.a[", "$.", "$..", "$.a b", "$.a.length()", "$[a]"])
def test_what_is_not_emulated_is_refused_by_name(path: str) -> None:
    with pytest.raises(BadPath, match="not emulated"):
        find(DOCUMENT, path)


def test_a_search_has_its_bounds() -> None:
    nested: Any = 1
    for _ in range(90):
        nested = {"a": nested, "b": [1] * 100}
    started = time.process_time()
    with pytest.raises(BadPath, match="more than"):
        find(nested, "$..*..*")
    assert time.process_time() - started < 5
