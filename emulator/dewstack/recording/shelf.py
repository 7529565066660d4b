"""Where the record is kept: one SQLite file of its own, the newest rows of it, so many and so large."""

import sqlite3
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from dewstack.recording.model import Filter, Row

ROWS = 100_000
BYTES = 512 * 1024 * 1024
"""Of all details together."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT, route TEXT, status INTEGER, failed INTEGER, cold INTEGER,
  request_id TEXT, words TEXT, summary BLOB, detail BLOB);
CREATE INDEX IF NOT EXISTS by_function ON runs (function, id);
CREATE INDEX IF NOT EXISTS by_route ON runs (route, id);
CREATE INDEX IF NOT EXISTS by_failed ON runs (id) WHERE failed = 1;
DROP INDEX IF EXISTS by_request;
CREATE INDEX IF NOT EXISTS by_cold ON runs (id) WHERE cold = 1;
PRAGMA user_version = 1;
"""
STATUS = {
    "error": "failed = 1",
    "ok": "failed = 0",
    "4xx": "failed = 1 AND status BETWEEN 400 AND 499",
    "5xx": "failed = 1 AND status >= 500",
    "cold": "cold = 1",
}
"""What can be asked for as `status`."""
WORDS = ("method", "path", "route", "function", "kind", "status", "error", "request_id")
COLUMNS = ("id", "function", "route", "status", "cold", "request_id")
INSERT = f"INSERT INTO runs ({', '.join(COLUMNS)}, failed, words, summary, detail) VALUES "
VALUES = f"({', '.join('?' * 10)})"
AT_ONCE = 50
"""Rows of one statement: each one waits for the interpreter, which serves requests meanwhile."""
Summary = dict[str, Any]


class Shelf:
    """The rows, in the file `path` or in memory. One thread at a time."""

    def __init__(self, path: Path | None = None, *, rows: int = ROWS, size: int = BYTES) -> None:
        self._rows, self._size = rows, size
        self._db = _opened(path)
        count, held = self._db.execute(
            "SELECT COUNT(*), COALESCE(SUM(LENGTH(detail)), 0) FROM runs"
        ).fetchone()
        self._count, self._held = int(count), int(held)
        last = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'").fetchone()
        self._last = int(last[0]) if last else 0

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count

    def add(self, rows: Iterable[Row]) -> None:
        """Keep rows, which get their ids, and forget the oldest that are too many."""
        count, held, left = self._count, self._held, iter(rows)
        with self._db:
            while values := [self._values(row) for row in islice(left, AT_ONCE)]:
                self._db.execute(INSERT + ", ".join([VALUES] * len(values)), [*chain.from_iterable(values)])
                count += len(values)
                held += sum(len(value[-1]) for value in values)
            count, held = self._prune(count, held)
        self._count, self._held = count, held

    def _values(self, row: Row) -> tuple[Any, ...]:
        """The columns of a row, which gets its id."""
        summary = row.summary
        self._last += 1
        summary["id"] = self._last
        failed = bool(summary["error"]) or (summary["status"] or 0) >= 400
        words = " ".join([str(summary[name]) for name in WORDS if summary[name] is not None]).lower()
        encoded = (msgspec.json.encode(summary), msgspec.json.encode(row.detail))
        return (*[summary[name] for name in COLUMNS], failed, words, *encoded)

    def _prune(self, count: int, held: int) -> tuple[int, int]:
        """Forget the oldest, some at a time. How many are left, and how large."""
        while count > self._rows or (held > self._size and count > 1):
            some = count - self._rows if count > self._rows else max(1, count // 100)
            sql = "DELETE FROM runs WHERE id IN (SELECT id FROM runs ORDER BY id LIMIT ?) RETURNING LENGTH(detail)"
            gone = [int(length) for (length,) in self._db.execute(sql, (some,)).fetchall()]
            if not gone:
                break
            count -= len(gone)
            held -= sum(gone)
        return count, held

    def newest(self, wanted: Filter, limit: int) -> tuple[list[Summary], int | None]:
        """The newest summaries that fit, and before which row one goes on, if there are more."""
        conditions, values = _conditions(wanted)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"SELECT summary FROM runs {where} ORDER BY id DESC LIMIT ?"
        found = [msgspec.json.decode(one) for (one,) in self._db.execute(sql, (*values, limit + 1))]
        more = len(found) > limit
        return found[:limit], found[limit - 1]["id"] if more else None

    def since(self, number: int, limit: int) -> list[Summary]:
        """The summaries of rows after a row, oldest first; of too many, the newest."""
        return self.newest(Filter(after=number), limit)[0][::-1]

    def find(self, request_id: str) -> int | None:
        """The row of an invocation by its request id, or None."""
        sql = "SELECT id FROM runs WHERE request_id = ? ORDER BY id DESC LIMIT 1"
        found: tuple[int] | None = self._db.execute(sql, (request_id,)).fetchone()
        return found[0] if found else None

    def get(self, number: int) -> tuple[Summary, dict[str, Any]] | None:
        """A row's summary and detail, or None."""
        sql = "SELECT summary, detail FROM runs WHERE id = ?"
        found = self._db.execute(sql, (number,)).fetchone()
        return (msgspec.json.decode(found[0]), msgspec.json.decode(found[1])) if found else None

    def clear(self) -> None:
        """Forget all. Ids go on."""
        with self._db:
            self._db.execute("DELETE FROM runs")
        self._count = self._held = 0

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _opened(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # headers and bodies may hold tokens and passwords
    db = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=5)
    if path is not None:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")  # the last moment of it may be lost with the machine's power
    db.executescript(SCHEMA)
    return db


def _conditions(wanted: Filter) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    for column, value in (("function = ?", wanted.function), ("route = ?", wanted.route)):
        if value:
            conditions.append(column)
            values.append(value)
    if wanted.status:
        conditions.append(STATUS[wanted.status])
    if wanted.before is not None:
        conditions.append("id < ?")
        values.append(wanted.before)
    if wanted.after is not None:
        conditions.append("id > ?")
        values.append(wanted.after)
    if wanted.text:
        conditions.append("INSTR(words, ?) > 0")
        values.append(wanted.text.lower())
    return conditions, values
