"""Sign-ins that go on: opaque refresh tokens, and the families of tokens that come of them.

One sign-in is a family: its tokens share `origin_jti`, `auth_time` and `event_id`. Revoking the refresh
token, or signing out everywhere, ends the family: user-pool operations then refuse its access tokens, while
authorizers, which verify offline, go on accepting them until they expire, as on AWS.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence

from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import API_SCOPE, DAY, FamilyKey, TokenFamily, User, UserPool, UserPoolClient
from dewstack.config import Config

REMEMBERED = 8
"""How many rotated refresh tokens of a family are told from strangers."""


def issuer_of(pool: UserPool, config: Config) -> str:
    """The `iss` of the pool's tokens."""
    if config.issuer == "local":
        return f"http://localhost:{config.aws_port}/{pool.id}"
    return f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}"


class Tokens:
    """The families of all pools. All methods may take milliseconds: call in a thread."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._families = directory.families
        self._refresh = directory.refresh_tokens

    def begin(
        self,
        pool: UserPool,
        client: UserPoolClient,
        user: User,
        *,
        scopes: Sequence[str] = (API_SCOPE,),
        hosted: bool = False,
        device_key: str | None = None,
        audience: str | None = None,
    ) -> tuple[TokenFamily, str]:
        """A new family, not yet kept, and its refresh token."""
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
            scopes=list(scopes),
            hosted=hosted,
            device_key=device_key,
            audience=audience,
        )
        return family, token

    def keep(self, pool: UserPool, family: TokenFamily) -> None:
        """Keep a new family: from now on its tokens are believed."""
        with self._directory.transaction():
            self._sweep(pool, family, self._clock.time())
            self._families.put(family, *pool.key, family.sub, family.event_id)
            self._refresh.put(FamilyKey(family.sub, family.event_id), *pool.key, family.refresh_hash)

    def refresh(
        self, pool: UserPool, client: UserPoolClient, token: str, device_key: str | None = None
    ) -> tuple[TokenFamily, User]:
        """The family and user of a refresh token; a family that began with a device goes on with it only.

        Raises NotAuthorizedException with AWS's reason, RefreshTokenReuseException for one that was rotated out.
        """
        family = self._valid(pool, client, token)
        if family.device_key is not None and family.device_key != device_key:
            raise errors.NotAuthorizedException("Invalid Refresh Token")
        user = self._directory.user_by_key(pool, family.user_key)
        if user is None or user.sub != family.sub:
            raise errors.NotAuthorizedException("Invalid Refresh Token")
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        return family, user

    def rotate(self, pool: UserPool, client: UserPoolClient, token: str, grace: float) -> str:
        """A new refresh token for an old one, which works for `grace` seconds more. The family lives no longer by it.

        Raises as `refresh`: of two requests at once, without grace, one is too late.
        """
        new, now = _opaque_token(), self._clock.time()
        with self._directory.transaction():
            family = self._valid(pool, client, token)
            place = FamilyKey(family.sub, family.event_id)
            rotated = [family.refresh_hash, *family.rotated]
            for old in rotated[REMEMBERED:]:
                self._refresh.delete(*pool.key, old)
            renewed = replace(family, refresh_hash=_hash(new), rotated=rotated[:REMEMBERED])
            for old in (family.refresh_hash, _hash(token)):
                kept = self._refresh.get(*pool.key, old)
                if kept is not None and kept.until is None:
                    self._refresh.put(replace(kept, until=now + grace), *pool.key, old)
            self._families.put(renewed, *pool.key, family.sub, family.event_id)
            self._refresh.put(place, *pool.key, renewed.refresh_hash)
        return new

    def _valid(self, pool: UserPool, client: UserPoolClient, token: str) -> TokenFamily:
        family = self._family_of(pool, client, token)
        if family is None:
            raise errors.NotAuthorizedException("Invalid Refresh Token")
        if family.revoked:
            raise errors.NotAuthorizedException("Refresh Token has been revoked")
        if self._clock.time() >= family.expires:
            raise errors.NotAuthorizedException("Refresh Token has expired")
        place = self._refresh.get(*pool.key, _hash(token))
        if place is None or (place.until is not None and self._clock.time() >= place.until):
            raise errors.RefreshTokenReuseException()
        return family

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
                for refresh_hash in (old.refresh_hash, *old.rotated):
                    self._refresh.delete(*pool.key, refresh_hash)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _opaque_token() -> str:
    # The five parts of a JWE, as AWS's look; what is in them is random, and only the whole means anything.
    header = b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}'
    parts = [secrets.token_bytes(length) for length in (256, 12, 768, 16)]
    return ".".join(_b64(part) for part in [header, *parts])
