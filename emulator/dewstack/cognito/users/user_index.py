"""Finding a pool's users by what ListUsers searches, and counting them, without reading them all."""

from dewstack.cognito.model import User, UserPool
from dewstack.store import Collection, Store

Place = tuple[str, ...]
"""A place in the order of an index: the value, then the user's key."""

ATTRIBUTES = (
    "email",
    "phone_number",
    "preferred_username",
    "name",
    "given_name",
    "family_name",
)
STATES = ("cognito:user_status", "status")
"""Compared in any case, in every pool."""
VERSION = 2
"""What is indexed. State of version 1, which had no names and states, is completed when it is first searched."""
CHUNK = 1000


class UserIndex:
    """The index of all pools. Whoever changes a user tells it in the same transaction."""

    def __init__(
        self,
        store: Store,
        users: Collection[User],
        entries: Collection[str],
        versions: Collection[int],
        counts: Collection[int],
    ) -> None:
        self._store = store
        self._users = users
        self._entries = entries
        self._versions = versions
        self._counts = counts

    def begin(self, pool: UserPool) -> None:
        """A new pool, with nobody in it."""
        self._versions.put(VERSION, *pool.key)
        self._counts.put(0, *pool.key)

    def change(self, pool: UserPool, key: str, before: User | None, after: User | None) -> None:
        """The user under `key` was `before` and will be `after`; None where there is none."""
        if (before is None) != (after is None):
            self._counts.put(self.count(pool) + (1 if before is None else -1), *pool.key)
        old, new = _terms(pool, before), _terms(pool, after)
        for attribute, value in old - new:
            self._entries.delete(*pool.key, attribute, value, key)
        for attribute, value in new - old:
            self._entries.put(key, *pool.key, attribute, value, key)

    def count(self, pool: UserPool) -> int:
        """How many users the pool has."""
        kept = self._counts.get(*pool.key)
        return self._entries.count(*pool.key, "sub") if kept is None else kept

    def having(self, pool: UserPool, attribute: str, value: str) -> list[str]:
        """The keys of the users whose attribute has this value, in their order."""
        if "\0" in value:
            return []
        return self._entries.scan(*pool.key, attribute, folded(pool, attribute, value))

    def search(
        self, pool: UserPool, attribute: str, value: str, *, prefix: bool, after: Place | None, limit: int
    ) -> list[tuple[Place, str]]:
        """Places and keys of at most `limit` users beyond `after` whose attribute has the value, or begins with it."""
        if "\0" in value:
            return []
        self._complete(pool)
        value = folded(pool, attribute, value)
        start = (*pool.key, attribute, *after) if after is not None else None
        if prefix:
            found = self._entries.items(*pool.key, attribute, begins=value, after=start, limit=limit)
        else:
            found = self._entries.items(*pool.key, attribute, value, after=start, limit=limit)
        return [(place[-2:], key) for place, key in found]

    def _complete(self, pool: UserPool) -> None:
        if self._versions.get(*pool.key) == VERSION:
            return
        with self._store.transaction():
            after: Place | None = None
            while users := self._users.items(*pool.key, after=after, limit=CHUNK):
                after = users[-1][0]
                self._entries.put_all(
                    ((*pool.key, *term, place[-1]), place[-1])
                    for place, user in users
                    for term in _terms(pool, user)
                )
            self._versions.put(VERSION, *pool.key)


def folded(pool: UserPool, attribute: str, value: str) -> str:
    """A value as it is compared."""
    return value.lower() if attribute in STATES else pool.fold(value)


def _terms(pool: UserPool, user: User | None) -> set[tuple[str, str]]:
    if user is None:
        return set()
    values = {name: user.attributes.get(name, "") for name in ATTRIBUTES}
    values |= {"sub": user.sub, "cognito:user_status": user.status}
    values["status"] = "Enabled" if user.enabled else "Disabled"
    # What holds a NUL can't be a key; nobody can search for it either.
    return {
        (name, folded(pool, name, value)) for name, value in values.items() if value and "\0" not in value
    }
