"""`dew parity` finds what differs between two targets, and nothing where nothing does."""

import json
from pathlib import Path

import pytest

from .conftest import Parity, Shops


def test_the_same_map_twice_differs_in_nothing(parity: Parity, shops: Shops) -> None:
    told = parity("--targets", shops.targets("one", "same"), "--json").told()
    assert told["differences"] == []
    assert told["requests"] > 25 and told["skipped"] == []
    for name in ("one", "same"):  # who signed up is removed again
        call = shops.emulators[name].call
        [pool] = call("cognito-idp", "ListUserPools", {"MaxResults": 10})["UserPools"]
        assert call("cognito-idp", "ListUsers", {"UserPoolId": pool["Id"]})["Users"] == []


def test_a_changed_handler_is_found_field_by_field(parity: Parity, shops: Shops) -> None:
    told = parity("--targets", shops.targets("one", "changed"), "--json").told(1)
    found = {(each["request"], each["field"]): list(each["values"].values()) for each in told["differences"]}
    for api, path in (("http", "/items/parity-1"), ("rest", "/dev/items/parity-1")):
        request = f"{api} GET {path}: no credentials"
        assert found.pop((request, "body.tags[1]")) == ["b", "c"]
        assert found.pop((request, "header x-shop")) == ["one", "two"]
    assert {request.partition(": ")[2] for request, _ in found} == {"odd query"}
    assert told["unexplained"] == len(told["differences"])


def test_people_read_what_differs(parity: Parity, shops: Shops) -> None:
    ran = parity("--targets", shops.targets("one", "changed"))
    assert ran.code == 1
    assert "http GET /items/parity-1: no credentials\n  body.tags[1]\n" in ran.output
    assert ran.output.splitlines()[-1].endswith("8 differences, 8 without a known reason")


def test_differences_with_a_reason_are_explained(parity: Parity, shops: Shops, tmp_path: Path) -> None:
    known = tmp_path / "known.jsonl"
    known.write_text(
        '{"field": "body.tags[1]", "reason": "c is the new b"}\n\n'
        '{"target": "embedded", "request": "* GET */items/*", "field": "header x-*", "reason": "a new shop"}\n'
    )
    ran = parity("--targets", shops.targets("one", "changed"), "--known", str(known))
    assert ran.code == 0, ran.output
    assert "4 × c is the new b\n4 × a new shop\n" in ran.output
    known.write_text('{"request": "* /orders", "reason": "another route"}\n')
    assert parity("--targets", shops.targets("one", "changed"), "--known", str(known)).code == 1


def test_requests_of_ones_own(parity: Parity, shops: Shops, tmp_path: Path) -> None:
    requests = tmp_path / "requests.jsonl"
    lines = [
        {"path": "/items/7", "name": "an item"},
        {"api": "rest", "method": "post", "path": "/dev/orders", "body": {"n": 1}, "as": "id"},
    ]
    requests.write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = ("--requests", str(requests), "--no-defaults", "--json")
    told = parity("--targets", shops.targets("one", "changed"), *options).told(1)
    assert told["requests"] == 2
    assert {each["request"] for each in told["differences"]} == {"an item"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "requests.jsonl:2: broken JSON"),
        ("[]", "'path' has to begin with a slash"),
        ('{"path": "items"}', "'path' has to begin with a slash"),
        ('{"path": "/", "url": "x"}', "unknown key 'url'"),
        ('{"path": "/", "api": "soap"}', "'api' is http or rest, not 'soap'"),
        ('{"path": "/", "as": "admin"}', "'as' is access or id, not 'admin'"),
        ('{"path": "/", "headers": []}', "'headers' has to be an object"),
    ],
)
def test_a_bad_line_is_named(parity: Parity, shops: Shops, tmp_path: Path, line: str, said: str) -> None:
    requests = tmp_path / "requests.jsonl"
    requests.write_text(f"\n{line}\n")
    options = ("--requests", str(requests), "--json")
    assert said in parity("--targets", shops.targets("one", "same"), *options).error


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ("embedded", "fewer than two"),
        ("embedded,embedded", "twice"),
        ("embedded=nowhere,localstack", "'nowhere' is not an address"),
        ("embedded=http://127.0.0.1:9,mars", "unknown target 'mars'"),
        ("embedded=http://127.0.0.1:9,aws=http://127.0.0.1:9", "nothing answers"),
    ],
)
def test_targets_that_cannot_be(parity: Parity, targets: str, said: str) -> None:
    assert said in parity("--targets", targets, "--json").error


def test_a_target_without_the_service_is_named_with_the_command(parity: Parity, shops: Shops) -> None:
    error = parity("--targets", shops.targets("one", "empty"), "--json").error
    url = shops.emulators["empty"].aws_url
    assert f"shop-dev is not deployed on embedded={url}." in error
    assert f"dew deploy --target embedded --endpoint {url}" in error
    call = shops.emulators["empty"].call
    assert call("cloudformation", "ListStacks")["StackSummaries"] == []


def test_on_aws_somebody_is_asked_first(
    parity: Parity, shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    targets = f"{shops.targets('one')},aws={shops.emulators['same'].aws_url}"
    error = parity("--targets", targets, "--json").error
    assert "requests to shop-dev on aws" in error and "account 000000000000" in error and "--yes" in error
    assert parity("--targets", targets, "--json", "--yes").told()["differences"] == []


def test_reasons_need_to_be_given(parity: Parity, shops: Shops, tmp_path: Path) -> None:
    known = tmp_path / "known.jsonl"
    known.write_text('{"field": "status"}')
    options = ("--targets", shops.targets("one", "same"), "--known", str(known), "--json")
    assert "known.jsonl:1: 'reason' is missing" in parity(*options).error
    known.write_text('{"because": "status"}')
    assert "unknown key 'because'" in parity(*options).error
    assert "can't be read" in parity(*options[:3], str(tmp_path / "none"), "--json").error
