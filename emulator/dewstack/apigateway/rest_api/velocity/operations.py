"""Expressions other than references: literals, lists and maps, and what is done with operands."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from dewstack.apigateway.rest_api.velocity.errors import TemplateError
from dewstack.apigateway.rest_api.velocity.nodes import STEP_LIMIT, Node, Scope, Value, rendered
from dewstack.apigateway.rest_api.velocity.values import bounded, text, truth


class Constant(Struct, frozen=True):
    """A literal."""

    constant: Any

    def value(self, scope: Scope) -> Any:
        """It."""
        return self.constant


class Interpolated(Struct, frozen=True):
    """A string in double quotes that names something."""

    nodes: Sequence[Node]

    def value(self, scope: Scope) -> str:
        """What it says."""
        return rendered(self.nodes, scope)


class ListOf(Struct, frozen=True):
    """`[a, b]`."""

    items: Sequence[Value]

    def value(self, scope: Scope) -> list[Any]:
        """A new list."""
        return [item.value(scope) for item in self.items]


class RangeOf(Struct, frozen=True):
    """`[1..5]`, either way."""

    first: Value
    last: Value

    def value(self, scope: Scope) -> list[int]:
        """The numbers. Raises TemplateError for anything else, and for too many."""
        first, last = self.first.value(scope), self.last.value(scope)
        if type(first) is not int or type(last) is not int or abs(last - first) > STEP_LIMIT:
            raise TemplateError("a range goes from a whole number to another, not too far away")
        step = 1 if last >= first else -1
        return list(range(first, last + step, step))


class MapOf(Struct, frozen=True):
    """`{"a": 1}`."""

    items: Sequence[tuple[Value, Value]]

    def value(self, scope: Scope) -> dict[str, Any]:
        """A new map."""
        return {text(name.value(scope)): held.value(scope) for name, held in self.items}


class Binary(Struct, frozen=True):
    """Two operands and what is done with them."""

    operate: Callable[[Any, Any], Any]
    left: Value
    right: Value

    def value(self, scope: Scope) -> Any:
        """The result. Raises TemplateError."""
        scope.step()
        result = self.operate(self.left.value(scope), self.right.value(scope))
        return bounded(result) if isinstance(result, str) else result


class Not(Struct, frozen=True):
    """`!a`."""

    operand: Value

    def value(self, scope: Scope) -> bool:
        """The opposite."""
        return not truth(self.operand.value(scope))


class Either(Struct, frozen=True):
    """`a || b` and, the other way round, `a && b`: the right side is looked at only when it matters."""

    left: Value
    right: Value
    decides: bool

    def value(self, scope: Scope) -> bool:
        """The result."""
        if truth(self.left.value(scope)) is self.decides:
            return self.decides
        return truth(self.right.value(scope))
