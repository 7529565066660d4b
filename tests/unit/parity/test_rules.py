"""What the report replaces before it compares, and what it does not."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dewstack.parity import (
    KNOWN,
    RULES,
    Answer,
    Difference,
    Known,
    Normaliser,
    Place,
    compare,
    explain,
    fields_of,
)


def never(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError("nothing is called")


@pytest.fixture
def rules() -> Normaliser:
    resources = {
        "us-east-1_AbCdEfGhI": "UserPool",
        "a1b2c3d4e5": "HttpApi",
        "dev": "Stage",
        "shop-things": "Things",
    }
    return Normaliser(
        Place(
            "embedded",
            never,
            {},
            {},
            resources,
            {},
            ("127.0.0.1:4566",),
            "123456789012",
            "http://page.example",
        )
    )


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", "https://{HttpApi}.execute-api.us-east-1.amazonaws.com"),
        ("http://127.0.0.1:4566/us-east-1_AbCdEfGhI/jwks", "http://{host}/{UserPool}/jwks"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:lambda:us-east-1:{account}:function:f"),
        ("http://page.example", "{origin}"),
        ("dev", "dev"),
        ("the device of 5e1c2a52-9a0f-4f43-8f3e-6b0d0a3e2f11", "the device of {uuid}"),
        ("Mon, 23 Nov 2026 09:00:00 GMT", "{date}"),
        ("2026-11-23T09:00:00.123Z and 2026-11-23 09:00:00+00:00", "{date} and {date}"),
        ("Root=1-65f0c0de-0123456789abcdef01234567;Sampled=0", "{request-id}"),
    ],
)  # fmt: skip
def test_texts(rules: Normaliser, text: str, replaced: str) -> None:
    assert rules.text(text) == replaced


def test_a_token_is_opened(rules: Normaliser) -> None:
    def part(document: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    header, claims = {"kid": "abc", "alg": "RS256"}, {"iat": 1, "aud": "web", "token_use": "id"}
    told = rules.value({"IdToken": f"{part(header)}.{part(claims)}.c2lnbmF0dXJl"})
    assert told["IdToken"] == {
        "header": {"kid": "{opaque}", "alg": "RS256"},
        "claims": {"iat": "{date}", "aud": "web", "token_use": "id"},
    }


def test_what_is_missing_is_not_made_up(rules: Normaliser) -> None:
    assert rules.value({"requestId": None, "message": "no"}) == {"requestId": None, "message": "no"}


def test_the_length_counts_where_the_bodies_can_be_the_same(rules: Normaliser) -> None:
    said = (("Content-Length", "4"), ("Date", "now"), ("Connection", "close"), ("X-A", "1"), ("x-a", "2"))
    fields = fields_of(Answer(200, said, b"text"), rules)
    assert fields == {
        "status": 200,
        "header content-length": "4",
        "header date": "{date}",
        "header x-a": "1, 2",
        "body": "text",
    }
    body = b'{"requestId": "1", "list": [{}, [1, true]]}'
    assert fields_of(Answer(200, (("Content-Length", "43"),), body), rules) == {
        "status": 200,
        "body.requestId": "{request-id}",
        "body.list[0]": {},
        "body.list[1][0]": 1,
        "body.list[1][1]": True,
    }


def test_of_two_states_the_rest_is_not_compared() -> None:
    one = {"status": 200, "header x": "1", "body.message": "yes", "body.n": 1}
    two = {"status": 403, "header y": "2", "body.message": "no"}
    assert [each.field for each in compare("r", ("a", one), ("b", two))] == ["status", "body.message"]
    assert (
        next(each.field for each in compare("r", ("a", one), ("b", {"failed": "TimeoutError"}))) == "failed"
    )


def test_one_is_not_true() -> None:
    [difference] = compare("r", ("a", {"body": 1}), ("b", {"body": True}))
    assert difference.values == (1, True)
    assert compare("r", ("a", {"body": 1}), ("b", {"body": 1})) == []


def test_a_reason_is_for_its_target_request_and_field() -> None:
    known = (Known("localstack", "rest *", "header via", "LocalStack's own"),)
    this = Difference("rest GET /", "header via", "embedded", "localstack=http://x", (1, 2))
    assert explain([this], known)[0].reason == "LocalStack's own"
    for request, field, other in (
        ("http GET /", "header via", "localstack"),
        ("rest GET /", "header vias", "localstack"),
        ("rest GET /", "header via", "aws"),
    ):
        assert explain([Difference(request, field, "embedded", other, (1, 2))], known)[0].reason == ""


def test_the_docs_list_every_rule_and_every_reason() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "parity.md").read_text()
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", docs, re.MULTILINE))
    assert listed == {rule.name: rule.says for rule in RULES}
    known = docs.partition("## Known differences")[2]
    assert all(entry.reason in known for entry in KNOWN)
