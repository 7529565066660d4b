"""Lambda triggers: the functions a user pool asks before, while and after it does something."""

from dewstack.cognito.triggers.answers import ChallengeResult
from dewstack.cognito.triggers.asking import Patience, Permits
from dewstack.cognito.triggers.occasion import Occasion
from dewstack.cognito.triggers.triggers import Triggers

__all__ = ["ChallengeResult", "Occasion", "Patience", "Permits", "Triggers"]
