"""A token looked at from all sides, for people: what it says, and each check that an authorizer or Cognito would make.

Where `Bearers` stops at the first reason to refuse, this goes on and tells them all.
"""

from collections.abc import Iterator
from typing import Any, Literal, Protocol

from msgspec import Struct

from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.errors import NotAuthorizedException
from dewstack.cognito.model import UserPool
from dewstack.cognito.tokens.bearer import peek, verifies
from dewstack.cognito.tokens.claims import Claims
from dewstack.cognito.tokens.keys import KeyPair, pool_of_issuer
from dewstack.cognito.tokens.tokens import issuer_of
from dewstack.config import Config

JWE_PARTS = 5
USES = {"id": "identity token", "access": "access token"}


class PoolKeys(Protocol):
    """Where a pool's keys are."""

    def of(self, pool: UserPool) -> KeyPair:
        """The pool's keys."""


class Check(Struct, frozen=True):
    """What was looked at, how it came out, and why."""

    check: str
    verdict: Literal["passed", "failed", "unknown"]
    says: str


class Inspection(Struct, frozen=True):
    """All there is to say of a token. `time` is the emulator's, in seconds since the epoch."""

    verified: bool
    """Whether every check passed."""
    says: str
    checks: list[Check]
    time: float
    header: dict[str, Any] | None = None
    claims: Claims | None = None


class Inspector:
    """Inspects tokens. It may take milliseconds: call it in a thread."""

    def __init__(self, directory: Directory, keys: PoolKeys, clock: Clock, config: Config) -> None:
        self._directory = directory
        self._keys = keys
        self._clock = clock
        self._config = config

    def inspect(self, token: str) -> Inspection:
        """What a token says, and whether it is good. Whatever is given, there is an answer."""
        token = token.strip().removeprefix("Bearer ").strip()
        now = self._clock.time()
        try:
            header, claims = peek(token)
        except NotAuthorizedException:
            says = _no_jwt(token)
            return Inspection(False, says, [Check("Format", "failed", says)], now)
        checks = [
            Check("Format", "passed", "Three parts, and the first two are JSON."),
            *self._signature(token, header, claims),
            *_times(claims, now),
            *self._subject(claims),
        ]
        failed = [check for check in checks if check.verdict == "failed"]
        verified = all(check.verdict == "passed" for check in checks)
        kind = USES.get(str(claims.get("token_use")), "token")
        if verified:
            says = f"This {kind} is good: signature, times, client and user were verified."
        elif failed:
            says = f"This {kind} is not good. {failed[0].check}: {failed[0].says}"
        else:
            says = f"This {kind} could not be verified here: it is no token of a pool of this emulator."
        return Inspection(verified, says, checks, now, header, claims)

    def _pool(self, claims: Claims) -> UserPool | None:
        pool_id = pool_of_issuer(str(claims.get("iss")))
        return self._directory.pool_anywhere(pool_id) if pool_id else None

    def _signature(self, token: str, header: dict[str, Any], claims: Claims) -> Iterator[Check]:
        pool = self._pool(claims)
        if pool is None:
            yield Check("Issuer", "unknown", f"{claims.get('iss')!r} is no user pool of this emulator.")
            yield Check("Signature", "unknown", "Its keys are not here.")
            return
        if claims["iss"] == issuer_of(pool, self._config):
            yield Check("Issuer", "passed", f"The user pool {pool.id}, which is here.")
        else:
            expected = issuer_of(pool, self._config)
            yield Check("Issuer", "failed", f"The pool {pool.id} is here, and names itself {expected}.")
        if header.get("alg") != "RS256":
            yield Check("Signature", "failed", f"The algorithm is {header.get('alg')!r}, not RS256.")
            return
        key = self._keys.of(pool).by_kid(header.get("kid"))
        if key is None:
            yield Check("Signature", "failed", f"The pool has no key {header.get('kid')!r}.")
        elif verifies(token, key):
            yield Check("Signature", "passed", f"RS256, by the pool's key {header['kid']}.")
        else:
            yield Check(
                "Signature", "failed", "The pool's key didn't sign this: the token was changed, or cut."
            )

    def _subject(self, claims: Claims) -> Iterator[Check]:
        """Use, client, user and revocation: what Cognito itself knows."""
        pool = self._pool(claims)
        use = claims.get("token_use")
        named = f"an {USES[use]}" if use in USES else f"{use!r}, which is neither id nor access"
        yield Check("Use", "passed" if use in USES else "failed", f"token_use says it is {named}.")
        if pool is None:
            return
        client_id = str(claims.get("client_id" if use == "access" else "aud"))
        client = self._directory.clients.get(*pool.key, client_id) if "\0" not in client_id else None
        if client is None:
            yield Check("Client", "failed", f"The pool has no app client {client_id!r}.")
        else:
            yield Check("Client", "passed", f"The app client {client.name} ({client.id}).")
        if "username" in claims or "cognito:username" in claims:
            yield from self._user(pool, claims)

    def _user(self, pool: UserPool, claims: Claims) -> Iterator[Check]:
        name = str(claims.get("username", claims.get("cognito:username")))
        user = self._directory.user_by_key(pool, pool.fold(name))
        if user is None or user.sub != claims.get("sub"):
            yield Check("User", "failed", f"The pool has no user {name!r} with this sub.")
            return
        if not user.enabled:
            yield Check("User", "failed", f"{name} is disabled.")
        else:
            yield Check("User", "passed", f"{name}, who is enabled.")
        event_id = str(claims.get("event_id"))
        family = self._directory.families.get(*pool.key, user.sub, event_id) if "\0" not in event_id else None
        if family is None or family.revoked:
            says = "The sign-in was ended: Cognito refuses it, authorizers take it until it expires."
            yield Check("Revocation", "failed", says)
        else:
            yield Check("Revocation", "passed", "The sign-in that it came of goes on.")


def _times(claims: Claims, now: float) -> Iterator[Check]:
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float):
        yield Check("Expiry", "failed", "It has no exp.")
    elif now >= expires:
        yield Check("Expiry", "failed", f"It expired {_span(now - expires)} ago.")
    else:
        yield Check("Expiry", "passed", f"It is good for another {_span(expires - now)}.")
    if isinstance(issued, int | float) and issued > now + 1:
        yield Check("Issued", "failed", f"It is from the future: {_span(issued - now)} from now.")


def _span(seconds: float) -> str:
    """A time in words, rounded down: `59 minutes`."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a second"


def _no_jwt(token: str) -> str:
    parts = len(token.split("."))
    if parts == JWE_PARTS:
        return "This is encrypted (five parts, as refresh tokens at AWS are): it says nothing to anyone but Cognito."
    if parts == 1 and len(token) > 20:
        return "This is one part: a refresh token perhaps, which says nothing to anyone but Cognito. Tokens have three."
    return (
        f"This is no token: it has {parts} part{'s' if parts > 1 else ''}, or they are not JSON in base64url."
    )
