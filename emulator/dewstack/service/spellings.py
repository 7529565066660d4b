"""Warnings of older spellings: a map of thirty functions has each of them thirty times, and is told once."""

from .problems import KeyPath, Position, Report


class Spellings:
    """The older spellings of a map, by their kind: each kind is told once, where it comes first."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Position, KeyPath, str]] = {}
        self._more: dict[str, int] = {}

    def add(self, kind: str, at: Position, path: KeyPath, message: str) -> None:
        """Note one of its kind."""
        if kind in self._found:
            self._more[kind] = self._more.get(kind, 0) + 1
        else:
            self._found[kind] = (at, path, message)

    def tell(self, report: Report) -> None:
        """Warn of each kind, with how many more of it there are."""
        for kind, (at, path, message) in self._found.items():
            more = self._more.get(kind)
            others = f", and {more} more like it" if more else ""
            report.add(at, path, message + others, "warning")
