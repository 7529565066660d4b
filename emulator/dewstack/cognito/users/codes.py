"""Verification codes: six random digits, expiring, single-use; a new one invalidates the one before.

Both asking and guessing are limited per user and hour. AWS says 5 to 20 an hour, by risk; here guesses get
the strict end and requests the middle.
"""

import hashlib
import hmac
import secrets

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import DAY, Code, User, UserPool
from dewstack.cognito.users.attempts import Tally, Who

HOUR = 3600.0


class Purpose(Struct, frozen=True):
    """What a code is for, and how many seconds it lives."""

    name: str
    lifetime: float


SIGN_UP = Purpose("sign-up", DAY)
FORGOT_PASSWORD = Purpose("forgot-password", HOUR)
VERIFY = {name: Purpose(f"verify-{name}", DAY) for name in ("email", "phone_number")}


class Limit(Struct, frozen=True):
    """At most `count` of an action per user in an hour."""

    action: str
    count: int


REQUESTS = Limit("request", 10)
GUESSES = Limit("guess", 5)
CHANGES = Limit("change-password", 5)


class Limits:
    """Counts per user, action and hour."""

    def __init__(self, directory: Directory) -> None:
        self._transaction = directory.transaction
        self._tally = Tally(directory.attempts)
        self._clock = directory.clock

    def exhausted(self, pool: UserPool, who: Who, limit: Limit, subject: str = "") -> bool:
        """Whether they have used up this limit."""
        past = self._tally.get(pool, who, limit.action, subject)
        return past is not None and past.count >= limit.count and self._clock.time() < past.since + HOUR

    def count(self, pool: UserPool, who: Who, limit: Limit, subject: str = "") -> None:
        """Count one more."""
        with self._transaction():
            now = self._clock.time()
            past = self._tally.get(pool, who, limit.action, subject)
            recent = past if past and now < past.since + HOUR else None
            self._tally.add(recent, now, pool, who, limit.action, subject)

    def spend(self, pool: UserPool, who: Who, limit: Limit, subject: str = "") -> None:
        """Count one more, unless none is left: raises LimitExceededException."""
        with self._transaction():
            if self.exhausted(pool, who, limit, subject):
                raise errors.LimitExceededException()
            self.count(pool, who, limit, subject)


class Codes:
    """The codes that are out."""

    def __init__(self, directory: Directory, limits: Limits) -> None:
        self._codes = directory.codes
        self._transaction = directory.transaction
        self._clock = directory.clock
        self._limits = limits

    def issue(self, pool: UserPool, user: User, purpose: Purpose, attribute: str, value: str) -> str:
        """A new code for this purpose. Raises LimitExceededException when too many were asked for."""
        code = f"{secrets.randbelow(10**6):06d}"
        salt = secrets.token_hex(8)
        with self._transaction():
            self._limits.spend(pool, user, REQUESTS, purpose.name)
            kept = Code(
                salt=salt,
                digest=_digest(salt, code),
                expires=self._clock.time() + purpose.lifetime,
                attribute=attribute,
                value=value,
            )
            self._codes.put(kept, *pool.key, user.sub, purpose.name)
        return code

    def take(self, pool: UserPool, user: User, purpose: Purpose, code: str) -> Code | errors.CognitoError:
        """Use a code up. A wrong one is counted, and what is to be answered is returned, not raised: the
        caller's transaction must stand for the count to last."""
        with self._transaction():
            if self._limits.exhausted(pool, user, GUESSES, purpose.name):
                return errors.LimitExceededException()
            kept = self._codes.get(*pool.key, user.sub, purpose.name)
            if kept is None or self._clock.time() >= kept.expires:
                return errors.ExpiredCodeException()
            if not hmac.compare_digest(_digest(kept.salt, code), kept.digest):
                self._limits.count(pool, user, GUESSES, purpose.name)
                return errors.CodeMismatchException()
            self._codes.delete(*pool.key, user.sub, purpose.name)
            return kept

    def pending(self, pool: UserPool, user: User, purpose: Purpose) -> str | None:
        """The value that the code that is out would prove, or None."""
        kept = self._codes.get(*pool.key, user.sub, purpose.name)
        return kept.value if kept else None

    def cancel(self, pool: UserPool, user: User, purpose: Purpose) -> None:
        """Invalidate the code that is out, if any."""
        self._codes.delete(*pool.key, user.sub, purpose.name)


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}{code}".encode()).hexdigest()
