"""/oauth2/userInfo and /oauth2/revoke: what holders of tokens ask.

userInfo speaks of verified addresses in strings, `"email_verified": "true"`, as AWS does; the identity token has
booleans.
"""

import asyncio
from typing import Any

import msgspec

from dewstack.cognito import errors
from dewstack.cognito.oauth.client_authentication import ClientAuthentication, InvalidClient
from dewstack.cognito.oauth.exchange import CORS, NO_STORE, Ask, answer
from dewstack.cognito.oauth.places import Places
from dewstack.cognito.oauth.token import refusal
from dewstack.cognito.schema import readable
from dewstack.cognito.tokens.bearer import Bearer, Bearers
from dewstack.cognito.tokens.claims import disclosed
from dewstack.cognito.tokens.tokens import Tokens
from dewstack.http import Response

BAD_REQUEST = "Bad OAuth2 request at UserInfo Endpoint"
GONE = "Access token is expired, disabled, or deleted, or the user has globally signed out."


class UserInfo:
    """Answers /oauth2/userInfo."""

    def __init__(self, bearers: Bearers, places: Places) -> None:
        self._bearers = bearers
        self._places = places

    async def __call__(self, ask: Ask) -> Response:
        """Answer one request."""
        scheme, _, token = ask.header("authorization").partition(" ")
        if not scheme:
            token = ask.form.get("access_token", "")
        elif scheme.lower() != "bearer":
            token = ""
        if not token.strip():
            return _challenged(400, "invalid_request", BAD_REQUEST)
        try:
            bearer = await asyncio.to_thread(self._bearers.bearer, token.strip(), "openid")
        except errors.CognitoError as error:
            missing = "required scopes" in error.message
            if missing:
                return _challenged(403, "insufficient_scope", "The access token has no openid scope.")
            return _challenged(401, "invalid_token", GONE)
        elsewhere = ask.pool is not None and ask.pool.key != bearer.pool.key
        if elsewhere or not await asyncio.to_thread(self._places.has_domain, bearer.pool):
            return _challenged(401, "invalid_token", GONE)
        return answer(_claims(bearer))


def _claims(bearer: Bearer) -> dict[str, Any]:
    user = bearer.user
    attributes = readable(bearer.client.settings.get("ReadAttributes"), user.attributes)
    shown: dict[str, Any] = {"sub": user.sub, **disclosed(bearer.family.scopes, attributes)}
    if "address" in shown:
        shown["address"] = {"formatted": shown["address"]}
    return {**shown, "username": user.username}


def _challenged(status: int, error: str, description: str) -> Response:
    body = msgspec.json.encode({"error": error, "error_description": description})
    told = f'error="{error}", error_description="{description}"'
    headers = [
        (b"Content-Type", b"application/json;charset=UTF-8"),
        (b"WWW-Authenticate", f"Bearer {told}".encode()),
        *NO_STORE,
        *CORS,
    ]
    return Response(status, body, headers)


class Revocation:
    """Answers /oauth2/revoke."""

    def __init__(self, authentication: ClientAuthentication, tokens: Tokens) -> None:
        self._authentication = authentication
        self._tokens = tokens

    async def __call__(self, ask: Ask) -> Response:
        """Answer one request: 200 and nothing, for a token that isn't known too."""
        token = ask.form.get("token")
        if token is None:
            return refusal("invalid_request")
        try:
            pool, client = await asyncio.to_thread(self._authentication.client, ask)
        except InvalidClient:
            return refusal("invalid_client", status=401)
        if not client.revocable:
            return refusal("invalid_request", "Token revocation is not enabled for this client")
        if token.count(".") == 2:
            return refusal("unsupported_token_type", "Only refresh tokens can be revoked")
        await asyncio.to_thread(self._tokens.revoke, pool, client, token)
        return Response(200, b"", [*NO_STORE, *CORS])
