"""Resource types whose properties are the parameters of a Create, an Update and a Delete operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.shape import Kind


@dataclass(frozen=True)
class Crud(Provider):
    """One row: which operations, under which member the id comes back, what cannot be updated."""

    service: str
    noun: str
    """`Api`: the operations are CreateApi, UpdateApi and DeleteApi."""
    identifier: str
    """The parameter and the output member that hold the physical id."""
    properties: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    replacement: frozenset[str] = frozenset()
    parents: tuple[str, ...] = ()
    """Properties that the update and the deletion have to name beside the id."""
    updatable: bool = True
    attributes: tuple[str, ...] = ()
    """Output members that GetAtt gives."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Properties whose parameter has another name."""
    member: str | None = None
    """The output member that wraps the resource, where there is one."""
    unset: Mapping[str, Any] = field(default_factory=dict)
    """What to send in an update for a property that was given and is not any more."""
    only_on_create: frozenset[str] = frozenset()
    """Properties that the update operation does not take."""
    generated: str | None = None
    """The property that gets a generated name when it is not given."""
    name_property: str | None = None
    unique: str | None = None
    """The property of which the parent holds each value only once, though it is not the id."""

    async def leftover(self, context: Context, properties: dict[str, Any]) -> str | None:
        """Look among the parent's resources where a value has to be unique."""
        if self.unique is None:
            return await super().leftover(context, properties)
        parents = {name: properties[name] for name in self.parents}
        listed = await context.invoke(self.service, f"Get{self.noun}s", **parents)
        same = [each for each in listed["Items"] if each.get(self.unique) == properties.get(self.unique)]
        return str(same[0][self.identifier]) if same else None

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Call the Create operation."""
        given = dict(properties)
        if self.generated and self.generated not in given:
            given[self.generated] = context.generated_name(128)
        output = await context.invoke(self.service, f"Create{self.noun}", **self._parameters(given))
        return self._outcome(output, given)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Call the Update operation with all properties, and with defaults for those that were taken away."""
        gone = {name: value for name, value in self.unset.items() if name in current.properties}
        given = {
            name: value for name, value in (gone | properties).items() if name not in self.only_on_create
        }
        parameters = self._parameters(given) | self._key(current)
        output = await context.invoke(self.service, f"Update{self.noun}", **parameters)
        outcome = self._outcome(output, given | {self.identifier: current.physical_id})
        return Outcome(current.physical_id, current.attributes | outcome.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """Call the Delete operation."""
        await context.invoke(self.service, f"Delete{self.noun}", **self._key(current))

    def _key(self, current: Resource) -> dict[str, Any]:
        parents = {name: current.properties[name] for name in self.parents if name in current.properties}
        return parents | {self.identifier: current.physical_id}

    def _parameters(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {self.renamed.get(name, name): value for name, value in properties.items()}

    def _outcome(self, output: Mapping[str, Any], given: Mapping[str, Any]) -> Outcome:
        inner = output.get(self.member, {}) if self.member else output
        found = {**given, **inner}
        attributes = {name: found[name] for name in self.attributes if name in found}
        return Outcome(str(found[self.identifier]), attributes)
