"""Macros: what a template is turned into before CloudFormation reads it."""

from dewstack.cloudformation.macros.fragment import TransformError
from dewstack.cloudformation.macros.process import Macros, uses_macros

__all__ = ["Macros", "TransformError", "uses_macros"]
