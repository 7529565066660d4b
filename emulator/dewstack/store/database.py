"""The database under all collections: one SQLite file or memory, its transactions, and batches of them.

What a transaction or a single `put` returned from is on disk; what a batch wrote is there at its next `flush`.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from dewstack.errors import UserError
from dewstack.store.collection import Collection

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
        self._batching: int | None = None
        self._pending: dict[tuple[str, str], bytes] = {}
        self._before: list[tuple[tuple[str, str], bytes | None]] = []
        self._uncommitted = self._stepping = False
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

    def collection(self, name: str, kind: type[T]) -> Collection[T]:
        """The collection `name`, whose values are of the type `kind`."""
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
            self._depth = 1
            try:
                if self._batching != threading.get_ident():
                    self._settle()
                yield
            except BaseException:
                self._depth = 0
                self._take_back()
                raise
            self._depth = 0
            self._end_step()

    def _end_step(self) -> None:
        """Keep what a transaction wrote: on disk, unless it is the batch's own."""
        self._before.clear()
        if self._stepping:
            self._stepping = False
            if self._uncommitted:
                self._db.execute("RELEASE step")
            self._uncommitted = True
        if self._batching != threading.get_ident():
            self.flush()

    def _take_back(self) -> None:
        """Undo what a transaction wrote."""
        self._put_back()
        if self._stepping:
            self._stepping = False
            self._db.execute("ROLLBACK TO step" if self._uncommitted else "ROLLBACK")
            if self._uncommitted:
                self._db.execute("RELEASE step")
        if self._batching != threading.get_ident():
            self.flush()

    def _settle(self) -> None:
        """Hand SQLite what a batch has put so far, for whatever asks for more than one value by its key; within a
        transaction, let SQLite know of that too."""
        own = {key: self._pending[key] for key, _ in self._before}
        self._put_back()
        if self._pending:
            if not self._uncommitted:
                self._db.execute("BEGIN IMMEDIATE")
                self._uncommitted = True
            self._put_now(self._pending)
            self._pending.clear()
        if self._depth and not self._stepping:
            self._db.execute("SAVEPOINT step" if self._uncommitted else "BEGIN IMMEDIATE")
            self._stepping = True
        self._put_now(own)

    def _put_back(self) -> None:
        """Let `_pending` be what it was before this transaction."""
        for key, value in reversed(self._before):
            if value is None:
                del self._pending[key]
            else:
                self._pending[key] = value
        self._before.clear()

    def _put_now(self, values: Mapping[tuple[str, str], bytes]) -> None:
        rows = [(*key, value) for key, value in values.items()]
        if rows:
            self._db.executemany("INSERT OR REPLACE INTO items VALUES (?,?,?)", rows)

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
        """Commit what a batch has written so far; not within a transaction."""
        with self._lock:
            if self._depth:
                return
            self._settle()
            if self._uncommitted:
                self._uncommitted = False
                self._db.execute("COMMIT")

    def get(self, collection: str, key: str) -> bytes | None:
        """One value, or None."""
        with self._lock:
            pending = self._pending.get((collection, key))
            if pending is not None:
                return pending
            found = self._db.execute(
                "SELECT value FROM items WHERE collection=? AND key=?", (collection, key)
            )
            row = found.fetchone()
            return row[0] if row else None

    def put(self, collection: str, key: str, value: bytes) -> None:
        """Set one value; a transaction of its own where none is open."""
        with self._lock:
            if self._stepping or self._batching != threading.get_ident():
                self.write("INSERT OR REPLACE INTO items VALUES (?,?,?)", (collection, key, value))
                return
            if self._depth:
                self._before.append(((collection, key), self._pending.get((collection, key))))
            self._pending[collection, key] = value

    def read(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        """The rows of a SELECT."""
        with self._lock:
            self._settle()
            return self._db.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Run a statement that changes something; a transaction of its own where none is open."""
        with self._lock:
            if self._stepping or not (self._uncommitted or self._pending or self._batching):
                return self._db.execute(sql, parameters).fetchall()
            with self.transaction():
                self._settle()
                return self._db.execute(sql, parameters).fetchall()

    def clear(self) -> None:
        """Forget everything."""
        self.write("DELETE FROM items", ())

    def close(self) -> None:
        """Close the database; a file keeps what it has."""
        with self._lock:
            self.flush()
            self._db.close()
