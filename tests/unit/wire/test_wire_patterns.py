"""The model's Java patterns, run by Python."""

import time

import pytest

from dewstack.wire.model import load_model
from dewstack.wire.patterns import _compile, matches

PRINTABLE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (PRINTABLE, "ann@example.com", True),
        (PRINTABLE, "Zoë·漢字²€☕e\u0301", True),
        (PRINTABLE, "with space", False),
        (PRINTABLE, "no\u00a0break", False),
        (PRINTABLE, "zero\u200bwidth", False),
        (PRINTABLE, "tab\t", False),
        (PRINTABLE, "private\ue000", False),
        (r"[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+", "My app", False),
        (r"[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+", "Ünïx", True),
        (r"\p{Lu}+", "ÄÖ", True),
        (r"\p{Lu}+", "Äö", False),
        (r"\P{L}+", "123", True),
        (r"\P{L}+", "12é", False),
        (r"[\w-]+_[0-9a-zA-Z]+", "us-east-1_abc", True),
        (r"[\w-]+_[0-9a-zA-Z]+", "nope", False),
        (r"[\w-_]*", "a-b_c", True),
        (r"[\w]+", "é", False),
        (r"\d+", "\u0663", False),
        (r"^[a-z]+$", "abc\n", False),
        (r"[\S]+", "a b", False),
        (r"^[\S]+.*[\S]+$", "a b", True),
        (r"^[\S]+.*[\S]+$", " ab", False),
        (r"^[\S]+.*[\S]+$", "ab ", False),
        (r"^[\S]+.*[\S]+$", "a", False),
        (r"^[\S]+.*[\S]+$", "a\nb", False),
        (r"\u002F[\u0021-\u007F]*", "/path", True),
        (r"(?s).*", "any\nthing", True),
    ],
)
def test_patterns_mean_what_java_means(pattern, value, expected):
    assert matches(pattern, value) is expected


@pytest.mark.parametrize("pattern", [r"[a[bc]]+", r"[a-z&&[^b]]", r"\p{Alnum}+", "(unclosed"])
def test_what_does_not_translate_is_not_checked(pattern):
    assert matches(pattern, "anything at all")


@pytest.mark.parametrize(
    "service", ["cognito-idp", "lambda", "logs", "apigatewayv2", "cloudformation", "sts", "iam"]
)
def test_every_pattern_of_our_services_translates(service):
    model = load_model(service)
    assert model is not None
    patterns = {shape["pattern"] for shape in model.raw_shapes.values() if "pattern" in shape}
    broken = {r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"}
    assert {pattern for pattern in patterns - broken if _compile(pattern) is None} == set()


@pytest.mark.parametrize("service", ["cognito-idp", "lambda", "logs", "cloudformation", "iam"])
def test_no_pattern_of_our_services_takes_long(service):
    model = load_model(service)
    assert model is not None
    hostile = [
        "{##" * 7000,
        "a." * 9000 + "\0",
        "/" * 20000 + " ",
        "arn:aws:" + "a:" * 900 + " ",
        "a-" * 30 + "!",
    ]
    began = time.process_time()
    for pattern in {shape["pattern"] for shape in model.raw_shapes.values() if "pattern" in shape}:
        for value in hostile:
            matches(pattern, value)
    assert time.process_time() - began < 20
