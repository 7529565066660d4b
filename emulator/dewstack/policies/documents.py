"""A policy document as statements that can be asked. An explicit Deny beats every Allow; what no statement mentions is
not decided here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from dewstack.policies.conditions import OPERATORS, Condition, Context, NullCondition
from dewstack.policies.wildcard import filled, literal, wildcard

QUANTIFIERS = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}
IF_EXISTS = "ifexists"


class MalformedPolicy(Exception):
    """A policy document that cannot be read; the message says what is wrong with it."""


class Patterns(Struct, frozen=True):
    """The actions or resources of a statement, or those it is not about (`negated`)."""

    patterns: tuple[str, ...]
    negated: bool = False

    def fits(self, value: str, context: Context) -> bool:
        """Whether the statement is about `value`."""
        return any(_fits(pattern, value, context) for pattern in self.patterns) is not self.negated


def _fits(pattern: str, value: str, context: Context) -> bool:
    if "${" not in pattern:
        return wildcard(pattern, value)
    text = filled(pattern, context)
    return text is not None and wildcard(text, literal(value))


class Statement(Struct, frozen=True):
    """One statement. `principal` and `not_principal` are as they were given, None where they weren't."""

    effect: str
    actions: Patterns
    resources: Patterns
    conditions: tuple[Condition | NullCondition, ...] = ()
    principal: Any = None
    not_principal: Any = None

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """Whether the statement decides on `action` at the ARN `resource`; principals aren't looked at."""
        return (
            self.actions.fits(action.lower(), context)
            and self.resources.fits(resource, context)
            and all(condition.holds(context) for condition in self.conditions)
        )


def effect(statements: Iterable[Statement], action: str, resource: str, context: Context) -> str | None:
    """`Deny`, `Allow`, or None where no statement mentions `action` at the ARN `resource`."""
    found: str | None = None
    for statement in statements:
        if (found is None or statement.effect == "Deny") and statement.applies(action, resource, context):
            if statement.effect == "Deny":
                return "Deny"
            found = statement.effect
    return found


def read(
    document: Any, *, resource: Callable[[str], str] = str, anywhere: bool = False
) -> tuple[Statement, ...]:
    """The statements of a document, which may be JSON text; `resource` spells a resource in full.

    With `anywhere`, a statement without a Resource is about whatever the policy is attached to (a trust policy).
    Raises MalformedPolicy.
    """
    if isinstance(document, (str, bytes)):
        try:
            document = msgspec.json.decode(document)
        except msgspec.DecodeError as error:
            raise MalformedPolicy(f"the policy document is not JSON: {error}") from None
    if not isinstance(document, Mapping):
        raise MalformedPolicy("the policy document is not an object")
    statements = document.get("Statement")
    given = statements if isinstance(statements, (list, tuple)) else [statements]
    return tuple(_statement(one, resource, anywhere) for one in given)


def _statement(given: Any, resource: Callable[[str], str], anywhere: bool) -> Statement:
    if not isinstance(given, Mapping) or given.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy("a statement needs an Effect of Allow or Deny")
    everything = Patterns(("*",))
    has_resource = "Resource" in given or "NotResource" in given
    return Statement(
        effect=given["Effect"],
        actions=_patterns(given, "Action", str.lower),
        resources=everything if anywhere and not has_resource else _patterns(given, "Resource", resource),
        conditions=tuple(_conditions(given.get("Condition"))),
        principal=given.get("Principal"),
        not_principal=given.get("NotPrincipal"),
    )


def _patterns(given: Mapping[str, Any], name: str, spell: Callable[[str], str]) -> Patterns:
    for key in (name, f"Not{name}"):
        if key in given:
            return Patterns(tuple(spell(one) for one in _strings(given[key])), negated=key != name)
    raise MalformedPolicy(f"a statement needs {name}")


def _strings(value: Any) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(one, str) for one in values):
        raise MalformedPolicy("Action and Resource are strings or lists of strings")
    return list(values)


def _conditions(given: Any) -> Iterable[Condition | NullCondition]:
    if not given:
        return
    if not isinstance(given, Mapping):
        raise MalformedPolicy("Condition is not an object")
    for operator, tests in given.items():
        if not isinstance(tests, Mapping):
            raise MalformedPolicy(f"the condition {operator} is not an object")
        for key, values in tests.items():
            yield _condition(operator, key.lower(), _texts(values))


def _condition(operator: str, key: str, values: tuple[str, ...]) -> Condition | NullCondition:
    head, colon, rest = operator.lower().partition(":")
    quantifier = QUANTIFIERS.get(head, "") if colon else ""
    name = rest if quantifier else operator.lower()
    if name == "null":
        return NullCondition(key, absent=values[:1] == ("true",))
    known = OPERATORS.get(name.removesuffix(IF_EXISTS))
    if known is None:
        raise MalformedPolicy(f"there is no condition operator {operator}")
    return Condition(key, known, values, name.endswith(IF_EXISTS), quantifier)


def _texts(values: Any) -> tuple[str, ...]:
    given = values if isinstance(values, (list, tuple)) else [values]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in given)
