"""A function's resource policy: which service may invoke it, for which of the account's resources."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

INVOKE = ("lambda:InvokeFunction", "lambda:*", "*")


def permits(
    statements: Mapping[str, Mapping[str, Any]], arn: str, principal: str, source_arn: str, account_id: str
) -> bool:
    """Whether a statement lets the service `principal` invoke the function `arn` (as it is invoked: a qualifier
    needs a statement of its own) on behalf of the resource `source_arn` in the account."""
    return any(
        statement["Action"] in INVOKE
        and statement["Resource"] == arn
        and (statement["Principal"] == "*" or statement["Principal"].get("Service") == principal)
        and _holds(statement.get("Condition") or {}, source_arn, account_id)
        for statement in statements.values()
    )


def _holds(condition: Mapping[str, Mapping[str, str]], source_arn: str, account_id: str) -> bool:
    if condition.get("Bool", {}).get("lambda:InvokedViaFunctionUrl") == "true":
        return False  # a service doesn't come that way
    wanted_arn = condition.get("ArnLike", {}).get("AWS:SourceArn")
    equals = condition.get("StringEquals", {})
    wanted_account = equals.get("AWS:SourceAccount")
    if equals.keys() - {"AWS:SourceAccount"}:
        return False  # it is in no organization, has no token, and no URL
    return (wanted_arn is None or _arn_like(source_arn, wanted_arn)) and wanted_account in (None, account_id)


def _arn_like(arn: str, pattern: str) -> bool:
    """AWS's ArnLike: `*` and `?` within each of the six parts of an ARN."""
    parts, patterns = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))
