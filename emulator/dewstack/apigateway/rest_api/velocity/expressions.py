"""Reads expressions: `$a.b("c") == 1 && !$d`, from weakest to strongest operator."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dewstack.apigateway.rest_api.velocity.errors import TemplateError
from dewstack.apigateway.rest_api.velocity.methods import Literal
from dewstack.apigateway.rest_api.velocity.nodes import Accessor, Node, Reference, Text, Value
from dewstack.apigateway.rest_api.velocity.operations import (
    Binary,
    Constant,
    Either,
    Interpolated,
    ListOf,
    MapOf,
    Not,
    RangeOf,
)
from dewstack.apigateway.rest_api.velocity.operators import LEVELS

SPACE = re.compile(r"\s*")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?")
WORD = re.compile(r"[a-z]+\b")
CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
DEPTH_LIMIT = 40
"""How deep expressions and blocks may stand in each other."""


NEGATION: Mapping[str, None] = {"!": None, "not": None}
OR: Mapping[str, None] = {"||": None, "or": None}
AND: Mapping[str, None] = {"&&": None, "and": None}


class ReadsTemplates(Protocol):
    """Reads the inside of a string as a template."""

    def __call__(self, source: str, depth: int) -> list[Node]:
        """The nodes. Raises TemplateError."""


class Reader:
    """A place in a source, and what can be read there. `at` moves on; `depth` counts what is open."""

    def __init__(self, source: str, inner: ReadsTemplates, depth: int = 0) -> None:
        self.source = source
        self.at = 0
        self.depth = depth
        self._inner = inner

    def error(self, what: str) -> TemplateError:
        """What is wrong here, with the line."""
        line = self.source.count("\n", 0, self.at) + 1
        return TemplateError(f"line {line}: {what}, before {self.source[self.at : self.at + 20]!r}")

    def deeper(self) -> None:
        """Count what opens here. Raises TemplateError when it is too much."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise self.error(f"nested more than {DEPTH_LIMIT} levels deep")

    def space(self) -> None:
        """Go over white space."""
        match = SPACE.match(self.source, self.at)
        assert match is not None
        self.at = match.end()

    def take(self, token: str) -> bool:
        """Go over `token`, after white space, if it is here."""
        self.space()
        if not self.source.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def expect(self, token: str) -> None:
        """Go over `token`. Raises TemplateError if it isn't here."""
        if not self.take(token):
            raise self.error(f"{token!r} is missing")

    def _operator(self, table: Mapping[str, Any]) -> str | None:
        """Go over one of the operators, longest first; words end where they end."""
        self.space()
        word = WORD.match(self.source, self.at)
        if word:
            found = word[0] if word[0] in table else None
        else:
            found = next(
                (one for one in table if not one.isalpha() and self.source.startswith(one, self.at)), None
            )
        if found:
            self.at += len(found)
        return found

    def expression(self) -> Value:
        """An expression. Raises TemplateError."""
        self.deeper()
        value = self._and()
        while self._operator(OR):
            value = Either(value, self._and(), True)
        self.depth -= 1
        return value

    def _and(self) -> Value:
        value = self._level(0)
        while self._operator(AND):
            value = Either(value, self._level(0), False)
        return value

    def _level(self, level: int) -> Value:
        if level == len(LEVELS):
            return self._unary()
        value = self._level(level + 1)
        while operator := self._operator(LEVELS[level]):
            value = Binary(LEVELS[level][operator], value, self._level(level + 1))
        return value

    def _unary(self) -> Value:
        negations = 0
        while self._operator(NEGATION):
            negations += 1
        value = self._primary()
        return Not(value) if negations % 2 else Not(Not(value)) if negations else value

    def _primary(self) -> Value:
        self.space()
        character = self.source[self.at : self.at + 1]
        read = PRIMARIES.get(character)
        if read:
            return read(self)
        number = NUMBER.match(self.source, self.at + (character == "-"))
        if number:
            self.at = number.end()
            sign = -1 if character == "-" else 1
            return Constant(sign * (float(number[0]) if "." in number[0] else int(number[0])))
        word = WORD.match(self.source, self.at)
        if word and word[0] in CONSTANTS:
            self.at = word.end()
            return Constant(CONSTANTS[word[0]])
        raise self.error("an expression is missing")

    def _parenthesis(self) -> Value:
        self.expect("(")
        value = self.expression()
        self.expect(")")
        return value

    def _list(self) -> Value:
        self.expect("[")
        if self.take("]"):
            return ListOf(())
        items = [self.expression()]
        if self.take(".."):
            last = self.expression()
            self.expect("]")
            return RangeOf(items[0], last)
        while self.take(","):
            items.append(self.expression())
        self.expect("]")
        return ListOf(items)

    def _map(self) -> Value:
        self.expect("{")
        items: list[tuple[Value, Value]] = []
        while not self.take("}"):
            if items:
                self.expect(",")
            name = self.expression()
            self.expect(":")
            items.append((name, self.expression()))
        return MapOf(items)

    def _string(self) -> Value:
        quote = self.source[self.at]
        begin = at = self.at + 1
        while True:
            end = self.source.find(quote, at)
            if end < 0:
                raise self.error("the string does not end")
            if not self.source.startswith(quote, end + 1):
                break
            at = end + 2
        inside = self.source[begin:end].replace(quote * 2, quote)
        self.at = end + 1
        if quote == "'":
            return Constant(Literal(inside))
        nodes = self._inner(inside, self.depth + 1)
        if all(isinstance(node, Text) for node in nodes):
            return Constant(Literal("".join(node.text for node in nodes if isinstance(node, Text))))
        return Interpolated(nodes)

    def _reference(self) -> Value:
        reference = self.reference()
        if reference is None:
            raise self.error("a name is missing after '$'")
        return reference

    def reference(self) -> Reference | None:
        """The reference that begins with the `$` here, or None (and nothing is read) where it isn't one."""
        begin = self.at
        self.at += 1
        quiet = self.source.startswith("!", self.at)
        self.at += quiet
        formal = self.source.startswith("{", self.at)
        self.at += formal
        name = NAME.match(self.source, self.at)
        if name is None:
            self.at = begin
            return None
        self.at = name.end()
        accessors = self._accessors()
        if formal and not self.source.startswith("}", self.at):
            self.at = begin
            return None
        self.at += formal
        return Reference(self.source[begin : self.at], name[0], accessors, quiet)

    def _accessors(self) -> list[Accessor]:
        accessors: list[Accessor] = []
        while True:
            character = self.source[self.at : self.at + 1]
            if character == "[":
                self.at += 1
                accessors.append(Accessor(self.expression()))
                self.expect("]")
                continue
            name = NAME.match(self.source, self.at + 1) if character == "." else None
            if name is None:
                return accessors
            self.at = name.end()
            arguments = self._arguments() if self.source.startswith("(", self.at) else None
            accessors.append(Accessor(Constant(name[0]), arguments))

    def _arguments(self) -> list[Value]:
        self.expect("(")
        arguments: list[Value] = []
        while not self.take(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.expression())
        return arguments


PRIMARIES: Mapping[str, Callable[[Reader], Value]] = {
    "$": Reader._reference,
    "(": Reader._parenthesis,
    "[": Reader._list,
    "{": Reader._map,
    '"': Reader._string,
    "'": Reader._string,
}
