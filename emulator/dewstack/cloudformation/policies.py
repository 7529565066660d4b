"""Stack policies: which updates of which resources somebody has forbidden.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from dewstack.cloudformation.errors import ValidationError

_MEMBERS = frozenset({"Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"})


def check_policy(policy: str) -> str:
    """The policy, if it is one. Raises ValidationError."""
    if not policy:
        return policy
    try:
        statements = _statements(policy)
    except ValueError:
        statements = None
    if not statements or not all(
        isinstance(each, dict) and each.keys() <= _MEMBERS and each.get("Effect") in ("Allow", "Deny")
        for each in statements
    ):
        raise ValidationError("Error validating stack policy: Invalid stack policy")
    return policy


def permits(policy: str, action: str, logical_id: str, kind: str) -> bool:
    """Whether an update (`Update:Modify`, `Update:Replace`, `Update:Delete`) of a resource may be made.

    Without a policy all may; with one, what no statement allows may not, and Deny wins.
    """
    if not policy:
        return True
    effects = {each["Effect"] for each in _statements(policy) if _concerns(each, action, logical_id, kind)}
    return "Allow" in effects and "Deny" not in effects


def denied(policy: str, action: str, logical_id: str, kind: str) -> str | None:
    """Why an update may not be made, or None where it may. No action is permitted always."""
    if not action or permits(policy, action, logical_id, kind):
        return None
    return f"Action denied by stack policy: [{action}] is not allowed for resource [LogicalResourceId/{logical_id}]"


def _statements(policy: str) -> list[dict[str, Any]]:
    document = json.loads(policy)
    found = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise ValueError("no statements")
    return found


def _concerns(statement: Mapping[str, Any], action: str, logical_id: str, kind: str) -> bool:
    resource = f"LogicalResourceId/{logical_id}"
    if not _named(statement, "Action", action) or not _named(statement, "Resource", resource):
        return False
    for operator, wanted in (statement.get("Condition") or {}).items():
        kinds = _listed(wanted.get("ResourceType"))
        compare = fnmatchcase if operator == "StringLike" else str.__eq__
        if kinds and not any(compare(kind, each) for each in kinds):
            return False
    return True


def _named(statement: Mapping[str, Any], member: str, value: str) -> bool:
    if f"Not{member}" in statement:
        return not any(fnmatchcase(value, each) for each in _listed(statement[f"Not{member}"]))
    return any(fnmatchcase(value, each) for each in _listed(statement.get(member)))


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]
