"""What is known of roles: policies as stacks have recorded them."""

from typing import Any

import pytest

from dewstack.iam.evaluation import judge
from dewstack.iam.model import Recorded
from dewstack.iam.roles import Roles

ROLE = "arn:aws:iam::000000000000:role/worker"
READABLE = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def verdict(*documents: Any) -> Any:
    """Whether a role with these policies may read an object."""
    policies = [{"PolicyName": str(number), "PolicyDocument": one} for number, one in enumerate(documents)]
    record = Recorded("000000000000", "AWS::IAM::Role", "worker", {"Policies": policies}, {"Arn": ROLE})
    roles = Roles(lambda: [record], lambda: 1, lambda arn: None, lambda arn: None)
    known = roles.find(ROLE)
    assert known is not None
    return judge(known.policies, (ROLE,), "s3:GetObject", "arn:aws:s3:::b/k", {})


def test_what_a_readable_policy_allows_is_allowed() -> None:
    assert verdict(READABLE).allowed


@pytest.mark.parametrize(
    "unreadable",
    [
        {"Statement": [{"Effect": "Deny", "Action": "s3:GetObject"}]},
        {
            "Statement": [
                {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Odd": {"a": "b"}}}
            ]
        },
        "{",
        [],
    ],
)
def test_beside_a_policy_that_cannot_be_read_nothing_is_allowed(
    unreadable: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found = verdict(READABLE, unreadable)
    assert not found.allowed and found.explicitly
    assert f"{ROLE} may do nothing until one of its policies is mended" in caplog.text
