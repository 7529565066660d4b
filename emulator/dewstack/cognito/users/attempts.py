"""Counting attempts: of users in the store, of names that belong to nobody in memory, as many as fit.

Strangers are counted so that a limit doesn't tell who exists (PreventUserExistenceErrors).
"""

from collections import OrderedDict

from dewstack.cognito.model import Attempts, User, UserPool
from dewstack.store import Collection

STRANGERS = 4096

Who = User | str
"""A user, or a name that nobody has."""


class Tally:
    """Attempts by pool, who, and what."""

    def __init__(self, kept: Collection[Attempts]) -> None:
        self._kept = kept
        self._strangers: OrderedDict[tuple[str, ...], Attempts] = OrderedDict()

    def get(self, pool: UserPool, who: Who, *what: str) -> Attempts | None:
        """What was counted so far."""
        if isinstance(who, User):
            return self._kept.get(*pool.key, who.sub, *what)
        return self._strangers.get((pool.id, pool.fold(who), *what))

    def add(self, past: Attempts | None, now: float, pool: UserPool, who: Who, *what: str) -> None:
        """Count one more on top of `past`. Call it in the transaction that read `past`."""
        attempts = Attempts(past.count + 1, past.since, now) if past else Attempts(1, now, now)
        if isinstance(who, User):
            self._kept.put(attempts, *pool.key, who.sub, *what)
            return
        key = (pool.id, pool.fold(who), *what)
        self._strangers[key] = attempts
        self._strangers.move_to_end(key)
        if len(self._strangers) > STRANGERS:
            self._strangers.popitem(last=False)

    def clear(self, pool: UserPool, user: User) -> None:
        """Forget what was counted of a user."""
        self._kept.clear(*pool.key, user.sub)
