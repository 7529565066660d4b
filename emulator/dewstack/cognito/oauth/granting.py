"""Authorization codes, and the tokens that they and the implicit flow give.

Tokens are made when the user signs in, as on AWS (so what PreTokenGeneration refuses is told at the redirect), and
wait for the code: encrypted with a key that only the code gives. A code works once, for five minutes, for its
client, its redirect URI and its PKCE verifier; whoever brings it a second time ends the tokens that it gave.
"""

import asyncio
import base64
import hashlib
import hmac
from typing import Any

import msgspec
from msgspec.structs import replace

from dewstack import ids
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import AuthorizationCode, User, UserPool, UserPoolClient
from dewstack.cognito.oauth.authorization import Authorization
from dewstack.cognito.oauth.exchange import Parameters
from dewstack.cognito.secrets.sealing import hidden, shown
from dewstack.cognito.tokens.issuing import Grant, Issuer

CODE_SECONDS = 300.0
SWEPT = 4
SOURCE = "TokenGeneration_HostedAuth"


class InvalidGrant(Exception):
    """A code that gives nothing."""


class Grants:
    """Codes of all pools."""

    def __init__(self, directory: Directory, issuer: Issuer) -> None:
        self._directory = directory
        self._issuer = issuer
        self._codes = directory.authorization_codes
        self._clock = directory.clock

    async def location(self, authorization: Authorization, user: User) -> str:
        """Where a user who has signed in goes: back to the client, with a code or tokens.

        Raises CognitoError when PreTokenGeneration refuses.
        """
        tokens = await self._issuer.sign_in(
            Grant(
                pool=authorization.pool,
                client=authorization.client,
                user=user,
                source=SOURCE,
                scopes=authorization.scopes,
                hosted=True,
                nonce=authorization.nonce,
                audience=authorization.resource,
            )
        )
        if authorization.back.response_type == "token":
            return authorization.back.url(_implicit(authorization, tokens))
        code = await asyncio.to_thread(self._keep, authorization, user, tokens)
        state = {"state": authorization.back.state} if authorization.back.state else {}
        return authorization.back.url({"code": code, **state})

    def _keep(self, authorization: Authorization, user: User, tokens: dict[str, Any]) -> str:
        pool, code, now = authorization.pool, ids.uuid4(), self._clock.time()
        kept = AuthorizationCode(
            client_id=authorization.client.id,
            redirect_uri=authorization.back.redirect_uri,
            user_key=pool.fold(user.username),
            sub=user.sub,
            event_id=event_id_of(tokens["AccessToken"]),
            sealed=hidden(_key(code), msgspec.json.encode(tokens), b"authorization code"),
            issued=now,
            expires=now + CODE_SECONDS,
            code_challenge=authorization.code_challenge,
        )
        key = (*pool.key, _hash(code))
        with self._directory.transaction():
            # A few neighbours of the new, random key: dead codes go at a constant price.
            for old_key, old in self._codes.items(*pool.key, after=key, limit=SWEPT):
                if old.expires + CODE_SECONDS < now:
                    self._codes.delete(*old_key)
            self._codes.put(kept, *key)
        return code

    def exchange(self, pool: UserPool, client: UserPoolClient, form: Parameters) -> dict[str, Any]:
        """The tokens of a code, which is used up: AWS's AuthenticationResult. Raises InvalidGrant."""
        code = form.get("code", "")
        with self._directory.transaction():
            kept = self._codes.get(*pool.key, _hash(code))
            if kept is None or kept.client_id != client.id:
                raise InvalidGrant
            reused = kept.used
            if reused:
                self._end(pool, kept)
            elif not self._fits(pool, kept, form):
                raise InvalidGrant
            else:
                self._codes.put(replace(kept, used=True, sealed=b""), *pool.key, _hash(code))
        if reused:
            raise InvalidGrant
        tokens: dict[str, Any] = msgspec.json.decode(shown(_key(code), kept.sealed, b"authorization code"))
        waited = int(self._clock.time() - kept.issued)
        return {**tokens, "ExpiresIn": max(tokens["ExpiresIn"] - waited, 0)}

    def _fits(self, pool: UserPool, kept: AuthorizationCode, form: Parameters) -> bool:
        user = self._directory.user_by_key(pool, kept.user_key)
        family = self._directory.families.get(*pool.key, kept.sub, kept.event_id)
        return (
            self._clock.time() < kept.expires
            and form.get("redirect_uri") == kept.redirect_uri
            and _proves(kept.code_challenge, form.get("code_verifier"))
            and user is not None
            and user.sub == kept.sub
            and user.enabled
            and family is not None
            and not family.revoked
        )

    def _end(self, pool: UserPool, kept: AuthorizationCode) -> None:
        family = self._directory.families.get(*pool.key, kept.sub, kept.event_id)
        if family is not None:
            self._directory.families.put(replace(family, revoked=True), *pool.key, kept.sub, kept.event_id)


def event_id_of(access_token: str) -> str:
    """The family that an access token of ours belongs to."""
    body = access_token.split(".")[1]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return str(claims["event_id"])


def _implicit(authorization: Authorization, tokens: dict[str, Any]) -> Parameters:
    """The fragment of the implicit flow: never a refresh token, and an identity token only with `openid`."""
    parameters = {"id_token": tokens["IdToken"]} if "IdToken" in tokens else {}
    parameters |= {
        "access_token": tokens["AccessToken"],
        "expires_in": str(tokens["ExpiresIn"]),
        "token_type": "Bearer",
    }
    return parameters | ({"state": authorization.back.state} if authorization.back.state else {})


def _proves(challenge: str | None, verifier: str | None) -> bool:
    """RFC 7636: the verifier's SHA-256 is the challenge. One without the other proves nothing."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return 43 <= len(verifier) <= 128 and hmac.compare_digest(digest, challenge.encode())


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _key(code: str) -> bytes:
    return hashlib.sha256(b"dewstack authorization code\0" + code.encode()).digest()
