"""A typed, ordered map from key parts to values, kept in the database."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Database(Protocol):
    """What collections are kept in: rows of collection, key and value."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""

    def get(self, collection: str, key: str) -> bytes | None:
        """One value, or None."""

    def put(self, collection: str, key: str, value: bytes) -> None:
        """Set one value."""

    def read(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        """The rows of a SELECT."""

    def write(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Run a statement that changes something."""


class Collection(Generic[T]):
    """A typed, ordered map from key parts to values. Key parts may hold anything but the NUL character."""

    def __init__(self, store: Database, name: str, kind: type[T]) -> None:
        self._store = store
        self._name = name
        self._kind = kind
        self._encode = msgspec.json.Encoder().encode

    @cached_property
    def _decode(self) -> Callable[[bytes], T]:
        # Made when something is read: a service has dozens of collections, and few are read at its start.
        return msgspec.json.Decoder(self._kind).decode

    @staticmethod
    def _key(parts: tuple[str, ...]) -> str:
        key = "\0".join(parts) + "\0"
        if key.count("\0") != len(parts):
            raise ValueError("a key part holds a NUL character")
        return key

    def _range(self, prefix: tuple[str, ...]) -> tuple[str, str]:
        """The first key that begins with `prefix`, and the first after all that do."""
        if not prefix:
            return "", "\U0010ffff"
        low = self._key(prefix)
        return low, low[:-1] + "\1"

    def get(self, *key: str) -> T | None:
        """The value under `key`, or None."""
        value = self._store.get(self._name, self._key(key))
        return None if value is None else self._decode(value)

    def put(self, value: T, *key: str) -> None:
        """Set the value under `key`."""
        self._store.put(self._name, self._key(key), self._encode(value))

    def put_all(self, values: Iterable[tuple[tuple[str, ...], T]]) -> None:
        """Set each value under its key, all or none."""
        with self._store.transaction():
            for key, value in values:
                self._store.put(self._name, self._key(key), self._encode(value))

    def delete(self, *key: str) -> bool:
        """Remove `key`; whether it was there."""
        rows = self._store.write(
            "DELETE FROM items WHERE collection=? AND key=? RETURNING 1", (self._name, self._key(key))
        )
        return bool(rows)

    def items(
        self, *prefix: str, begins: str = "", after: tuple[str, ...] | None = None, limit: int = -1
    ) -> list[tuple[tuple[str, ...], T]]:
        """Keys and values whose key begins with `prefix` and follows `after`, in key order, at most `limit`.

        With `begins`, those only whose next part begins with it.
        """
        low, high = self._range(prefix)
        if begins:
            low += begins
            high = low + "\U0010ffff"
        if after is not None:
            low = max(low, self._key(after) + "\0")
        rows = self._store.read(
            "SELECT key, value FROM items WHERE collection=? AND key>=? AND key<? ORDER BY key LIMIT ?",
            (self._name, low, high, limit),
        )
        return [(tuple(str(key).split("\0")[:-1]), self._decode(value)) for key, value in rows]  # type: ignore[arg-type]

    def scan(self, *prefix: str) -> list[T]:
        """Values whose key begins with `prefix`, in key order."""
        return [value for _, value in self.items(*prefix)]

    def count(self, *prefix: str) -> int:
        """How many keys begin with `prefix`."""
        sql = "SELECT COUNT(*) FROM items WHERE collection=? AND key>=? AND key<?"
        count = self._store.read(sql, (self._name, *self._range(prefix)))[0][0]
        return count if isinstance(count, int) else 0

    def clear(self, *prefix: str) -> None:
        """Remove all whose key begins with `prefix`."""
        sql = "DELETE FROM items WHERE collection=? AND key>=? AND key<?"
        self._store.write(sql, (self._name, *self._range(prefix)))

    def trim(self, *prefix: str, keep: int) -> None:
        """Remove all but the last `keep`, in key order, of those whose key begins with `prefix`."""
        low, high = self._range(prefix)
        last = (
            "SELECT key FROM items WHERE collection=? AND key>=? AND key<? ORDER BY key DESC LIMIT 1 OFFSET ?"
        )
        first_to_go = self._store.read(last, (self._name, low, high, keep))
        if first_to_go:
            sql = "DELETE FROM items WHERE collection=? AND key>=? AND key<=?"
            self._store.write(sql, (self._name, low, first_to_go[0][0]))
