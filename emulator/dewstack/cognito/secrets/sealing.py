"""What clients are given to keep: encrypted and authenticated (AES-GCM), each text for one purpose."""

import secrets

from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.store import Collection

NONCE_BYTES = 12
KEY_BYTES = 32


class Broken(Exception):
    """A sealed text that isn't ours, or for another purpose."""


def hidden(key: bytes, plain: bytes, purpose: bytes) -> bytes:
    """`plain`, sealed with a key of 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose)


def shown(key: bytes, sealed: bytes, purpose: bytes) -> bytes:
    """What `hidden` was given. Raises Broken."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose)
    except (InvalidTag, ValueError) as error:
        raise Broken from error


class PoolKeys:
    """A key for each pool, made when it is first needed. Uses the store: call it in a thread."""

    def __init__(self, directory: Directory, kept: Collection[str]) -> None:
        self._directory = directory
        self._kept = kept

    def of(self, pool: UserPool) -> bytes:
        """The pool's key, 32 bytes."""
        kept = self._kept.get(*pool.key)
        if kept is None:
            with self._directory.transaction():
                kept = self._kept.get(*pool.key)
                if kept is None:
                    kept = secrets.token_hex(KEY_BYTES)
                    self._kept.put(kept, *pool.key)
        return bytes.fromhex(kept)
