"""Filter patterns for JSON messages: `{ $.level = "ERROR" && ($.ms >= 100 || $.user IS NULL) }`.

A condition asks one member of the document; those of an array or an object that `*` stands for match where any does. A
message that isn't JSON matches nothing.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from dewstack.logs.errors import InvalidParameterException
from dewstack.policies.wildcard import consists_of

Test = Callable[[Any], bool]
"""Over a document."""
Step = str | int
"""A member's name, an array's position, or `*` for all of them."""

MOST_DEPTH = 50
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<selector>\$(?:\.(?:[\w\-:@/]+|\*)|\[(?:\d+|\*|"(?:[^"\\]|\\.)*")\])*)
      | (?P<operator>&&|\|\||!=|<=|>=|=|<|>|\(|\))
      | (?P<word>(?:IS|NOT|EXISTS|NULL|TRUE|FALSE)\b)
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.*]))
      | "(?P<phrase>(?:[^"\\]|\\.)*)"
      | %(?P<expression>[^%]+)%
      | (?P<text>[^\s()&|=<>!"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r'\.([\w\-:@/]+|\*)|\[(?:(\d+)|(\*)|"((?:[^"\\]|\\.)*)")\]')
_NOTHING = object()

Token = tuple[str, str]


def compile_json(pattern: str) -> Callable[[str], bool]:
    """A predicate over messages, of a pattern in braces. Raises InvalidParameterException."""
    tokens = list(_tokens(pattern.strip()[1:-1]))
    if not pattern.strip().endswith("}") or not tokens:
        raise _invalid()
    reader = _Reader(tokens)
    test = reader.either()
    if reader.peek() != ("", ""):
        raise _invalid()

    def matches(message: str) -> bool:
        if not message.lstrip().startswith(("{", "[")):
            return False
        try:
            document = msgspec.json.decode(message)
        except (msgspec.DecodeError, RecursionError):
            return False
        return test(document)

    return matches


def value_test(operator: str, kind: str, text: str) -> Test:
    """Whether one value, of a document or a message's field, stands in relation `operator` to what is written.

    `kind` says how that is written: a number, a phrase in quotation marks, an %expression% or a bare text. `*` at the
    ends of a text stands for anything. Raises InvalidParameterException.
    """
    if operator in ("<", ">", "<=", ">="):
        if kind != "number":
            raise _invalid()
        return _ordering(operator, float(text))
    test = _equality(kind, text)
    return test if operator == "=" else (lambda value: value is not _NOTHING and not test(value))


class _Reader:
    """Reads tokens to a test: `||` binds looser than `&&`."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def peek(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def take(self) -> Token:
        token = self.peek()
        self._at += 1
        return token

    def either(self) -> Test:
        tests = [self.both()]
        while self.peek() == ("operator", "||"):
            self.take()
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.peek() == ("operator", "&&"):
            self.take()
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def one(self) -> Test:
        kind, text = self.take()
        if (kind, text) == ("operator", "("):
            self._depth += 1
            if self._depth > MOST_DEPTH:
                raise _invalid()
            test = self.either()
            if self.take() != ("operator", ")"):
                raise _invalid()
            self._depth -= 1
            return test
        if kind != "selector":
            raise _invalid()
        steps = _steps(text)
        test = self.condition()
        return lambda document: any(test(value) for value in _selected(document, steps))

    def condition(self) -> Test:
        kind, operator = self.take()
        if kind == "word":
            return self.words(operator)
        if kind != "operator" or operator in ("(", ")", "&&", "||"):
            raise _invalid()
        kind, text = self.take()
        if kind in ("", "operator", "selector"):
            raise _invalid()
        return value_test(operator, "text" if kind == "word" else kind, text)

    def words(self, first: str) -> Test:
        told = (first, self.take()[1])
        tests: dict[tuple[str, str], Test] = {
            ("IS", "NULL"): lambda value: value is None,
            ("IS", "TRUE"): lambda value: value is True,
            ("IS", "FALSE"): lambda value: value is False,
            ("NOT", "EXISTS"): lambda value: value is _NOTHING,
        }
        if told not in tests:
            raise _invalid()
        return tests[told]


def _tokens(text: str) -> Iterator[Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            raise _invalid()
        position = found.end()
        yield next((name, value) for name, value in found.groupdict().items() if value is not None)


def _steps(selector: str) -> list[Step]:
    steps: list[Step] = []
    for name, position, star, quoted in _STEP.findall(selector):
        steps.append(int(position) if position else star or name or re.sub(r"\\(.)", r"\1", quoted))
    return steps


def _selected(document: Any, steps: list[Step]) -> Iterator[Any]:
    """The values that a selector finds; one that isn't there is `_NOTHING`."""
    if not steps:
        yield document
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        several = document.values() if isinstance(document, dict) else document
        for value in several if isinstance(document, dict | list) else ():
            yield from _selected(value, rest)
    else:
        member = _member(document, step)
        yield from (member,) if member is _NOTHING else _selected(member, rest)


def _member(document: Any, step: Step) -> Any:
    if isinstance(document, dict):
        return document.get(step, _NOTHING)
    if isinstance(document, list) and isinstance(step, int) and step < len(document):
        return document[step]
    return _NOTHING


def _ordering(operator: str, number: float) -> Test:
    compare: dict[str, Callable[[float], bool]] = {
        "<": lambda value: value < number,
        ">": lambda value: value > number,
        "<=": lambda value: value <= number,
        ">=": lambda value: value >= number,
    }
    holds = compare[operator]

    def test(value: Any) -> bool:
        told = _number(value)
        return told is not None and holds(told)

    return test


def _equality(kind: str, text: str) -> Test:
    if kind == "number":
        number = float(text)
        return lambda value: _number(value) == number
    if kind == "expression":
        try:
            expression = re.compile(text)
        except re.error as error:
            raise _invalid() from error
        return lambda value: isinstance(value, str) and expression.search(value) is not None
    wanted = re.sub(r"\\(.)", r"\1", text) if kind == "phrase" else text
    pieces = wanted.split("*")
    return lambda value: consists_of(pieces, _text(value))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is _NOTHING or value is None else msgspec.json.encode(value).decode()


def _invalid() -> InvalidParameterException:
    return InvalidParameterException("Invalid filter pattern")
