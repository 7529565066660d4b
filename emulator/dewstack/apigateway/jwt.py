"""JSON Web Tokens as authorizers judge them: the JWT authorizers of HTTP APIs, the user pools of REST APIs.

A signature is verified once per token and key set; what depends on the moment or on the authorizer (times,
issuer, audience, scopes) is checked on every request.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from email.utils import formatdate
from typing import Any

import msgspec
from msgspec import Struct

ALGORITHMS = frozenset({"RS256", "RS384", "RS512"})
AWS_POOL = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com/([\w-]+_[0-9a-zA-Z]+)")
HEADER_LIMIT = 10_240
"""Bytes: whatever fits into a request's headers. Some issuers put certificates into a token's header."""
REMEMBERED = 4_096
"""Verified tokens that a key set remembers; the oldest is forgotten first."""


class InvalidToken(Exception):
    """A token that is refused; `description` is what the client is told in `www-authenticate`."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


class ExpiredToken(InvalidToken):
    """A token whose time is over."""


class Token(Struct, frozen=True):
    """A token whose signature is good. `claims` as they are, `flat` as the events of HTTP APIs have them, `java` as
    those of REST APIs do."""

    claims: Mapping[str, Any]
    flat: Mapping[str, str]
    java: Mapping[str, str]
    scopes: list[str]


class KeySet:
    """A JWKS document, with the tokens that its keys have verified: another document starts with none."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        keys = document.get("keys")
        self._jwks = {
            jwk["kid"]: jwk
            for jwk in (keys if isinstance(keys, list) else [])
            if isinstance(jwk, dict)
            and isinstance(jwk.get("kid"), str)
            and jwk.get("kty") == "RSA"
            and jwk.get("use", "sig") == "sig"
        }
        self._verified: dict[bytes, Token] = {}

    def __contains__(self, kid: object) -> bool:
        return kid in self._jwks

    def known(self, token: str) -> Token | None:
        """The token, if its signature was verified before."""
        return self._verified.get(hashlib.sha256(token.encode()).digest())

    async def verify(self, token: str, header: Mapping[str, Any]) -> Token:
        """Verify the signature of `token`, whose header was read already, in a worker thread. Raises
        InvalidToken."""
        jwk = self._jwks.get(header["kid"])
        if jwk is None or jwk.get("alg", header["alg"]) != header["alg"]:
            raise InvalidToken("the token was not signed with a key of the issuer")
        claims = await asyncio.to_thread(_verified_claims, token, jwk, header["alg"])
        given = {name: value for name, value in claims.items() if value is not None}
        verified = Token(
            claims,
            {name: flatten(value) for name, value in given.items()},
            {name: java_text(name, value) for name, value in given.items()},
            scopes_of(claims),
        )
        while len(self._verified) >= REMEMBERED:
            self._verified.pop(next(iter(self._verified)), None)
        self._verified[hashlib.sha256(token.encode()).digest()] = verified
        return verified


def _verified_claims(token: str, jwk: Mapping[str, Any], algorithm: str) -> Mapping[str, Any]:
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey
    from joserfc.jws import JWSRegistry, deserialize_compact

    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = registry.max_signature_length = HEADER_LIMIT
    try:
        key = RSAKey.import_key({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]})
        payload = deserialize_compact(token, key, registry=registry).payload
    except (JoseError, ValueError, TypeError, KeyError):
        raise InvalidToken("crypto/rsa: verification error") from None
    return _json_object(payload)


def bearer_token(value: str) -> str:
    """The token in a header's value, which may begin with `Bearer`."""
    return value[7:].strip() if value[:7].lower() == "bearer " else value


def read_header(token: str) -> Mapping[str, Any]:
    """The header of a token, with an RSA `alg` and a `kid`. Raises InvalidToken, `alg: none` and HMAC
    included."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidToken("token contains an invalid number of segments")
    try:
        header = _json_object(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except ValueError:
        raise InvalidToken("the token is malformed") from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        named = (
            algorithm if isinstance(algorithm, str) and algorithm.isalnum() and algorithm.isascii() else "(?)"
        )
        raise InvalidToken(f"signing method {named} is invalid")
    if not isinstance(header.get("kid"), str):
        raise InvalidToken("the token does not name its key")
    return header


def read_issuer(token: str) -> Any:
    """The `iss` that a token claims, not verified. Raises InvalidToken."""
    payload = token.partition(".")[2].partition(".")[0]
    try:
        return _json_object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("iss")
    except ValueError:
        raise InvalidToken("the token is malformed") from None


def _json_object(data: bytes) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidToken("the token is malformed") from None
    if not isinstance(value, dict):
        raise InvalidToken("the token is malformed")
    return value


def spellings(issuer: str) -> re.Pattern[str]:
    """Matches what tokens of `issuer` name as theirs. A map names a user pool as AWS does, and with `--issuer local`
    the pool's tokens name this emulator; the keys that have signed them are the same pool's either way."""
    pool = AWS_POOL.fullmatch(issuer)
    local = rf"|http://localhost:\d+/{re.escape(pool[1])}" if pool else ""
    return re.compile(re.escape(issuer) + local)


def check_claims(
    claims: Mapping[str, Any], issuer: re.Pattern[str], audience: Collection[str], now: float
) -> None:
    """Check issuer, audience (`client_id` only where there is no `aud`) and times. Raises InvalidToken.

    `issuer` from `spellings`, `now` in seconds. `exp` must be there and after now, `nbf` and `iat` not after now.
    """
    named = claims.get("iss")
    if not isinstance(named, str) or not issuer.fullmatch(named):
        raise InvalidToken("issuer does not match")
    intended = claims["aud"] if "aud" in claims else claims.get("client_id")
    if not any(isinstance(one, str) and one in audience for one in _as_list(intended)):
        raise InvalidToken("the token does not have a valid audience")
    check_times(claims, now)


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """Check `exp`, which must be there, `nbf` and `iat`. Raises InvalidToken, ExpiredToken among them."""
    if not _is_number(claims.get("exp")) or claims["exp"] <= now:
        raise ExpiredToken("the token has expired")
    for claim in ("nbf", "iat"):
        moment = claims.get(claim)
        if moment is not None and not (_is_number(moment) and moment <= now):
            raise InvalidToken("the token is not valid yet")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def scopes_of(claims: Mapping[str, Any]) -> list[str]:
    """The scopes of a token: its `scope`, or else its `scp`, as one string or as a list."""
    value = claims.get("scope", claims.get("scp"))
    if isinstance(value, str):
        return value.split()
    return [scope for scope in _as_list(value) if isinstance(scope, str)]


def flatten(value: Any) -> str:
    """A claim as text: booleans and numbers as JSON, lists as Go prints them (`[admin poweruser]`), objects
    as JSON."""
    if isinstance(value, list):
        return f"[{' '.join(map(_go, value))}]"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def java_text(name: str, value: Any) -> str:
    """A claim as the event of a REST API has it: `exp` and `iat` as Java prints a date, lists joined by commas."""
    if name in ("exp", "iat") and _is_number(value):
        return java_date(value)
    if isinstance(value, list):
        return ",".join(java_text("", one) for one in value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def java_date(seconds: float) -> str:
    """A moment as `Thu Nov 28 04:24:11 UTC 2019`; one beyond the calendar as its number."""
    try:
        weekday, day, month, year, time, _ = formatdate(seconds, usegmt=True).split(" ")
    except (ValueError, OverflowError, OSError):
        return str(int(seconds))
    return f"{weekday[:-1]} {month} {day} {time} UTC {year}"


def _go(value: Any) -> str:
    """A value inside a list as Go's `%v` prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go(value[key])}' for key in sorted(value))}]"
    return flatten(value)
