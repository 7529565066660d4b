"""Checks a map against the Serverless Framework's own schema, and coerces values the way the Framework does.

`schema.json` is derived from osls 4.3.1 (`tests/golden/derive_schema.py`): a table of schema nodes, children
by index. As in the Framework, a number where a text belongs becomes the text, `"30"` where an integer belongs
becomes 30, and a lone value where a list belongs becomes a list of one.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from .problems import KeyPath, did_you_mean
from .schema_rules import RULES, Kind, coerce, is_type, shown, type_name

SchemaNode: TypeAlias = dict[str, Any]


class Violation(Struct, frozen=True):
    """One place that breaks the schema. `about_key` says that the key itself, not its value, is at fault."""

    path: KeyPath
    message: str
    kind: Kind
    about_key: bool = False
    shown: str = ""
    """The offending value as a message shows it, where its form is the mistake."""


@cache
def schema_nodes() -> list[SchemaNode]:
    """The table of schema nodes, the root last; read once per process."""
    table = msgspec.json.decode(Path(__file__).with_name("schema.json").read_bytes())
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
    def __init__(self, nodes: list[SchemaNode], flat: dict[int, list[int]] | None = None) -> None:
        self.nodes = nodes
        self.violations: list[Violation] = []
        self._flat_by_choice: dict[int, list[int]] = {} if flat is None else flat

    def check(self, value: Any, index: int, path: KeyPath) -> Any:
        """Check `value` by the schema node `index`; gives the coerced value."""
        schema = self.nodes[index]
        if value is None:
            return None
        if "type" in schema:
            value, fits = coerce(value, schema["type"])
            if not fits:
                self._note(path, f"expected {type_name(schema['type'])}, not {shown(value)}", "type")
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
        probe = _Validator(self.nodes, self._flat_by_choice)
        probe.check(value, index, ())
        return not probe.violations

    def _any_of(self, value: Any, branches: list[int], path: KeyPath) -> Any:
        flat = self._flat_by_choice.get(id(branches))
        if flat is None:
            flat = self._flat_by_choice[id(branches)] = list(self._flat(branches))
        if isinstance(value, list) and len(value) == 1:
            value = self._without_list(value, flat)
        likely = [branch for branch in flat if self._applies(value, branch, coerced=False)]
        likely = likely or [branch for branch in flat if self._applies(value, branch, coerced=True)]
        best: _Validator | None = None
        for branch in likely:
            probe = _Validator(self.nodes, self._flat_by_choice)
            coerced = probe.check(value, branch, path)
            if not probe.violations:
                return coerced
            if best is None or _depth(probe.violations) > _depth(best.violations):
                best = probe
        if best is not None:
            self.violations.extend(best.violations)
        elif not isinstance(value, dict) or not self._nearest(value, flat, path):
            wanted = self._wanted(flat)
            wrong = (
                f"expected {wanted}, not {shown(value)}"
                if wanted
                else f"{shown(value)} that doesn't fit here"
            )
            self._note(path, wrong, "type")
        return value

    def _without_list(self, value: list[Any], branches: list[int]) -> Any:
        """The item of a list that has only one, where a text fits before a list would: the Framework takes it so."""
        for branch in branches:
            kind = self.nodes[branch].get("type")
            if kind == "array":
                break
            if kind == "string" and isinstance(value[0], str) and self._passes(value[0], branch):
                return value[0]
        return value

    def _flat(self, branches: list[int]) -> Iterator[int]:
        """The branches, with those inside of branches that are nothing but a choice themselves."""
        for branch in branches:
            schema = self.nodes[branch]
            if "anyOf" in schema and len(schema) == 1:
                yield from self._flat(schema["anyOf"])
            else:
                yield branch

    def _applies(self, value: Any, index: int, *, coerced: bool) -> bool:
        """Whether the branch can be meant: the type fits, required keys are there, constants are equal."""
        schema = self.nodes[index]
        if isinstance(value, dict):
            for key in schema.get("required", ()):
                if key not in value:
                    return False
        if "type" in schema:
            fits = coerce(value, schema["type"])[1] if coerced else is_type(value, schema["type"])
            if not fits:
                return False
        if "const" in schema and value != schema["const"]:
            return False
        if not isinstance(value, dict):
            return "enum" not in schema or coerced or value in schema["enum"]
        return not self._foreign_constants(value, schema)

    def _foreign_constants(self, value: dict[str, Any], schema: SchemaNode) -> list[str]:
        """The keys whose value in the map is another than the schema's constant."""
        constants = ((key, self.nodes[child]) for key, child in schema.get("properties", {}).items())
        return [
            key for key, node in constants if "const" in node and key in value and value[key] != node["const"]
        ]

    def _nearest(self, value: dict[str, Any], branches: list[int], path: KeyPath) -> bool:
        """Report a mapping that fits no branch by the branch it comes nearest to; False when there is none."""
        schemas = {branch: self.nodes[branch] for branch in branches if "properties" in self.nodes[branch]}
        own = {branch: schema for branch, schema in schemas.items() if not _is_intrinsic(schema)}
        if not own:
            return False
        mismatched = {branch: self._foreign_constants(value, schema) for branch, schema in own.items()}
        if all(mismatched.values()):
            key = next(iter(mismatched.values()))[0]
            words = [self.nodes[schema["properties"][key]].get("const") for schema in own.values()]
            listed = ", ".join(map(str, words)) + did_you_mean(str(value[key]), map(str, words))
            self._note((*path, key), f"{shown(value[key])} isn't one of {listed}", "enum")
            return True
        fitting = [branch for branch in own if not mismatched[branch]]
        known = {branch: len(own[branch]["properties"].keys() & value.keys()) for branch in fitting}
        nearest = max(fitting, key=lambda branch: known[branch])
        if len(fitting) > 1 and known[nearest] == 0:
            names = [name for branch in fitting for name in own[branch]["properties"]]
            for key in value:
                self._note((*path, key), f"unknown key{did_you_mean(key, names)}", "required", True)
            return bool(value)
        self.check(value, nearest, path)
        return True

    def _wanted(self, branches: list[int]) -> str:
        words: list[str] = []
        for branch in branches:
            schema = self.nodes[branch]
            words += [shown(word) for word in schema.get("enum", ())]
            if "const" in schema:
                words.append(shown(schema["const"]))
            elif schema.get("type") == "object" and _is_intrinsic(schema):
                words.append("an intrinsic (Ref, Fn::…)")
            elif "type" in schema and "enum" not in schema:
                words.append(type_name(schema["type"]))
        return " or ".join(dict.fromkeys(words))

    def _constraints(self, value: Any, schema: SchemaNode, path: KeyPath) -> None:
        for keyword, rule in RULES.items():
            if keyword in schema:
                complaint = rule(value, schema[keyword])
                if complaint:
                    self.violations.append(Violation(path, *complaint, shown=shown(value)))

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
        missing = [f"'{key}'" for key in schema.get("required", ()) if value.get(key) is None]
        if missing:
            self._note(path, f"missing key{'s' * (len(missing) > 1)} {' and '.join(missing)}", "required")
        return checked

    def _unknown(self, key: str, properties: dict[str, int], patterns: dict[str, int], path: KeyPath) -> None:
        if patterns:
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


def _is_intrinsic(schema: SchemaNode) -> bool:
    names = schema.get("properties", {})
    return bool(names) and all(key == "Ref" or key.startswith("Fn::") for key in names)


def _depth(violations: list[Violation]) -> int:
    return max(len(violation.path) for violation in violations)
