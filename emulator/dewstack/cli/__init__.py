"""The dew command."""

from dewstack.cli.entry import main, run

__all__ = ["main", "run"]
