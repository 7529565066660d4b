"""The section `Rules`: what a template demands of its parameters, and the functions that only rules have.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.intrinsics import Evaluator, comparable


class RuleEvaluator(Evaluator):
    """Evaluates conditions and assertions of rules."""

    def apply(self, name: str, argument: Any) -> Any:
        """The result of a function, of rules or of all templates."""
        compare = _FUNCTIONS.get(name)
        return super().apply(name, argument) if compare is None else compare(*self._pair_of(name, argument))

    def _pair_of(self, name: str, argument: Any) -> tuple[list[Any], Any]:
        if not isinstance(argument, list) or len(argument) != 2:
            raise ValidationError(f"Template error: {name} requires a list argument with two elements")
        items, other = (comparable(self.evaluate(each)) for each in argument)
        if not isinstance(items, list):
            raise ValidationError(f"Template error: {name} requires a list of strings")
        return items, other


_FUNCTIONS: Mapping[str, Callable[[list[Any], Any], bool]] = {
    "Fn::Contains": lambda items, value: value in items,
    "Fn::EachMemberEquals": lambda items, value: all(item == value for item in items),
    "Fn::EachMemberIn": lambda items, among: all(item in among for item in items),
}


def check_rules(rules: Mapping[str, Any], evaluator: RuleEvaluator) -> None:
    """Raise ValidationError where the parameters break the template's own rules."""
    broken = [
        str(assertion.get("AssertDescription") or f"the assertion of rule {name} does not hold")
        for name, rule in rules.items()
        if "RuleCondition" not in rule or evaluator.truth(rule["RuleCondition"])
        for assertion in rule.get("Assertions") or ()
        if not evaluator.truth(assertion.get("Assert"))
    ]
    if broken:
        raise ValidationError(f"Template validation error: [{', '.join(broken)}]")
