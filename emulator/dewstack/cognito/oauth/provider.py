"""An OIDC identity provider as a sign-in uses it: its endpoints, its tokens, and what it tells of a user.

A provider whose issuer is a pool of this emulator is asked in this process, whatever the issuer's URL is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct

from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.oauth.exchange import Ask
from dewstack.cognito.oauth.fetching import FetchError, fetch, read_object
from dewstack.cognito.providers.identity_providers import IdentityProvider
from dewstack.cognito.tokens.keys import Keys, pool_of_issuer
from dewstack.cognito.tokens.tokens import issuer_of
from dewstack.config import Config
from dewstack.http import Request, Response

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

LEEWAY = 60
"""Seconds by which another machine's clock may differ."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512"]

Answering = Callable[[Request], Awaitable[Response]]


class Endpoints(Struct, frozen=True, kw_only=True):
    """Where a provider is asked what."""

    issuer: str
    authorize: str
    token: str
    jwks: str
    user_info: str | None = None
    pool: UserPool | None = None
    """The local pool that is the provider."""


class Identity(Struct, frozen=True):
    """Whom a provider has signed in."""

    subject: str
    claims: dict[str, Any]


class Providers:
    """Asks identity providers."""

    def __init__(self, directory: Directory, keys: Keys, config: Config, answering: Answering) -> None:
        self._directory = directory
        self._keys = keys
        self._config = config
        self._answering = answering
        self._clock: Clock = directory.clock

    async def endpoints(self, ask: Ask, provider: IdentityProvider) -> Endpoints:
        """The provider's endpoints: those it is configured with, else by discovery. Raises FetchError."""
        details = provider.details
        issuer = details["oidc_issuer"].rstrip("/")
        pool = await asyncio.to_thread(self._local, issuer)
        if pool is not None:
            return Endpoints(
                issuer=issuer_of(pool, self._config),
                authorize=f"{ask.base_url}/oauth2/authorize",
                token="/oauth2/token",
                jwks="",
                user_info="/oauth2/userInfo",
                pool=pool,
            )
        found: dict[str, Any] = {}
        if not all(details.get(name) for name in ("authorize_url", "token_url", "jwks_uri")):
            url = f"{issuer}/.well-known/openid-configuration"
            found = read_object(await asyncio.to_thread(fetch, url), "The discovery document")

        def named(own: str, other: str) -> str:
            found_url = details.get(own) or found.get(other)
            if not isinstance(found_url, str):
                raise FetchError(f"The discovery document has no {other}")
            return found_url

        user_info = details.get("attributes_url") or found.get("userinfo_endpoint")
        told = found.get("issuer", details["oidc_issuer"])
        if str(told).rstrip("/") != issuer:
            raise FetchError("The discovery document is another issuer's")
        return Endpoints(
            issuer=str(told),
            authorize=named("authorize_url", "authorization_endpoint"),
            token=named("token_url", "token_endpoint"),
            jwks=named("jwks_uri", "jwks_uri"),
            user_info=user_info if isinstance(user_info, str) else None,
        )

    def _local(self, issuer: str) -> UserPool | None:
        pool_id = pool_of_issuer(issuer)
        return self._directory.pool_anywhere(pool_id) if pool_id else None

    async def identity(
        self, provider: IdentityProvider, endpoints: Endpoints, form: dict[str, str], nonce: str
    ) -> Identity:
        """Whom the provider has signed in, for the code in `form`. Raises FetchError."""
        details = provider.details
        form = {**form, "client_id": details["client_id"]}
        if details.get("client_secret"):
            form["client_secret"] = details["client_secret"]
        tokens = read_object(await self._post(endpoints, form), "The token endpoint's answer")
        claims = await self._verified(endpoints, tokens.get("id_token"), details["client_id"], nonce)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\0" in subject:
            raise FetchError("The identity token has no sub")
        if endpoints.user_info and isinstance(tokens.get("access_token"), str):
            method = details.get("attributes_request_method") or "GET"
            body = await self._user_info(endpoints, tokens["access_token"], method)
            told = read_object(body, "userInfo's answer")
            if told.get("sub") != subject:
                raise FetchError("userInfo tells of another user")
            claims = {**claims, **told}
        return Identity(subject, claims)

    async def _post(self, endpoints: Endpoints, form: dict[str, str]) -> bytes:
        if endpoints.pool is None:
            return await asyncio.to_thread(fetch, endpoints.token, form)
        headers = [(b"content-type", b"application/x-www-form-urlencoded")]
        return await self._inside("POST", endpoints.token, headers, urlencode(form).encode())

    async def _user_info(self, endpoints: Endpoints, token: str, method: str) -> bytes:
        if endpoints.pool is None:
            assert endpoints.user_info is not None
            return await asyncio.to_thread(fetch, endpoints.user_info, None, token, method)
        headers = [(b"authorization", b"Bearer " + token.encode())]
        return await self._inside("GET", "/oauth2/userInfo", headers, b"")

    async def _inside(self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
        """Ask the local pool's own endpoint."""
        headers = [(b"host", f"localhost:{self._config.aws_port}".encode()), *headers]
        response = await self._answering(Request(method, path, "", headers, body))
        if response.status != 200:
            told = read_object(response.body, "The error")
            raise FetchError(str(told.get("error")), response.status)
        return response.body

    async def _verified(
        self, endpoints: Endpoints, token: object, client_id: str, nonce: str
    ) -> dict[str, Any]:
        """The identity token's claims, everything about it checked. Raises FetchError."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        if not isinstance(token, str):
            raise FetchError("The token endpoint has answered no identity token")
        keys = await self._key_set(endpoints)
        try:
            decoded = await asyncio.to_thread(jwt.decode, token, keys, ALGORITHMS)
        except (JoseError, ValueError) as error:
            raise FetchError("The identity token's signature could not be verified") from error
        claims = dict(decoded.claims)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if str(claims.get("iss")).rstrip("/") != endpoints.issuer.rstrip("/"):
            raise FetchError("The identity token is another issuer's")
        if client_id not in audiences or claims.get("azp", client_id) != client_id:
            raise FetchError("The identity token is for another client")
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or self._clock.time() >= expires + LEEWAY:
            raise FetchError("The identity token has expired")
        if claims.get("nonce") != nonce:
            raise FetchError("The identity token is another sign-in's")
        return claims

    async def _key_set(self, endpoints: Endpoints) -> "KeySet":
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        if endpoints.pool is not None:
            document = (await asyncio.to_thread(self._keys.of, endpoints.pool)).jwks
        else:
            document = read_object(await asyncio.to_thread(fetch, endpoints.jwks), "The key set")
        try:
            return KeySet.import_key_set(document)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise FetchError("The key set cannot be read") from error
