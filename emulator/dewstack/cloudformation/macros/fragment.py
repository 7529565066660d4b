"""What a macro is given to work on, and where it may look."""

from typing import Any

from msgspec import Struct

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.intrinsics import Evaluator
from dewstack.cloudformation.scope import NoReferences
from dewstack.config import Caller
from dewstack.wire import Call


class TransformError(ValidationError):
    """A macro failed. AWS reports it where the result is awaited: as the reason of a change set that failed."""


class Setting(Struct, frozen=True):
    """For whom a template is processed, and with what."""

    caller: Caller
    call: Call
    names: dict[str, Any]
    """Values of the parameters and the pseudo parameters, as `Ref` gives them."""
    parameters: dict[str, Any]
    """Values of the template's parameters alone."""
    mappings: dict[str, Any]

    def evaluator(self, **more: Any) -> Evaluator:
        """Evaluates what depends on no resource; `more` are further names."""
        return Evaluator(
            names=self.names | more, mappings=self.mappings, conditions={}, references=NoReferences()
        )


class Fragment(Struct, frozen=True):
    """The part of a template that a macro is for: all of it, or what stands beside a `Fn::Transform`."""

    value: Any
    parameters: dict[str, Any]
    """The macro's own parameters, evaluated."""
    whole: bool
