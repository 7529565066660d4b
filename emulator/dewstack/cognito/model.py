"""The things a user pool is made of, as they are kept in the store.

What an administrator sets on a pool or an app client is kept in AWS's own shape (`settings`), and read
through properties: `UpdateUserPool` and `UpdateUserPoolClient` replace the settings as a whole, as AWS does.
"""

from typing import Any, Literal

from msgspec import Struct, field

from dewstack.arn import Arn
from dewstack.cognito.schema import SchemaAttribute

Settings = dict[str, Any]
"""Members of a request in boto3's shape."""

UserStatus = Literal[
    "UNCONFIRMED", "CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"
]
API_SCOPE = "aws.cognito.signin.user.admin"
"""The scope of a sign-in through the API: the user's own operations."""

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
        return next((attribute for attribute in self.schema if attribute.name == name), None)


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


class Group(Struct, frozen=True, kw_only=True):
    """A group of a pool; members carry its name in `cognito:groups`."""

    name: str
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None
    created: float
    modified: float


class Password(Struct, frozen=True, kw_only=True):
    """A password, never in clear: a salted scrypt hash for the password flows, and what SRP needs beside it.

    `cost` is scrypt's n, r and p. Everything else is hex.
    """

    salt: str
    digest: str
    cost: tuple[int, int, int]
    srp_salt: str
    srp_verifier: str
    srp_pool: str = ""
    """The name of the pool that SRP's verifier was made for, where a file brought it along: in another pool it proves
    nothing until the password was given once."""


class Mfa(Struct, frozen=True, kw_only=True):
    """A user's second factors."""

    enabled: list[str] = field(default_factory=list)
    """UserMFASettingList: `SMS_MFA`, `SOFTWARE_TOKEN_MFA`, `EMAIL_OTP`."""
    preferred: str | None = None
    """PreferredMfaSetting."""
    totp_secret: str | None = None
    """The authenticator app's secret, base32, once it was verified."""
    totp_name: str | None = None
    """What the user calls the app's device."""
    totp_step: int = 0
    """The last time step whose code was used: none is taken twice."""


class User(Struct, frozen=True, kw_only=True):
    """A user. `attributes` has everything but `sub`, in the order it was set."""

    username: str
    sub: str
    attributes: dict[str, str]
    status: UserStatus
    enabled: bool = True
    created: float
    modified: float
    password: Password | None = None
    temporary_until: float | None = None
    """When a temporary password stops working."""
    groups: list[str] = field(default_factory=list)
    mfa: Mfa = field(default_factory=Mfa)
    past_passwords: list[Password] = field(default_factory=list)
    """The passwords before this one, latest first, as many as the policy's PasswordHistorySize asks for."""

    def verified(self, attribute: str) -> bool:
        """Whether `email` or `phone_number` is there and verified."""
        return attribute in self.attributes and self.attributes.get(f"{attribute}_verified") == "true"


class Code(Struct, frozen=True, kw_only=True):
    """A verification code that was sent. Only its hash is kept."""

    salt: str
    digest: str
    expires: float
    attribute: str
    """The attribute it went to: what a right answer proves."""
    value: str
    """The attribute's value it went to."""


class Attempts(Struct, frozen=True):
    """How often something went wrong or was asked for, since when, and last when."""

    count: int
    since: float
    last: float


class TokenFamily(Struct, frozen=True, kw_only=True):
    """One sign-in, and all tokens that come of it. Of the refresh token only a hash is kept."""

    event_id: str
    origin_jti: str
    client_id: str
    user_key: str
    sub: str
    auth_time: int
    expires: float
    """When its refresh token expires."""
    refresh_hash: str
    """SHA-256 of the refresh token, its key in the store."""
    revoked: bool = False
    rotated: list[str] = field(default_factory=list)
    """The same of the tokens before it, latest first, as many as are still told from strangers."""
    scopes: list[str] = field(default_factory=lambda: [API_SCOPE])
    hosted: bool = False
    """Whether it began at the hosted UI: its access tokens then say `version: 2`."""
    device_key: str | None = None


class FamilyKey(Struct, frozen=True):
    """Where a refresh token's family is."""

    sub: str
    event_id: str
    until: float | None = None
    """When a token that was rotated out stops working; None is the family's present one."""


class Session(Struct, frozen=True, kw_only=True):
    """A challenge that waits for its answer. Its key is the hash of what the client holds."""

    client_id: str
    user_key: str
    sub: str
    challenge: str
    expires: float
    used: bool = False
    state: Settings = field(default_factory=dict)
    """What the step that takes the answer needs to know."""


class AuthorizationCode(Struct, frozen=True, kw_only=True):
    """An authorization code of /oauth2/authorize that waits for /oauth2/token. Its key is the code's hash."""

    client_id: str
    redirect_uri: str
    user_key: str
    sub: str
    event_id: str
    """Its family of tokens."""
    sealed: str
    """The tokens, encrypted with a key that only the code gives: they are made when the user signs in, as on AWS."""
    issued: float
    expires: float
    code_challenge: str | None = None
    used: bool = False


class HostedSession(Struct, frozen=True, kw_only=True):
    """A browser that has signed in at the hosted UI. Its key is the hash of its cookie."""

    user_key: str
    sub: str
    expires: float


class Message(Struct, frozen=True, kw_only=True):
    """A message AWS would have sent. `sent_at` is in seconds since the epoch."""

    id: str
    to: str
    medium: Literal["EMAIL", "SMS"]
    subject: str
    body: str
    code: str
    sent_at: float
    sender: str = ""
    """EmailConfiguration's From, or AWS's own; nothing for text messages."""
    reply_to: str = ""


class SigningKeys(Struct, frozen=True):
    """A pool's two RSA keys, PEM: the identity token is signed with one, the access token with the other."""

    id_kid: str
    id_pem: str
    access_kid: str
    access_pem: str
