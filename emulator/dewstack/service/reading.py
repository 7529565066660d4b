"""What the builders of the model read from: a resolved map, the places of its keys, the report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .nodes import Node
from .places import locate
from .problems import KeyPath, Position, Report, Severity


class Reading:
    """A resolved map: `settings` are its coerced values, `root` the nodes that know where they stand."""

    def __init__(
        self,
        root: Node,
        settings: Mapping[str, Any],
        directory: Path,
        report: Report,
        *,
        strict: bool = False,
    ) -> None:
        self.root = root
        self.settings = settings
        self.directory = directory
        self.report = report
        self.loss_severity: Severity = "error" if strict else "warning"
        """How bad it is when the map asks for something that won't happen here."""

    def at(self, *path: str | int) -> Position:
        """The place of a key."""
        return locate(self.root, path, about_key=True)

    def problem(self, path: KeyPath, message: str, severity: Severity = "error") -> None:
        """Report a mistake at the place of `path`."""
        self.report.add(locate(self.root, path), path, message, severity)

    def loss(self, path: KeyPath, message: str) -> None:
        """Report what the map asks for and won't get here."""
        self.problem(path, message, self.loss_severity)


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def present(value: Any) -> dict[str, Any]:
    """The members of a mapping that aren't null."""
    return {key: member for key, member in mapping(value).items() if member is not None}


def sequence(value: Any) -> tuple[Any, ...]:
    """The value if it is a list, else nothing."""
    return tuple(value) if isinstance(value, list) else ()


def text(value: Any) -> str | None:
    """The value if it is a text that says something, else None."""
    return value if isinstance(value, str) and value else None
