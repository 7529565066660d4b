"""What the operators of expressions do, from the weakest to the strongest."""

from collections.abc import Callable, Mapping
from typing import Any

from dewstack.apigateway.rest_api.velocity.errors import TemplateError
from dewstack.apigateway.rest_api.velocity.values import text

LARGEST = 10**30
"""Numbers grow no further: squared again and again, one would fill the memory."""


def _compare(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def compare(left: Any, right: Any) -> bool:
        try:
            return holds(left, right)
        except TypeError:
            raise TemplateError(f"{text(left)[:50]!r} and {text(right)[:50]!r} cannot be compared") from None

    return compare


def _calculate(operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Any:
        if not all(type(one) in (int, float) for one in (left, right)):
            return None
        try:
            result = operate(left, right)
            return result if abs(result) < LARGEST else None
        except (ZeroDivisionError, OverflowError):
            return None

    return calculate


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return text(left) + text(right)
    return _calculate(lambda a, b: a + b)(left, right)


def _equal(left: Any, right: Any) -> bool:
    if (
        type(left) is type(right)
        or {type(left), type(right)} <= {int, float}
        or left is None
        or right is None
    ):
        return bool(left == right)
    return text(left) == text(right)


def _divide(left: Any, right: Any) -> Any:
    return int(left / right) if type(left) is type(right) is int else left / right


LEVELS: tuple[Mapping[str, Callable[[Any, Any], Any]], ...] = (
    {
        "==": _equal,
        "!=": lambda left, right: not _equal(left, right),
        "eq": _equal,
        "ne": lambda left, right: not _equal(left, right),
    },
    {
        "<=": _compare(lambda left, right: left <= right),
        ">=": _compare(lambda left, right: left >= right),
        "<": _compare(lambda left, right: left < right),
        ">": _compare(lambda left, right: left > right),
        "le": _compare(lambda left, right: left <= right),
        "ge": _compare(lambda left, right: left >= right),
        "lt": _compare(lambda left, right: left < right),
        "gt": _compare(lambda left, right: left > right),
    },
    {"+": _add, "-": _calculate(lambda left, right: left - right)},
    {
        "*": _calculate(lambda left, right: left * right),
        "/": _calculate(_divide),
        "%": _calculate(lambda left, right: left % right),
    },
)
