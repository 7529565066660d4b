"""Resolves the variables of a map: `${self:…}`, `${env:…}`, `${file(…)}` and the rest, wherever they stand.

Resolution is lazy: what a variable points at is resolved first, and only that, so a map may refer to its own
parts freely; a value that needs itself is a cycle, and the error names the way around.
"""

import re
from typing import Any, Protocol

from .nodes import Node
from .problems import KeyPath, Position, ProblemAt, Report
from .variable_syntax import Literal, Source, Text, Variable, VariableSyntaxError, parse

CHAIN_LIMIT = 50
"""Variables that need each other in a row."""


class NotFound(ProblemAt):
    """This source has no such value, and says why; the next is tried. With `remark`, the user hears of it.

    For those who have no next place to look in there is `advice`, or a `default` that is taken then.
    """

    def __init__(
        self,
        position: Position,
        message: str,
        *,
        advice: str = "",
        remark: bool = False,
        default: str | None = None,
    ) -> None:
        super().__init__(position, f"{message}; {advice}" if advice else message)
        self.reason = message
        self.remark = remark
        self.default = default


class Sources(Protocol):
    """Where variables are looked up."""

    def look_up(self, source: Source, params: list[Any], address: str | None, at: Position) -> Node | None:
        """The value; None for null. Raises NotFound, or ProblemAt when it can't be asked like this."""
        ...


class Resolver:
    """Resolves nodes; each variable is looked up once, and each mistake is reported where it is used."""

    def __init__(self, root: Node, sources: Sources, report: Report) -> None:
        self.root = root
        self.sources = sources
        self.report = report
        self._done: dict[int, Node] = {}
        self._open: dict[int, str] = {}
        self._alive: list[Node] = []
        self._path: KeyPath = ()
        self.double_braces = False
        """Whether variables are written `${{…}}`, so that `${…}` is CloudFormation's, as maps of version 1 had it."""

    def resolve(self, node: Node, path: KeyPath) -> Node:
        """The node with every variable in it replaced. Mistakes go to the report, the rest is resolved."""
        if isinstance(node.value, str):
            self._path = path
            try:
                return self.resolve_text(node, path)
            except ProblemAt as problem:
                self.report.add(problem.position, path, problem.message)
                return Node(None, node.at)
        if not isinstance(node.value, dict | list):
            return node
        known = self._done.get(id(node))
        if known is None:
            known = self._done[id(node)] = self._resolve_members(node, path)
            self._alive.append(node)
        return known

    def _resolve_members(self, node: Node, path: KeyPath) -> Node:
        if isinstance(node.value, dict):
            members = {key: self.resolve(child, (*path, key)) for key, child in node.value.items()}
            return Node(members, node.at, node.keys)
        assert isinstance(node.value, list)
        return Node([self.resolve(child, (*path, index)) for index, child in enumerate(node.value)], node.at)

    def resolve_text(self, node: Node, path: KeyPath = ()) -> Node:
        """The value of a string. Raises ProblemAt when a variable in it can't be resolved."""
        if not isinstance(node.value, str) or "${" not in node.value:
            return node
        identity = id(node)
        if identity in self._done:
            return self._done[identity]
        if identity in self._open:
            way = [*list(self._open.values())[list(self._open).index(identity) :], node.value]
            raise ProblemAt(node.at, f"a variable that needs itself: {' → '.join(way)}")
        if len(self._open) > CHAIN_LIMIT:
            raise ProblemAt(node.at, f"a chain of more than {CHAIN_LIMIT} variables")
        self._open[identity] = node.value
        try:
            text = _with_single_braces(node.value) if self.double_braces else node.value
            resolved = self._evaluate(parse(text), node.at)
        except VariableSyntaxError as error:
            raise ProblemAt(node.at, f"broken variable: {error}") from None
        finally:
            del self._open[identity]
        resolved = self._settle(resolved, node, path)
        self._done[identity] = resolved
        self._alive.append(node)
        return resolved

    def _settle(self, resolved: Node, node: Node, path: KeyPath) -> Node:
        if isinstance(resolved.value, dict | list):
            identity = id(node)
            self._open[identity] = str(node.value)
            try:
                inner = self.resolve(resolved, path)
            finally:
                del self._open[identity]
            return Node(inner.value, node.at, inner.keys)
        return Node(resolved.value, node.at)

    def _evaluate(self, text: Text, at: Position) -> Node:
        if len(text) == 1:
            piece = text[0]
            return Node(piece, at) if isinstance(piece, str) else self._look_up(piece, at)
        joined = ""
        for piece in text:
            if isinstance(piece, str):
                joined += piece
                continue
            found = self._look_up(piece, at).value
            if isinstance(found, dict | list):
                raise ProblemAt(at, f"{piece.text} is a {_kind(found)}, which can't be a part of a text")
            joined += _as_text(found)
        return Node(joined, at)

    def _look_up(self, variable: Variable, at: Position) -> Node:
        for source in variable.sources:
            if isinstance(source, Literal):
                return Node(source.value, at)  # type: ignore[arg-type]
            params = [self._evaluate(param, at).value for param in source.params]
            address = self._evaluate(source.address, at).value if source.address else None
            if source.address and address is None:
                continue
            try:
                found = self.sources.look_up(
                    source, params, None if address is None else _as_text(address), at
                )
            except NotFound as problem:
                if source is variable.sources[-1]:
                    if problem.default is None:
                        raise
                    self.report.add(
                        at, self._path, f"{problem.reason}; '{problem.default}' is used", "warning"
                    )
                    return Node(problem.default, at)
                if problem.remark:
                    self.report.add(at, self._path, f"{problem.reason}; the fallback is used", "warning")
                continue
            if found is not None:
                found = self.resolve_text(found)
                if found.value is not None:
                    return found
        raise ProblemAt(at, f"{variable.text} has no value")

    def follow(self, root: Node, keys: list[str]) -> Node | None:
        """Walk from `root` along `keys`, resolving only what stands in the way."""
        node = root
        for key in keys:
            node = self.resolve_text(node)
            if isinstance(node.value, dict) and key in node.value:
                node = node.value[key]
            elif isinstance(node.value, list) and key.isdigit() and int(key) < len(node.value):
                node = node.value[int(key)]
            else:
                return None
        return node


def _with_single_braces(text: str) -> str:
    """`${{self:service}}` as `${self:service}`, and what has single braces escaped."""
    if "${{" not in text:
        return text.replace("${", "\\${")
    return re.sub(r"\$\{(?!\{)", r"\\${", text).replace("${{", "${").replace("}}", "}")


def _kind(value: object) -> str:
    return "mapping" if isinstance(value, dict) else "list"


def _as_text(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
