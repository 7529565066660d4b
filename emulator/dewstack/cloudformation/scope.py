"""What a template means for one stack: parameters checked, pseudo parameters set, conditions decided."""

import re
from typing import Any

from msgspec import Struct

from dewstack.arn import PARTITION
from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.graph import active, dependencies, layers
from dewstack.cloudformation.intrinsics import NO_VALUE, Evaluator, References
from dewstack.cloudformation.model import Stack
from dewstack.cloudformation.rules import RuleEvaluator, check_rules
from dewstack.cloudformation.template import ResourceSpec, Template
from dewstack.cloudformation.values import function_of, text

URL_SUFFIX = "amazonaws.com"
_TYPES = re.compile(r"String|Number|CommaDelimitedList|List<Number>|(List<)?AWS::[A-Za-z0-9:<>]+")
_STORED = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LISTS = ("CommaDelimitedList", "List<")


class Scope(Struct, frozen=True):
    """A template bound to a stack."""

    template: Template
    names: dict[str, Any]
    """Values of the parameters and the pseudo parameters."""
    conditions: dict[str, bool]
    resources: dict[str, ResourceSpec]
    """The resources whose condition holds."""
    needs: dict[str, list[str]]

    def evaluator(self, references: References) -> Evaluator:
        """An evaluator for this stack, seeing resources through `references`."""
        return Evaluator(
            names=self.names,
            mappings=self.template.mappings,
            conditions=self.conditions,
            references=references,
        )


class NoReferences:
    """References where none are allowed: in conditions."""

    def ref(self, logical_id: str) -> Any:
        """Refuse."""
        raise ValidationError(
            f"Template format error: Unresolved dependencies [{logical_id}]. Cannot reference"
            " resources in the Conditions block of the template"
        )

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """Refuse."""
        return self.ref(logical_id)

    def import_value(self, name: str) -> str:
        """Refuse."""
        raise ValidationError("Template error: Fn::ImportValue cannot be used in the Conditions block")


def bind(
    template: Template, stack: Stack, parameters: dict[str, str], resolved: dict[str, str] | None = None
) -> Scope:
    """Decide everything that does not depend on resources; `resolved` are values of parameters that name a place where
    the value lies. Raises ValidationError."""
    names = names_of(template, stack, parameters, resolved or {})
    if template.rules:
        rules = RuleEvaluator(
            names=names, mappings=template.mappings, conditions={}, references=NoReferences()
        )
        check_rules(template.rules, rules)
    conditions = _conditions(template, names)
    needs = dependencies(template, conditions)
    layers(needs)
    return Scope(template, names, conditions, active(template, conditions), needs)


def names_of(
    template: Template, stack: Stack, parameters: dict[str, str], resolved: dict[str, str]
) -> dict[str, Any]:
    """What `Ref` gives of the parameters and the pseudo parameters."""
    names: dict[str, Any] = {
        "AWS::AccountId": stack.account_id,
        "AWS::Region": stack.region,
        "AWS::Partition": PARTITION,
        "AWS::StackName": stack.name,
        "AWS::StackId": stack.stack_id,
        "AWS::URLSuffix": URL_SUFFIX,
        "AWS::NoValue": NO_VALUE,
        "AWS::NotificationARNs": stack.notification_arns,
    }
    return names | {
        name: typed_value(template.parameters[name], resolved.get(name, value))
        for name, value in parameters.items()
    }


def _conditions(template: Template, names: dict[str, Any]) -> dict[str, bool]:
    decided: dict[str, bool] = {}
    evaluator = Evaluator(
        names=names, mappings=template.mappings, conditions=decided, references=NoReferences()
    )
    pending: set[str] = set()

    def decide(name: str) -> None:
        if name in decided:
            return
        if name in pending:
            raise ValidationError(f"Template error: Circular dependency between conditions: [{name}]")
        pending.add(name)
        for other in _conditions_in(template.conditions[name]):
            if other not in template.conditions:
                raise ValidationError(
                    f"Template format error: Unresolved condition dependency {other} in the Conditions"
                    " block of the"
                    " template"
                )
            decide(other)
        decided[name] = evaluator.truth(template.conditions[name])

    for name in template.conditions:
        decide(name)
    return decided


def _conditions_in(value: Any) -> list[str]:
    call = function_of(value)
    if call and call[0] == "Condition":
        return [call[1]]
    found: list[str] = []
    if call and call[0] == "Fn::If" and isinstance(call[1], list) and call[1] and isinstance(call[1][0], str):
        found.append(call[1][0])
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [name for item in items for name in _conditions_in(item)]


def typed_value(spec: dict[str, Any], value: str) -> Any:
    """A parameter's value as `Ref` gives it: a list for the list types."""
    if (stored_kind(spec) or str(spec.get("Type", ""))).startswith(_LISTS):
        return [item.strip() for item in value.split(",")] if value else []
    return value


def stored_kind(spec: dict[str, Any]) -> str | None:
    """The type of what lies in the Parameter Store, for a parameter whose value is the name it has there."""
    found = _STORED.fullmatch(str(spec.get("Type", "")))
    return found[1] if found else None


def parameter_values(template: Template, given: dict[str, str]) -> dict[str, str]:
    """The value of every parameter, given or by default. Raises ValidationError as CreateStack does."""
    if extra := [name for name in given if name not in template.parameters]:
        raise ValidationError(f"Parameters: [{', '.join(extra)}] do not exist in the template")
    values = {
        name: given[name] if name in given else _text(spec["Default"])
        for name, spec in template.parameters.items()
        if name in given or "Default" in spec
    }
    if missing := [name for name in template.parameters if name not in values]:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in values.items():
        _check(name, template.parameters[name], value)
    return values


def _text(value: Any) -> str:
    return ",".join(text(item) for item in value) if isinstance(value, list) else text(value)


def _check(name: str, spec: dict[str, Any], value: str) -> None:
    kind = spec.get("Type")
    if not isinstance(kind, str) or not _TYPES.fullmatch(kind):
        raise ValidationError(f"Template format error: Unrecognized parameter type: {kind}")
    values = value if stored_kind(spec) else typed_value(spec, value)
    for item in values if isinstance(values, list) else [values]:
        if rule := _broken_rule(spec, kind, item):
            if explained := spec.get("ConstraintDescription"):
                raise ValidationError(f"Parameter {name} failed to satisfy constraint: {explained}")
            raise ValidationError(f"Parameter '{name}' must {rule}")


def _broken_rule(spec: dict[str, Any], kind: str, value: str) -> str | None:
    if "Number" in kind and (rule := _broken_range(spec, value)):
        return rule
    allowed = spec.get("AllowedValues")
    if allowed is not None and value not in [_text(item) for item in allowed]:
        return f"be one of AllowedValues [{', '.join(_text(item) for item in allowed)}]"
    if "AllowedPattern" in spec and not re.fullmatch(spec["AllowedPattern"], value):
        return f"match pattern {spec['AllowedPattern']}"
    if "MinLength" in spec and len(value) < int(spec["MinLength"]):
        return f"contain at least {spec['MinLength']} characters"
    if "MaxLength" in spec and len(value) > int(spec["MaxLength"]):
        return f"contain at most {spec['MaxLength']} characters"
    return None


def _broken_range(spec: dict[str, Any], value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "be a number"
    if "MinValue" in spec and number < float(spec["MinValue"]):
        return f"be a number not less than {spec['MinValue']}"
    if "MaxValue" in spec and number > float(spec["MaxValue"]):
        return f"be a number not greater than {spec['MaxValue']}"
    return None
