"""Where something is in the map, and what is wrong there: every mistake is collected, none hides another."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec import Struct

from dewstack.errors import UserError

Severity = Literal["error", "warning"]
KeyPath = tuple[str | int, ...]


class Position(NamedTuple):
    """A place in a file: the name as the user would type it, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(Struct, frozen=True):
    """One mistake: where, at which key (`functions.login.timeout`, empty for a whole file), what."""

    file: str
    line: int
    column: int
    key: str
    message: str
    severity: Severity = "error"

    @property
    def is_unknown(self) -> bool:
        """Whether it is a key that nobody knows: often a misspelt one that something else then lacks."""
        return self.message.startswith("unknown key")

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        return f"{where}{self.key}: {self.message}" if self.key else f"{where}{self.message}"


class MapError(UserError):
    """A map that can't be used; `problems` has every mistake found, `message` one line for each."""

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


class ProblemAt(Exception):
    """A mistake met while reading or resolving, on its way to whoever knows at which key it happened."""

    def __init__(self, position: Position, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


class Report:
    """Collects problems: one per place and key, the first that is said, though an error outweighs a warning."""

    def __init__(self) -> None:
        self._problems: dict[tuple[Position, KeyPath], Problem] = {}

    def add(self, position: Position, path: KeyPath, message: str, severity: Severity = "error") -> None:
        """Note a problem at `path`."""
        known = self._problems.get((position, path))
        if known is None or (known.severity == "warning" and severity == "error"):
            self._problems[position, path] = Problem(*position, key_name(path), message, severity)

    def has_error_at(self, path: KeyPath) -> bool:
        """Whether something is wrong with the value at `path` itself."""
        return any(where == path and each.severity == "error" for (_, where), each in self._problems.items())

    @property
    def has_errors(self) -> bool:
        """Whether anything was found that stops a load."""
        return any(problem.severity == "error" for problem in self._problems.values())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, by file and line. What is used at several keys is told once, at the nearest to the root."""
        found: dict[tuple[Position, str, str], Problem] = {}
        for (position, _), problem in sorted(self._problems.items(), key=lambda each: len(each[0][1])):
            place = problem.key if position[1:] == (1, 1) else ""  # in a program, all of the map stands there
            found.setdefault((position, place, problem.message), problem)
        return tuple(sorted(found.values(), key=lambda problem: (problem.file, problem.line, problem.column)))


def key_name(path: KeyPath) -> str:
    """A key path as people write it: `functions.login.events[0].httpApi`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'memorySize'?` when a known word is close to `word`, else nothing."""
    import difflib  # Only a map with a mistake needs it.

    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f", did you mean '{by_lower[close[0]]}'?" if close else ""
