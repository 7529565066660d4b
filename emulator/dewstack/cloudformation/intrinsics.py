"""CloudFormation's intrinsic functions, evaluated.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.values import SUBSTITUTION, function_of, text
from dewstack.errors import NotEmulated

NO_VALUE = object()
"""What `AWS::NoValue` evaluates to: the property that holds it is left out."""


class References(Protocol):
    """What lies outside of the template: the resources as they are, and other stacks' exports."""

    def ref(self, logical_id: str) -> Any:
        """The value of `Ref` for a resource."""

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """The value of `Fn::GetAtt`."""

    def import_value(self, name: str) -> str:
        """The value that another stack exports under `name`."""


class Evaluator:
    """Evaluates values of one template for one stack."""

    def __init__(
        self,
        *,
        names: dict[str, Any],
        mappings: dict[str, Any],
        conditions: dict[str, bool],
        references: References,
    ) -> None:
        """`names` holds the parameters' values and the pseudo parameters."""
        self._names = names
        self._mappings = mappings
        self._conditions = conditions
        self._references = references

    def evaluate(self, value: Any) -> Any:
        """`value` with every function replaced by its result. Raises ValidationError, NotEmulated."""
        if isinstance(value, dict):
            call = function_of(value)
            if call is not None and call[0] != "Condition":
                return self.apply(*call)
            # Most of a template is plain text and numbers: they are taken as they are, without a call.
            members = {
                key: self.evaluate(item) if isinstance(item, dict | list) else item
                for key, item in value.items()
            }
            return {key: item for key, item in members.items() if item is not NO_VALUE}
        if isinstance(value, list):
            items = [self.evaluate(item) if isinstance(item, dict | list) else item for item in value]
            return [item for item in items if item is not NO_VALUE]
        return value

    def apply(self, name: str, argument: Any) -> Any:
        """The result of the function `name`."""
        function = _FUNCTIONS.get(name)
        if function is None:
            raise NotEmulated(f"intrinsic function {name} is not emulated by dewstack")
        return function(self, argument)

    def _pair(self, name: str, argument: Any, shape: str) -> tuple[Any, Any]:
        if not isinstance(argument, list) or len(argument) != 2:
            raise ValidationError(f"Template error: {name} requires {shape}")
        return argument[0], self.evaluate(argument[1])

    def ref(self, name: Any) -> Any:
        """`Ref` of a parameter, a pseudo parameter or a resource."""
        if not isinstance(name, str):
            raise ValidationError("Template error: every Ref object must have a single String value.")
        return self._names[name] if name in self._names else self._references.ref(name)

    def get_att(self, argument: Any) -> Any:
        """`Fn::GetAtt`, as a list or with a dot."""
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
            raise ValidationError(
                "Template error: every Fn::GetAtt object requires two non-empty parameters, the"
                " resource name and"
                " the resource attribute"
            )
        return self._references.get_att(parts[0], text(self.evaluate(parts[1])))

    def sub(self, argument: Any) -> str:
        """`Fn::Sub`, a text alone or with its own variables."""
        template, variables = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            template, variables = argument[0], self.evaluate(argument[1])
        if not isinstance(template, str):
            raise ValidationError(
                "Template error: One or more Fn::Sub intrinsic functions don't specify expected"
                " arguments. Specify a"
                " string as first argument, and an optional second argument to specify a mapping of values to"
                " replace in the string"
            )

        def replace(match: re.Match[str]) -> str:
            name = match[1].strip()
            if match[1].startswith("!"):
                return "${" + match[1][1:] + "}"
            if name in variables:
                return text(variables[name])
            if name in self._names or "." not in name:
                return text(self.ref(name))
            return text(self.get_att(name))

        return SUBSTITUTION.sub(replace, template)

    def join(self, argument: Any) -> str:
        """`Fn::Join`."""
        delimiter, items = self._pair("Fn::Join", argument, "a delimiter and a list of strings")
        if not isinstance(items, list) or not isinstance(delimiter, str):
            raise ValidationError(
                "Template error: every Fn::Join object requires two parameters, (1) a string"
                " delimiter and (2) a list"
                " of strings to be joined or a function that returns a list of strings (such as"
                " Fn::GetAZs) to be"
                " joined."
            )
        return delimiter.join(text(item) for item in items)

    def select(self, argument: Any) -> Any:
        """`Fn::Select`."""
        index, items = self._pair("Fn::Select", argument, "an index and a list")
        try:
            position = int(text(self.evaluate(index)))
        except ValueError:
            raise ValidationError("Template error: Fn::Select requires an integer index") from None
        if not isinstance(items, list) or not 0 <= position < len(items):
            raise ValidationError(
                f"Template error: Fn::Select cannot select nonexistent value at index {position}"
            )
        return items[position]

    def split(self, argument: Any) -> list[str]:
        """`Fn::Split`."""
        delimiter, source = self._pair("Fn::Split", argument, "a delimiter and a string")
        if not isinstance(delimiter, str) or not delimiter:
            raise ValidationError(
                "Template error: every Fn::Split object requires two parameters, (1) a string"
                " delimiter and (2) a"
                " string to be split or a function that returns a string to be split."
            )
        return text(source).split(delimiter)

    def if_(self, argument: Any) -> Any:
        """`Fn::If`: only the chosen branch is evaluated."""
        if not isinstance(argument, list) or len(argument) != 3:
            raise ValidationError(
                "Template error: Fn::If requires a list argument with three elements: a condition"
                " name, a value if"
                " true and a value if false"
            )
        return self.evaluate(argument[1] if self.condition(argument[0]) else argument[2])

    def condition(self, name: Any) -> bool:
        """The value of the condition `name`."""
        if not isinstance(name, str) or name not in self._conditions:
            raise ValidationError(f"Template error: unresolved condition dependency {name}")
        return self._conditions[name]

    def find_in_map(self, argument: Any) -> Any:
        """`Fn::FindInMap`, with the default value of the language extensions."""
        if not isinstance(argument, list) or len(argument) not in (3, 4):
            raise ValidationError(
                "Template error: every Fn::FindInMap object requires three parameters, the map name,"
                " map key and the"
                " attribute for return value"
            )
        name, first, second = (text(self.evaluate(part)) for part in argument[:3])
        try:
            return self._mappings[name][first][second]
        except (KeyError, TypeError):
            if len(argument) == 4 and isinstance(argument[3], dict) and "DefaultValue" in argument[3]:
                return self.evaluate(argument[3]["DefaultValue"])
            raise ValidationError(
                f"Template error: Unable to get mapping for {name}::{first}::{second}"
            ) from None

    def import_value(self, argument: Any) -> str:
        """`Fn::ImportValue`."""
        return self._references.import_value(text(self.evaluate(argument)))

    def base64(self, argument: Any) -> str:
        """`Fn::Base64`."""
        return base64.b64encode(text(self.evaluate(argument)).encode()).decode()

    def cidr(self, argument: Any) -> list[str]:
        """`Fn::Cidr`: `count` subnets with `bits` host bits each."""
        values = self.evaluate(argument)
        try:
            block, count, *rest = values
            network = ipaddress.ip_network(block)
            bits = int(rest[0]) if rest else 8
            subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
            blocks = [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]
        except (TypeError, ValueError) as error:
            raise ValidationError(f"Template error: Fn::Cidr object is malformed: {error}") from error
        if len(blocks) < int(count):
            raise ValidationError(f"Template error: Fn::Cidr {block} is too small for {count} subnets")
        return blocks

    def get_azs(self, argument: Any) -> list[str]:
        """`Fn::GetAZs`: three zones in every region."""
        region = text(self.evaluate(argument)) or self._names["AWS::Region"]
        return [f"{region}{zone}" for zone in "abc"]

    def length(self, argument: Any) -> int:
        """`Fn::Length` of the language extensions."""
        items = self.evaluate(argument)
        if not isinstance(items, list):
            raise ValidationError("Template error: Fn::Length requires a list")
        return len(items)

    def to_json_string(self, argument: Any) -> str:
        """`Fn::ToJsonString` of the language extensions."""
        return json.dumps(self.evaluate(argument), separators=(",", ":"))

    def equals(self, argument: Any) -> bool:
        """`Fn::Equals`: scalars compare as text, as parameters are text."""
        if not isinstance(argument, list) or len(argument) != 2:
            raise ValidationError("Template error: Fn::Equals requires a list argument with two elements")
        left, right = (self.evaluate(item) for item in argument)
        return bool(comparable(left) == comparable(right))

    def and_(self, argument: Any) -> bool:
        """`Fn::And`."""
        return all(self._all_truths("Fn::And", argument))

    def or_(self, argument: Any) -> bool:
        """`Fn::Or`."""
        return any(self._all_truths("Fn::Or", argument))

    def not_(self, argument: Any) -> bool:
        """`Fn::Not`."""
        if not isinstance(argument, list) or len(argument) != 1:
            raise ValidationError("Template error: Fn::Not requires a list argument with one element")
        return not self.truth(argument[0])

    def _all_truths(self, name: str, argument: Any) -> list[bool]:
        if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
            raise ValidationError(
                f"Template error: every {name} object requires a list of at least 2 and at most 10"
                " boolean parameters."
            )
        return [self.truth(item) for item in argument]

    def truth(self, value: Any) -> bool:
        """The value of a condition's expression."""
        call = function_of(value)
        result = self.condition(call[1]) if call and call[0] == "Condition" else self.evaluate(value)
        if not isinstance(result, bool):
            raise ValidationError("Template format error: Every Condition member must be a boolean function.")
        return result


def comparable(value: Any) -> Any:
    """A value as conditions compare it: scalars as text."""
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return text(value) if isinstance(value, str | bool | int | float) else value


_FUNCTIONS: dict[str, Callable[[Evaluator, Any], Any]] = {
    "Ref": Evaluator.ref,
    "Fn::GetAtt": Evaluator.get_att,
    "Fn::Sub": Evaluator.sub,
    "Fn::Join": Evaluator.join,
    "Fn::Select": Evaluator.select,
    "Fn::Split": Evaluator.split,
    "Fn::If": Evaluator.if_,
    "Fn::FindInMap": Evaluator.find_in_map,
    "Fn::ImportValue": Evaluator.import_value,
    "Fn::Base64": Evaluator.base64,
    "Fn::Cidr": Evaluator.cidr,
    "Fn::GetAZs": Evaluator.get_azs,
    "Fn::Length": Evaluator.length,
    "Fn::ToJsonString": Evaluator.to_json_string,
    "Fn::Equals": Evaluator.equals,
    "Fn::And": Evaluator.and_,
    "Fn::Or": Evaluator.or_,
    "Fn::Not": Evaluator.not_,
}
