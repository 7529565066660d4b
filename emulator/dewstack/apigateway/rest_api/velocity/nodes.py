"""What a template is made of: nodes that render themselves, and expressions that have a value."""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Protocol

from msgspec import Struct

from dewstack.apigateway.rest_api.velocity.errors import Break, Stop, TemplateError
from dewstack.apigateway.rest_api.velocity.methods import call, item
from dewstack.apigateway.rest_api.velocity.values import SIZE_LIMIT, Position, text, truth

STEP_LIMIT = 100_000
"""Nodes that one rendering may visit."""
SECONDS = 5.0
"""How long one rendering may take: a step through a large body is not a small one."""
LOOP_LIMIT = 1_000
"""Rounds of one `#foreach`, as on AWS."""
DEPTH_LIMIT = 20
"""How deep `#define`d blocks may stand in each other."""


class Scope:
    """One rendering: its names, and how much it has done so far."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.depth = 0
        self._steps = 0
        self._deadline = monotonic() + SECONDS
        self._size = 0

    def step(self) -> None:
        """Count a node. Raises TemplateError when there were too many, or when they took too long."""
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise TemplateError(f"more than {STEP_LIMIT} steps")
        if monotonic() > self._deadline:
            raise TemplateError(f"it takes longer than {SECONDS:g} seconds")

    def write(self, out: list[str], written: str) -> None:
        """Add to the output. Raises TemplateError when it grows too large."""
        self._size += len(written)
        if self._size > SIZE_LIMIT:
            raise TemplateError("the text grows beyond 10 MB")
        out.append(written)


class Node(Protocol):
    """A piece of a template."""

    def render(self, scope: Scope, out: list[str]) -> None:
        """Write what the piece says. Raises TemplateError, Stop, Break."""


class Value(Protocol):
    """An expression."""

    def value(self, scope: Scope) -> Any:
        """What it is worth. Raises TemplateError."""


def render_all(nodes: Sequence[Node], scope: Scope, out: list[str]) -> None:
    """Write what the pieces say, in order."""
    for node in nodes:
        scope.step()
        node.render(scope, out)


def rendered(nodes: Sequence[Node], scope: Scope) -> str:
    """What the pieces say."""
    out: list[str] = []
    render_all(nodes, scope, out)
    return "".join(out)


class Text(Struct, frozen=True):
    """Text as it is."""

    text: str

    def render(self, scope: Scope, out: list[str]) -> None:
        """Write it."""
        scope.write(out, self.text)


class Block(Struct, frozen=True):
    """What a `#define`d name stands for: rendered anew wherever it is named."""

    nodes: Sequence[Node]

    def text(self, scope: Scope) -> str:
        """What the block says now. Raises TemplateError for one that stands in itself."""
        if scope.depth >= DEPTH_LIMIT:
            raise TemplateError(f"#define blocks stand more than {DEPTH_LIMIT} deep in each other")
        scope.depth += 1
        try:
            return rendered(self.nodes, scope)
        finally:
            scope.depth -= 1


class Accessor(Struct, frozen=True):
    """`.name`, `.name(arguments)` or `[name]`."""

    name: Value
    arguments: Sequence[Value] | None = None

    def of(self, value: Any, scope: Scope) -> Any:
        """What it finds at `value`."""
        scope.step()
        name = self.name.value(scope)
        if self.arguments is None:
            return item(value, name)
        return call(value, name, [argument.value(scope) for argument in self.arguments])


class Reference(Struct, frozen=True):
    """`$name.and.more`. One that leads nowhere prints as it is spelled, a quiet one (`$!`) not at all."""

    source: str
    name: str
    accessors: Sequence[Accessor]
    quiet: bool

    def value(self, scope: Scope) -> Any:
        """What it leads to, or None."""
        found = scope.names.get(self.name)
        if isinstance(found, Block):
            found = found.text(scope)
        for accessor in self.accessors:
            if found is None:
                return None
            found = accessor.of(found, scope)
        return found

    def render(self, scope: Scope, out: list[str]) -> None:
        """Write what it leads to."""
        found = self.value(scope)
        if found is not None:
            scope.write(out, text(found))
        elif not self.quiet:
            scope.write(out, self.source)

    def assign(self, scope: Scope, new: Any) -> None:
        """Let it lead to `new`, where there is a place for it."""
        if not self.accessors:
            scope.names[self.name] = new
            return
        *way, last = self.accessors
        place = scope.names.get(self.name)
        for accessor in way:
            place = accessor.of(place, scope)
        name = last.name.value(scope)
        if isinstance(place, dict) and last.arguments is None:
            place[text(name)] = new
        elif isinstance(place, list) and isinstance(name, int) and 0 <= name < len(place):
            place[name] = new


class SetTo(Struct, frozen=True):
    """`#set($name = value)`."""

    reference: Reference
    new: Value

    def render(self, scope: Scope, out: list[str]) -> None:
        """Write nothing."""
        self.reference.assign(scope, self.new.value(scope))


class If(Struct, frozen=True):
    """`#if … #elseif … #else … #end`: conditions with their blocks, the last of which may always hold."""

    branches: Sequence[tuple[Value, Sequence[Node]]]

    def render(self, scope: Scope, out: list[str]) -> None:
        """Write the first block whose condition holds."""
        for condition, block in self.branches:
            if truth(condition.value(scope)):
                render_all(block, scope, out)
                return


class ForEach(Struct, frozen=True):
    """`#foreach($name in items)`. Inside, `$foreach` tells where one is."""

    name: str
    items: Value
    block: Sequence[Node]

    def render(self, scope: Scope, out: list[str]) -> None:
        """Write the block once for each item; the values of a map."""
        items = self.items.value(scope)
        rounds = list(items.values()) if isinstance(items, Mapping) else items
        if not isinstance(rounds, list):
            return
        if len(rounds) > LOOP_LIMIT:
            raise TemplateError(f"#foreach goes round more than {LOOP_LIMIT} times")
        outer = {name: scope.names.get(name) for name in (self.name, "foreach", "velocityCount")}
        try:
            for index, each in enumerate(list(rounds)):
                scope.step()
                scope.names |= {
                    self.name: each,
                    "velocityCount": index + 1,
                    "foreach": Position(
                        index=index,
                        count=index + 1,
                        hasNext=index + 1 < len(rounds),
                        first=index == 0,
                        last=index + 1 == len(rounds),
                        parent=outer["foreach"],
                    ),
                }
                render_all(self.block, scope, out)
        except Break:
            pass
        finally:
            scope.names |= outer


class Define(Struct, frozen=True):
    """`#define($name) … #end`."""

    name: str
    nodes: Sequence[Node]

    def render(self, scope: Scope, out: list[str]) -> None:
        """Write nothing."""
        scope.names[self.name] = Block(self.nodes)


class Leave(Struct, frozen=True):
    """`#stop`, `#break`."""

    how: type[Stop] | type[Break]

    def render(self, scope: Scope, out: list[str]) -> None:
        """Raises it."""
        raise self.how
