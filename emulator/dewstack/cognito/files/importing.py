"""Users out of a pool and into one, as a whole: all of a file, or nothing and every mistake in it."""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.files.checking import complete, faults_of, group_faults, read_group, write_group
from dewstack.cognito.files.csv_file import header_of
from dewstack.cognito.files.matching import Matching
from dewstack.cognito.files.records import (
    APP,
    FORMAT_VERSION,
    LINKS,
    Document,
    Fault,
    UserRecord,
    read_user,
    write_user,
)
from dewstack.cognito.model import Mfa, User, UserPool
from dewstack.cognito.secrets import passwords
from dewstack.cognito.secrets.srp import pool_name
from dewstack.cognito.users.naming import Naming
from dewstack.config import Caller

Mode = Literal["add", "compare", "replace"]
"""What becomes of a user who is there already: stays, unlooked at; stays, and is told apart from the file's; or is
made as the file has them."""
Happened = Literal["created", "present", "unchanged", "different", "replaced"]


class EntryFault(Struct, frozen=True):
    """A mistake in entry `index` of a file."""

    index: int
    path: tuple[str | int, ...]
    message: str


class Outcome(Struct, frozen=True):
    """What became of an entry. `needs_password`: SRP works for them after the first sign-in with the password."""

    username: str
    happened: Happened
    needs_password: bool = False


class ImportReport(Struct, kw_only=True):
    """What came of a file. With faults, nothing was changed."""

    faults: list[EntryFault] = field(default_factory=list)
    group_faults: list[Fault] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    """The groups that were made."""


class Refused(Exception):
    """Somebody else changed the pool meanwhile, and now an entry no longer fits."""

    def __init__(self, fault: EntryFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class UserFiles:
    """The users of pools, for files. All methods may take seconds: call them in a worker thread."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def export_users(self, caller: Caller, pool_id: str, *, with_totp: bool = False) -> Document:
        """A pool's groups and users, by name. Raises ResourceNotFoundException."""
        pool = self._directory.pool(caller, pool_id)
        groups = self._directory.groups.scan(*pool.key)
        users = [
            write_user(pool, user, with_totp=with_totp) for user in self._directory.users.scan(*pool.key)
        ]
        return {
            "version": FORMAT_VERSION,
            "pool": {"id": pool.id, "name": pool.name},
            "groups": [write_group(group) for group in groups],
            "users": users,
        }

    def csv_header(self, caller: Caller, pool_id: str) -> list[str]:
        """The columns of the pool's CSV files. Raises ResourceNotFoundException."""
        return header_of(attribute.name for attribute in self._directory.pool(caller, pool_id).schema)

    def import_users(
        self,
        caller: Caller,
        pool_id: str,
        entries: Sequence[Any],
        groups: Sequence[dict[str, Any]] = (),
        mode: Mode = "compare",
    ) -> ImportReport:
        """Make the users of a file, and those of its groups that are missing. Raises ResourceNotFoundException."""
        pool = self._directory.pool(caller, pool_id)
        work = _Import(self._directory, pool, self._clock.time(), mode)
        report = work.check(entries, groups)
        if report.faults or report.group_faults:
            return report
        work.derive()
        try:
            with self._directory.transaction():
                return work.store(groups)
        except Refused as refused:
            return ImportReport(faults=[refused.fault])


class _Import:
    """One file on its way into one pool."""

    def __init__(self, directory: Directory, pool: UserPool, now: float, mode: Mode) -> None:
        self._directory = directory
        self._pool = pool
        self._now = now
        self._mode = mode
        self._matching = Matching(directory, pool)
        self._records: list[UserRecord] = []

    def check(self, entries: Sequence[Any], groups: Sequence[dict[str, Any]]) -> ImportReport:
        """Read the entries and look for mistakes: in each, between them, and with who is in the pool."""
        report = ImportReport(group_faults=group_faults(groups))
        naming = Naming(self._directory)
        known = {group.name for group in self._directory.groups.scan(*self._pool.key)}
        if not report.group_faults:
            known |= {group["name"] for group in groups}
        for index, entry in enumerate(entries):
            record, faults = read_user(entry)
            self._records.append(record)
            if not faults:
                complete(self._pool, record)
                faults = faults_of(self._pool, record, known, naming)
                if fault := self._matching.clash_in_file(record, index):
                    faults.append(fault)
                elif clash := self._matching.clash(record):
                    faults.append(Fault(("username",), clash))
            report.faults += [EntryFault(index, fault.path, fault.message) for fault in faults]
        return report

    def derive(self) -> None:
        """Make of passwords in clear what is kept of them, for users who will be made."""
        for record in self._records:
            existing = self._matching.existing(record)
            if existing is None and self._pool.username_attributes and record.sub is None:
                record.sub = ids.uuid4()
            if record.plain_password is None or (existing is not None and self._mode == "add"):
                continue
            if existing is not None and passwords.matches(existing.password, record.plain_password):
                record.password = existing.password
            elif existing is None or self._mode == "replace":
                name = self._matching.username(record, existing)
                record.password = passwords.derive(self._pool.id, name, record.plain_password)

    def store(self, groups: Sequence[dict[str, Any]]) -> ImportReport:
        """Keep it all. Call it in a transaction. Raises Refused."""
        report = ImportReport()
        for group in groups:
            if not self._directory.groups.get(*self._pool.key, group["name"]):
                self._directory.groups.put(read_group(group, self._now), *self._pool.key, group["name"])
                report.groups.append(group["name"])
        home = pool_name(self._pool.id)
        for index, record in enumerate(self._records):
            if message := self._matching.clash(record):
                raise Refused(EntryFault(index, ("username",), message))
            happened = self._keep(record, index)
            foreign = record.password is not None and record.password.srp_pool not in ("", home)
            made = happened in ("created", "replaced")
            report.outcomes.append(Outcome(record.username, happened, foreign and made))
        return report

    def _keep(self, record: UserRecord, index: int) -> Happened:
        existing = self._matching.existing(record)
        if existing is None:
            if record.plain_password is not None and record.password is None:
                raise Refused(EntryFault(index, (), "they were deleted meanwhile; import the file again"))
            self._put(record, None)
            return "created"
        if self._mode == "add":
            return "present"
        if self._is_same(record, existing):
            return "unchanged"
        if self._mode == "compare":
            return "different"
        if not self._is_named(record, existing):
            self._directory.drop(self._pool, existing)
            existing = None
        self._put(record, existing)
        return "replaced"

    def _is_named(self, record: UserRecord, existing: User) -> bool:
        """Whether the user is already called as the record has it."""
        name, sub = self._matching.username(record, existing), record.sub or existing.sub
        return (existing.username, existing.sub) == (name, sub)

    def _put(self, record: UserRecord, existing: User | None) -> None:
        made = self._made(record, existing)
        if existing is not None:
            for name in set(existing.groups) - set(record.groups):
                self._directory.leave(self._pool, existing, name)
            made = replace(made, groups=[name for name in existing.groups if name in record.groups])
        self._directory.put(self._pool, replace(made, groups=made.groups if existing else []))
        for name in record.groups:
            self._directory.join(self._pool, made, name)

    def _made(self, record: UserRecord, existing: User | None) -> User:
        assert record.status is not None
        forced = record.status == "FORCE_CHANGE_PASSWORD"
        links = (
            {}
            if existing is None or LINKS not in existing.attributes
            else {LINKS: existing.attributes[LINKS]}
        )
        told = {
            "attributes": {**record.attributes, **links},
            "status": record.status,
            "enabled": record.enabled,
            "password": record.password,
            "temporary_until": self._now + self._pool.temporary_password_seconds if forced else None,
            "groups": record.groups,
            "mfa": record.mfa,
        }
        if existing is not None:
            return replace(existing, **told)
        return User(
            username=self._matching.username(record, None),
            sub=record.sub or ids.uuid4(),
            created=record.created or self._now,
            modified=self._now,
            **told,  # type: ignore[arg-type]
        )

    def _is_same(self, record: UserRecord, existing: User) -> bool:
        if not self._is_named(record, existing):
            return False
        made = self._made(record, existing)
        parts = ("attributes", "status", "enabled", "groups")
        if any(getattr(made, part) != getattr(existing, part) for part in parts):
            return False
        if record.plain_password is not None and record.password is None:
            return False  # `derive` found that it isn't theirs
        return _same_password(made, existing) and _same_mfa(made.mfa, existing.mfa)


def _same_mfa(told: Mfa, kept: Mfa) -> bool:
    """Whether a file tells of these second factors, the authenticator app told or left out."""
    if told.totp_secret is not None:
        return _mfa_parts(told) == _mfa_parts(kept)
    without_app = [factor for factor in kept.enabled if factor != APP]
    preferred = None if kept.preferred == APP else kept.preferred
    return (told.enabled, told.preferred) == (without_app, preferred)


def _mfa_parts(mfa: Mfa) -> tuple[list[str], str | None, str | None]:
    return mfa.enabled, mfa.preferred, mfa.totp_secret


def _same_password(made: User, existing: User) -> bool:
    if made.password is None or existing.password is None:
        return made.password is existing.password
    return (made.password.salt, made.password.digest) == (existing.password.salt, existing.password.digest)
