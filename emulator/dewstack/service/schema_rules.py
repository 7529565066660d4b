"""What single schema keywords mean: types and their coercion, bounds, forms, and how a breach is worded."""

import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from .problems import did_you_mean

Kind = Literal["key", "required", "type", "range", "enum", "pattern"]

TYPE_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


_PYTHON_TYPES: dict[str, type] = {"string": str, "array": list, "object": dict}


def is_type(value: Any, wanted: str) -> bool:
    """Whether `value` is of a JSON Schema type as it is."""
    if isinstance(value, bool):
        return wanted == "boolean"
    if isinstance(value, int):
        return wanted in ("integer", "number")
    if isinstance(value, float):
        return wanted == "number" or (wanted == "integer" and value.is_integer())
    return isinstance(value, _PYTHON_TYPES.get(wanted, ()))


def coerce(value: Any, wanted: str) -> tuple[Any, bool]:
    """Ajv's coercion: the value as the wanted type, and whether that went."""
    if is_type(value, wanted):
        return value, True
    if wanted == "array" and not isinstance(value, dict):
        return [value], True
    if wanted == "string" and isinstance(value, bool | int | float):
        return (str(value).lower() if isinstance(value, bool) else str(value)), True
    if wanted == "boolean" and value in ("true", "false", 0, 1):
        return value in ("true", 1), True
    if (
        wanted in ("integer", "number")
        and isinstance(value, str)
        and re.fullmatch(r"-?\d+(\.\d+)?", value.strip())
    ):
        number = float(value)
        if number.is_integer():
            return int(number), True
        return number, wanted == "number"
    return value, False


def _at_least(value: Any, bound: Any) -> tuple[str, Kind] | None:
    low = isinstance(value, int | float) and value < bound
    return (f"must be at least {bound}, not {value}", "range") if low else None


def _at_most(value: Any, bound: Any) -> tuple[str, Kind] | None:
    high = isinstance(value, int | float) and value > bound
    return (f"must be at most {bound}, not {value}", "range") if high else None


def _not_shorter(value: Any, bound: int) -> tuple[str, Kind] | None:
    if not isinstance(value, str | list | dict) or len(value) >= bound:
        return None
    return ("must not be empty" if bound == 1 else f"needs at least {bound} of its parts"), "range"


def _not_longer(value: Any, bound: int) -> tuple[str, Kind] | None:
    long = isinstance(value, str | list | dict) and len(value) > bound
    return (f"is longer than the {bound} allowed", "range") if long else None


def _one_of(value: Any, words: list[Any]) -> tuple[str, Kind] | None:
    if value in words:
        return None
    close = (
        did_you_mean(value, [word for word in words if isinstance(word, str)])
        if isinstance(value, str)
        else ""
    )
    offered = "those known" if close and len(words) > 12 else ", ".join(map(str, words))
    return f"{shown(value)} isn't one of {offered}{close}", "enum"


def _exactly(value: Any, word: Any) -> tuple[str, Kind] | None:
    return None if value == word else (f"expected {shown(word)}, not {shown(value)}", "enum")


def _matches(value: Any, pattern: str) -> tuple[str, Kind] | None:
    if not isinstance(value, str) or re.search(pattern, value):
        return None
    return f"{shown(value)} doesn't have the form {pattern}", "pattern"


def _matches_js(value: Any, regexp: str) -> tuple[str, Kind] | None:
    body, _, flags = regexp[1:].rpartition("/")
    if not isinstance(value, str) or re.search(body, value, re.IGNORECASE if "i" in flags else 0):
        return None
    return f"{shown(value)} doesn't have the form {body}", "pattern"


RULES: dict[str, Callable[[Any, Any], tuple[str, Kind] | None]] = {
    "minimum": _at_least,
    "maximum": _at_most,
    "minLength": _not_shorter,
    "maxLength": _not_longer,
    "minItems": _not_shorter,
    "maxItems": _not_longer,
    "minProperties": _not_shorter,
    "maxProperties": _not_longer,
    "enum": _one_of,
    "const": _exactly,
    "pattern": _matches,
    "regexp": _matches_js,
}


def type_name(wanted: str) -> str:
    """A JSON Schema type in words."""
    return TYPE_NAMES[wanted]


def shown(value: Any) -> str:
    """A value as a message shows it, cut when it is long."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}…'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return msgspec.json.encode(value).decode()
