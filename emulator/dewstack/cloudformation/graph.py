"""Who needs whom: the references inside a template, checked, and the order they impose."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.template import ResourceSpec, Template
from dewstack.cloudformation.values import function_of, substitutions

PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in [
        "AccountId",
        "NotificationARNs",
        "NoValue",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    ]
)


Conditions = Mapping[str, bool]


def references(value: Any, conditions: Conditions | None = None) -> Iterator[str]:
    """Every name that `value` refers to, by Ref, GetAtt (its resource) or Sub.

    With `conditions`, only the branch of a `Fn::If` that is taken counts.
    """
    if isinstance(value, dict):
        call = function_of(value)
        if call is not None:
            name, argument = call
            yield from _READERS.get(name, references)(argument, conditions)
            return
        items: Iterable[Any] = value.values()
    elif isinstance(value, list):
        items = value
    else:
        return
    for item in items:
        if isinstance(item, dict | list):
            yield from references(item, conditions)


def _ref(argument: Any, conditions: Conditions | None) -> Iterator[str]:
    if isinstance(argument, str):
        yield argument


def _condition(argument: Any, conditions: Conditions | None) -> Iterator[str]:
    return iter(())


def _if(argument: Any, conditions: Conditions | None) -> Iterator[str]:
    if conditions is not None and isinstance(argument, list) and len(argument) == 3:
        taken = conditions.get(argument[0], True) if isinstance(argument[0], str) else True
        argument = argument[1] if taken else argument[2]
    yield from references(argument, conditions)


def _get_att(argument: Any, conditions: Conditions | None) -> Iterator[str]:
    if isinstance(argument, str):
        yield argument.split(".", 1)[0]
    elif isinstance(argument, list) and argument and isinstance(argument[0], str):
        yield argument[0]
        yield from references(argument[1:], conditions)


def _sub(argument: Any, conditions: Conditions | None) -> Iterator[str]:
    template, variables = argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        template, variables = argument
        yield from references(variables, conditions)
    if isinstance(template, str) and isinstance(variables, dict):
        for name in substitutions(template):
            if name not in variables:
                yield name if name.startswith("AWS::") else name.split(".", 1)[0]


_READERS = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::If": _if,
}


def active(template: Template, conditions: Conditions) -> dict[str, ResourceSpec]:
    """The resources whose condition holds."""
    return {
        name: spec
        for name, spec in template.resources.items()
        if spec.condition is None or conditions.get(spec.condition, False)
    }


def dependencies(template: Template, conditions: Conditions) -> dict[str, list[str]]:
    """For each active resource, the others that have to be there first, in alphabetical order.

    Raises ValidationError, in AWS's words, where the template refers to what it does not have.
    """
    resources = active(template, conditions)
    named = {name: set(references(spec.properties, conditions)) for name, spec in resources.items()}
    _check_references(template, conditions, named)
    return {
        name: sorted((named[name] | set(spec.depends_on)) & resources.keys())
        for name, spec in resources.items()
    }


def _check_references(template: Template, conditions: Conditions, named: Mapping[str, set[str]]) -> None:
    resources = active(template, conditions)
    known = resources.keys() | template.parameters.keys() | PSEUDO_PARAMETERS
    for spec in template.resources.values():
        if spec.condition is not None and spec.condition not in template.conditions:
            raise ValidationError(
                f"Template format error: Unresolved condition dependency {spec.condition} in the"
                " Resources block of"
                " the template"
            )
    missing: dict[str, None] = {}
    for name, spec in resources.items():
        missing |= dict.fromkeys(each for each in spec.depends_on if each not in template.resources)
        if not named[name] <= known:
            missing |= dict.fromkeys(n for n in references(spec.properties, conditions) if n not in known)
    _refuse(missing, "Resources")
    outputs = [
        spec
        for spec in template.outputs.values()
        if "Condition" not in spec or conditions.get(spec["Condition"], False)
    ]
    fields = [[spec["Value"], (spec.get("Export") or {}).get("Name")] for spec in outputs]
    _refuse(dict.fromkeys(n for n in references(fields, conditions) if n not in known), "Outputs")


def _refuse(missing: Iterable[str], block: str) -> None:
    names = list(missing)
    if names:
        raise ValidationError(
            f"Template format error: Unresolved resource dependencies [{', '.join(names)}] in the"
            f" {block} block of the"
            " template"
        )


def layers(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The names in groups: each group needs only groups before it. Raises ValidationError for a cycle."""
    waiting: dict[str, int] = {}
    dependents: dict[str, list[str]] = {}
    for name, needed in needs.items():
        present = {need for need in needed if need in needs}
        waiting[name] = len(present)
        for need in present:
            dependents.setdefault(need, []).append(name)
    position = {name: index for index, name in enumerate(needs)}
    ordered: list[list[str]] = []
    ready = [name for name, count in waiting.items() if not count]
    while ready:
        ordered.append(ready)
        following = []
        for name in ready:
            del waiting[name]
            for dependent in dependents.get(name, ()):
                waiting[dependent] -= 1
                if not waiting[dependent]:
                    following.append(dependent)
        ready = sorted(following, key=position.__getitem__)
    if waiting:
        remaining = {name: {need for need in needs[name] if need in waiting} for name in waiting}
        raise ValidationError(
            f"Circular dependency between resources: [{', '.join(sorted(_cyclic(remaining)))}]"
        )
    return ordered


def _cyclic(remaining: dict[str, set[str]]) -> set[str]:
    """What is left when everything that nobody in the rest needs is taken away: the cycles themselves."""
    names = set(remaining)
    while True:
        needed = set().union(*(remaining[name] & names for name in names))
        if needed >= names:
            return names
        names &= needed


def reversed_layers(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The groups for deletion: what needs others goes first. A cycle left by two templates is broken up."""
    try:
        return layers(needs)[::-1]
    except ValidationError:
        return [[name] for name in reversed(list(needs))]
