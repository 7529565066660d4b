"""Lambda triggers: the functions a user pool asks before, while and after it does something."""

from dewstack.cognito.triggers.triggers import Triggers

__all__ = ["Triggers"]
