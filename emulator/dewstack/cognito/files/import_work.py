"""The work of one import job, in a thread of its own, some lines at a time."""

import itertools
import logging
import threading
from collections.abc import Callable
from typing import Literal, Protocol

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import schema
from dewstack.cognito.directory import Directory
from dewstack.cognito.errors import CognitoError
from dewstack.cognito.files.csv_file import CsvFault, CsvUser, header_of, read
from dewstack.cognito.files.matching import Matching
from dewstack.cognito.files.records import UserRecord
from dewstack.cognito.model import Mfa, User, UserPool
from dewstack.cognito.users.naming import Naming

logger = logging.getLogger("dewstack.cognito")

Kind = Literal["imported", "skipped", "failed"]
WORDS: dict[Kind, str] = {"imported": "SUCCEEDED", "skipped": "SKIPPED", "failed": "FAILED"}
AT_ONCE = 50
"""Lines a transaction: each costs the disk a sync, and keeps others waiting while it lasts."""
SUCCEEDED = "Import Job Completed Successfully."
TOO_MANY = "Too many users have failed or been skipped during the import."
STOPPED = "The Import Job was stopped by the developer."
UNVERIFIED = (
    "The User Record does not set any of the auto verified attributes to true. "
    "(Example: email_verified to true)."
)


class Tell(Protocol):
    """Keeps how far the job is; whether there still is one."""

    def __call__(self, **news: object) -> bool: ...


class ImportWork:
    """One file on its way into one pool."""

    def __init__(self, directory: Directory, clock: Clock, pool: UserPool, text: str, tell: Tell) -> None:
        self._directory = directory
        self._clock = clock
        self._pool = pool
        self._text = text
        self._tell = tell
        self._stopped = threading.Event()
        self._end = ("Stopped", STOPPED)
        self._thread: threading.Thread | None = None
        self._counts: dict[str, int] = dict.fromkeys(WORDS, 0)

    def start(self, log: Callable[[str], None]) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, args=(log,), name="user-import", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def stop(self, status: str = "Stopped", message: str = STOPPED) -> None:
        """Go no further than the lines that are being taken, and end as told."""
        self._end = (status, message)
        self._stopped.set()

    def _run(self, log: Callable[[str], None]) -> None:
        try:
            status, message = self._import(log)
        except CsvFault as fault:
            log(f"[FAILED] Line Number {fault.line} - {fault.message}")
            status, message = "Failed", f"The CSV file cannot be read: line {fault.line}: {fault.message}"
        except Exception:
            logger.exception("a user import job failed")
            status, message = "Failed", "An internal error has occurred."
        self._tell(status=status, message=message, completed=self._clock.time(), **self._counts)

    def _import(self, log: Callable[[str], None]) -> tuple[str, str]:
        self._tell(status="InProgress")
        header = header_of(attribute.name for attribute in self._pool.schema)
        lines = read(self._text, header)
        while some := list(itertools.islice(lines, AT_ONCE)):
            if self._stopped.is_set():
                return self._end
            with self._directory.transaction():
                results = [self._take(line) for line in some]
            for line, (kind, reason) in zip(some, results, strict=True):
                self._counts[kind] += 1
                log(f"[{WORDS[kind]}] Line Number {line.line} - {reason}")
            if not self._tell(status="InProgress", **self._counts):
                return self._end  # the pool is gone, and nobody will know
        if not self._counts["imported"] and (self._counts["failed"] or self._counts["skipped"]):
            return "Failed", TOO_MANY
        return "Succeeded", SUCCEEDED

    def _take(self, line: CsvUser) -> tuple[Kind, str]:
        """Make one user, if they are new and right. Call it in a transaction."""
        pool = self._pool
        if not any(line.attributes.get(f"{name}_verified") == "true" for name in pool.auto_verified):
            return "failed", UNVERIFIED
        try:
            username, attributes = Naming(self._directory).name(pool, line.username, line.attributes)
            schema.check_new(pool.schema, attributes, need_required=True)
        except CognitoError as error:
            return "failed", " ".join(error.message.split())
        missing = [name for name in pool.auto_verified if _is_verified_without_value(name, attributes)]
        if missing:
            return "failed", f"The User Record sets {missing[0]}_verified to true but has no {missing[0]}."
        now = self._clock.time()
        user = User(
            username=username,
            sub=username if pool.username_attributes else ids.uuid4(),
            attributes=attributes,
            status="RESET_REQUIRED",
            created=now,
            modified=now,
            mfa=Mfa(enabled=["SMS_MFA"]) if line.mfa and attributes.get("phone_number") else Mfa(),
        )
        record = UserRecord(username=line.username, attributes=attributes)
        matching = Matching(self._directory, pool)
        if matching.existing(record) is not None or matching.clash(record) is not None:
            return "skipped", "The user already exists."
        if self._directory.pool_anywhere(pool.id) is None:
            return "failed", "The user pool has been deleted."
        self._directory.put(pool, user)
        return "imported", "The import succeeded."


def _is_verified_without_value(name: str, attributes: dict[str, str]) -> bool:
    return attributes.get(f"{name}_verified") == "true" and not attributes.get(name)
