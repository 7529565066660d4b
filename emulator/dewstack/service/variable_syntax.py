"""The grammar of the Serverless Framework's variables: `${type(params):address, fallback, 'literal'}`.

A text that only looks like one (`${AWS::Region}`, `${Table.Arn}`, `${!Literal}`) belongs to `Fn::Sub` and is
kept as it is, though a variable may stand inside it. `\\${` is an escaped `${`.
"""

import json
import re
from typing import TypeAlias

from msgspec import Struct

DEPTH_LIMIT = 20

_SOURCE = re.compile(r"\s*([a-z][a-zA-Z0-9]*|(?:cf|ssm)\.[a-z0-9-]+)([:(])(?!:)")
_LITERAL = re.compile(r"\s*([a-zA-Z0-9.\-]+)\s*(?=[,}])")
_STRING = re.compile(r"""\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*""")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}


class Literal(Struct, frozen=True):
    """A literal as the last resort of a variable: a string, a number, a boolean or null."""

    value: object


class Source(Struct, frozen=True):
    """One place to look: `self:custom.a` has the address `custom.a`, `file(a.yml)` the parameter `a.yml`."""

    type: str
    params: "tuple[Text, ...]"
    address: "Text | None"


class Variable(Struct, frozen=True):
    """One `${…}`: its sources, tried in order. `text` is what the user wrote."""

    sources: tuple[Source | Literal, ...]
    text: str


Text: TypeAlias = tuple[str | Variable, ...]
"""A string in pieces. One piece that is a variable means that the variable's value is the whole value."""


class VariableSyntaxError(ValueError):
    """A `${…}` that can't be read."""


def parse(text: str) -> Text:
    """Split `text` into literal pieces and variables. Raises VariableSyntaxError."""
    return _Parser(text).text_until("") if "${" in text else (text,)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.index = 0
        self.depth = 0

    def text_until(self, stops: str) -> Text:
        """Read pieces up to one of the `stops` (not consumed), or up to the end when there are none."""
        pieces: list[str | Variable] = []
        literal = ""
        while self.index < len(self.text):
            char = self.text[self.index]
            if char in stops:
                break
            if self.text.startswith("\\${", self.index):
                literal += "${"
                self.index += 3
            elif self.text.startswith("${", self.index) and self._is_variable(bool(stops)):
                if literal:
                    pieces.append(literal)
                literal = ""
                pieces.append(self.variable())
            else:
                literal += char
                self.index += 1
        if literal or not pieces:
            pieces.append(literal)
        return tuple(pieces)

    def _is_variable(self, nested: bool) -> bool:
        if _SOURCE.match(self.text, self.index + 2):
            return True
        if nested:
            raise VariableSyntaxError(
                f"'{self.text[self.index :]}' isn't a variable, but stands inside of one"
            )
        return False

    def variable(self) -> Variable:
        start = self.index
        self.index += 2
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise VariableSyntaxError(f"variables nested deeper than {DEPTH_LIMIT} levels")
        sources: list[Source | Literal] = []
        while True:
            sources.append(self.source(first=not sources))
            self._skip_spaces()
            char = self._next("'}'")
            if char == "}":
                self.depth -= 1
                return Variable(tuple(sources), self.text[start : self.index])
            if char != ",":
                raise VariableSyntaxError(f"expected ',' or '}}' at '{self.text[self.index - 1 :]}'")

    def source(self, first: bool) -> Source | Literal:
        match = _SOURCE.match(self.text, self.index)
        if match:
            return self._source(match)
        if not first and (literal := self._literal()):
            return literal
        raise VariableSyntaxError(f"no source to look in at '{self.text[self.index :].strip()}'")

    def _literal(self) -> Literal | None:
        if match := _STRING.match(self.text, self.index):
            self.index = match.end()
            return Literal(_unquote(match[1]))
        match = _LITERAL.match(self.text, self.index)
        if not match:
            return None
        self.index = match.end()
        word = match[1]
        if word in _WORDS:
            return Literal(_WORDS[word])
        try:
            number = float(word)
        except ValueError:
            raise VariableSyntaxError(f"the fallback '{word}' needs quotes") from None
        return Literal(int(number) if number.is_integer() and "." not in word else number)

    def _source(self, match: re.Match[str]) -> Source:
        kind, opener = match.groups()
        self.index = match.end()
        params: tuple[Text, ...] = ()
        if opener == "(":
            params = self._params()
            self._skip_spaces()
            if not self.text.startswith(":", self.index):
                return Source(kind, params, None)
            self.index += 1
        self._skip_spaces()
        if quoted := self._quoted(",}"):
            return Source(kind, params, quoted)
        return Source(kind, params, _stripped(self.text_until(",}")))

    def _params(self) -> tuple[Text, ...]:
        params: list[Text] = []
        while True:
            self._skip_spaces()
            param = self._quoted(",)") or _stripped(self.text_until(",)}")) or ("",)
            char = self._next("')'")
            if param != ("",) or char == ",":
                params.append(param)
            if char == ")":
                return tuple(params)
            if char != ",":
                raise VariableSyntaxError(f"expected ')' before '{self.text[self.index - 1 :]}'")

    def _quoted(self, followed_by: str) -> Text | None:
        match = _STRING.match(self.text, self.index)
        if not match or self.text[match.end() : match.end() + 1] not in tuple(followed_by):
            return None
        self.index = match.end()
        return (_unquote(match[1]),)

    def _skip_spaces(self) -> None:
        while self.text[self.index : self.index + 1].isspace():
            self.index += 1

    def _next(self, expected: str) -> str:
        if self.index >= len(self.text):
            raise VariableSyntaxError(f"'{self.text}' ends before its {expected}")
        self.index += 1
        return self.text[self.index - 1]


def _unquote(quoted: str) -> str:
    if quoted[0] == "'":
        return quoted[1:-1]
    try:
        return str(json.loads(quoted))
    except ValueError as error:
        raise VariableSyntaxError(f"{quoted} isn't a string literal: {error}") from None


def _stripped(text: Text) -> Text | None:
    pieces = list(text)
    if isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip()
    if isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip()
    kept = tuple(piece for piece in pieces if piece != "")
    return kept or None
