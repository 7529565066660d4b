"""Policy documents: actions, resources, variables, conditions, principals; and IAM's algorithm over several of them."""

from typing import Any

import pytest

from dewstack.iam.evaluation import Policies, judge
from dewstack.policies import MalformedPolicy, effect, names_principal, read

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/notes"
ME = "arn:aws:sts::000000000000:assumed-role/reader/session"
ROLE = "arn:aws:iam::000000000000:role/reader"
ROOT = "arn:aws:iam::000000000000:root"
NAMES = (ME, ROLE, "000000000000", ROOT)


def statement(action: Any = "*", resource: Any = "*", effect: str = "Allow", **others: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def decided(
    *statements: Any, action: str = "dynamodb:GetItem", resource: str = TABLE, **context: Any
) -> str | None:
    keys = {name.replace("__", ":").replace("_", "/"): value for name, value in context.items()}
    return effect(read({"Statement": list(statements)}), action, resource, keys)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (statement("dynamodb:GetItem", TABLE), "Allow"),
        (statement("DynamoDB:get*", TABLE), "Allow"),
        (statement("dynamodb:?etItem", "arn:aws:dynamodb:*:*:table/*"), "Allow"),
        (statement(["s3:*", "dynamodb:*"], ["x", "*"]), "Allow"),
        (statement("dynamodb:GetItem", f"{TABLE}/index/*"), None),
        (statement("dynamodb:PutItem"), None),
        (statement("dynamodb:GetItem", TABLE.upper()), None),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, "Allow"),
        ({"Effect": "Allow", "NotAction": ["s3:*", "dynamodb:*"], "Resource": "*"}, None),
        ({"Effect": "Allow", "Action": "*", "NotResource": "*table/others"}, "Allow"),
        ({"Effect": "Allow", "Action": "*", "NotResource": "*table/notes"}, None),
        (statement(effect="Deny"), "Deny"),
    ],
)
def test_actions_and_resources(given: dict[str, Any], wanted: str | None) -> None:
    assert decided(given) == wanted


def test_a_deny_wins_wherever_it_stands() -> None:
    assert decided(statement(), statement("dynamodb:Get*", effect="Deny"), statement()) == "Deny"
    assert decided(statement("dynamodb:Put*", effect="Deny"), statement()) == "Allow"


@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        ("arn:aws:s3:::b/${aws:username}/*", "Allow"),
        ("arn:aws:s3:::b/${aws:nobody}/*", None),
        ("arn:aws:s3:::b/${aws:nobody, 'ann'}/*", "Allow"),
        ("arn:aws:s3:::b/${*}/*", None),
    ],
)
def test_variables(resource: str, wanted: str | None) -> None:
    given = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/ann/x", "aws__username": "ann"}
    assert decided(statement("s3:*", resource), **given) == wanted


def test_a_variables_value_is_no_pattern() -> None:
    own = statement("s3:*", "arn:aws:s3:::b/${aws:username}/*")
    assert decided(own, action="s3:GetObject", resource="arn:aws:s3:::b/ann/x", aws__username="*") is None
    assert decided(own, action="s3:GetObject", resource="arn:aws:s3:::b/*/x", aws__username="*") == "Allow"
    assert decided(statement("s3:*", "b/${*}"), action="s3:GetObject", resource="b/*") == "Allow"


K = "test__key"
MISSING = None


@pytest.mark.parametrize(
    ("operator", "values", "given", "wanted"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "A", "a", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", MISSING, False),
        ("StringEqualsIfExists", "a", MISSING, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", MISSING, True),
        ("StringEqualsIgnoreCase", "A", "a", True),
        ("StringNotEqualsIgnoreCase", "A", "a", False),
        ("StringLike", "a*c?", "abbcd", True),
        ("StringLike", ["x*", "a"], "b", False),
        ("StringNotLike", "a*", "b", True),
        ("StringNotLike", "a*", "ab", False),
        ("NumericEquals", "5", "5.0", True),
        ("NumericNotEquals", "5", "6", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", 10, "10", True),
        ("NumericGreaterThan", "10", "9", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericEquals", "5", "five", False),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", True),
        ("DateLessThan", "1767225600", "2025-12-31T23:59:59Z", True),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", False),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", True),
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("BoolIfExists", "false", MISSING, True),
        ("BinaryEquals", "QUJD", "QUJD", True),
        ("BinaryEquals", "QUJD", "QUJE", False),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
        ("IpAddress", ["192.168.0.1", "2001:db8::/32"], "2001:db8::1", True),
        ("IpAddress", "10.0.0.0/8", "11.0.0.1", False),
        ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", True),
        ("NotIpAddress", "10.0.0.0/8", "10.0.0.1", False),
        ("ArnLike", "arn:aws:sns:*:*:topic*", "arn:aws:sns:us-east-1:1:topic-1", True),
        ("ArnLike", "arn:aws:sns:*:topic", "arn:aws:sns:us-east-1:1:topic", False),
        ("ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:us-east-1:1:t", True),
        ("ArnNotLike", "arn:aws:sns:*:*:t", "arn:aws:sqs:us-east-1:1:t", True),
        ("ArnNotEquals", "arn:aws:sns:*:*:t", "arn:aws:sns:us-east-1:1:t", False),
        ("Null", "true", MISSING, True),
        ("Null", "true", "x", False),
        ("Null", "false", "x", True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("x", "b"), True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("x",), False),
        ("ForAnyValue:StringEquals", ["a"], MISSING, False),
        ("ForAnyValue:StringNotEquals", ["a"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "x"), False),
        ("ForAllValues:StringEquals", ["a"], MISSING, True),
        ("ForAllValues:StringLike", ["a*"], ("a1", "a2"), True),
        ("ForAllValues:StringNotEquals", ["a"], ("b", "a"), False),
        ("StringEquals", ["a"], ("x", "a"), True),
        ("StringNotEquals", ["a"], ("x", "a"), False),
    ],
)
def test_conditions(operator: str, values: Any, given: Any, wanted: bool) -> None:
    conditional = statement(Condition={operator: {"Test:Key": values}})
    context = {} if given is None else {K: given}
    assert (decided(conditional, **context) == "Allow") is wanted


def test_conditions_may_name_variables() -> None:
    own = statement(Condition={"StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/id}"}})
    context = {"dynamodb__leadingkeys": ("7",), "aws__principaltag_id": "7"}
    assert decided(own, **context) == "Allow"
    assert decided(own, **{**context, "aws__principaltag_id": "8"}) is None
    assert decided(own, dynamodb__leadingkeys=("7",)) is None


def test_all_conditions_of_a_statement_must_hold() -> None:
    both = statement(Condition={"StringEquals": {"a:x": "1", "a:y": "2"}, "Bool": {"a:z": "true"}})
    assert decided(both, a__x="1", a__y="2", a__z="true") == "Allow"
    assert decided(both, a__x="1", a__y="2", a__z="false") is None
    assert decided(both, a__x="1", a__z="true") is None


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        {"Statement": [{"Effect": "Allow", "Action": "*"}]},
        {"Statement": [statement(effect="Perhaps")]},
        {"Statement": [statement(Condition={"StringAlmost": {"a": "b"}})]},
        {"Statement": [statement(Condition={"StringEquals": "a"})]},
        {"Statement": [statement(Condition=["a"])]},
        {"Statement": [statement(action=[1])]},
    ],
)
def test_what_is_no_policy(document: Any) -> None:
    with pytest.raises(MalformedPolicy):
        read(document)


@pytest.mark.parametrize(
    ("principal", "wanted"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["x", ROLE]}}, True),
        ({"Principal": {"AWS": "000000000000"}}, True),
        ({"Principal": {"AWS": ROOT}}, True),
        ({"Principal": {"AWS": "111111111111"}}, False),
        ({"Principal": {"Service": "lambda.amazonaws.com"}}, False),
        ({"NotPrincipal": {"AWS": ROLE}}, False),
        ({"NotPrincipal": {"AWS": "111111111111"}}, True),
        ({}, False),
    ],
)
def test_principals(principal: dict[str, Any], wanted: bool) -> None:
    (one,) = read({"Statement": [statement(**principal)]})
    assert names_principal(one, NAMES) is wanted


def policy(*statements: dict[str, Any]) -> Any:
    return read({"Statement": list(statements)})


ALL, NOTHING = policy(statement()), policy()
DENY = policy(statement(effect="Deny"))
FOR_ME, FOR_ACCOUNT = policy(statement(Principal={"AWS": ROLE})), policy(statement(Principal={"AWS": ROOT}))
NOT_ME = policy(statement(effect="Deny", Principal={"AWS": ME}))
LACKS = "because no {} allows the dynamodb:GetItem action"


@pytest.mark.parametrize(
    ("policies", "resource_policy", "reason"),
    [
        (Policies(ALL), (), ""),
        (Policies(NOTHING), (), LACKS.format("identity-based policy")),
        (Policies((*ALL, *DENY)), (), "with an explicit deny in an identity-based policy"),
        (Policies(ALL, boundary=NOTHING), (), LACKS.format("permissions boundary")),
        (Policies(ALL, boundary=DENY), (), "with an explicit deny in a permissions boundary"),
        (Policies(ALL, boundary=ALL), (), ""),
        (Policies(NOTHING, boundary=ALL), (), LACKS.format("identity-based policy")),
        (Policies(ALL, session=NOTHING), (), LACKS.format("session policy")),
        (Policies(ALL, session=ALL), (), ""),
        (Policies(NOTHING), FOR_ME, ""),
        (Policies(NOTHING), FOR_ACCOUNT, LACKS.format("identity-based policy")),
        (Policies(ALL), FOR_ACCOUNT, ""),
        (Policies(ALL), NOT_ME, "with an explicit deny in a resource-based policy"),
        (Policies(DENY), FOR_ME, "with an explicit deny in an identity-based policy"),
    ],
)
def test_who_may(policies: Policies, resource_policy: Any, reason: str) -> None:
    verdict = judge(policies, NAMES, "dynamodb:GetItem", TABLE, {}, resource_policy)
    assert (verdict.allowed, verdict.reason) == (not reason, reason)
    assert verdict.explicitly is ("explicit deny" in reason)
