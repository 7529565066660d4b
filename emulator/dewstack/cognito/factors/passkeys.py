"""The passkeys that users have registered, and what a pool asks of one."""

import base64
import secrets
from typing import Any

from msgspec import Struct, field

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.pools.domains import Domains

Options = dict[str, Any]
"""What a browser's `navigator.credentials` is given, as JSON."""

LOCAL = "localhost"
MULTI_FACTOR = "MULTI_FACTOR_WITH_USER_VERIFICATION"
MOST = 20
ALGORITHMS = (-7, -257)
"""ES256 and RS256, by their COSE numbers."""
SECONDS = 180.0
"""How long a registration may take."""


class Passkey(Struct, frozen=True, kw_only=True):
    """A registered passkey. Binary is base64url without padding; `created` is in seconds since the epoch."""

    id: str
    public_key: str
    sign_count: int
    name: str
    relying_party: str
    attachment: str | None = None
    transports: list[str] = field(default_factory=list)
    created: float


class Registration(Struct, frozen=True):
    """A registration that was begun: its challenge, by which client, and until when it can be completed."""

    challenge: str
    client_id: str
    expires: float


class Passkeys:
    """Users' passkeys, and the options that browsers get."""

    def __init__(self, directory: Directory, domains: Domains) -> None:
        self._directory = directory
        self._domains = domains
        self.kept = directory.of_user("passkeys", Passkey)
        self.registrations = directory.of_user("passkey-registrations", Registration)

    def of(self, pool: UserPool, user: User) -> list[Passkey]:
        """The user's passkeys."""
        return self.kept.scan(*pool.key, user.sub)

    def relying_party(self, pool: UserPool) -> str:
        """The pool's RelyingPartyId. A pool that only has a domain trusts the host where its hosted UI is: this one.

        Raises WebAuthnConfigurationMissingException where it has neither.
        """
        own = self._configuration(pool).get("RelyingPartyId")
        if not own and not self._domains.of(pool):
            raise errors.WebAuthnConfigurationMissingException(
                "The user pool needs a relying party ID or a domain for passkeys: "
                "set WebAuthnConfiguration.RelyingPartyId by SetUserPoolMfaConfig."
            )
        return own or LOCAL

    def verifies_users(self, pool: UserPool) -> bool:
        """Whether authenticators must make sure who uses them."""
        return self.count_for_two(pool) or self._configuration(pool).get("UserVerification") == "required"

    def count_for_two(self, pool: UserPool) -> bool:
        """Whether a passkey may stand for both factors."""
        return self._configuration(pool).get("FactorConfiguration") == MULTI_FACTOR

    def creation_options(self, pool: UserPool, user: User, challenge: str) -> Options:
        """What the browser makes a new passkey by."""
        relying_party = self.relying_party(pool)
        return {
            "rp": {"id": relying_party, "name": relying_party},
            "user": {"id": encoded(user.sub.encode()), "name": user.username, "displayName": user.username},
            "challenge": challenge,
            "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
            "timeout": 60000,
            "excludeCredentials": self._described(pool, user),
            "authenticatorSelection": {
                "requireResidentKey": True,
                "residentKey": "required",
                "userVerification": self._verification(pool),
            },
        }

    def request_options(self, pool: UserPool, user: User, challenge: str) -> Options:
        """What the browser signs in by."""
        return {
            "challenge": challenge,
            "timeout": int(SECONDS * 1000),
            "rpId": self.relying_party(pool),
            "allowCredentials": self._described(pool, user),
            "userVerification": self._verification(pool),
        }

    def _described(self, pool: UserPool, user: User) -> list[Options]:
        return [
            {"id": passkey.id, "type": "public-key", "transports": passkey.transports}
            for passkey in self.of(pool, user)
        ]

    def _verification(self, pool: UserPool) -> str:
        return "required" if self.verifies_users(pool) else "preferred"

    def _configuration(self, pool: UserPool) -> dict[str, Any]:
        return (self._directory.mfa_settings.get(*pool.key) or {}).get("WebAuthnConfiguration") or {}


def new_challenge() -> str:
    """What an authenticator is to sign: random, base64url."""
    return encoded(secrets.token_bytes(32))


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes of `encoded`. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
