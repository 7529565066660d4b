"""The IAM policy that a Lambda authorizer returns: whether it lets an API be invoked at an ARN.

An explicit Deny beats every Allow; what no statement mentions is denied. Conditions are not evaluated: a policy
that has one is refused as a whole, never read without it.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

INVOKE = "execute-api:invoke"


class MalformedPolicy(Exception):
    """A policy document that cannot be read, or has what isn't evaluated."""


def allows(document: Any, resource: str) -> bool:
    """Whether `document` allows `execute-api:Invoke` at the ARN `resource`. Raises MalformedPolicy."""
    return decision(document, resource) == "Allow"


def not_evaluated(condition: Any) -> bool:
    """Raises MalformedPolicy: what most policies here may not have."""
    raise MalformedPolicy("Condition is not evaluated")


def decision(document: Any, resource: str, holds: Callable[[Any], bool] = not_evaluated) -> str | None:
    """The effect of `document` on `execute-api:Invoke` at the ARN `resource`: `Deny`, `Allow`, or None where no
    statement mentions it. `holds` evaluates conditions. Raises MalformedPolicy."""
    if not isinstance(document, Mapping):
        raise MalformedPolicy("the policy document is not an object")
    statements = document.get("Statement")
    effects: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        effect, applies = _read(statement, resource, holds)
        if applies:
            effects.add(effect)
    return "Deny" if "Deny" in effects else next(iter(effects), None)


def _read(statement: Any, resource: str, holds: Callable[[Any], bool]) -> tuple[str, bool]:
    """The effect of a statement, and whether it is about invoking `resource`."""
    if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy("a statement needs an Effect of Allow or Deny")
    if statement.get("Condition") and not holds(statement["Condition"]):
        return statement["Effect"], False
    about_action = _matches(statement, "Action", lambda action: wildcard(action.lower(), INVOKE))
    return statement["Effect"], about_action and _matches(
        statement, "Resource", lambda one: wildcard(one, resource)
    )


def _matches(statement: Mapping[str, Any], name: str, fits: Callable[[str], bool]) -> bool:
    if name in statement:
        return any(fits(one) for one in _strings(statement[name]))
    if f"Not{name}" in statement:
        return not any(fits(one) for one in _strings(statement[f"Not{name}"]))
    raise MalformedPolicy(f"a statement needs {name}")


def _strings(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        raise MalformedPolicy("Action and Resource are strings or lists of strings")
    return values


def wildcard(pattern: str, value: str) -> bool:
    """Whether `value` fits `pattern`, where `*` stands for anything, slashes included, and `?` for one character.

    Takes time in proportion to the lengths: the value is a client's path.
    """
    pieces = [_piece(piece) for piece in pattern.split("*")]
    if len(pieces) == 1:
        return pieces[0].fullmatch(value) is not None
    start = pieces[0].match(value)
    if start is None:
        return False
    at = start.end()
    for piece in pieces[1:-1]:
        found = piece.search(value, at)
        if found is None:
            return False
        at = found.end()
    last = len(value) - len(pattern.rpartition("*")[2])
    return last >= at and pieces[-1].fullmatch(value, last) is not None


@lru_cache(maxsize=512)
def _piece(text: str) -> re.Pattern[str]:
    """What stands between two stars."""
    return re.compile(re.escape(text).replace(r"\?", "."), re.DOTALL)
