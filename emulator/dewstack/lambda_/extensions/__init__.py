"""Lambda extensions: programs beside the function, told of its events, and of its end."""

from dewstack.lambda_.extensions.extensions import Extensions

__all__ = ["Extensions"]
