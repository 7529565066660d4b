"""What the hosted UI gives to browsers to keep: sealed texts, for one purpose each."""

import base64
from typing import TypeVar

import msgspec

from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.secrets.sealing import Broken, PoolKeys, hidden, shown

V = TypeVar("V")


class Seals:
    """Seals values with a key of the pool's own. Uses the store: call it in a thread."""

    def __init__(self, directory: Directory) -> None:
        self._keys = PoolKeys(directory, directory.hosted_keys)

    def seal(self, pool: UserPool, value: object) -> str:
        """A value, of a type whose name says what it is for; base64url."""
        sealed = hidden(self._keys.of(pool), msgspec.json.encode(value), type(value).__name__.encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, pool: UserPool, sealed: str, kind: type[V]) -> V:
        """The value of type `kind`. Raises Broken."""
        try:
            raw = base64.urlsafe_b64decode(sealed.encode("ascii"))
        except ValueError as error:
            raise Broken from error
        return msgspec.json.decode(shown(self._keys.of(pool), raw, kind.__name__.encode()), type=kind)
