"""The end of a sign-in: RS256 identity and access tokens, as PreTokenGeneration wants them."""

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import API_SCOPE, Group, TokenFamily, User, UserPool, UserPoolClient
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.tokens.claims import (
    Claims,
    access_claims,
    by_precedence,
    client_claims,
    id_claims,
    role_claims,
)
from dewstack.cognito.tokens.keys import Keys
from dewstack.cognito.tokens.overrides import Overrides, overrides_of
from dewstack.cognito.tokens.tokens import Tokens, issuer_of
from dewstack.cognito.triggers import Occasion, Triggers, attributes_of
from dewstack.config import Config

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey


class Grant(Struct, frozen=True, kw_only=True):
    """Whom tokens are issued to, and on what occasion."""

    pool: UserPool
    client: UserPoolClient
    user: User
    source: str
    """PreTokenGeneration's triggerSource."""
    metadata: dict[str, str] | None = None
    """ClientMetadata, of the operations whose ClientMetadata PreTokenGeneration is told."""
    scopes: tuple[str, ...] = (API_SCOPE,)
    hosted: bool = False
    """Whether the sign-in happened at the hosted UI."""
    nonce: str | None = None
    device_key: str | None = None
    audience: str | None = None
    """`resource` of an authorization request: the access token's `aud`."""


class Issuer:
    """Issues the tokens of all pools."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        keys: Keys,
        tokens: Tokens,
        clock: Clock,
        config: Config,
        triggers: Triggers,
    ) -> None:
        self._directory = directory
        self._heavy = heavy
        self._keys = keys
        self._tokens = tokens
        self._clock = clock
        self._config = config
        self._triggers = triggers

    async def sign_in(self, grant: Grant) -> dict[str, Any]:
        """Begin a family: AWS's AuthenticationResult, refresh token and all."""
        await self._make_keys(grant.pool)
        overrides = await self._overrides(grant, grant.scopes)
        return await self._heavy.run(self._sign_in, grant, overrides)

    async def renew(self, grant: Grant, family: TokenFamily) -> dict[str, Any]:
        """New identity and access tokens of a family."""
        await self._make_keys(grant.pool)
        overrides = await self._overrides(grant, family.scopes)
        return await self._heavy.run(self._result, grant, family, overrides)

    async def client(
        self,
        pool: UserPool,
        client: UserPoolClient,
        scopes: Sequence[str],
        metadata: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """An access token for the client itself, as AuthenticationResult has it. Version 3 of PreTokenGeneration is
        asked, and told `metadata`."""
        await self._make_keys(pool)
        request = {
            "userAttributes": {},
            "groupConfiguration": {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None},
            "scopes": list(scopes),
        }
        occasion = Occasion(pool=pool, client_id=client.id, metadata=metadata)
        source = "TokenGeneration_ClientCredentials"
        answer = await self._triggers.pre_token_generation(occasion, source, None, request)
        return await self._heavy.run(self._client, pool, client, scopes, overrides_of(answer))

    def _client(
        self, pool: UserPool, client: UserPoolClient, scopes: Sequence[str], overrides: Overrides | None
    ) -> dict[str, Any]:
        issuer, now = issuer_of(pool, self._config), int(self._clock.time())
        claims = client_claims(issuer, client, scopes, now, ids.uuid4())
        if overrides is not None:
            claims = overrides.access_claims(claims)
        return {
            "AccessToken": _sign(claims, self._keys.of(pool).keys["access"]),
            "ExpiresIn": client.validity("AccessToken"),
            "TokenType": "Bearer",
        }

    async def _make_keys(self, pool: UserPool) -> None:
        """Where a pool has no keys yet, wait for them before the turn that signs with them."""
        if self._keys.known(pool.id) is None:
            await asyncio.to_thread(self._keys.publish, pool)

    async def _overrides(self, grant: Grant, scopes: Sequence[str]) -> Overrides | None:
        """What PreTokenGeneration wants of the tokens; None where the pool has none."""
        pool, user = grant.pool, grant.user
        if not self._triggers.wants(pool, "PreTokenGeneration"):
            return None
        groups = await asyncio.to_thread(self._groups, pool, user)
        roles = role_claims(groups)
        request = {
            "userAttributes": attributes_of(pool, user),
            "groupConfiguration": {
                "groupsToOverride": [group.name for group in groups],
                "iamRolesToOverride": roles.get("cognito:roles", []),
                "preferredRole": roles.get("cognito:preferred_role"),
            },
            "scopes": list(scopes),
        }
        occasion = Occasion(pool=pool, client_id=grant.client.id, metadata=grant.metadata)
        answer = await self._triggers.pre_token_generation(occasion, grant.source, user.username, request)
        return overrides_of(answer)

    def _groups(self, pool: UserPool, user: User) -> list[Group]:
        kept = (self._directory.groups.get(*pool.key, name) for name in user.groups)
        return by_precedence([group for group in kept if group])

    def _sign_in(self, grant: Grant, overrides: Overrides | None) -> dict[str, Any]:
        family, token = self._tokens.begin(
            grant.pool,
            grant.client,
            grant.user,
            scopes=grant.scopes,
            hosted=grant.hosted,
            device_key=grant.device_key,
            audience=grant.audience,
        )
        result = self._result(grant, family, overrides)
        self._tokens.keep(grant.pool, family)
        return {**result, "RefreshToken": token}

    def _result(self, grant: Grant, family: TokenFamily, overrides: Overrides | None) -> dict[str, Any]:
        pool, client, user = grant.pool, grant.client, grant.user
        now = int(self._clock.time())
        groups = self._groups(pool, user)
        pair = self._keys.of(pool)
        issuer = issuer_of(pool, self._config)
        access = access_claims(issuer, client, user, groups, family, now, ids.uuid4())
        identity = id_claims(issuer, client, user, groups, family, now, ids.uuid4())
        if grant.nonce is not None:
            identity["nonce"] = grant.nonce
        if overrides is not None:
            access = overrides.access_claims(access)
            identity = overrides.identity_claims(identity)
        access_token = _sign(access, pair.keys["access"])
        result = {
            "AccessToken": access_token,
            "ExpiresIn": client.validity("AccessToken"),
            "TokenType": "Bearer",
        }
        if family.hosted and "openid" not in family.scopes:
            return result
        if family.hosted:
            identity = {"at_hash": _at_hash(access_token), **identity}
        return {**result, "IdToken": _sign(identity, pair.keys["id"])}


def _at_hash(access_token: str) -> str:
    """The half of the access token's SHA-256 that binds an identity token to it (OpenID Connect)."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def _sign(claims: Claims, key: "RSAKey") -> str:
    from joserfc import jws

    return jws.serialize_compact({"kid": key.kid, "alg": "RS256"}, msgspec.json.encode(claims), key)
