"""A load on the emulator's own functions, through its own gateway: what the console's page and tests drive."""

from dewstack.loads.endpoints import Loads

__all__ = ["Loads"]
