"""Sign-in lockout: after five failures 2^(n-5) seconds, up to 15 minutes; attempts meanwhile don't count.

The count starts anew after a success or 15 idle minutes.
"""

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import Attempts, User, UserPool
from dewstack.cognito.users.attempts import Tally, Who

FREE_FAILURES = 5
LONGEST = 900.0


def locked_until(attempts: Attempts) -> float:
    """When (seconds since the epoch) the next attempt is heard."""
    over = attempts.count - FREE_FAILURES
    if over < 0:
        return attempts.last
    return attempts.last + (LONGEST if over > 9 else min(2.0**over, LONGEST))


class Lockout:
    """Failed sign-ins."""

    def __init__(self, directory: Directory) -> None:
        self._transaction = directory.transaction
        self._tally = Tally(directory.lockouts)
        self._clock = directory.clock

    def check(self, pool: UserPool, who: Who) -> None:
        """Raises NotAuthorizedException while they are locked out."""
        attempts = self._tally.get(pool, who)
        if attempts and self._clock.time() < locked_until(attempts):
            raise errors.NotAuthorizedException("Password attempts exceeded")

    def fail(self, pool: UserPool, who: Who) -> None:
        """Count a failure."""
        with self._transaction():
            now = self._clock.time()
            past = self._tally.get(pool, who)
            recent = past if past and now < past.last + LONGEST else None
            self._tally.add(recent, now, pool, who)

    def clear(self, pool: UserPool, user: User) -> None:
        """Forget the user's failures, if there are any."""
        if self._tally.get(pool, user) is not None:
            self._tally.clear(pool, user)
