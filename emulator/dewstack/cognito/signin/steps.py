"""What a sign-in is made of: requests come in, and each step ends in a challenge or lets the user pass."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct, field

from dewstack.cognito import errors
from dewstack.cognito.model import TokenFamily, User, UserPool, UserPoolClient
from dewstack.cognito.triggers import Occasion


class SignIn(Struct, frozen=True, kw_only=True):
    """One request of a sign-in: where it goes, what it brings."""

    pool: UserPool
    client: UserPoolClient
    parameters: dict[str, str]
    """AuthParameters or ChallengeResponses."""
    metadata: dict[str, str] | None = None
    """ClientMetadata of an answer, which triggers are told as `clientMetadata`."""
    validation: dict[str, str] | None = None
    """ClientMetadata of the request that begins the sign-in: PreAuthentication, PreSignUp and UserMigration are
    told it as `validationData`, and no other trigger."""
    session: str | None = None
    admin: bool = False
    """Whether an administrator asks on the user's behalf."""

    @property
    def occasion(self) -> Occasion:
        """What triggers are asked on."""
        return Occasion(
            pool=self.pool,
            client_id=self.client.id,
            metadata=self.metadata,
            validation=self.validation,
        )

    def require(self, *names: str) -> list[str]:
        """Parameters that must be there. Raises InvalidParameterException for the first that isn't."""
        for name in names:
            if not self.parameters.get(name):
                raise errors.InvalidParameterException(f"Missing required parameter {name}")
        return [self.parameters[name] for name in names]


class Challenge(Struct, frozen=True, kw_only=True):
    """What the user is asked next."""

    name: str
    user: User | None
    """Who is asked; None for somebody who doesn't exist, where that is hidden."""
    parameters: dict[str, str]
    """ChallengeParameters."""
    state: dict[str, Any] = field(default_factory=dict)
    """What the step that takes the answer needs to know; kept with the session, never shown."""
    in_session: bool = True
    """False where AWS answers without a Session: what is to be kept is then in the parameters, sealed."""
    available: list[str] | None = None
    """AvailableChallenges, where the user may choose."""


class Passed(Struct, frozen=True, kw_only=True):
    """The user has answered rightly."""

    user: User
    source: str = "TokenGeneration_Authentication"
    """PreTokenGeneration's triggerSource."""
    complete: bool = False
    """Whether no gate is to ask for more: a custom sign-in is what its triggers make it."""
    family: TokenFamily | None = None
    """The sign-in that goes on, where this is a refresh."""
    device: dict[str, str] | None = None
    """NewDeviceMetadata, where the device is new."""
    device_key: str | None = None
    """The device that has proved itself, or the new one's key."""


Next = Challenge | Passed
Step = Callable[[SignIn], Awaitable[Next]]
"""What is done with a request. Runs on the loop: store, hashing and signing belong in threads."""

Gate = Callable[[SignIn, Passed], Awaitable[Next]]
"""What stands between a user who passed and their tokens: it asks for more, or lets them pass."""


class Rule(Struct, frozen=True):
    """A line of the table of challenges: who takes the answer, and which gates are still to come."""

    step: Step
    gates: tuple[Gate, ...] = ()
