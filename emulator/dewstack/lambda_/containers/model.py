"""What a container is made of."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from dewstack.lambda_.containers.engine import Engine


class Bound(NamedTuple):
    """A directory of this machine, and where the container has it."""

    source: str
    target: str
    writable: bool = False


class Contained(Struct, frozen=True):
    """How to make the container of one environment. Memory in MB, 0 for no limit."""

    engine: "Engine"
    image: str
    platform: str
    memory_size: int
    entrypoint: tuple[str, ...] | None = None
    """None is the image's own."""
    command: tuple[str, ...] | None = None
    working_directory: str | None = None
    bound: tuple[Bound, ...] = ()
    output: str = ""
    """A named pipe that the program prints to; without one, it prints to the engine."""
    environ: Mapping[str, str] = {}
    """Variables that come over those of the launch."""
