"""Browsers that have signed in: a cookie for an hour, of which the store has only a hash."""

import hashlib
import secrets

from dewstack.cognito.directory import Directory
from dewstack.cognito.model import HostedSession, User, UserPool
from dewstack.cognito.oauth.exchange import Ask, cookie

SECONDS = 3600
SWEPT = 4


class Browsers:
    """The sessions of all pools. The cookie is named after its pool: localhost has one jar for all of them."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._sessions = directory.hosted_sessions
        self._clock = directory.clock

    def user(self, ask: Ask, pool: UserPool) -> User | None:
        """Who is signed in to `pool` in this browser."""
        session = self._sessions.get(*pool.key, _hash(ask.cookies.get(_name(pool), "")))
        if session is None or self._clock.time() >= session.expires:
            return None
        user = self._directory.user_by_key(pool, session.user_key)
        return user if user and user.sub == session.sub and user.enabled else None

    def open(self, pool: UserPool, user: User) -> tuple[bytes, bytes]:
        """Remember that `user` has signed in: the cookie."""
        value, now = secrets.token_urlsafe(32), self._clock.time()
        key = (*pool.key, _hash(value))
        with self._directory.transaction():
            # A few neighbours of the new, random key: dead sessions go at a constant price.
            for old_key, old in self._sessions.items(*pool.key, after=key, limit=SWEPT):
                if old.expires < now:
                    self._sessions.delete(*old_key)
            session = HostedSession(user_key=pool.fold(user.username), sub=user.sub, expires=now + SECONDS)
            self._sessions.put(session, *key)
        return cookie(_name(pool), value, SECONDS)

    def close(self, ask: Ask, pool: UserPool) -> tuple[bytes, bytes]:
        """Forget the browser's session: the cookie that removes its cookie."""
        value = ask.cookies.get(_name(pool))
        if value:
            self._sessions.delete(*pool.key, _hash(value))
        return cookie(_name(pool), "", 0)


def _name(pool: UserPool) -> str:
    return f"cognito-{pool.id}"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
