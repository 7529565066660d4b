"""SECRET_BLOCK: what the server has to remember of an SRP sign-in, sealed and given to the client.

AWS answers PASSWORD_VERIFIER without a Session, so the state travels here. It is encrypted and authenticated with a
key of the pool's own, belongs to one app client, and expires; a block that has let somebody in is remembered until
then, and lets nobody in again. Nothing is written before that, so first steps cost the store nothing.
"""

import base64
import hashlib
import hmac
import uuid

import msgspec
from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.secrets import srp
from dewstack.cognito.secrets.sealing import Broken, PoolKeys, hidden, shown

VERSION = b"\x01"
SWEPT = 4
SEALED_BYTES = 2304
"""All challenges are padded to this length: a shorter one would be nobody's."""
EXPIRED = "Invalid session for the user, session is expired."
USED = "Invalid session for the user, session can only be used once."


class SrpChallenge(Struct, frozen=True, kw_only=True):
    """A PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER that waits for its answer. Numbers are hexadecimal."""

    challenge: str
    user_id: str
    """USER_ID_FOR_SRP, or the device's key."""
    sub: str | None
    """The user's; None in the simulated challenge of a user who doesn't exist."""
    client_public: str
    """A, as it came."""
    private: str
    public: str
    expires: float
    """Seconds since the epoch."""
    name: str
    """What the user was called in the first step: the lockout of somebody who doesn't exist goes by it."""
    custom: bool = False
    """Whether it is a step of a custom sign-in, which it alone must not complete."""

    @property
    def server(self) -> srp.Ephemeral:
        """The server's numbers."""
        return srp.Ephemeral(int(self.private, 16), int(self.public, 16))


class SecretBlocks:
    """Seals and opens the blocks of all pools. All methods are quick, but use the store: call them in a thread."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._keys = PoolKeys(directory, directory.of_pool("seal-keys", str))
        self._used = directory.of_pool("used-secret-blocks", float)

    def seal(self, pool: UserPool, client: UserPoolClient, challenge: SrpChallenge) -> str:
        """The SECRET_BLOCK that carries `challenge`, base64."""
        plain = msgspec.json.encode(challenge).ljust(SEALED_BYTES)
        sealed = hidden(self._keys.of(pool), plain, _bound(pool, client))
        return base64.b64encode(VERSION + sealed).decode()

    def open(self, pool: UserPool, client: UserPoolClient, block: str) -> SrpChallenge:
        """What `block` carries, if it is of this pool and client and hasn't expired; `use` says whether it still may
        let somebody in. Raises NotAuthorizedException."""
        raw = srp.unbase64(block) or b""
        if raw[:1] != VERSION:
            raise errors.NotAuthorizedException(errors.INCORRECT)
        try:
            plain = shown(self._keys.of(pool), raw[1:], _bound(pool, client))
        except Broken as error:
            raise errors.NotAuthorizedException(errors.INCORRECT) from error
        challenge = msgspec.json.decode(plain, type=SrpChallenge)
        if self._directory.clock.time() >= challenge.expires:
            raise errors.NotAuthorizedException(EXPIRED)
        return challenge

    def use(self, pool: UserPool, block: str, expires: float) -> None:
        """Use an opened block up. Raises NotAuthorizedException when it already is; call it in the transaction that
        does what the block was for."""
        # The bytes, not the text, which base64 may spell in more than one way.
        place = hashlib.sha256(srp.unbase64(block) or b"").hexdigest()
        now = self._directory.clock.time()
        with self._directory.transaction():
            if self._used.get(*pool.key, place) is not None:
                raise errors.NotAuthorizedException(USED)
            # A few neighbours of the new, random key: dead ones go at a constant price.
            for key, until in self._used.items(*pool.key, after=(*pool.key, place), limit=SWEPT):
                if until < now:
                    self._used.delete(*key)
            self._used.put(expires, *pool.key, place)

    def simulated(self, pool: UserPool, name: str) -> tuple[str, int, int]:
        """What a user who doesn't exist would have: USER_ID_FOR_SRP, salt and verifier, the same at each call.

        AWS's way not to tell who exists (PreventUserExistenceErrors), after RFC 5054: a UUID and a salt that stay
        the same for a name in a pool, so that asking twice tells nothing.
        """
        key, folded = self._keys.of(pool), pool.fold(name).encode()
        identity = hmac.digest(key, b"id\0" + folded, "sha256")
        salt = hmac.digest(key, b"salt\0" + folded, "sha256")[:16]
        verifier = hashlib.shake_256(key + b"verifier\0" + folded).digest(384)
        user_id = str(uuid.UUID(bytes=identity[:16], version=4))
        return user_id, int.from_bytes(salt, "big"), int.from_bytes(verifier, "big") % srp.N


def _bound(pool: UserPool, client: UserPoolClient) -> bytes:
    return "\0".join((*pool.key, client.id)).encode()
