"""What a resource type has to offer, and what it is given to work with."""

import string
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from dewstack.cloudformation.model import Resource, Stack
from dewstack.cloudformation.resources.shape import Kind, check, coerce
from dewstack.ids import random_string
from dewstack.wire import Call

_SUFFIX_ALPHABET = string.ascii_uppercase + string.digits


class Outcome(Struct, frozen=True):
    """What a creation or an update gave: the physical id, which `Ref` gives too, and GetAtt's attributes."""

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    """For `ResourceStatusReason`: what of the resource is not emulated."""


class Context(Struct, frozen=True):
    """The resource that is worked on, and the way to the services."""

    call: Call
    stack: Stack
    logical_id: str
    made: list[Outcome] = field(default_factory=list)
    """What exists already although `create` is not through: a rollback removes it when the rest fails."""

    async def invoke(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Call an AWS operation for the stack's account and region, without the parameters that are None."""
        given = {name: value for name, value in params.items() if value is not None}
        return await self.call(service, operation, given, self.stack.caller)

    def generated_name(self, limit: int = 64) -> str:
        """A physical name as CloudFormation makes it: `stack-LogicalId-SUFFIX`, at most `limit` long."""
        suffix = random_string(12, _SUFFIX_ALPHABET)
        room = limit - len(suffix) - 1
        head = f"{self.stack.name}-{self.logical_id}"
        if len(head) > room:
            half = (room - 1) // 2
            head = f"{self.stack.name[:half]}-{self.logical_id[: room - 1 - len(self.stack.name[:half])]}"
        return f"{head}-{suffix}"

    def system_tags(self) -> dict[str, str]:
        """What CloudFormation tags a resource with, beside its own tags."""
        return {
            "aws:cloudformation:stack-name": self.stack.name,
            "aws:cloudformation:stack-id": self.stack.stack_id,
            "aws:cloudformation:logical-id": self.logical_id,
        }

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the stack's account and region."""
        return f"arn:aws:{service}:{self.stack.region}:{self.stack.account_id}:{resource}"


class Provider(ABC):
    """A resource type. Errors are AwsErrors of the services, or ResourceFailure."""

    properties: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    replacement: frozenset[str] = frozenset()
    """Properties whose change needs a new resource."""
    name_property: str | None = None
    """The property that names the resource: what has a custom name cannot be replaced under it."""
    seconds: float = 120.0
    """How long a creation, an update or a deletion may take."""
    always: bool = False
    """Whether an update of the stack is one of the resource too, though no property changes."""
    needs_capability: bool = False
    """Whether a template with this type needs `CAPABILITY_IAM` (`CAPABILITY_NAMED_IAM` with a custom name)."""

    tag_property: str = "Tags"
    """The property that holds the resource's tags."""
    tag_kind: Kind = None
    """How it holds them, where `properties` doesn't say: a list or a map."""

    def tagged(self, properties: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """The properties with the stack's tags beside the resource's own, where such a resource has tags."""
        kind = self.tag_kind or (getattr(self, "properties", None) or {}).get(self.tag_property)
        if not tags or not isinstance(kind, list | dict):
            return properties
        own = properties.get(self.tag_property)
        if isinstance(kind, dict):
            given = own if isinstance(own, dict) else {}
            return {**properties, self.tag_property: {**tags, **given}}
        listed = own if isinstance(own, list) else []
        keys = {each.get("Key") for each in listed if isinstance(each, dict)}
        more = [{"Key": key, "Value": value} for key, value in tags.items() if key not in keys]
        return {**properties, self.tag_property: [*listed, *more]}

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties in the types that the service wants. Raises ResourceFailure."""
        check(logical_id, properties, self.properties, self.required)
        return {name: coerce(value, self.properties[name], f"#/{name}") for name, value in properties.items()}

    async def leftover(self, context: Context, properties: dict[str, Any]) -> str | None:
        """The id of what a creation that was cut off may have left behind, if it would be in the way."""
        return properties.get(self.name_property) if self.name_property else None

    @abstractmethod
    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Make the resource."""

    @abstractmethod
    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Change the resource in place."""

    @abstractmethod
    async def delete(self, context: Context, current: Resource) -> None:
        """Remove the resource."""
