"""Conditions of policies: operators, their `IfExists`, `ForAllValues` and `ForAnyValue` forms, and what a missing key
means to each. As IAM's user guide has them ("IAM JSON policy elements: Condition operators")."""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from dewstack.policies.wildcard import VARIABLE, filled, literal, wildcard

Context = Mapping[str, str | Sequence[str]]
"""What is known of a request, by condition keys in lower case."""
Test = Callable[[str, str], bool]
"""Whether a request's value (first) fits a policy's (second)."""


class Operator(Struct, frozen=True):
    """A condition operator: its positive test, and whether it asks for the contrary."""

    fits: Test
    negated: bool = False


class Condition(Struct, frozen=True):
    """One key of one operator. `values` are the policy's: one must fit, or none of a negated operator's."""

    key: str
    operator: Operator
    values: tuple[str, ...]
    if_exists: bool = False
    quantifier: str = ""
    """`ForAllValues`, `ForAnyValue`, or nothing."""

    def holds(self, context: Context) -> bool:
        """Whether the request meets it."""
        given = context.get(self.key)
        if given is None or given == () or given == []:
            return self.if_exists or self.quantifier == "ForAllValues" or self._without_value()
        values = [given] if isinstance(given, str) else given
        wanted = self._wanted(context)
        results = (self._meets(value, wanted) for value in values)
        every = self.quantifier == "ForAllValues" or (not self.quantifier and self.operator.negated)
        return all(results) if every else any(results)

    def _without_value(self) -> bool:
        """What a missing key means to an operator: a negated one is content."""
        return self.operator.negated and not self.quantifier

    def _meets(self, value: str, wanted: Sequence[str]) -> bool:
        return any(self.operator.fits(value, one) for one in wanted) is not self.operator.negated

    def _wanted(self, context: Context) -> Sequence[str]:
        if not any("${" in value for value in self.values):
            return self.values
        texts = (filled(value, context) if VARIABLE.search(value) else value for value in self.values)
        return [text for text in texts if text is not None]


class NullCondition(Struct, frozen=True):
    """`Null`: whether a key is absent."""

    key: str
    absent: bool

    def holds(self, context: Context) -> bool:
        """Whether the request meets it."""
        return (context.get(self.key) in (None, (), [])) is self.absent


def _arn_like(value: str, pattern: str) -> bool:
    """`*` and `?` within each of the six parts of an ARN; a lone `*` is every ARN."""
    parts, patterns = value.split(":", 5), pattern.split(":", 5)
    return pattern == "*" or (
        len(parts) == len(patterns)
        and all(wildcard(one, literal(part)) for one, part in zip(patterns, parts, strict=True))
    )


def _numbers(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


def _dates(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(_moment(value), _moment(wanted))
        except ValueError:
            return False

    return test


def _moment(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 date, or of such a number. Raises ValueError."""
    if text.lstrip("-").replace(".", "", 1).isdigit() and len(text) > 4:
        return float(text)
    moment = datetime.fromisoformat(text if len(text) > 7 else f"{text}-01-01"[:10])
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _in_network(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _same_bytes(value: str, wanted: str) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except (binascii.Error, ValueError):
        return False


def _equal(value: str, wanted: str) -> bool:
    return literal(value) == literal(wanted)


def _same_letters(value: str, wanted: str) -> bool:
    return literal(value).casefold() == literal(wanted).casefold()


def _like(value: str, wanted: str) -> bool:
    return wildcard(wanted, literal(value))


OPERATORS: Mapping[str, Operator] = {
    "stringequals": Operator(_equal),
    "stringnotequals": Operator(_equal, negated=True),
    "stringequalsignorecase": Operator(_same_letters),
    "stringnotequalsignorecase": Operator(_same_letters, negated=True),
    "stringlike": Operator(_like),
    "stringnotlike": Operator(_like, negated=True),
    "numericequals": Operator(_numbers(lambda value, wanted: value == wanted)),
    "numericnotequals": Operator(_numbers(lambda value, wanted: value == wanted), negated=True),
    "numericlessthan": Operator(_numbers(lambda value, wanted: value < wanted)),
    "numericlessthanequals": Operator(_numbers(lambda value, wanted: value <= wanted)),
    "numericgreaterthan": Operator(_numbers(lambda value, wanted: value > wanted)),
    "numericgreaterthanequals": Operator(_numbers(lambda value, wanted: value >= wanted)),
    "dateequals": Operator(_dates(lambda value, wanted: value == wanted)),
    "datenotequals": Operator(_dates(lambda value, wanted: value == wanted), negated=True),
    "datelessthan": Operator(_dates(lambda value, wanted: value < wanted)),
    "datelessthanequals": Operator(_dates(lambda value, wanted: value <= wanted)),
    "dategreaterthan": Operator(_dates(lambda value, wanted: value > wanted)),
    "dategreaterthanequals": Operator(_dates(lambda value, wanted: value >= wanted)),
    "bool": Operator(_same_letters),
    "binaryequals": Operator(_same_bytes),
    "ipaddress": Operator(_in_network),
    "notipaddress": Operator(_in_network, negated=True),
    "arnequals": Operator(_arn_like),
    "arnlike": Operator(_arn_like),
    "arnnotequals": Operator(_arn_like, negated=True),
    "arnnotlike": Operator(_arn_like, negated=True),
}
"""By their names in lower case. IAM has ArnEquals and ArnLike do the same."""
