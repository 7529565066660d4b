"""Where state lives: typed values in SQLite, in memory or in a file that survives a crash.

A collection maps a key (a tuple of strings, by convention account and region first) to a frozen dataclass.
Values are stored as JSON, so nothing read back can run code. What `put` returned from is on disk.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from dewstack.errors import UserError

T = TypeVar("T")
SCHEMA_VERSION = 1


class Store:
    """One SQLite database shared by all services; safe to use from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._db = self._open(path)
        # A store that nobody closed is closed when it goes; Python 3.13 warns of databases that are not.
        weakref.finalize(self, self._db.close)

    @staticmethod
    def _open(path: Path | None) -> sqlite3.Connection:
        try:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)  # signing keys and password hashes are the owner's alone
            db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=5)
            if path:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise UserError(
                    f"{path}: written by another version of dewstack"
                    f" (schema {version}, this one reads {SCHEMA_VERSION})",
                    hint="start with --fresh to begin empty",
                )
            db.execute(
                "CREATE TABLE IF NOT EXISTS items (collection TEXT, key TEXT, value BLOB,"
                " PRIMARY KEY (collection, key)) WITHOUT ROWID"
            )
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"{path}: cannot keep state here: {error}",
                hint="make the directory writable, or name another one with --state-dir",
            ) from error
        return db

    def collection(self, name: str, kind: type[T]) -> "Collection[T]":
        """The collection `name`, whose values are of the dataclass `kind`."""
        return Collection(self, name, kind)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else between: for reading, deciding and writing. Never wait inside."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def execute(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Run one statement and give its rows."""
        with self._lock:
            return self._db.execute(sql, parameters).fetchall()

    def clear(self) -> None:
        """Forget everything."""
        self.execute("DELETE FROM items", ())

    def close(self) -> None:
        """Close the database; a file keeps what it has."""
        with self._lock:
            self._db.close()


class Collection(Generic[T]):
    """A typed, ordered map from key parts to values. Key parts may hold anything but the NUL character."""

    def __init__(self, store: Store, name: str, kind: type[T]) -> None:
        self._store = store
        self._name = name
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(kind).decode

    @staticmethod
    def _key(parts: tuple[str, ...]) -> str:
        key = "\0".join(parts) + "\0"
        if key.count("\0") != len(parts):
            raise ValueError("a key part holds a NUL character")
        return key

    def get(self, *key: str) -> T | None:
        """The value under `key`, or None."""
        rows = self._store.execute(
            "SELECT value FROM items WHERE collection=? AND key=?", (self._name, self._key(key))
        )
        return self._decode(rows[0][0]) if rows else None  # type: ignore[arg-type]

    def put(self, value: T, *key: str) -> None:
        """Set the value under `key`."""
        self._store.execute(
            "INSERT OR REPLACE INTO items VALUES (?,?,?)", (self._name, self._key(key), self._encode(value))
        )

    def delete(self, *key: str) -> bool:
        """Remove `key`; whether it was there."""
        rows = self._store.execute(
            "DELETE FROM items WHERE collection=? AND key=? RETURNING 1", (self._name, self._key(key))
        )
        return bool(rows)

    def items(
        self, *prefix: str, after: tuple[str, ...] | None = None, limit: int = -1
    ) -> list[tuple[tuple[str, ...], T]]:
        """Keys and values whose key begins with `prefix` and follows `after`, in key order, at most `limit`."""
        low = self._key(prefix) if prefix else ""
        high = low[:-1] + "\1" if prefix else "\U0010ffff"
        if after is not None:
            low = max(low, self._key(after) + "\0")
        rows = self._store.execute(
            "SELECT key, value FROM items WHERE collection=? AND key>=? AND key<? ORDER BY key LIMIT ?",
            (self._name, low, high, limit),
        )
        return [(tuple(str(key).split("\0")[:-1]), self._decode(value)) for key, value in rows]  # type: ignore[arg-type]

    def scan(self, *prefix: str) -> list[T]:
        """Values whose key begins with `prefix`, in key order."""
        return [value for _, value in self.items(*prefix)]

    def count(self, *prefix: str) -> int:
        """How many keys begin with `prefix`."""
        low = self._key(prefix) if prefix else ""
        high = low[:-1] + "\1" if prefix else "\U0010ffff"
        sql = "SELECT COUNT(*) FROM items WHERE collection=? AND key>=? AND key<?"
        count = self._store.execute(sql, (self._name, low, high))[0][0]
        return count if isinstance(count, int) else 0

    def clear(self, *prefix: str) -> None:
        """Remove all whose key begins with `prefix`."""
        with self._store.transaction():
            for key, _ in self.items(*prefix):
                self.delete(*key)
