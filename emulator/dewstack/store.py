"""Where state lives: typed values in SQLite, in memory or in a file that survives a crash.

A collection maps a key (a tuple of strings, by convention account and region first) to a frozen dataclass.
Values are stored as JSON, so nothing read back can run code. What `put` returned from is on disk.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from dewstack.errors import UserError

T = TypeVar("T")
SCHEMA_VERSION = 1
CACHE_KIB = 64_000
"""How much of the database SQLite may hold in memory."""
LOG_PAGES = 10_000
"""After how many pages (4 KiB) in the write-ahead log they are moved to the database."""


class Store:
    """One SQLite database shared by all services; safe to use from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._uncommitted = False
        self._batching: int | None = None
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
                # A large deployment writes some ten megabytes: kept in memory until it is committed, not spilled,
                # and moved from the log to the database once, not after every fourth megabyte.
                db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
                db.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
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
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            self._db.execute("SAVEPOINT step" if self._uncommitted else "BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._depth = 0
                self._db.execute("ROLLBACK TO step" if self._uncommitted else "ROLLBACK")
                self._end_step()
                raise
            self._depth = 0
            if not self._uncommitted and self._batching == threading.get_ident():
                self._uncommitted = True
            elif self._uncommitted:
                self._end_step()
            else:
                self._db.execute("COMMIT")

    def _end_step(self) -> None:
        """Fold a step into the open batch, and commit that where somebody else than its thread wrote."""
        if self._uncommitted:
            self._db.execute("RELEASE step")
            if self._batching != threading.get_ident():
                self.flush()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Commit what this thread writes inside together: at `flush`, at the end, and when another thread commits.

        For work that is acknowledged as a whole: a transaction is still all or nothing, but on disk only later.
        One thread at a time; a second one commits each of its transactions as usual.
        """
        with self._lock:
            mine = self._batching is None
            if mine:
                self._batching = threading.get_ident()
        try:
            yield
        finally:
            with self._lock:
                if mine:
                    self._batching = None
                    self.flush()

    def flush(self) -> None:
        """Commit what a batch has written so far."""
        with self._lock:
            if self._uncommitted:
                self._uncommitted = False
                self._db.execute("COMMIT")

    def read(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        """The rows of a SELECT."""
        with self._lock:
            return self._db.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Run a statement that changes something; a transaction of its own where none is open."""
        with self._lock:
            if self._depth or not (self._uncommitted or self._batching):
                return self._db.execute(sql, parameters).fetchall()
            with self.transaction():
                return self._db.execute(sql, parameters).fetchall()

    def write_all(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Run a statement once for each of `rows`, all or none."""
        with self.transaction():
            self._db.executemany(sql, rows)

    def clear(self) -> None:
        """Forget everything."""
        self.write("DELETE FROM items", ())

    def close(self) -> None:
        """Close the database; a file keeps what it has."""
        with self._lock:
            self.flush()
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

    def _range(self, prefix: tuple[str, ...]) -> tuple[str, str]:
        """The first key that begins with `prefix`, and the first after all that do."""
        if not prefix:
            return "", "\U0010ffff"
        low = self._key(prefix)
        return low, low[:-1] + "\1"

    def get(self, *key: str) -> T | None:
        """The value under `key`, or None."""
        rows = self._store.read(
            "SELECT value FROM items WHERE collection=? AND key=?", (self._name, self._key(key))
        )
        return self._decode(rows[0][0]) if rows else None  # type: ignore[arg-type]

    def put(self, value: T, *key: str) -> None:
        """Set the value under `key`."""
        self._store.write(
            "INSERT OR REPLACE INTO items VALUES (?,?,?)", (self._name, self._key(key), self._encode(value))
        )

    def put_all(self, values: Iterable[tuple[tuple[str, ...], T]]) -> None:
        """Set each value under its key."""
        rows = [(self._name, self._key(key), self._encode(value)) for key, value in values]
        self._store.write_all("INSERT OR REPLACE INTO items VALUES (?,?,?)", rows)

    def delete(self, *key: str) -> bool:
        """Remove `key`; whether it was there."""
        rows = self._store.write(
            "DELETE FROM items WHERE collection=? AND key=? RETURNING 1", (self._name, self._key(key))
        )
        return bool(rows)

    def items(
        self, *prefix: str, after: tuple[str, ...] | None = None, limit: int = -1
    ) -> list[tuple[tuple[str, ...], T]]:
        """Keys and values whose key begins with `prefix` and follows `after`, in key order, at most `limit`."""
        low, high = self._range(prefix)
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
