"""The IAM policy that a Lambda authorizer returns: whether it lets an API be invoked at an ARN.

An explicit Deny beats every Allow; what no statement mentions is denied. Conditions are not evaluated: a policy
that has one is refused as a whole, never read without it.
"""

from typing import Any

from dewstack.policies import MalformedPolicy, effect, read, wildcard

INVOKE = "execute-api:Invoke"

__all__ = ["INVOKE", "MalformedPolicy", "allows", "decision", "wildcard"]


def allows(document: Any, resource: str) -> bool:
    """Whether `document` allows `execute-api:Invoke` at the ARN `resource`. Raises MalformedPolicy."""
    return decision(document, resource) == "Allow"


def decision(document: Any, resource: str) -> str | None:
    """The effect of `document` on `execute-api:Invoke` at the ARN `resource`: `Deny`, `Allow`, or None where no
    statement mentions it. Raises MalformedPolicy."""
    statements = read(document)
    if any(statement.conditions for statement in statements):
        raise MalformedPolicy("Condition is not evaluated")
    return effect(statements, INVOKE, resource, {})
