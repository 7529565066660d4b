"""Lambda: functions, execution environments and the Runtime API."""

from dewstack.lambda_.model import Function
from dewstack.lambda_.service import LambdaService

__all__ = ["Function", "LambdaService"]
