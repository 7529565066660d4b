"""Whom an entry of a file is about, and who else has what it claims."""

from dewstack.cognito.directory import Directory
from dewstack.cognito.files.records import Fault, Path, UserRecord
from dewstack.cognito.model import User, UserPool


class Matching:
    """The users of one pool, held against entries."""

    def __init__(self, directory: Directory, pool: UserPool) -> None:
        self._directory = directory
        self._pool = pool
        self._seen: dict[tuple[str, str], int] = {}

    def existing(self, record: UserRecord) -> User | None:
        """The user whom the record is about, if they are in the pool: by name, or by the address they sign in with."""
        by_name = self._directory.user_by_key(self._pool, self._pool.fold(record.username))
        if by_name is not None:
            return by_name
        for kind in self._pool.username_attributes:
            if value := record.attributes.get(kind):
                for user in self._directory.having(self._pool, kind, value):
                    return user
        return None

    def username(self, record: UserRecord, existing: User | None) -> str:
        """What the user will be called: where addresses stand in for names, their sub."""
        if not self._pool.username_attributes:
            return record.username
        return record.sub or (existing.username if existing else record.username)

    def clash(self, record: UserRecord) -> str | None:
        """What the record claims and another user of the pool has, if anything."""
        existing = self.existing(record)
        for other, value in self._holders(record):
            if existing is None or existing.sub != other.sub:
                return f"{value} is in the pool already, of the user {other.username}"
        return None

    def clash_in_file(self, record: UserRecord, index: int) -> Fault | None:
        """What the record, entry `index`, claims and one before it claimed, if anything."""
        for kind, value, path in self._claims(record):
            other = self._seen.setdefault((kind, value), index)
            if other != index:
                return Fault(path, f"{value} is user {other + 1}'s of this file already")
        return None

    def _claims(self, record: UserRecord) -> list[tuple[str, str, Path]]:
        """By what nobody else may be known: kind, folded value, and where the entry says so."""
        pool = self._pool
        claims: list[tuple[str, str, Path]] = [("username", pool.fold(record.username), ("username",))]
        if record.sub:
            claims.append(("sub", record.sub, ("sub",)))
        for name in (*pool.username_attributes, *pool.alias_attributes):
            value = record.attributes.get(name)
            proved = name == "preferred_username" or record.attributes.get(f"{name}_verified") == "true"
            if value and (proved or name in pool.username_attributes):
                claims.append((name, pool.fold(value), ("attributes", name)))
        return claims

    def _holders(self, record: UserRecord) -> list[tuple[User, str]]:
        """Who in the pool has what the record claims."""
        found = []
        always = ("sub", "preferred_username", *self._pool.username_attributes)
        for kind, value, _ in self._claims(record):
            if kind == "username":
                user = self._directory.user_by_key(self._pool, value)
                found += [(user, value)] if user else []
                continue
            for user in self._directory.having(self._pool, kind, value):
                if kind in always or user.verified(kind):
                    found.append((user, value))
        return found
