"""Resource types of REST APIs whose properties are parameters: made by a Create, changed by patches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.rest_patch import Change, patches
from dewstack.cloudformation.resources.shape import Kind, tag_map

SERVICE = "apigateway"
PAGE = 500


def member(name: str) -> str:
    """The parameter that a property is: `RestApiId` is `restApiId`."""
    return name[:1].lower() + name[1:]


def parameter(value: Any, kind: Kind) -> Any:
    """A property's value as a parameter: the members of structures are spelled otherwise, the keys of maps are not."""
    if isinstance(kind, list):
        return [parameter(each, kind[0]) for each in value]
    if isinstance(kind, Mapping) and "*" not in kind:
        return {member(name): parameter(each, kind.get(name, object)) for name, each in value.items()}
    return value


async def retag(context: Context, path: str, before: Any, after: Any) -> None:
    """Tag what is at `path` (`/restapis/ID`) as `after` says."""
    old, new = tag_map(before or ()), tag_map(after or ())
    arn = f"arn:aws:apigateway:{context.stack.region}::{path}"
    if gone := sorted(old.keys() - new.keys()):
        await context.invoke(SERVICE, "UntagResource", resourceArn=arn, tagKeys=gone)
    if new and new != old:
        await context.invoke(SERVICE, "TagResource", resourceArn=arn, tags=new)


def refuse(logical_id: str, properties: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Raise ResourceFailure for the first of `names` that is set; each says what is not emulated."""
    for name, what in names.items():
        if properties.get(name):
            raise ResourceFailure(f"property {name} of {logical_id} ({what}) is not emulated by dewstack")


@dataclass(frozen=True)
class RestCrud(Provider):
    """One row: which operations, what the id is called, and how properties change."""

    noun: str
    """`Authorizer`: the operations are CreateAuthorizer, UpdateAuthorizer, DeleteAuthorizer and GetAuthorizers."""
    identifier: str
    """The parameter that names the resource when it is changed."""
    properties: Mapping[str, Kind]
    changes: Mapping[str, Change] = field(default_factory=dict)
    """How UpdateX changes the properties that can be changed in place."""
    required: tuple[str, ...] = ()
    replacement: frozenset[str] = frozenset()
    parents: tuple[str, ...] = ("RestApiId",)
    """Properties that every operation has to name."""
    attribute: str | None = None
    """What GetAtt calls the id."""
    output: str = "id"
    """The output member that is the physical id."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Properties whose parameter has another name."""
    generated: str | None = None
    """The property that gets a generated name when it is not given."""
    unique: tuple[str, ...] = ()
    """The properties of which the API holds each combination only once, though they are not the id."""
    tags: str | None = None
    """The path in front of the id in the ARN that tags are kept at."""
    convert: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """The last word on the parameters of Create."""
    refused: Mapping[str, str] = field(default_factory=dict)
    name_property: str | None = None

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse by name what would be ignored."""
        refuse(logical_id, properties, self.refused)
        return super().accept(logical_id, properties)

    async def leftover(self, context: Context, properties: dict[str, Any]) -> str | None:
        """Look among the API's resources where a value has to be unique."""
        if not self.unique:
            return await super().leftover(context, properties)
        wanted = {member(name): properties.get(name) for name in self.unique}
        more = self._parents(properties) | {"limit": PAGE}
        while True:
            listed = await context.invoke(SERVICE, f"Get{self.noun}s", **more)
            for each in listed["items"]:
                if wanted.items() <= each.items():
                    return str(each[self.output])
            if "position" not in listed:
                return None
            more["position"] = listed["position"]

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Call the Create operation."""
        given = dict(properties)
        if self.generated and self.generated not in given:
            given[self.generated] = context.generated_name(128)
        output = await context.invoke(SERVICE, f"Create{self.noun}", **self.convert(self._parameters(given)))
        return self._outcome(str(output[self.output]))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Call the Update operation with what changed, and tag anew."""
        operations = patches(self.changes, current.properties, properties)
        if operations:
            await context.invoke(
                SERVICE, f"Update{self.noun}", patchOperations=operations, **self._key(current)
            )
        if self.tags:
            path = f"{self.tags}/{current.physical_id}"
            await retag(context, path, current.properties.get("Tags"), properties.get("Tags"))
        return self._outcome(current.physical_id)

    async def delete(self, context: Context, current: Resource) -> None:
        """Call the Delete operation."""
        await context.invoke(SERVICE, f"Delete{self.noun}", **self._key(current))

    def _outcome(self, physical_id: str) -> Outcome:
        return Outcome(physical_id, {self.attribute: physical_id} if self.attribute else {})

    def _parents(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {member(name): properties[name] for name in self.parents}

    def _key(self, current: Resource) -> dict[str, Any]:
        return self._parents(current.properties) | {self.identifier: current.physical_id}

    def _parameters(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        given = {
            self.renamed.get(name) or member(name): parameter(value, self.properties[name])
            for name, value in properties.items()
        }
        if "tags" in given:
            given["tags"] = tag_map(properties["Tags"])
        return given
