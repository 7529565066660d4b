"""Reads templates: text, references and directives."""

import re
from collections.abc import Callable, Mapping

from dewstack.apigateway.rest_api.velocity.errors import Break, Stop
from dewstack.apigateway.rest_api.velocity.expressions import Reader
from dewstack.apigateway.rest_api.velocity.nodes import (
    Define,
    ForEach,
    If,
    Leave,
    Node,
    Reference,
    SetTo,
    Text,
    Value,
)
from dewstack.apigateway.rest_api.velocity.operations import Constant

SPECIAL = re.compile(r"[$#\\]")
DIRECTIVE = re.compile(r"#(?:([a-z]+)\b|\{([a-z]+)\})")
LINE_END = re.compile(r"[ \t]*\r?\n")
NOT_EMULATED = frozenset({"macro", "include", "parse", "evaluate"})
ENDS = frozenset({"end", "else", "elseif"})


def parse(source: str, depth: int = 0) -> list[Node]:
    """The nodes of a template. Raises TemplateError."""
    parser = _Parser(source, depth)
    nodes, end = parser.block()
    if end:
        raise parser.reader.error(f"#{end} stands where nothing is open")
    return nodes


class _Parser:
    """Reads one template."""

    def __init__(self, source: str, depth: int) -> None:
        self.reader = Reader(source, parse, depth)

    def block(self) -> tuple[list[Node], str]:
        """What stands before the `#end`, `#else` or `#elseif` that closes the block, and which it was; '' at the end
        of the source."""
        reader, source = self.reader, self.reader.source
        reader.deeper()
        nodes: list[Node] = []
        while True:
            special = SPECIAL.search(source, reader.at)
            if special is None:
                self._text(nodes, source[reader.at :])
                reader.at = len(source)
                reader.depth -= 1
                return nodes, ""
            self._text(nodes, source[reader.at : special.start()])
            reader.at = special.start()
            end = SPECIALS[special[0]](self, nodes)
            if end:
                reader.depth -= 1
                return nodes, end

    @staticmethod
    def _text(nodes: list[Node], text: str) -> None:
        if text:
            nodes.append(Text(text))

    def _literally(self, nodes: list[Node], length: int = 1) -> str:
        reader = self.reader
        nodes.append(Text(reader.source[reader.at : reader.at + length]))
        reader.at += length
        return ""

    def _backslash(self, nodes: list[Node]) -> str:
        """A backslash takes a `$` or `#` after it as text."""
        if self.reader.source[self.reader.at + 1 : self.reader.at + 2] in ("$", "#"):
            self.reader.at += 1
        return self._literally(nodes)

    def _reference(self, nodes: list[Node]) -> str:
        reference = self.reader.reference()
        if reference is None:
            return self._literally(nodes)
        nodes.append(reference)
        return ""

    def _directive(self, nodes: list[Node]) -> str:
        """A comment, raw text or a directive; what closes a block is returned."""
        reader, source = self.reader, self.reader.source
        for begin, end, kept in (("##", "\n", False), ("#*", "*#", False), ("#[[", "]]#", True)):
            if source.startswith(begin, reader.at):
                stop = source.find(end, reader.at + len(begin))
                stop = len(source) if stop < 0 else stop
                if kept:
                    self._text(nodes, source[reader.at + len(begin) : stop])
                reader.at = min(stop + len(end), len(source))
                return ""
        match = DIRECTIVE.match(source, reader.at)
        name = (match[1] or match[2]) if match else ""
        if match is None or not (name in DIRECTIVES or name in ENDS or name in NOT_EMULATED):
            return self._literally(nodes)
        if name in NOT_EMULATED:
            raise reader.error(f"#{name} is not emulated")
        reader.at = match.end()
        if name in ENDS:
            if name != "elseif":
                self._line_end()
            return name
        DIRECTIVES[name](self, nodes)
        return ""

    def _line_end(self) -> None:
        """A directive that ends a line takes its end with it."""
        match = LINE_END.match(self.reader.source, self.reader.at)
        if match:
            self.reader.at = match.end()

    def _variable(self) -> Reference:
        self.reader.space()
        reference = self.reader.reference() if self.reader.source.startswith("$", self.reader.at) else None
        if reference is None:
            raise self.reader.error("a variable is missing")
        return reference

    def _body(self) -> list[Node]:
        nodes, end = self.block()
        if end != "end":
            raise self.reader.error(f"#{end} stands where #end should" if end else "#end is missing")
        return nodes

    def _set(self, nodes: list[Node]) -> None:
        reader = self.reader
        reader.expect("(")
        reference = self._variable()
        reader.expect("=")
        new = reader.expression()
        reader.expect(")")
        self._line_end()
        nodes.append(SetTo(reference, new))

    def _condition(self) -> Value:
        self.reader.expect("(")
        condition = self.reader.expression()
        self.reader.expect(")")
        self._line_end()
        return condition

    def _if(self, nodes: list[Node]) -> None:
        condition = self._condition()
        block, end = self.block()
        branches: list[tuple[Value, list[Node]]] = [(condition, block)]
        while end == "elseif":
            condition = self._condition()
            block, end = self.block()
            branches.append((condition, block))
        if end == "else":
            branches.append((Constant(True), self._body()))
        elif not end:
            raise self.reader.error("#end is missing")
        nodes.append(If(branches))

    def _foreach(self, nodes: list[Node]) -> None:
        reader = self.reader
        reader.expect("(")
        name = self._variable().name
        reader.expect("in")
        items = reader.expression()
        reader.expect(")")
        self._line_end()
        nodes.append(ForEach(name, items, self._body()))

    def _define(self, nodes: list[Node]) -> None:
        self.reader.expect("(")
        name = self._variable().name
        self.reader.expect(")")
        self._line_end()
        nodes.append(Define(name, self._body()))

    def _stop(self, nodes: list[Node]) -> None:
        nodes.append(Leave(Stop))

    def _break(self, nodes: list[Node]) -> None:
        nodes.append(Leave(Break))


SPECIALS: Mapping[str, Callable[[_Parser, list[Node]], str]] = {
    "$": _Parser._reference,
    "#": _Parser._directive,
    "\\": _Parser._backslash,
}
DIRECTIVES: Mapping[str, Callable[[_Parser, list[Node]], None]] = {
    "set": _Parser._set,
    "if": _Parser._if,
    "foreach": _Parser._foreach,
    "define": _Parser._define,
    "stop": _Parser._stop,
    "break": _Parser._break,
}
