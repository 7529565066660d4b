"""What goes into zips beside a function's own code, where a plugin of the map would see to it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from dewstack.service import FunctionSpec, Service

PYTHON_REQUIREMENTS = "serverless-python-requirements"


class Libraries(Protocol):
    """What plugins of the map would install for its functions."""

    def with_layer(self) -> Service:
        """The map, with a layer of it where it is to be one."""

    def beside(self, functions: Sequence[FunctionSpec]) -> dict[str, Path]:
        """The files that go into a zip of these functions beside their own code, by their names there."""

    def in_layer(self, key: str) -> dict[str, Path]:
        """The files of a layer of the map, if it is the plugin's own."""


class NoLibraries(Struct, frozen=True):
    """Of a map without such plugins."""

    service: Service

    def with_layer(self) -> Service:
        """The map as it is."""
        return self.service

    def beside(self, functions: Sequence[FunctionSpec]) -> dict[str, Path]:
        """Nothing."""
        return {}

    def in_layer(self, key: str) -> dict[str, Path]:
        """Nothing."""
        return {}


def libraries_of(service: Service, say: Callable[[str], None]) -> Libraries:
    """The libraries of a map; `say` is told of what takes long."""
    if PYTHON_REQUIREMENTS not in service.plugins:
        return NoLibraries(service)
    from dewstack.deploy.requirements import PlatformPackages

    return PlatformPackages(service, say)
