"""Differences that are known, each with its reason. docs/parity.md prints this table."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dewstack.errors import UserError

from .comparing import Difference


class Known(Struct, frozen=True):
    """A difference that has a reason: in these requests and fields (patterns with `*`), wherever `target` is one of
    the two."""

    target: str
    request: str
    field: str
    reason: str

    def explains(self, difference: Difference) -> bool:
        """Whether it is this one."""
        targets = (each.partition("=")[0] for each in (difference.first, difference.other))
        return (
            any(_fits(target, self.target) for target in targets)
            and _fits(difference.request, self.request)
            and _fits(difference.field, self.field)
        )


def _fits(text: str, pattern: str) -> bool:
    """Whether a text is as a pattern says, in which `*` alone has a meaning."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


KNOWN: tuple[Known, ...] = (
    Known("localstack", "*", "header server", "LocalStack's web server puts its name into every answer"),
)


def explain(differences: Iterable[Difference], known: Sequence[Known] = KNOWN) -> list[Difference]:
    """The differences, those that are known with their reasons."""
    return [
        replace(each, reason=next((entry.reason for entry in known if entry.explains(each)), ""))
        for each in differences
    ]


def read_known(path: Path) -> tuple[Known, ...]:
    """A map's own reasons: JSON lines with `target`, `request`, `field` (patterns; `*` where there is none) and
    `reason`. Raises UserError with file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read: {error}") from error
    return tuple(_entry(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip())


def _entry(line: str, where: str) -> Known:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where}: broken JSON: {error}") from error
    document = document if isinstance(document, dict) else {}
    reason = document.get("reason")
    unknown = sorted(set(document) - set(Known.__struct_fields__))
    if unknown:
        known = ", ".join(Known.__struct_fields__)
        raise UserError(f"{where}: unknown key {unknown[0]!r}", hint=f"known are {known}")
    if not isinstance(reason, str) or not reason:
        raise UserError(f"{where}: 'reason' is missing", hint="a difference without one is a fault")
    target, request, field = (str(document.get(key, "*")) for key in ("target", "request", "field"))
    return Known(target, request, field, reason)
