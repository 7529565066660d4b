"""Tokens: RS256 identity and access tokens, opaque refresh tokens, their verification and revocation.

One sign-in is a family: its tokens share `origin_jti`, `auth_time` and `event_id`. Revoking the refresh
token, or signing out everywhere, ends the family: user-pool operations then refuse its access tokens, while
authorizers, which verify offline, go on accepting them until they expire, as on AWS.
"""

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.claims import API_SCOPE, Claims, access_claims, by_precedence, id_claims
from dewstack.cognito.directory import Directory
from dewstack.cognito.keys import Keys, pool_of_issuer
from dewstack.cognito.model import DAY, FamilyKey, TokenFamily, User, UserPool, UserPoolClient
from dewstack.config import Config

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey


class Bearer(Struct, frozen=True):
    """The user that a valid access token stands for."""

    pool: UserPool
    client: UserPoolClient
    user: User
    family: TokenFamily


class Tokens:
    """Issues and verifies the tokens of all pools. All methods may take milliseconds: call in a thread."""

    def __init__(self, directory: Directory, keys: Keys, clock: Clock, config: Config) -> None:
        self._directory = directory
        self._keys = keys
        self._clock = clock
        self._config = config
        self._families = directory.families
        self._refresh = directory.refresh_tokens

    def issuer(self, pool: UserPool) -> str:
        """The `iss` of the pool's tokens."""
        if self._config.issuer == "local":
            return f"http://localhost:{self._config.aws_port}/{pool.id}"
        return f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}"

    def sign_in(self, pool: UserPool, client: UserPoolClient, user: User) -> dict[str, Any]:
        """Begin a family: AWS's AuthenticationResult, refresh token and all."""
        now = self._clock.time()
        token = _opaque_token()
        family = TokenFamily(
            event_id=ids.uuid4(),
            origin_jti=ids.uuid4(),
            client_id=client.id,
            user_key=pool.fold(user.username),
            sub=user.sub,
            auth_time=int(now),
            expires=now + client.validity("RefreshToken"),
            refresh_hash=_hash(token),
        )
        result = self._result(pool, client, user, family)
        with self._directory.transaction():
            self._sweep(pool, family, now)
            self._families.put(family, *pool.key, user.sub, family.event_id)
            self._refresh.put(FamilyKey(user.sub, family.event_id), *pool.key, family.refresh_hash)
        return {**result, "RefreshToken": token}

    def refresh(self, pool: UserPool, client: UserPoolClient, token: str) -> tuple[TokenFamily, User]:
        """The family and user of a refresh token. Raises NotAuthorizedException with AWS's reason."""
        family = self._family_of(pool, client, token)
        if family is None:
            raise errors.NotAuthorizedException("Invalid Refresh Token")
        if family.revoked:
            raise errors.NotAuthorizedException("Refresh Token has been revoked")
        if self._clock.time() >= family.expires:
            raise errors.NotAuthorizedException("Refresh Token has expired")
        user = self._directory.user_by_key(pool, family.user_key)
        if user is None or user.sub != family.sub:
            raise errors.NotAuthorizedException("Invalid Refresh Token")
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        return family, user

    def renew(
        self, pool: UserPool, client: UserPoolClient, user: User, family: TokenFamily
    ) -> dict[str, Any]:
        """New identity and access tokens of a family."""
        return self._result(pool, client, user, family)

    def revoke(self, pool: UserPool, client: UserPoolClient, token: str) -> None:
        """End the family of a refresh token; one that isn't known changes nothing."""
        with self._directory.transaction():
            family = self._family_of(pool, client, token)
            if family is not None:
                self._families.put(replace(family, revoked=True), *pool.key, family.sub, family.event_id)

    def revoke_all(self, pool: UserPool, user: User) -> None:
        """End all families of a user."""
        with self._directory.transaction():
            for key, family in self._families.items(*pool.key, user.sub):
                self._families.put(replace(family, revoked=True), *key)

    def bearer(self, token: str) -> Bearer:
        """Verify an access token: signature, issuer, use, expiry, client, user, revocation, scope.

        Raises NotAuthorizedException with AWS's reason, UserNotFoundException when the user is gone.
        """
        header, claims = _peek(token)
        pool_id = pool_of_issuer(str(claims.get("iss")))
        pool = self._directory.pool_anywhere(pool_id) if pool_id else None
        if pool is None or header.get("alg") != "RS256":
            raise errors.NotAuthorizedException("Invalid Access Token")
        key = self._keys.of(pool).by_kid(header.get("kid"))
        if key is None or not _verifies(token, key):
            raise errors.NotAuthorizedException("Could not verify signature for Access Token")
        if claims.get("token_use") != "access" or claims["iss"] != self.issuer(pool):
            raise errors.NotAuthorizedException("Invalid Access Token")
        if self._clock.time() >= claims["exp"]:
            raise errors.NotAuthorizedException("Access Token has expired")
        if API_SCOPE not in claims["scope"].split():
            raise errors.NotAuthorizedException("Access Token does not have required scopes")
        return self._holder(pool, claims)

    def _holder(self, pool: UserPool, claims: Claims) -> Bearer:
        client = self._directory.clients.get(*pool.key, claims["client_id"])
        if client is None:
            raise errors.NotAuthorizedException("Invalid Access Token")
        family = self._families.get(*pool.key, claims["sub"], claims["event_id"])
        user = self._directory.user_by_key(pool, pool.fold(claims["username"]))
        if user is None or user.sub != claims["sub"]:
            raise errors.UserNotFoundException()
        if family is None or family.revoked:
            raise errors.NotAuthorizedException("Access Token has been revoked")
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        return Bearer(pool, client, user, family)

    def _result(
        self, pool: UserPool, client: UserPoolClient, user: User, family: TokenFamily
    ) -> dict[str, Any]:
        now = int(self._clock.time())
        kept = (self._directory.groups.get(*pool.key, name) for name in user.groups)
        groups = by_precedence([group for group in kept if group])
        pair = self._keys.of(pool)
        issuer = self.issuer(pool)
        access = access_claims(issuer, client, user, groups, family, now, ids.uuid4())
        identity = id_claims(issuer, client, user, groups, family, now, ids.uuid4())
        return {
            "AccessToken": _sign(access, pair.keys["access"]),
            "ExpiresIn": client.validity("AccessToken"),
            "TokenType": "Bearer",
            "IdToken": _sign(identity, pair.keys["id"]),
        }

    def _family_of(self, pool: UserPool, client: UserPoolClient, token: str) -> TokenFamily | None:
        place = self._refresh.get(*pool.key, _hash(token))
        family = self._families.get(*pool.key, place.sub, place.event_id) if place else None
        return family if family and family.client_id == client.id else None

    def _sweep(self, pool: UserPool, family: TokenFamily, now: float) -> None:
        # A few neighbours of the new, random key: the user's dead families go at a constant price.
        after = (*pool.key, family.sub, family.event_id)
        for key, old in self._families.items(*pool.key, family.sub, after=after, limit=4):
            if old.expires + DAY < now:
                self._families.delete(*key)
                self._refresh.delete(*pool.key, old.refresh_hash)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _opaque_token() -> str:
    # The five parts of a JWE, as AWS's look; what is in them is random, and only the whole means anything.
    header = b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}'
    parts = [secrets.token_bytes(length) for length in (256, 12, 768, 16)]
    return ".".join(_b64(part) for part in [header, *parts])


def _sign(claims: Claims, key: "RSAKey") -> str:
    from joserfc import jws

    return jws.serialize_compact({"kid": key.kid, "alg": "RS256"}, msgspec.json.encode(claims), key)


def _verifies(token: str, key: "RSAKey") -> bool:
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        jws.deserialize_compact(token, key, algorithms=["RS256"])
    except (JoseError, ValueError):
        return False
    return True


def _peek(token: str) -> tuple[dict[str, Any], Claims]:
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
