"""JSON Schema, draft 4, as models of REST APIs use it. A keyword that is not emulated is refused by name.

What stands in a schema is the API's; what is checked, a client's: patterns are searched in texts of limited length.
"""

import re
from collections.abc import Callable, Mapping, Sized
from typing import Any

DEPTH_LIMIT = 100
NUMBERS = (int, float)


class BadSchema(ValueError):
    """A schema that cannot be used; the message says why."""


def _is_number(value: Any) -> bool:
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "null": lambda value: value is None,
    "number": _is_number,
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}
NOTES = frozenset(
    {
        "$schema",
        "id",
        "title",
        "description",
        "default",
        "definitions",
        "format",
        "example",
        "examples",
        "$id",
    }
    | {"exclusiveMinimum", "exclusiveMaximum", "additionalItems", "readOnly", "xml"}
)
"""Keywords that check nothing by themselves."""


class Schema:
    """A schema, ready to check. Raises BadSchema."""

    def __init__(self, document: Any) -> None:
        self._root = document
        _check_keywords(document, 0)

    def fits(self, value: Any) -> bool:
        """Whether `value` fits. What a reference that leads nowhere or in a circle is asked about doesn't."""
        return _Check(self._root).fits(self._root, value, 0)


class _Check:
    """One value on its way through a schema.

    What a reference said of a part is remembered: in a model that names itself twice, such as a tree's, the time would
    else double with each level that a client sends.
    """

    def __init__(self, root: Any) -> None:
        self._root = root
        self._known: dict[tuple[str, int], bool] = {}

    def fits(self, schema: Any, value: Any, depth: int) -> bool:
        if depth > DEPTH_LIMIT:
            return False
        if isinstance(schema, bool):
            return schema
        if "$ref" in schema:
            return self._referred(schema["$ref"], value, depth + 1)
        return all(
            KEYWORDS[keyword](self, schema, operand, value, depth + 1)
            for keyword, operand in schema.items()
            if keyword in KEYWORDS
        )

    def _referred(self, reference: str, value: Any, depth: int) -> bool:
        asked = reference, id(value)
        if asked not in self._known:
            self._known[asked] = self.fits(self._resolve(reference), value, depth)
        return self._known[asked]

    def _resolve(self, reference: str) -> Any:
        found = self._root
        for key in reference.removeprefix("#").split("/")[1:]:
            found = found.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return False if found is None else found

    def _type(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        names = operand if isinstance(operand, list) else [operand]
        return any(TYPES[name](value) for name in names if name in TYPES)

    def _enum(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return any(type(one) is type(value) and one == value for one in operand)

    def _properties(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        if not isinstance(value, dict):
            return True
        return all(self.fits(operand[name], held, depth) for name, held in value.items() if name in operand)

    def _required(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return not isinstance(value, dict) or all(name in value for name in operand)

    def _additional(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        if not isinstance(value, dict):
            return True
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        return all(
            self.fits(operand, held, depth)
            for name, held in value.items()
            if name not in known and not any(re.search(pattern, name) for pattern in patterns)
        )

    def _patterned(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        if not isinstance(value, dict):
            return True
        return all(
            self.fits(sub, held, depth)
            for pattern, sub in operand.items()
            for name, held in value.items()
            if re.search(pattern, name)
        )

    def _items(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        if not isinstance(value, list):
            return True
        if isinstance(operand, list):
            rest = schema.get("additionalItems", True)
            return all(self.fits(sub, one, depth) for sub, one in zip(operand, value, strict=False)) and all(
                self.fits(rest, one, depth) for one in value[len(operand) :]
            )
        return all(self.fits(operand, one, depth) for one in value)

    def _minimum(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        if not _is_number(value):
            return True
        return bool(value > operand if schema.get("exclusiveMinimum") is True else value >= operand)

    def _maximum(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        if not _is_number(value):
            return True
        return bool(value < operand if schema.get("exclusiveMaximum") is True else value <= operand)

    def _multiple(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        try:
            return not _is_number(value) or not operand or (value / operand).is_integer()
        except OverflowError:  # a number beyond any that has a fraction
            return isinstance(operand, int) and value % operand == 0

    def _pattern(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return not isinstance(value, str) or re.search(operand, value) is not None

    def _all_of(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return all(self.fits(one, value, depth) for one in operand)

    def _any_of(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return any(self.fits(one, value, depth) for one in operand)

    def _one_of(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return sum(self.fits(one, value, depth) for one in operand) == 1

    def _not(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return not self.fits(operand, value, depth)

    def _unique(self, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        if not operand or not isinstance(value, list):
            return True
        return len({repr(one) for one in value}) == len(value)


def _sized(
    kind: type[Sized], holds: Callable[[int, int], bool]
) -> Callable[[_Check, Any, Any, Any, int], bool]:
    def check(self: _Check, schema: Any, operand: Any, value: Any, depth: int) -> bool:
        return not isinstance(value, kind) or holds(len(value), operand)

    return check


def _at_least(size: int, limit: int) -> bool:
    return size >= limit


def _at_most(size: int, limit: int) -> bool:
    return size <= limit


KEYWORDS: Mapping[str, Callable[[_Check, Any, Any, Any, int], bool]] = {
    "additionalProperties": _Check._additional,
    "allOf": _Check._all_of,
    "anyOf": _Check._any_of,
    "enum": _Check._enum,
    "items": _Check._items,
    "maxItems": _sized(list, _at_most),
    "maxLength": _sized(str, _at_most),
    "maxProperties": _sized(dict, _at_most),
    "maximum": _Check._maximum,
    "minItems": _sized(list, _at_least),
    "minLength": _sized(str, _at_least),
    "minProperties": _sized(dict, _at_least),
    "minimum": _Check._minimum,
    "multipleOf": _Check._multiple,
    "not": _Check._not,
    "oneOf": _Check._one_of,
    "pattern": _Check._pattern,
    "patternProperties": _Check._patterned,
    "properties": _Check._properties,
    "required": _Check._required,
    "type": _Check._type,
    "uniqueItems": _Check._unique,
}
ONE = ("additionalProperties", "additionalItems", "not")
SEVERAL = ("allOf", "anyOf", "oneOf")
NAMED = ("properties", "patternProperties", "definitions")


def _check_keywords(schema: Any, depth: int) -> None:
    """Raises BadSchema for what isn't a schema, and for what isn't emulated."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
        raise BadSchema("a schema is an object, and not nested too deeply")
    for keyword, operand in schema.items():
        if keyword == "$ref":
            if not isinstance(operand, str) or not operand.startswith("#"):
                raise BadSchema(f"the reference {operand!r} to another document is not emulated")
        elif keyword not in KEYWORDS and keyword not in NOTES:
            raise BadSchema(f"the keyword {keyword!r} is not emulated")
        _check_operand(keyword, operand, depth)


def _check_operand(keyword: str, operand: Any, depth: int) -> None:
    subs: list[Any] = []
    if keyword in ONE:
        subs = [operand]
    elif keyword in SEVERAL and isinstance(operand, list):
        subs = operand
    elif keyword in NAMED and isinstance(operand, dict):
        subs = list(operand.values())
    elif keyword == "items":
        subs = operand if isinstance(operand, list) else [operand]
    elif keyword in (*SEVERAL, *NAMED):
        raise BadSchema(f"{keyword!r} has the wrong shape")
    for pattern in [operand] if keyword == "pattern" else operand if keyword == "patternProperties" else ():
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise BadSchema(f"the pattern {pattern!r}: {error}") from None
    for sub in subs:
        _check_keywords(sub, depth + 1)
