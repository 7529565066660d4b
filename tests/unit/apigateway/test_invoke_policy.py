"""The policies that Lambda authorizers return."""

from typing import Any

import pytest

from dewstack.apigateway.policy import MalformedPolicy, allows, wildcard

ARN = "arn:aws:execute-api:us-east-1:000000000000:abcdefghij/$default/GET/users/5"
PREFIX = "arn:aws:execute-api:us-east-1:000000000000:abcdefghij/$default"


def statement(
    effect: str, resource: Any, action: Any = "execute-api:Invoke", **others: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource} | others


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    "resource",
    [
        ARN,
        "*",
        "arn:aws:execute-api:*:*:*",
        f"{PREFIX}/*",
        f"{PREFIX}/GET/users/?",
        f"{PREFIX}/*/users/*",
        ["arn:aws:s3:::x", ARN],
    ],
)
def test_an_allow_that_fits(resource: Any) -> None:
    assert allows(policy(statement("Allow", resource)), ARN)
    assert allows({"Statement": statement("Allow", resource)}, ARN)


@pytest.mark.parametrize(
    "resource",
    [f"{PREFIX}/POST/users/5", f"{PREFIX}/GET/users", f"{PREFIX}/GET/users/??", "", ARN.upper(), []],
)
def test_an_allow_that_does_not(resource: Any) -> None:
    assert not allows(policy(statement("Allow", resource)), ARN)


@pytest.mark.parametrize(
    ("action", "fits"),
    [
        ("*", True),
        ("execute-api:*", True),
        ("Execute-API:invoke", True),
        (["s3:Get", "execute-api:Inv*"], True),
        ("execute-api:ManageConnections", False),
        ("s3:*", False),
    ],
)
def test_actions(action: Any, fits: bool) -> None:
    assert allows(policy(statement("Allow", "*", action)), ARN) is fits


def test_a_deny_beats_every_allow() -> None:
    assert not allows(policy(statement("Allow", "*"), statement("Deny", f"{PREFIX}/GET/*")), ARN)
    assert not allows(policy(statement("Deny", "*"), statement("Allow", ARN)), ARN)
    assert allows(policy(statement("Allow", "*"), statement("Deny", f"{PREFIX}/POST/*")), ARN)


def test_no_statement_is_a_deny() -> None:
    assert not allows(policy(), ARN)


def test_everything_but() -> None:
    assert allows(policy({"Effect": "Allow", "NotAction": "s3:*", "NotResource": f"{PREFIX}/POST/*"}), ARN)
    assert not allows(policy({"Effect": "Allow", "Action": "*", "NotResource": f"{PREFIX}/GET/*"}), ARN)


@pytest.mark.parametrize(
    "document",
    [
        None,
        "allow",
        [],
        {},
        policy("allow"),
        policy({"Effect": "allow", "Action": "*", "Resource": "*"}),
        policy({"Effect": "Allow", "Action": "*"}),
        policy({"Effect": "Allow", "Resource": "*"}),
        policy(statement("Allow", 5)),
        policy(statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
        policy(
            statement("Allow", "*"),
            statement("Deny", "*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        ),
    ],
)
def test_what_cannot_be_evaluated_is_refused(document: Any) -> None:
    with pytest.raises(MalformedPolicy):
        allows(document, ARN)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("", "", True),
        ("*", "", True),
        ("**", "a/b\n", True),
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("a*c", "ac", True),
        ("a*bc*c", "abcc", True),
        ("a*bc*c", "abc", False),
        ("a*a", "a", False),
        ("*a?c*", "xxabcx", True),
        ("*?", "", False),
        ("a?", "a", False),
        ("a.c", "abc", False),
        ("[a]", "a", False),
    ],
)
def test_wildcards(pattern: str, value: str, fits: bool) -> None:
    assert wildcard(pattern, value) is fits


def test_wildcards_take_little_time() -> None:
    assert not wildcard("*a" * 2_000 + "b", "a" * 10_000)
    assert not allows(policy(statement("Allow", "*" * 5_000 + "x")), ARN)


def test_conditions_are_evaluated_where_their_keys_are_known() -> None:
    near = statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    assert allows(policy(near), ARN, {"aws:sourceip": "10.1.2.3"})
    assert not allows(policy(near), ARN, {"aws:sourceip": "11.1.2.3"})
    assert not allows(policy(near), ARN, {})
