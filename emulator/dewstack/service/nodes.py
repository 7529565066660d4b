"""YAML and JSON text as a tree of nodes that know where they stand.

Scalars follow the Serverless Framework's reader (YAML 1.2's core schema with merge keys, dates left as text),
not PyYAML's YAML 1.1: `on`, `yes` and `2012-10-17` are strings. CloudFormation's short tags (`!Ref`,
`!GetAtt`) become the long spelling.
"""

import re
from typing import Any, TypeAlias

import yaml
from msgspec import Struct

from .problems import Position, ProblemAt

CSafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Scalar: TypeAlias = str | int | float | bool | None

SHORT_TAGS = {
    f"!{name}": name if name in ("Ref", "Condition") else f"Fn::{name}"
    for name in [
        "And",
        "Base64",
        "Cidr",
        "Condition",
        "Equals",
        "FindInMap",
        "GetAtt",
        "GetAZs",
        "GetStackOutput",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "Ref",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
    ]
}
NODE_LIMIT = 200_000
"""Nodes in one file, aliases counted each time: above it the file is a bomb, not a map."""
DEPTH_LIMIT = 100
"""Levels of mappings and lists inside of each other."""

_INT = re.compile(r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?)$")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}


class Node(Struct):
    """A value and its place: a scalar, a list of nodes, or a dict of nodes whose keys stand at `keys`."""

    value: "Scalar | list[Node] | dict[str, Node]"
    at: Position
    keys: dict[str, Position] | None = None

    def mapping(self) -> "dict[str, Node]":
        """The members of a mapping; of anything else, none."""
        return self.value if isinstance(self.value, dict) else {}


NOTHING = Node(None, Position("", 1, 1))
"""Where a mapping has no such key."""


class _Loader(CSafeLoader):  # type: ignore[misc]
    """Composes nodes, not too deep, and leaves the meaning of plain scalars to us."""

    depth = 0

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        return ""

    def descend_resolver(self, parent: Any, index: Any) -> None:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise _TooDeep(None, None, f"nested deeper than {DEPTH_LIMIT} levels", parent.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _TooDeep(yaml.MarkedYAMLError):
    """Nesting that no map needs, and that would exhaust the stack."""


def parse_yaml(text: str, file: str) -> Node:
    """Read one YAML document (JSON is YAML too). Raises ProblemAt at the first syntax error."""
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_problem(error, text, file) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        message = f"a character that YAML doesn't allow: {chr(error.character)!r}"
        raise ProblemAt(Position(file, line, column), message) from None
    finally:
        loader.dispose()
    if root is None:
        return Node(None, Position(file, 1, 1))
    return _Builder(file).build(root)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> ProblemAt:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    said = error.problem or str(error)
    here = lines[line] if line < len(lines) else ""
    indent = here[: len(here) - len(here.lstrip())]
    if "\t" in indent or "'\\t'" in said or "tab" in said:
        return ProblemAt(
            Position(file, line + 1, (indent.find("\t") if "\t" in indent else column) + 1),
            "broken YAML: a tab in the indentation; YAML takes spaces only",
        )
    cause = _likely_cause(said, here, lines, line)
    return ProblemAt(Position(file, line + 1, column + 1), f"broken YAML: {said}{cause}")


def _likely_cause(said: str, here: str, lines: list[str], line: int) -> str:
    if "expected ',' or" in said and "{" in here:
        return f"; a text with {'${…}' if '${' in here else '{ or }'} inside of {{}} or [] needs quotes"
    if "mapping values are not allowed" in said:
        return "; a text that contains ': ' needs quotes, or the line is indented too far"
    if "did not find expected key" in said or "expected <block end>" in said:
        return "; the indentation doesn't fit the lines above it"
    if "could not find expected ':'" in said:
        return "; a ':' (with a space after it) is missing, perhaps in the line above"
    if "end of stream" in said or "unexpected end" in said:
        return "; a quote or a bracket isn't closed"
    if "character that cannot start any token" in said:
        return f"; quote the text that begins with {here.strip()[:1]!r}" if here.strip() else ""
    if "undefined alias" in said:
        return "; the anchor (&name) has to come before its use"
    return ""


class _Builder:
    """Turns PyYAML's nodes into ours; an alias's node is built once and shared."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.built: dict[int, Node] = {}
        self.open: set[int] = set()
        self.weight: dict[int, int] = {}

    def at(self, mark: Any) -> Position:
        return Position(self.file, mark.line + 1, mark.column + 1)

    def build(self, node: yaml.Node) -> Node:
        identity = id(node)
        if identity in self.built:
            return self.built[identity]
        at = self.at(node.start_mark)
        if identity in self.open:
            raise ProblemAt(at, "an anchor that contains its own alias")
        self.open.add(identity)
        ours = self._tagged(node, at)
        self.open.discard(identity)
        self.built[identity] = ours
        self._weigh(identity, node, at)
        return ours

    def _weigh(self, identity: int, node: yaml.Node, at: Position) -> None:
        children: list[Any] = []
        if isinstance(node, yaml.SequenceNode):
            children = node.value
        elif isinstance(node, yaml.MappingNode):
            children = [value for _, value in node.value]
        weight = 1 + sum(self.weight.get(id(child), 1) for child in children)
        if weight > NODE_LIMIT:
            raise ProblemAt(at, f"aliases that unfold to more than {NODE_LIMIT} values")
        self.weight[identity] = weight

    def _tagged(self, node: yaml.Node, at: Position) -> Node:
        tag = node.tag or ""
        if not tag.startswith("!"):
            return self._untagged(node, at, tag)
        long_name = SHORT_TAGS.get(tag)
        if long_name is None:
            raise ProblemAt(at, f"unknown tag {tag}; known are {', '.join(sorted(SHORT_TAGS))}")
        scalar = isinstance(node, yaml.ScalarNode)
        inner = self._short_scalar(tag, node, at) if scalar else self._untagged(node, at, "")
        return Node({long_name: inner}, at, {long_name: at})

    def _short_scalar(self, tag: str, node: Any, at: Position) -> Node:
        if tag == "!GetAtt":
            name, _, attribute = node.value.partition(".")
            return Node([Node(name, at), Node(attribute, at)], at)
        return Node(str(node.value), at)

    def _untagged(self, node: Any, at: Position, tag: str) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.build(child) for child in node.value], at)
        plain = not node.style and not tag.endswith(":str")
        return Node(_scalar(node.value) if plain else node.value, at)

    def _mapping(self, node: yaml.MappingNode, at: Position) -> Node:
        members: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        inherited: list[Node] = []
        for key_node, value_node in node.value:
            where = self.at(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                raise ProblemAt(where, "a key has to be a plain text")
            key = key_node.value
            if key == "<<" and not key_node.style:
                inherited.append(self.build(value_node))
                continue
            if key in members:
                raise ProblemAt(
                    where, f"the key '{key}' is here twice; the first is in line {keys[key].line}"
                )
            members[key] = self.build(value_node)
            keys[key] = where
        for source in inherited:
            self._merge(source, members, keys)
        return Node(members, at, keys)

    def _merge(self, source: Node, members: dict[str, Node], keys: dict[str, Position]) -> None:
        for each in source.value if isinstance(source.value, list) else [source]:
            if not isinstance(each.value, dict):
                raise ProblemAt(each.at, "'<<' takes a mapping, or a list of mappings")
            for key, value in each.value.items():
                if key not in members:
                    members[key] = value
                    keys[key] = each.keys[key] if each.keys else each.at


def _scalar(text: str) -> Scalar:
    """The meaning of an unquoted scalar by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INT.match(text) and not text.endswith("_"):
        digits = text.replace("_", "")
        prefix = digits.lstrip("+-")[:2]
        return int(digits, 0) if prefix in ("0b", "0o", "0x") else int(digits)
    if _FLOAT.match(text) and not text.endswith("_"):
        return _number(float(text.replace("_", "")))
    return text


def _number(value: float) -> int | float:
    """JavaScript knows one kind of number: `1.0` is 1, and as a text `1`."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def node_of(value: Any, at: Position) -> Node:
    """The node of a bare value that comes from elsewhere; all of it stands `at` the place that asks for it."""
    if isinstance(value, dict):
        members = {str(key): node_of(member, at) for key, member in value.items()}
        return Node(members, at, dict.fromkeys(members, at))
    if isinstance(value, list):
        return Node([node_of(item, at) for item in value], at)
    return Node(_number(value) if isinstance(value, float) else value, at)


def plain(node: Node) -> Any:
    """The bare Python value of a node."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value
