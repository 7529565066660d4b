"""The IAM policy that a Lambda authorizer returns: whether it lets an API be invoked at an ARN.

An explicit Deny beats every Allow; what no statement mentions is denied. Where the keys of conditions aren't known, a
policy that has one is refused as a whole, never read without it.
"""

from typing import Any

from dewstack.policies import Context, MalformedPolicy, Statement, effect, read, wildcard

INVOKE = "execute-api:Invoke"

__all__ = ["INVOKE", "MalformedPolicy", "allows", "decision", "read", "wildcard"]


def allows(document: Any, resource: str, keys: Context | None = None) -> bool:
    """Whether `document` allows `execute-api:Invoke` at the ARN `resource`. Raises MalformedPolicy."""
    return decision(document, resource, keys) == "Allow"


def decision(document: Any, resource: str, keys: Context | None = None) -> str | None:
    """The effect of `document`, or of statements that were read of one, on `execute-api:Invoke` at the ARN `resource`:
    `Deny`, `Allow`, or None where no statement mentions it. `keys` are what conditions ask about. Raises
    MalformedPolicy."""
    statements: tuple[Statement, ...] = document if isinstance(document, tuple) else read(document)
    if keys is None and any(statement.conditions for statement in statements):
        raise MalformedPolicy("Condition is not evaluated")
    return effect(statements, INVOKE, resource, keys or {})
