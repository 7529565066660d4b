"""Which statement of a function's policy lets Cognito invoke it for a pool."""

from typing import Any

import pytest

from dewstack.lambda_.permissions import permits

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi"
COGNITO = "cognito-idp.amazonaws.com"


def permitted(arn: str = FUNCTION, **changes: Any) -> bool:
    statement = {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"Service": COGNITO},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        **changes,
    }
    return permits({"one": statement}, arn, COGNITO, POOL, "000000000000")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Principal": "*"},
        {"Action": "lambda:*"},
        {"Condition": {"ArnLike": {"AWS:SourceArn": POOL}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:cognito-idp:*:*:userpool/*"}}},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": "000000000000"}}},
    ],
)
def test_a_statement_for_the_pool_permits(changes: dict[str, Any]) -> None:
    assert permitted(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"Service": "apigateway.amazonaws.com"}},
        {"Principal": {"AWS": "arn:aws:iam::000000000000:root"}},
        {"Action": "lambda:InvokeFunctionUrl"},
        {"Resource": FUNCTION + ":1"},
        {"Condition": {"ArnLike": {"AWS:SourceArn": POOL + "x"}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": "*"}}},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": "111111111111"}}},
    ],
)
def test_any_other_does_not(changes: dict[str, Any]) -> None:
    assert not permitted(**changes)


def test_an_alias_has_statements_of_its_own() -> None:
    assert not permitted(FUNCTION + ":live")
    assert permitted(FUNCTION + ":live", Resource=FUNCTION + ":live")


def test_no_statement_permits_nothing() -> None:
    assert not permits({}, FUNCTION, COGNITO, POOL, "000000000000")


def test_a_statement_for_a_functions_url_permits_no_service() -> None:
    assert not permitted(Principal="*", Condition={"Bool": {"lambda:InvokedViaFunctionUrl": "true"}})


@pytest.mark.parametrize(
    "equals",
    [
        {"aws:PrincipalOrgID": "o-1234567890"},
        {"lambda:EventSourceToken": "token"},
        {"lambda:FunctionUrlAuthType": "NONE", "AWS:SourceAccount": "000000000000"},
    ],
)
def test_what_a_service_is_not_permits_it_nothing(equals: dict[str, str]) -> None:
    assert not permitted(Principal="*", Condition={"StringEquals": equals})
