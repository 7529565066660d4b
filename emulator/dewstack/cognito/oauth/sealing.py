"""What the hosted UI gives to browsers to keep: encrypted and authenticated (AES-GCM), for one purpose each."""

import base64
import secrets
from typing import TypeVar

import msgspec

from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool

V = TypeVar("V")

NONCE_BYTES = 12
KEY_BYTES = 32


class Broken(Exception):
    """A sealed text that isn't ours, or for another purpose."""


def hidden(key: bytes, plain: bytes, purpose: bytes) -> str:
    """`plain`, sealed with a key of 32 bytes; base64url."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, plain, purpose)).decode()


def shown(key: bytes, sealed: str, purpose: bytes) -> bytes:
    """What `hidden` was given. Raises Broken."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.urlsafe_b64decode(sealed.encode("ascii"))
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose)
    except (InvalidTag, ValueError) as error:
        raise Broken from error


class Seals:
    """Seals values with a key of the pool's own. Uses the store: call it in a thread."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._keys = directory.hosted_keys

    def seal(self, pool: UserPool, value: object) -> str:
        """A value, of a type whose name says what it is for."""
        return hidden(self.key(pool), msgspec.json.encode(value), type(value).__name__.encode())

    def open(self, pool: UserPool, sealed: str, kind: type[V]) -> V:
        """The value of type `kind`. Raises Broken."""
        plain = shown(self.key(pool), sealed, kind.__name__.encode())
        return msgspec.json.decode(plain, type=kind)

    def key(self, pool: UserPool) -> bytes:
        """The pool's key, made when it is first needed."""
        kept = self._keys.get(*pool.key)
        if kept is None:
            with self._directory.transaction():
                kept = self._keys.get(*pool.key)
                if kept is None:
                    kept = secrets.token_hex(KEY_BYTES)
                    self._keys.put(kept, *pool.key)
        return bytes.fromhex(kept)
