"""What has to happen to a resource, and what an update would do to a stack: a change set."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from msgspec import Struct

from dewstack.cloudformation.errors import ResourceFailure, ValidationError
from dewstack.cloudformation.graph import layers
from dewstack.cloudformation.model import Change, Resource, Stack
from dewstack.cloudformation.resources import ANY_ATTRIBUTE, Provider
from dewstack.cloudformation.scope import Scope
from dewstack.cloudformation.state import State

Step = Literal["create", "replace", "update", "keep"]

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""Stands in a change set for ids and attributes that do not exist yet, as in AWS's own."""

_SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def changed_properties(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the properties that differ, sorted."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def step(kind: str, provider: Provider, current: Resource | None, properties: Mapping[str, Any]) -> Step:
    """What turns `current` into a resource of this type with these properties."""
    if current is None or not current.exists:
        return "create"
    if current.type != kind:
        return "replace"
    changed = changed_properties(current.properties, properties)
    if provider.replacement.intersection(changed):
        return "replace"
    return "update" if changed or provider.always or current.status not in _SETTLED else "keep"


def check_custom_name(
    kind: str, provider: Provider, current: Resource, properties: Mapping[str, Any]
) -> None:
    """Raise ResourceFailure when a replacement would need the name that `current` still has."""
    named = provider.name_property
    if named is None or current.type != kind or named not in properties:
        return
    if properties[named] == current.properties.get(named):
        raise ResourceFailure(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename"
            f" {properties[named]} and update the stack again."
        )


class LiveReferences:
    """References to the resources of a stack as they are while it is being worked on."""

    def __init__(self, state: State, stack: Stack, resources: Mapping[str, Resource]) -> None:
        self._state = state
        self._stack = stack
        self._resources = resources
        self.imports: set[str] = set()

    def ref(self, logical_id: str) -> Any:
        """The physical id."""
        resource = self._resources.get(logical_id)
        if resource is None:
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{logical_id}] in the"
                " Resources block of"
                " the template"
            )
        return resource.physical_id

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """An attribute that the provider gave."""
        resource = self._resources.get(logical_id)
        if resource is None:
            raise ValidationError(
                f"Template error: instance of Fn::GetAtt references undefined resource {logical_id}"
            )
        found = resource.attributes.get(attribute, resource.attributes.get(ANY_ATTRIBUTE))
        if found is None:
            raise ValidationError(
                f"Template error: resource {logical_id} does not support attribute type {attribute} in"
                " Fn::GetAtt"
            )
        return found

    def import_value(self, name: str) -> str:
        """Another stack's export."""
        self.imports.add(name)
        exports = self._state.exports(self._stack.caller)
        if name not in exports:
            raise ValidationError(f"No export named {name} found.")
        return exports[name][1]


class PlannedReferences(LiveReferences):
    """References while planning: what will be made has ids that nobody knows yet."""

    def __init__(self, state: State, stack: Stack, resources: Mapping[str, Resource]) -> None:
        super().__init__(state, stack, resources)
        self.unknown: set[str] = set()

    def ref(self, logical_id: str) -> Any:
        """The physical id, if the resource keeps it."""
        return KNOWN_AFTER_APPLY if logical_id in self.unknown else super().ref(logical_id)

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """The attribute, if the resource keeps it."""
        if logical_id in self.unknown:
            return KNOWN_AFTER_APPLY
        return super().get_att(logical_id, attribute)


class Plan(Struct, frozen=True):
    """The changes of an update, and the outputs as far as they can be known."""

    changes: list[Change]
    references: PlannedReferences


def plan(
    scope: Scope,
    state: State,
    stack: Stack,
    current: Mapping[str, Resource],
    providers: Mapping[str, Provider],
    tags: Mapping[str, str],
) -> Plan:
    """What deploying `scope` over `current` would do, in the order of the template; `tags` are the stack's from then
    on."""
    references = PlannedReferences(state, stack, current)
    changes: dict[str, Change] = {}
    for layer in layers(scope.needs):
        for name in layer:
            change = _change(scope, references, current.get(name), name, providers, tags)
            if change is not None:
                changes[name] = change
                if change.action == "Add" or change.replacement != "False":
                    references.unknown.add(name)
    ordered = [changes[name] for name in scope.resources if name in changes]
    removed = [
        Change("Remove", resource.logical_id, resource.type, resource.physical_id)
        for resource in current.values()
        if resource.logical_id not in scope.resources
    ]
    return Plan(ordered + removed, references)


def _change(
    scope: Scope,
    references: PlannedReferences,
    current: Resource | None,
    name: str,
    providers: Mapping[str, Provider],
    tags: Mapping[str, str],
) -> Change | None:
    spec = scope.resources[name]
    provider = providers[spec.type]
    try:
        properties = scope.evaluator(references).evaluate(spec.properties)
    except ValidationError:
        if not references.unknown.intersection(scope.needs[name]):
            raise
        properties = dict.fromkeys(spec.properties, KNOWN_AFTER_APPLY)
    if current is None or not current.exists:
        return Change("Add", name, spec.type)
    with suppress(ResourceFailure):  # What is known only after apply has no type yet; mistakes show then.
        properties = provider.accept(name, provider.tagged(properties, tags))
    what = step(spec.type, provider, current, properties)
    if what == "keep":
        return None
    if current.type != spec.type:
        return Change("Modify", name, spec.type, current.physical_id, "True", [], ["Properties"])
    details = [
        _detail(provider, each, properties) for each in changed_properties(current.properties, properties)
    ]
    recreation = {detail["Target"]["RequiresRecreation"] for detail in details}
    replacement = (
        "True" if "Always" in recreation else "Conditional" if "Conditionally" in recreation else "False"
    )
    return Change("Modify", name, spec.type, current.physical_id, replacement, details, ["Properties"])


def _detail(provider: Provider, name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    dynamic = KNOWN_AFTER_APPLY in str(properties.get(name))
    recreation = "Never"
    if name in provider.replacement:
        recreation = "Conditionally" if dynamic else "Always"
    return {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
        "Evaluation": "Dynamic" if dynamic else "Static",
        "ChangeSource": "ResourceReference" if dynamic else "DirectModification",
    }
