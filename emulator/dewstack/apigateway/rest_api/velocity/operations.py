"""Expressions other than references: literals, lists and maps, and what is done with operands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dewstack.apigateway.rest_api.velocity.errors import TemplateError
from dewstack.apigateway.rest_api.velocity.nodes import STEP_LIMIT, Node, Scope, Value, rendered
from dewstack.apigateway.rest_api.velocity.values import bounded, text, truth


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    constant: Any

    def value(self, scope: Scope) -> Any:
        """It."""
        return self.constant


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A string in double quotes that names something."""

    nodes: Sequence[Node]

    def value(self, scope: Scope) -> str:
        """What it says."""
        return rendered(self.nodes, scope)


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: Sequence[Value]

    def value(self, scope: Scope) -> list[Any]:
        """A new list."""
        return [item.value(scope) for item in self.items]


@dataclass(frozen=True, slots=True)
class RangeOf:
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


@dataclass(frozen=True, slots=True)
class MapOf:
    """`{"a": 1}`."""

    items: Sequence[tuple[Value, Value]]

    def value(self, scope: Scope) -> dict[str, Any]:
        """A new map."""
        return {text(name.value(scope)): held.value(scope) for name, held in self.items}


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what is done with them."""

    operate: Callable[[Any, Any], Any]
    left: Value
    right: Value

    def value(self, scope: Scope) -> Any:
        """The result. Raises TemplateError."""
        scope.step()
        result = self.operate(self.left.value(scope), self.right.value(scope))
        return bounded(result) if isinstance(result, str) else result


@dataclass(frozen=True, slots=True)
class Not:
    """`!a`."""

    operand: Value

    def value(self, scope: Scope) -> bool:
        """The opposite."""
        return not truth(self.operand.value(scope))


@dataclass(frozen=True, slots=True)
class Either:
    """`a || b` and, the other way round, `a && b`: the right side is looked at only when it matters."""

    left: Value
    right: Value
    decides: bool

    def value(self, scope: Scope) -> bool:
        """The result."""
        if truth(self.left.value(scope)) is self.decides:
            return self.decides
        return truth(self.right.value(scope))
