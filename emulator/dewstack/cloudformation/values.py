"""How a template writes a function call, and how a scalar becomes text."""

import re
from collections.abc import Iterator
from typing import Any

from dewstack.cloudformation.errors import ValidationError

SUBSTITUTION = re.compile(r"\$\{([^}]*)\}")


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it into a string. Raises ValidationError for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValidationError("Template error: a string is required where the template has a list or an object")


def function_of(value: Any) -> tuple[str, Any] | None:
    """The name and the argument when `value` is a function call, as `{"Ref": "X"}` is."""
    if isinstance(value, dict) and len(value) == 1:
        [(name, argument)] = value.items()
        if name in ("Ref", "Condition") or (isinstance(name, str) and name.startswith("Fn::")):
            return name, argument
    return None


def substitutions(template: str) -> Iterator[str]:
    """The names that a `Fn::Sub` text refers to; `${!Literal}` is none."""
    for match in SUBSTITUTION.finditer(template):
        if not match[1].startswith("!"):
            yield match[1].strip()
