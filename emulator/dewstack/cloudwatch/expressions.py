"""Metric math: `100 * errors / MAX([errors, invocations])` over the results of other queries.

A value is a number, or a series: numbers by the time their period begins. What two series don't both have is left out.
"""

import ast
import contextlib
import operator
from collections.abc import Callable, Mapping

from dewstack.cloudwatch.errors import ValidationError
from dewstack.errors import NotEmulated

Points = dict[int, float]
Value = float | Points
MOST_CHARACTERS = 2048

OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FOLDS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}


def evaluate(expression: str, known: Mapping[str, Points]) -> Points:
    """The points of an expression over the queries in `known`, by their ids.

    Raises ValidationError for one that cannot be read, NotEmulated for a function that isn't here.
    """
    if len(expression) > MOST_CHARACTERS:
        raise ValidationError(f"An expression has at most {MOST_CHARACTERS} characters.")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        value = _value(tree.body, known)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        raise ValidationError(f"Error in expression '{expression}': Syntax error") from None
    if not isinstance(value, dict):
        raise ValidationError(f"Error in expression '{expression}': the result is not a time series")
    return value


def _value(node: ast.expr, known: Mapping[str, Points]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            if name not in known:
                raise ValidationError(f"Error in expression: {name} is not the id of a query")
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _combined(operator.sub, 0.0, _value(operand, known))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _combined(OPERATORS[type(op)], _value(left, known), _value(right, known))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            return _called(name, argument, known)
    raise ValueError("not metric math")


def _combined(operation: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if not isinstance(left, dict) and not isinstance(right, dict):
        return operation(left, right)
    moments = set(left) if isinstance(left, dict) else set(right) if isinstance(right, dict) else set()
    if isinstance(left, dict) and isinstance(right, dict):
        moments &= set(right)
    found: Points = {}
    for moment in moments:
        one = left[moment] if isinstance(left, dict) else left
        other = right[moment] if isinstance(right, dict) else right
        with contextlib.suppress(ZeroDivisionError, OverflowError):  # a point that isn't there
            found[moment] = operation(one, other)
    return found


def _called(name: str, argument: ast.expr, known: Mapping[str, Points]) -> Value:
    if name == "METRICS":
        raise ValidationError("METRICS() is an argument of SUM, AVG, MIN or MAX")
    if name not in FOLDS:
        raise NotEmulated(f"metric math's {name} is not emulated by dewstack: {', '.join(FOLDS)} are")
    fold = FOLDS[name]
    several = _several(argument, known)
    if several is None:
        value = _value(argument, known)
        if not isinstance(value, dict):
            raise ValidationError(f"{name} takes a time series")
        if not value:
            return {}
        whole = fold(list(value.values()))
        return dict.fromkeys(value, whole)
    moments = set().union(*several) if several else set()
    return {moment: fold([points[moment] for points in several if moment in points]) for moment in moments}


def _several(argument: ast.expr, known: Mapping[str, Points]) -> list[Points] | None:
    """The series of `METRICS()` or `[a, b]`; None for anything else."""
    match argument:
        case ast.Call(func=ast.Name(id="METRICS"), args=[], keywords=[]):
            return list(known.values())
        case ast.List(elts=elements):
            values = [_value(element, known) for element in elements]
            return [value for value in values if isinstance(value, dict)]
    return None
