"""EventBridge's pattern language, which filters of event source mappings and of SNS speak too.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

Matches = Callable[[Any], bool]
"""Whether something matches a pattern."""
_MISSING = object()
_TOKEN = re.compile(r"\\([*\\])|(\*)|(.)", re.DOTALL)
"""Of a wildcard pattern: a character that is escaped, a star, any other."""
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


class InvalidPattern(ValueError):
    """A pattern that AWS refuses; the message says why."""


def compile_pattern(pattern: Any) -> Matches:
    """A predicate over events, which are JSON values. Raises InvalidPattern."""
    if not isinstance(pattern, dict):
        raise InvalidPattern("Filter is not an object")
    return _object(pattern)


def _object(pattern: Mapping[str, Any]) -> Matches:
    checks = [_either(each) if name == "$or" else _field(name, each) for name, each in pattern.items()]
    return lambda event: all(check(event) for check in checks)


def _either(patterns: Any) -> Matches:
    if not isinstance(patterns, list) or len(patterns) < 2:
        raise InvalidPattern("There must be have at least 2 Objects in $or relationship.")
    options = [compile_pattern(each) for each in patterns]
    return lambda event: any(option(event) for option in options)


def _field(name: str, pattern: Any) -> Matches:
    if isinstance(pattern, dict):
        inner = _object(pattern)
        if not pattern:
            raise InvalidPattern("Empty objects are not allowed")
        return lambda event: any(inner(each) for each in _each(_member(event, name), {}))
    if not isinstance(pattern, list):
        raise InvalidPattern(f'"{name}" must be an object or an array')
    if not pattern:
        raise InvalidPattern("Empty arrays are not allowed")
    wanted = [_value(each) for each in pattern]
    return lambda event: any(
        want(value) for value in _each(_member(event, name), _MISSING) for want in wanted
    )


def _member(event: Any, name: str) -> Any:
    return event.get(name, _MISSING) if isinstance(event, dict) else _MISSING


def _each(value: Any, missing: Any) -> list[Any]:
    """The values that an event has at a place: an array's items stand for themselves."""
    if value is _MISSING:
        return [missing]
    return (value or [missing]) if isinstance(value, list) else [value]


def _value(wanted: Any) -> Matches:
    """A predicate over one value, `_MISSING` where there is none."""
    if isinstance(wanted, dict):
        if len(wanted) != 1:
            raise InvalidPattern("Only one key allowed in match expression")
        ((name, operand),) = wanted.items()
        build = _OPERATORS.get(name)
        if build is None:
            raise InvalidPattern(f"Unrecognized match type {name}")
        return build(operand)
    if isinstance(wanted, list):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    return lambda value: _same(value, wanted)


def _same(value: Any, wanted: Any) -> bool:
    """Equal, and of the same kind: true is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _text(operand: Any, name: str) -> str:
    if not isinstance(operand, str):
        raise InvalidPattern(f"{name} match pattern must be a string")
    return operand


def _prefix(operand: Any) -> Matches:
    if isinstance(operand, dict):
        folded = _text(operand.get("equals-ignore-case"), "prefix").casefold()
        return lambda value: isinstance(value, str) and value.casefold().startswith(folded)
    text = _text(operand, "prefix")
    return lambda value: isinstance(value, str) and value.startswith(text)


def _suffix(operand: Any) -> Matches:
    if isinstance(operand, dict):
        folded = _text(operand.get("equals-ignore-case"), "suffix").casefold()
        return lambda value: isinstance(value, str) and value.casefold().endswith(folded)
    text = _text(operand, "suffix")
    return lambda value: isinstance(value, str) and value.endswith(text)


def _ignore_case(operand: Any) -> Matches:
    folded = _text(operand, "equals-ignore-case").casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _wildcard(operand: Any) -> Matches:
    """`*` stands for anything, `\\*` for itself."""
    from dewstack.policies.wildcard import consists_of

    pieces = [""]
    for escaped, star, plain in _TOKEN.findall(_text(operand, "wildcard")):
        if star:
            pieces.append("")
        else:
            pieces[-1] += escaped or plain
    if "" in pieces[1:-1]:
        raise InvalidPattern("Consecutive wildcard characters")
    return lambda value: isinstance(value, str) and consists_of(pieces, value)


def _exists(operand: Any) -> Matches:
    if not isinstance(operand, bool):
        raise InvalidPattern("exists match pattern must be either true or false.")
    return lambda value: (value is not _MISSING) == operand


def _anything_but(operand: Any) -> Matches:
    if isinstance(operand, dict):
        ((name, inner),) = operand.items() if len(operand) == 1 else (("", None),)
        build = _OPERATORS.get(name) if name in _NEGATABLE else None
        if build is None:
            raise InvalidPattern(f"Unsupported anything-but pattern: {name}")
        unwanted = [build(each) for each in (inner if isinstance(inner, list) else [inner])]
    else:
        unwanted = [_value(each) for each in (operand if isinstance(operand, list) else [operand])]
    return lambda value: value is not _MISSING and not any(check(value) for check in unwanted)


def _numeric(operand: Any) -> Matches:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise InvalidPattern("Invalid member in numeric match")
    pairs = [(_COMPARISONS.get(operand[at]), operand[at + 1]) for at in range(0, len(operand), 2)]
    bounds: list[tuple[Callable[[float, float], bool], float]] = []
    for compare, bound in pairs:
        if compare is None or isinstance(bound, bool) or not isinstance(bound, int | float):
            raise InvalidPattern("Value of numeric match must be numeric")
        bounds.append((compare, bound))
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and all(compare(value, bound) for compare, bound in bounds)
    )


def _cidr(operand: Any) -> Matches:
    try:
        network = ipaddress.ip_network(_text(operand, "cidr"), strict=False)
    except ValueError as error:
        raise InvalidPattern(f"Malformed CIDR: {operand}") from error

    def inside(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return inside


_NEGATABLE = frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"})
_OPERATORS: Mapping[str, Callable[[Any], Matches]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}
