"""Checks a map against the Serverless Framework's own schema, and coerces values the way the Framework does.

`schema.json` is derived from osls 4.3.1 (`tests/golden/derive_schema.py`): a table of schema nodes, children
by index. As in the Framework, a number where a text belongs becomes the text, `"30"` where an integer belongs
becomes 30, and a lone value where a list belongs becomes a list of one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeAlias

import msgspec

from .problems import KeyPath, did_you_mean

Kind = Literal["key", "required", "type", "range", "enum", "pattern"]
SchemaNode: TypeAlias = dict[str, Any]

_TYPE_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One place that breaks the schema. `about_key` says that the key itself, not its value, is at fault."""

    path: KeyPath
    message: str
    kind: Kind
    about_key: bool = False


@cache
def schema_nodes() -> list[SchemaNode]:
    """The table of schema nodes, the root last; read once per process."""
    table = msgspec.json.decode(resources.files(__package__).joinpath("schema.json").read_bytes())
    nodes: list[SchemaNode] = table["nodes"]
    return nodes


def validate(value: Any) -> tuple[Any, list[Violation]]:
    """Check a whole map; gives the coerced map and all violations."""
    validator = _Validator(schema_nodes())
    coerced = validator.check(value, len(validator.nodes) - 1, ())
    return coerced, validator.violations


def event_types() -> list[str]:
    """The names of all function events the schema knows: `httpApi`, `schedule`, …"""
    nodes = schema_nodes()
    function = next(iter(nodes[nodes[-1]["properties"]["functions"]]["patternProperties"].values()))
    items = nodes[nodes[nodes[function]["properties"]["events"]]["items"]]
    return [name for branch in items["anyOf"] for name in nodes[branch]["properties"]]


class _Validator:
    def __init__(self, nodes: list[SchemaNode]) -> None:
        self.nodes = nodes
        self.violations: list[Violation] = []

    def check(self, value: Any, index: int, path: KeyPath) -> Any:
        """Check `value` by the schema node `index`; gives the coerced value."""
        schema = self.nodes[index]
        if value is None:
            return None
        if "type" in schema:
            value, fits = _coerce(value, schema["type"])
            if not fits:
                self._note(path, f"expected {_type_name(schema['type'])}, not {_shown(value)}", "type")
                return value
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                value = self._any_of(value, schema[keyword], path)
        for branch in schema.get("allOf", ()):
            self.check(value, branch, path)
        if "not" in schema and self._passes(value, schema["not"]):
            forbidden = " and ".join(f"'{key}'" for key in self.nodes[schema["not"]].get("required", ()))
            self._note(path, f"{forbidden or 'this'} can't be used here", "key")
        self._constraints(value, schema, path)
        if isinstance(value, dict):
            return self._object(value, schema, path)
        if isinstance(value, list):
            return self._array(value, schema, path)
        return value

    def _note(self, path: KeyPath, message: str, kind: Kind, about_key: bool = False) -> None:
        self.violations.append(Violation(path, message, kind, about_key))

    def _passes(self, value: Any, index: int) -> bool:
        probe = _Validator(self.nodes)
        probe.check(value, index, ())
        return not probe.violations

    def _any_of(self, value: Any, branches: list[int], path: KeyPath) -> Any:
        likely = [branch for branch in branches if self._applies(value, branch, coerce=False)]
        likely = likely or [branch for branch in branches if self._applies(value, branch, coerce=True)]
        best: _Validator | None = None
        for branch in likely:
            probe = _Validator(self.nodes)
            coerced = probe.check(value, branch, path)
            if not probe.violations:
                return coerced
            if best is None or _depth(probe.violations) > _depth(best.violations):
                best = probe
        if best is not None:
            self.violations.extend(best.violations)
        else:
            self._no_branch(value, branches, path)
        return value

    def _applies(self, value: Any, index: int, *, coerce: bool) -> bool:
        schema = self.nodes[index]
        if "type" in schema:
            fits = _coerce(value, schema["type"])[1] if coerce else _is(value, schema["type"])
            if not fits:
                return False
        if "const" in schema and value != schema["const"]:
            return False
        if not isinstance(value, dict):
            return "enum" not in schema or coerce or value in schema["enum"]
        if any(key not in value for key in schema.get("required", ())):
            return False
        known = schema.get("properties", {})
        return all(
            self.nodes[child].get("const", value[key]) == value[key]
            for key, child in known.items()
            if key in value
        )

    def _no_branch(self, value: Any, branches: list[int], path: KeyPath) -> None:
        schemas = self._flat(branches)
        if isinstance(value, dict):
            names = {
                key
                for schema in schemas
                for key in schema.get("properties", {})
                if not key.startswith("Fn::")
            }
            for key in value:
                if names and key not in names:
                    self._note((*path, key), f"unknown key{did_you_mean(key, names)}", "key", True)
                    return
            needed = {tuple(schema["required"]) for schema in schemas if not _is_intrinsic(schema)}
            if needed:
                self._note(
                    path, f"missing key {' or '.join(sorted(_quoted(keys) for keys in needed))}", "required"
                )
                return
        constants = [schema["const"] for schema in schemas if "const" in schema]
        constants += [word for schema in schemas for word in schema.get("enum", ())]
        types = list(dict.fromkeys(_type_name(schema["type"]) for schema in schemas if "type" in schema))
        wanted = [*(_shown(word) for word in constants), *types]
        self._note(path, f"expected {' or '.join(wanted)}, not {_shown(value)}", "type")

    def _flat(self, branches: list[int]) -> list[SchemaNode]:
        found = []
        for branch in branches:
            schema = self.nodes[branch]
            found += self._flat(schema["anyOf"]) if "anyOf" in schema and "type" not in schema else [schema]
        return found

    def _constraints(self, value: Any, schema: SchemaNode, path: KeyPath) -> None:
        for keyword, rule in _RULES.items():
            if keyword in schema:
                complaint = rule(value, schema[keyword])
                if complaint:
                    self._note(path, *complaint)

    def _object(self, value: dict[str, Any], schema: SchemaNode, path: KeyPath) -> dict[str, Any]:
        properties = schema.get("properties", {})
        patterns = schema.get("patternProperties", {})
        others = schema.get("additionalProperties", True)
        checked = {}
        for key, member in value.items():
            child = properties.get(key)
            if child is None:
                child = next((index for pattern, index in patterns.items() if re.search(pattern, key)), None)
            if child is None and others is not True and others is not False:
                child = others
            if child is None:
                if others is False and member is not None:
                    self._unknown(key, properties, patterns, path)
                checked[key] = member
            else:
                checked[key] = self.check(member, child, (*path, key))
        for key in schema.get("required", ()):
            if value.get(key) is None:
                self._note(path, f"missing key '{key}'", "required")
        return checked

    def _unknown(self, key: str, properties: dict[str, int], patterns: dict[str, int], path: KeyPath) -> None:
        if patterns and not properties:
            self._note(
                (*path, key), f"'{key}' is no valid name here: {' or '.join(patterns)}", "pattern", True
            )
        else:
            self._note((*path, key), f"unknown key{did_you_mean(key, properties)}", "key", True)

    def _array(self, value: list[Any], schema: SchemaNode, path: KeyPath) -> list[Any]:
        items = schema.get("items")
        if items is None:
            return value
        if isinstance(items, list):
            pairs = zip(value, items, strict=False)
            return [self.check(item, index, (*path, at)) for at, (item, index) in enumerate(pairs)] + value[
                len(items) :
            ]
        return [self.check(item, items, (*path, at)) for at, item in enumerate(value)]


def _is(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    if isinstance(value, int):
        return wanted in ("integer", "number")
    if isinstance(value, float):
        return wanted == "number" or (wanted == "integer" and value.is_integer())
    return isinstance(value, {"string": str, "array": list, "object": dict}.get(wanted, ()))


def _coerce(value: Any, wanted: str) -> tuple[Any, bool]:
    """Ajv's coercion: the value as the wanted type, and whether that went."""
    if _is(value, wanted):
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
    offered = ", ".join(map(str, words)) if len(words) <= 12 else f"{', '.join(map(str, words[:12]))} …"
    return f"{_shown(value)} isn't one of {offered}{close}", "enum"


def _exactly(value: Any, word: Any) -> tuple[str, Kind] | None:
    return None if value == word else (f"expected {_shown(word)}, not {_shown(value)}", "enum")


def _matches(value: Any, pattern: str) -> tuple[str, Kind] | None:
    if not isinstance(value, str) or re.search(pattern, value):
        return None
    return f"{_shown(value)} doesn't have the form {pattern}", "pattern"


def _matches_js(value: Any, regexp: str) -> tuple[str, Kind] | None:
    body, _, flags = regexp[1:].rpartition("/")
    if not isinstance(value, str) or re.search(body, value, re.IGNORECASE if "i" in flags else 0):
        return None
    return f"{_shown(value)} doesn't have the form {body}", "pattern"


_RULES: dict[str, Callable[[Any, Any], tuple[str, Kind] | None]] = {
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


def _is_intrinsic(schema: SchemaNode) -> bool:
    required = schema.get("required", ())
    return not required or all(key == "Ref" or key.startswith("Fn::") for key in required)


def _depth(violations: list[Violation]) -> int:
    return max(len(violation.path) for violation in violations)


def _quoted(words: tuple[str, ...]) -> str:
    return " and ".join(f"'{word}'" for word in words)


def _type_name(wanted: str) -> str:
    return _TYPE_NAMES[wanted]


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}…'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return msgspec.json.encode(value).decode()
