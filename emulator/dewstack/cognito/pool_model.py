"""User pools and app clients, as they are kept in the store.

What an administrator sets on a pool or an app client is kept in AWS's own shape (`settings`), and read
through properties: `UpdateUserPool` and `UpdateUserPoolClient` replace the settings as a whole, as AWS does.
"""

from typing import Any, Literal

from msgspec import Struct, field

from dewstack.arn import Arn
from dewstack.cognito.schema import IDENTITIES, SchemaAttribute

Settings = dict[str, Any]
"""Members of a request in boto3's shape."""

SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
DAY = 86400.0


class Location(Struct, frozen=True):
    """Where a pool lives: for operations that name only a client or a token."""

    account_id: str
    region: str
    pool_id: str


class UserPool(Struct, frozen=True, kw_only=True):
    """A user pool: its settings and schema. Times are seconds since the epoch."""

    account_id: str
    region: str
    id: str
    name: str
    created: float
    modified: float
    schema: list[SchemaAttribute]
    settings: Settings

    @property
    def key(self) -> tuple[str, str, str]:
        """The first parts of every key that belongs to this pool."""
        return self.account_id, self.region, self.id

    @property
    def arn(self) -> str:
        """The pool's ARN."""
        return str(Arn("cognito-idp", self.region, self.account_id, f"userpool/{self.id}"))

    @property
    def username_attributes(self) -> list[str]:
        """`email` and `phone_number` where they stand in for the username; the username is then the sub."""
        return list(self.settings.get("UsernameAttributes") or [])

    @property
    def alias_attributes(self) -> list[str]:
        """Attributes a user may sign in with beside the username, once verified."""
        return list(self.settings.get("AliasAttributes") or [])

    @property
    def auto_verified(self) -> list[str]:
        """Attributes that get a code as soon as they are set."""
        return list(self.settings.get("AutoVerifiedAttributes") or [])

    @property
    def case_sensitive(self) -> bool:
        """Whether `Ada` and `ada` are two users. By the API's default they are."""
        return bool((self.settings.get("UsernameConfiguration") or {}).get("CaseSensitive", True))

    @property
    def admin_create_only(self) -> bool:
        """Whether people may not sign up by themselves."""
        return bool((self.settings.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly", False))

    @property
    def password_policy(self) -> Settings:
        """`MinimumLength`, `RequireUppercase`... as the pool has them."""
        return dict((self.settings.get("Policies") or {}).get("PasswordPolicy") or {})

    @property
    def first_factors(self) -> list[str]:
        """AllowedFirstAuthFactors: what may come first in a sign-in that offers a choice."""
        policy = (self.settings.get("Policies") or {}).get("SignInPolicy") or {}
        return list(policy.get("AllowedFirstAuthFactors") or ["PASSWORD"])

    @property
    def temporary_password_seconds(self) -> float:
        """How long a temporary password can be used."""
        days = self.password_policy.get("TemporaryPasswordValidityDays")
        return (days or 7) * DAY

    @property
    def verify_before_update(self) -> list[str]:
        """Attributes whose new value waits for its code while the old one stays in force."""
        settings = self.settings.get("UserAttributeUpdateSettings") or {}
        return list(settings.get("AttributesRequireVerificationBeforeUpdate") or [])

    def fold(self, name: str) -> str:
        """A username or alias as this pool compares it."""
        return name if self.case_sensitive else name.lower()

    def attribute(self, name: str) -> SchemaAttribute | None:
        """The schema's entry for attribute `name`, or None."""
        known = (*self.schema, IDENTITIES)
        return next((attribute for attribute in known if attribute.name == name), None)


class ClientSecret(Struct, frozen=True, kw_only=True):
    """One of an app client's secrets. `created` is in seconds since the epoch."""

    id: str
    value: str
    created: float


class UserPoolClient(Struct, frozen=True, kw_only=True):
    """An app client. Times are seconds since the epoch."""

    account_id: str
    region: str
    pool_id: str
    id: str
    name: str
    secret: str | None
    """The oldest secret, the one that is described."""
    created: float
    modified: float
    settings: Settings
    rotation: list[ClientSecret] = field(default_factory=list)
    """All secrets, oldest first, once there has been more than one."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The client's key in the store."""
        return self.account_id, self.region, self.pool_id, self.id

    @property
    def secrets(self) -> list[ClientSecret]:
        """The secrets that are good now, oldest first: none, one, or two while they are changed."""
        if self.rotation or self.secret is None:
            return self.rotation
        identity = f"{self.id}--{int(self.created * 1000)}"
        return [ClientSecret(id=identity, value=self.secret, created=self.created)]

    @property
    def hides_users(self) -> bool:
        """PreventUserExistenceErrors: whether answers must not tell who exists. LEGACY by default."""
        return self.settings.get("PreventUserExistenceErrors") == "ENABLED"

    @property
    def revocable(self) -> bool:
        """EnableTokenRevocation: whether tokens carry `jti` and `origin_jti` and RevokeToken works."""
        return bool(self.settings.get("EnableTokenRevocation", True))

    @property
    def rotation_grace(self) -> float | None:
        """RefreshTokenRotation: seconds that a refresh token still works once it was used; None without rotation."""
        rotation = self.settings.get("RefreshTokenRotation") or {}
        return (
            float(rotation.get("RetryGracePeriodSeconds") or 0)
            if rotation.get("Feature") == "ENABLED"
            else None
        )

    @property
    def session_seconds(self) -> float:
        """How long a challenge waits for its answer."""
        return 60.0 * (self.settings.get("AuthSessionValidity") or 3)

    def validity(self, token: Literal["AccessToken", "IdToken", "RefreshToken"]) -> int:
        """Seconds that a token of this kind lives."""
        unit, value = ("days", 30) if token == "RefreshToken" else ("hours", 1)
        unit = (self.settings.get("TokenValidityUnits") or {}).get(token) or unit
        value = self.settings.get(f"{token}Validity") or 0
        default = 30 * 86400 if token == "RefreshToken" else 3600
        return int(value) * SECONDS[unit] or default
