"""Sign-in lockout: after five failures 2^(n-5) seconds, up to 15 minutes; attempts meanwhile don't count.

The count starts anew after a success or 15 idle minutes. Names that belong to nobody are counted too, in
memory and for as many as fit, so that a lockout doesn't tell who exists.
"""

from collections import OrderedDict

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import Attempts, User, UserPool

FREE_FAILURES = 5
LONGEST = 900.0
STRANGERS = 4096


def locked_until(attempts: Attempts) -> float:
    """When (seconds since the epoch) the next attempt is heard."""
    over = attempts.count - FREE_FAILURES
    if over < 0:
        return attempts.last
    return attempts.last + (LONGEST if over > 9 else min(2.0**over, LONGEST))


class Lockout:
    """Failed sign-ins per user."""

    def __init__(self, directory: Directory) -> None:
        self._transaction = directory.transaction
        self._attempts = directory.lockouts
        self._clock = directory.clock
        self._strangers: OrderedDict[tuple[str, str], Attempts] = OrderedDict()

    def check(self, pool: UserPool, user: User | None, name: str) -> None:
        """Raises NotAuthorizedException while the user, or the unknown `name`, is locked out."""
        attempts = self._get(pool, user, name)
        if attempts and self._clock.time() < locked_until(attempts):
            raise errors.NotAuthorizedException("Password attempts exceeded")

    def fail(self, pool: UserPool, user: User | None, name: str) -> None:
        """Count a failure."""
        with self._transaction():
            now = self._clock.time()
            past = self._get(pool, user, name)
            if past is None or now >= past.last + LONGEST:
                past = Attempts(0, now, now)
            attempts = Attempts(past.count + 1, past.since, now)
            if user is not None:
                self._attempts.put(attempts, *pool.key, user.sub)
                return
            self._strangers[(pool.id, pool.fold(name))] = attempts
            self._strangers.move_to_end((pool.id, pool.fold(name)))
            if len(self._strangers) > STRANGERS:
                self._strangers.popitem(last=False)

    def clear(self, pool: UserPool, user: User) -> None:
        """Forget the user's failures."""
        self._attempts.delete(*pool.key, user.sub)

    def _get(self, pool: UserPool, user: User | None, name: str) -> Attempts | None:
        if user is not None:
            return self._attempts.get(*pool.key, user.sub)
        return self._strangers.get((pool.id, pool.fold(name)))
