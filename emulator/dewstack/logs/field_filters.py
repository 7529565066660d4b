"""Filter patterns for space-delimited messages: `[ip, user, time, request = "*login*", status = 4*, ...]`.

A message's fields are parted by spaces; what stands in brackets or quotation marks is one field. A pattern names every
field, or leaves some out by `...`, and asks something of those that it likes.
"""

import re
from collections.abc import Callable

from dewstack.logs.errors import InvalidParameterException
from dewstack.logs.json_filters import value_test

Conditions = Callable[[str], bool]
REST = "..."
_FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
_PART = re.compile(r'(?:[^,"%]|"(?:[^"\\]|\\.)*"|%[^%]*%)+')
_CONDITION = re.compile(
    r"""\s*(?P<name>\w+)?\s*(?P<operator>!=|<=|>=|=|<|>)\s*(?:
        "(?P<phrase>(?:[^"\\]|\\.)*)" | %(?P<expression>[^%]+)%
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.*])) | (?P<text>[^\s&|"%]+)
    )\s*""",
    re.VERBOSE,
)
_JOINED = re.compile(r"(&&|\|\|)")


def compile_fields(pattern: str) -> Callable[[str], bool]:
    """A predicate over messages, of a pattern in brackets. Raises InvalidParameterException."""
    pattern = pattern.strip()
    if not pattern.endswith("]"):
        raise _invalid()
    parts = [part.strip() for part in _PART.findall(pattern[1:-1])]
    if not parts or parts.count(REST) > 1:
        raise _invalid()
    at = parts.index(REST) if REST in parts else None
    before = [_conditions(part) for part in (parts if at is None else parts[:at])]
    after = [] if at is None else [_conditions(part) for part in parts[at + 1 :]]

    def matches(message: str) -> bool:
        fields = [next(group for group in found if group is not None) for found in _groups(message)]
        if len(fields) < len(before) + len(after) or (at is None and len(fields) != len(before)):
            return False
        tail = fields[len(fields) - len(after) :]
        return all(test(field) for test, field in zip(before, fields, strict=False)) and all(
            test(field) for test, field in zip(after, tail, strict=True)
        )

    return matches


def _groups(message: str) -> list[tuple[str | None, ...]]:
    return [found.groups() for found in _FIELD.finditer(message)]


def _conditions(part: str) -> Conditions:
    """What is asked of a field: nothing, or conditions joined by && or ||, of which && binds closer."""
    if re.fullmatch(r"\w*", part):
        return lambda field: True
    pieces = _JOINED.split(part)
    either: list[list[Conditions]] = [[_condition(pieces[0])]]
    for joint, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if joint == "||":
            either.append([])
        either[-1].append(_condition(piece))
    return lambda field: any(all(test(field) for test in tests) for tests in either)


def _condition(text: str) -> Conditions:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise _invalid()
    kinds = ("phrase", "expression", "number", "text")
    kind = next(kind for kind in kinds if found[kind] is not None)
    return value_test(found["operator"], kind, found[kind])


def _invalid() -> InvalidParameterException:
    return InvalidParameterException("Invalid filter pattern")
