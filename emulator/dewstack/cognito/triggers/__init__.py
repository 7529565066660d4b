"""Lambda triggers: the functions a user pool asks before, while and after it does something."""

from dewstack.cognito.triggers.answers import (
    ChallengeResult,
    ClaimsOverrides,
    CustomMessageAnswer,
    GroupOverrides,
    PreSignUpAnswer,
    PreTokenGenerationAnswer,
    PreTokenGenerationV2Answer,
    TokenOverrides,
    UserMigrationAnswer,
)
from dewstack.cognito.triggers.asking import Asker, Patience, Permits, TimedInvoke
from dewstack.cognito.triggers.configuration import configured
from dewstack.cognito.triggers.occasion import Occasion, attributes_of
from dewstack.cognito.triggers.senders import Medium, Send, Senders, Sending
from dewstack.cognito.triggers.triggers import Triggers

__all__ = [
    "Asker",
    "ChallengeResult",
    "ClaimsOverrides",
    "CustomMessageAnswer",
    "GroupOverrides",
    "Medium",
    "Occasion",
    "Patience",
    "Permits",
    "PreSignUpAnswer",
    "PreTokenGenerationAnswer",
    "PreTokenGenerationV2Answer",
    "Send",
    "Senders",
    "Sending",
    "TimedInvoke",
    "TokenOverrides",
    "Triggers",
    "UserMigrationAnswer",
    "attributes_of",
    "configured",
]
