"""A stack's outputs and the names it exports them under."""

from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.intrinsics import Evaluator
from dewstack.cloudformation.model import Output, Stack
from dewstack.cloudformation.scope import Scope
from dewstack.cloudformation.state import State
from dewstack.cloudformation.values import text


def stack_outputs(scope: Scope, evaluator: Evaluator, state: State, stack: Stack) -> list[Output]:
    """Evaluate the outputs whose condition holds.

    Raises ValidationError for a value that is no text, an export name that another stack has, and an export
    that another stack uses and that would change or go.
    """
    outputs = [
        _output(name, spec, evaluator)
        for name, spec in scope.template.outputs.items()
        if "Condition" not in spec or scope.conditions.get(spec["Condition"], False)
    ]
    exported = {output.export_name: output.value for output in outputs if output.export_name}
    for name, (other, _) in state.exports(stack.caller).items() if exported else ():
        if name in exported and other.stack_id != stack.stack_id:
            raise ValidationError(f"Export with name {name} is already exported by stack {other.name}")
    for before in stack.outputs:
        if before.export_name and exported.get(before.export_name) != before.value:
            check_unused(
                state, stack, before.export_name, "updated" if before.export_name in exported else "deleted"
            )
    return outputs


def check_unused(state: State, stack: Stack, name: str, verb: str) -> None:
    """Raise ValidationError when another stack imports `name`."""
    users = [other.name for other in state.importers(stack.caller, name) if other.stack_id != stack.stack_id]
    if users:
        raise ValidationError(f"Export {name} cannot be {verb} as it is in use by {' and '.join(users)}")


def _output(name: str, spec: dict[str, Any], evaluator: Evaluator) -> Output:
    value = evaluator.evaluate(spec["Value"])
    if isinstance(value, dict | list) or value is None:
        raise ValidationError(
            "Template format error: The Value field of every Outputs member must evaluate to a String."
        )
    export = spec.get("Export")
    return Output(
        key=name,
        value=text(value),
        description=spec.get("Description"),
        export_name=text(evaluator.evaluate(export["Name"])) if export else None,
    )
