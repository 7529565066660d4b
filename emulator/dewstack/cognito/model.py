"""The things that user pools keep: groups, users, and what goes on about them. Pools and clients are at hand too."""

from typing import Literal

from msgspec import Struct, field

from dewstack.cognito.pool_model import DAY as DAY
from dewstack.cognito.pool_model import SECONDS as SECONDS
from dewstack.cognito.pool_model import ClientSecret as ClientSecret
from dewstack.cognito.pool_model import Location as Location
from dewstack.cognito.pool_model import Settings as Settings
from dewstack.cognito.pool_model import UserPool as UserPool
from dewstack.cognito.pool_model import UserPoolClient as UserPoolClient

UserStatus = Literal[
    "UNCONFIRMED", "CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"
]
API_SCOPE = "aws.cognito.signin.user.admin"
"""The scope of a sign-in through the API: the user's own operations."""


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
    passkey: bool = False
    """Whether the user lets a passkey stand for both factors, where the pool does."""


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
    audience: str | None = None
    """The `resource` its access tokens are bound to."""
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
    sealed: bytes
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
