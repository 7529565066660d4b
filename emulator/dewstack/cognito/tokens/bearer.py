"""Access tokens that come back: whose they are, and whether they are still good."""

import base64
import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import API_SCOPE, TokenFamily, User, UserPool, UserPoolClient
from dewstack.cognito.tokens.claims import Claims
from dewstack.cognito.tokens.keys import Keys, pool_of_issuer
from dewstack.cognito.tokens.tokens import issuer_of
from dewstack.config import Config

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey


SIGNATURES = 1024
"""How many verified signatures are remembered, the last that were used."""


class Bearer(Struct, frozen=True):
    """The user that a valid access token stands for."""

    pool: UserPool
    client: UserPoolClient
    user: User
    family: TokenFamily


class Bearers:
    """Verifies access tokens. It may take milliseconds: call it in a thread."""

    def __init__(self, directory: Directory, keys: Keys, clock: Clock, config: Config) -> None:
        self._directory = directory
        self._keys = keys
        self._clock = clock
        self._config = config
        self._verified: OrderedDict[bytes, RSAKey] = OrderedDict()
        self._lock = threading.Lock()

    def bearer(self, token: str, scope: str = API_SCOPE) -> Bearer:
        """Verify an access token: signature, issuer, use, expiry, client, user, revocation, scope.

        Raises NotAuthorizedException with AWS's reason, UserNotFoundException when the user is gone.
        """
        header, claims = peek(token)
        pool_id = pool_of_issuer(str(claims.get("iss")))
        pool = self._directory.pool_anywhere(pool_id) if pool_id else None
        if pool is None or header.get("alg") != "RS256":
            raise errors.NotAuthorizedException("Invalid Access Token")
        key = self._keys.of(pool).by_kid(header.get("kid"))
        if key is None or not self._verifies(token, key):
            raise errors.NotAuthorizedException("Could not verify signature for Access Token")
        if claims.get("token_use") != "access" or claims["iss"] != issuer_of(pool, self._config):
            raise errors.NotAuthorizedException("Invalid Access Token")
        if self._clock.time() >= claims["exp"]:
            raise errors.NotAuthorizedException("Access Token has expired")
        if scope not in claims["scope"].split():
            raise errors.NotAuthorizedException("Access Token does not have required scopes")
        return self._holder(pool, claims)

    def _verifies(self, token: str, key: "RSAKey") -> bool:
        """Whether the key has signed the token; what was verified once needs no arithmetic the next time. Nothing
        else about a token is remembered: times, user and revocation are looked at anew."""
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            if self._verified.get(digest) is key:
                self._verified.move_to_end(digest)
                return True
        if not verifies(token, key):
            return False
        with self._lock:
            self._verified[digest] = key
            if len(self._verified) > SIGNATURES:
                self._verified.popitem(last=False)
        return True

    def _holder(self, pool: UserPool, claims: Claims) -> Bearer:
        client = self._directory.clients.get(*pool.key, claims["client_id"])
        if client is None or "username" not in claims:  # a client's own token has no user
            raise errors.NotAuthorizedException("Invalid Access Token")
        family = self._directory.families.get(*pool.key, claims["sub"], claims["event_id"])
        user = self._directory.user_by_key(pool, pool.fold(claims["username"]))
        if user is None or user.sub != claims["sub"]:
            raise errors.UserNotFoundException()
        if family is None or family.revoked:
            raise errors.NotAuthorizedException("Access Token has been revoked")
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        return Bearer(pool, client, user, family)


def verifies(token: str, key: "RSAKey") -> bool:
    """Whether the key has signed the token, by RS256."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        jws.deserialize_compact(token, key, algorithms=["RS256"])
    except (JoseError, ValueError):
        return False
    return True


def peek(token: str) -> tuple[dict[str, Any], Claims]:
    """Header and claims, nothing verified. Raises NotAuthorizedException for what is no JWT."""
    try:
        head, body, _ = token.split(".")
        header, claims = (
            msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            for part in (head, body)
        )
    except (ValueError, RecursionError) as error:
        raise errors.NotAuthorizedException("Invalid Access Token") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise errors.NotAuthorizedException("Invalid Access Token")
    return header, claims
