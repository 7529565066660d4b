"""What a shape's traits ask of a value, each with the sentence that AWS's framework says of it."""

from collections.abc import Callable, Sized
from typing import Any

from msgspec import Struct

from dewstack.wire.patterns import matches

_NUMBERS = frozenset({"integer", "long", "float", "double"})


class Constraint(Struct, frozen=True):
    """One demand: `text` completes "failed to satisfy constraint: "."""

    text: str
    holds: Callable[[Any], bool]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _size(value: Any) -> float:
    return len(value) if isinstance(value, Sized) else value


def constraints_of(kind: str, traits: dict[str, Any]) -> tuple[Constraint, ...]:
    """The constraints of a shape of type `kind`, in the order in which AWS tells them."""
    noun = "value" if kind in _NUMBERS else "length"
    found: list[Constraint] = []
    if "enum" in traits:
        values = frozenset(traits["enum"])
        text = f"Member must satisfy enum value set: [{', '.join(traits['enum'])}]"
        found.append(Constraint(text, values.__contains__))
    if "max" in traits:
        most = traits["max"]
        text = f"Member must have {noun} less than or equal to {_number(most)}"
        found.append(Constraint(text, lambda value: _size(value) <= most))
    if "min" in traits:
        least = traits["min"]
        text = f"Member must have {noun} greater than or equal to {_number(least)}"
        found.append(Constraint(text, lambda value: _size(value) >= least))
    if "pattern" in traits:
        pattern = traits["pattern"]
        text = f"Member must satisfy regular expression pattern: {pattern}"
        found.append(Constraint(text, lambda value: matches(pattern, value)))
    return tuple(found)
