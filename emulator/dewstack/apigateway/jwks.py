"""Where a JWT authorizer's keys come from: a user pool in this process, or the issuer's own discovery
document.

AWS's limits hold for the latter: 1500 ms and 150 kB a document. HTTPS certificates are verified.
"""

import asyncio
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec

from dewstack.apigateway.jwt import InvalidToken, KeySet, Token, read_header

Keys = Callable[[str], Awaitable[Mapping[str, Any] | None]]
"""The JWKS document of an issuer that this emulator runs, or None. When keys change it is another object."""

TIMEOUT = 1.5
SIZE_LIMIT = 150 * 1024
FRESH_SECONDS = 300.0
FAILURE_SECONDS = 5.0
LOCAL_FRESH_SECONDS = 1.0
"""How long the answer of `Keys` stands: requests don't read the store. (AWS keeps keys for up to two hours.)"""
RETRY_SECONDS = 10.0
"""How soon an unknown `kid` may make a remote key set be fetched again."""


class FetchError(Exception):
    """An issuer's documents could not be had."""


class _Remote:
    """The key set of one remote issuer, or the failure to get it, and until when that stands."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.key_set: KeySet | None = None
        self.failure = ""
        self.fetched = 0.0
        self.expires = 0.0


class _Local:
    """What `Keys` last said of an issuer, and until when that stands."""

    def __init__(self) -> None:
        self.key_set: KeySet | None = None
        self.expires = 0.0


class KeySets:
    """The key set of each issuer, kept until it changes (local) or goes stale (remote)."""

    def __init__(self, keys: Keys, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._monotonic = monotonic
        self._local: dict[str, _Local] = {}
        self._remote: dict[str, _Remote] = {}

    async def get(self, issuer: str, kid: str | None = None) -> KeySet:
        """The present key set of `issuer`. One that lacks `kid` is asked for anew. Raises InvalidToken."""
        local = self._local.get(issuer)
        if local is None or self._monotonic() >= local.expires or kid is not None:
            local = await self._ask(issuer)
        return local.key_set or await self._fetched(issuer, kid)

    async def verified(self, issuer: str, token: str) -> Token:
        """`token`, which a key of `issuer` has signed. Raises InvalidToken."""
        key_set = await self.get(issuer)
        known = key_set.known(token)
        if known is not None:
            return known
        header = read_header(token)
        if header["kid"] not in key_set:
            key_set = await self.get(issuer, header["kid"])
        return await key_set.verify(token, header)

    async def _ask(self, issuer: str) -> _Local:
        document = await self._keys(issuer)
        local = self._local.setdefault(issuer, _Local())
        if document is None:
            local.key_set = None
        elif local.key_set is None or local.key_set.document != document:
            local.key_set = KeySet(document)
        local.expires = self._monotonic() + LOCAL_FRESH_SECONDS
        return local

    async def _fetched(self, issuer: str, kid: str | None) -> KeySet:
        remote = self._remote.setdefault(issuer, _Remote())
        if self._stale(remote, kid):
            async with remote.lock:
                if self._stale(remote, kid):
                    await self._fetch(remote, issuer)
        if remote.key_set is None:
            raise InvalidToken(remote.failure)
        return remote.key_set

    def _stale(self, remote: _Remote, kid: str | None) -> bool:
        now = self._monotonic()
        if now >= remote.expires:
            return True
        unknown = kid is not None and remote.key_set is not None and kid not in remote.key_set
        return unknown and now >= remote.fetched + RETRY_SECONDS

    async def _fetch(self, remote: _Remote, issuer: str) -> None:
        try:
            async with asyncio.timeout(2 * TIMEOUT):
                document = await asyncio.to_thread(fetch_jwks, issuer)
        except (FetchError, TimeoutError) as error:
            remote.key_set, lifetime = None, FAILURE_SECONDS
            remote.failure = str(error) or "JWKS communication error"
        else:
            lifetime = FRESH_SECONDS
            if remote.key_set is None or remote.key_set.document != document:
                remote.key_set = KeySet(document)
        remote.fetched = self._monotonic()
        remote.expires = remote.fetched + lifetime


def fetch_jwks(issuer: str) -> Mapping[str, Any]:
    """The JWKS document of `issuer`, found by its discovery document. Raises FetchError."""
    discovery = _fetch_object(
        issuer.rstrip("/") + "/.well-known/openid-configuration", "OIDC discovery endpoint"
    )
    jwks_uri = discovery.get("jwks_uri")
    if not isinstance(jwks_uri, str):
        raise FetchError("OIDC discovery endpoint communication error")
    return _fetch_object(jwks_uri, "JWKS")


def _fetch_object(url: str, what: str) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(_read(url))
    except (OSError, ValueError, HTTPException, msgspec.DecodeError) as error:
        raise FetchError(f"{what} communication error") from error
    if not isinstance(value, dict):
        raise FetchError(f"{what} communication error")
    return value


def _read(url: str) -> bytes:
    """What is at an http or https `url`, within the limits of time and size. Raises OSError, ValueError."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"not an http(s) URL: {url!r}")
    deadline = time.monotonic() + TIMEOUT
    chunks, size = [], 0
    with _opener().open(url, timeout=TIMEOUT) as response:
        while chunk := response.read1(65_536):
            chunks.append(chunk)
            size += len(chunk)
            if size > SIZE_LIMIT:
                raise ValueError("larger than 150 kB")
            if time.monotonic() > deadline:
                raise TimeoutError("slower than 1500 ms")
    return b"".join(chunks)


def _opener() -> urllib.request.OpenerDirector:
    """An opener that knows http and https alone, redirects included."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
