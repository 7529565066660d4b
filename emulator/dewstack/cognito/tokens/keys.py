"""A pool's RSA signing keys: two, one for identity tokens and one for access tokens, as AWS has them."""

import base64
import re
import secrets
import subprocess
import sys
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from dewstack.cognito.directory import Directory
from dewstack.cognito.model import SigningKeys, UserPool

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

TokenUse = Literal["id", "access"]

AWS_ISSUER = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com/([\w-]+_[0-9a-zA-Z]+)")
LOCAL_ISSUER = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::\d+)?/([\w-]+_[0-9a-zA-Z]+)")
KEPT = 64
MAKE_SECONDS = 60
GENERATE = """
from joserfc.jwk import RSAKey
for _ in range(2):
    print(RSAKey.generate_key(2048).as_pem(private=True).decode(), end="\\0")
"""


class KeyPair(Struct, frozen=True):
    """A pool's keys, parsed, and their public halves as a JWK set."""

    keys: dict[TokenUse, "RSAKey"]
    jwks: dict[str, Any]

    def by_kid(self, kid: object) -> "RSAKey | None":
        """The key with this key id."""
        return next((key for key in self.keys.values() if key.kid == kid), None)


def pool_of_issuer(issuer: str) -> str | None:
    """The pool id in an issuer's URL, AWS's or this emulator's, or None when it is neither."""
    if match := AWS_ISSUER.fullmatch(issuer):
        region, pool_id = match.groups()
        return pool_id if pool_id.startswith(f"{region}_") else None
    match = LOCAL_ISSUER.fullmatch(issuer)
    return match[1] if match else None


class Keys:
    """Makes keys when they are first needed (it takes about half a second), and keeps parsed ones at hand."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._parsed: OrderedDict[SigningKeys, KeyPair] = OrderedDict()
        self._published: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def known(self, pool_id: str) -> dict[str, Any] | None:
        """The pool's JWK set if it was asked for before; never slow, the same object each time."""
        return self._published.get(pool_id)

    def publish(self, pool: UserPool) -> dict[str, Any]:
        """The pool's JWK set. As slow as `of` at first."""
        return self._published.setdefault(pool.id, self.of(pool).jwks)

    def forget(self, pool: UserPool) -> None:
        """The pool is gone: so are its keys."""
        self._published.pop(pool.id, None)

    def of(self, pool: UserPool) -> KeyPair:
        """The pool's keys. The first call for a pool makes them: call it in a worker thread."""
        kept = self._directory.signing_keys.get(*pool.key)
        if kept is not None and (pair := self._parsed.get(kept)):
            return pair
        with self._lock:
            kept = kept or self._make(pool)
            if kept not in self._parsed:
                self._parsed[kept] = _parse(kept)
                if len(self._parsed) > KEPT:
                    self._parsed.popitem(last=False)
            return self._parsed[kept]

    def _make(self, pool: UserPool) -> SigningKeys:
        kept = self._directory.signing_keys.get(*pool.key)
        if kept is None:
            id_pem, access_pem = new_pems()
            made = SigningKeys(_kid(), id_pem, _kid(), access_pem)
            with self._directory.transaction():
                kept = self._directory.signing_keys.get(*pool.key)
                if kept is None:
                    kept = made
                    self._directory.signing_keys.put(made, *pool.key)
        return kept


def _kid() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def new_pems() -> tuple[str, str]:
    """Two new private keys, from a process of their own: making one holds the interpreter's lock for as long as it
    takes, and with it the loop."""
    made = subprocess.run(
        [sys.executable, "-I", "-c", GENERATE],
        capture_output=True,
        text=True,
        check=True,
        timeout=MAKE_SECONDS,
    )
    id_pem, access_pem, _ = made.stdout.split("\0")
    return id_pem, access_pem


def _parse(kept: SigningKeys) -> KeyPair:
    from joserfc.jwk import RSAKey

    keys: dict[TokenUse, RSAKey] = {
        "id": RSAKey.import_key(kept.id_pem, {"kid": kept.id_kid}),
        "access": RSAKey.import_key(kept.access_pem, {"kid": kept.access_kid}),
    }
    public = []
    for key in keys.values():
        numbers = key.as_dict(private=False)
        jwk = {
            "alg": "RS256",
            "e": numbers["e"],
            "kid": key.kid,
            "kty": "RSA",
            "n": numbers["n"],
            "use": "sig",
        }
        public.append(jwk)
    return KeyPair(keys, {"keys": public})
