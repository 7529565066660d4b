"""Resources of services that keep nothing when the emulator stops: made again before the service is next used.

CloudFormation remembers them, the service does not. A resource that is made again has the id that `Ref` gave and
the properties it was last given; what was in it is gone.
"""

from abc import abstractmethod
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider


class Restored(Provider):
    """A resource that can be made again."""

    service: str
    """boto3's name of the service that holds it."""

    async def leftover(self, context: Context, properties: dict[str, Any]) -> str | None:
        """None: what a creation that was cut off has made is gone with the emulator that it was cut off by."""
        return None

    @abstractmethod
    async def restore(self, context: Context, current: Resource) -> None:
        """Make it again as it was."""

    async def adopt(self, context: Context, made: Outcome, current: Resource) -> None:
        """Give what was made again the id that `current` has, where a service chooses ids itself."""
        await context.invoke(self.service, "dewstack:Adopt", Id=made.physical_id, To=current.physical_id)


class Named(Restored):
    """A resource that is found by its name, which a property gives, or else CloudFormation."""

    name_property: str | None
    name_limit = 255

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Make it under its own or a generated name."""
        assert self.name_property is not None
        name = properties.get(self.name_property) or self.generated(context, properties)
        return await self.make(context, name, properties)

    async def restore(self, context: Context, current: Resource) -> None:
        """Make it again under the name it had."""
        await self.make(context, self.name_of(current), current.properties)

    def generated(self, context: Context, properties: dict[str, Any]) -> str:
        """The name of a resource that was given none."""
        return context.generated_name(self.name_limit)

    def name_of(self, current: Resource) -> str:
        """The name, out of the id."""
        return current.physical_id

    @abstractmethod
    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """Make it under `name`."""


def changed(current: Resource, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties that an update sets to something else; None for one that is taken away."""
    names = current.properties.keys() | properties.keys()
    return {
        name: properties.get(name) for name in names if properties.get(name) != current.properties.get(name)
    }


def without_effect(properties: dict[str, Any], known: frozenset[str]) -> str | None:
    """The note that names the properties which are kept and do nothing here."""
    idle = sorted(properties.keys() - known)
    return f"Recorded only: dewstack does not act on {', '.join(idle)}" if idle else None
