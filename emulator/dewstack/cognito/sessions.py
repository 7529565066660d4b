"""Challenges that wait for their answer: opaque, expiring, single-use; only a hash is kept."""

import hashlib
import secrets

from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import DAY, Session, User, UserPool, UserPoolClient


class Sessions:
    """The open challenges of all pools."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._sessions = directory.sessions
        self._clock = directory.clock

    def open(self, pool: UserPool, client: UserPoolClient, user: User, challenge: str) -> str:
        """A new session for `challenge`: what the client sends back with its answer."""
        token = "AYAB" + secrets.token_urlsafe(640)
        now = self._clock.time()
        session = Session(
            client_id=client.id,
            user_key=pool.fold(user.username),
            sub=user.sub,
            challenge=challenge,
            expires=now + client.session_seconds,
        )
        with self._directory.transaction():
            key = (*pool.key, _hash(token))
            # A few neighbours of the new, random key: dead sessions go at a constant price.
            for old_key, old in self._sessions.items(*pool.key, after=key, limit=4):
                if old.expires + DAY < now:
                    self._sessions.delete(*old_key)
            self._sessions.put(session, *key)
        return token

    def find(self, pool: UserPool, client: UserPoolClient, challenge: str, token: str) -> User:
        """The user whose session `token` is. Raises NotAuthorizedException, with AWS's reason."""
        session = self._valid(pool, client, challenge, token)
        user = self._directory.user_by_key(pool, session.user_key)
        if user is None or user.sub != session.sub:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        return user

    def use(self, pool: UserPool, client: UserPoolClient, challenge: str, token: str) -> None:
        """Use the session up. Raises NotAuthorizedException when it already is; call it in the transaction
        that does what the session was for."""
        with self._directory.transaction():
            session = self._valid(pool, client, challenge, token)
            self._sessions.put(replace(session, used=True), *pool.key, _hash(token))

    def _valid(self, pool: UserPool, client: UserPoolClient, challenge: str, token: str) -> Session:
        session = self._sessions.get(*pool.key, _hash(token))
        if session is None or session.client_id != client.id or session.challenge != challenge:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        if session.used:
            raise errors.NotAuthorizedException(
                "Invalid session for the user, session can only be used once."
            )
        if self._clock.time() >= session.expires:
            raise errors.NotAuthorizedException("Invalid session for the user, session is expired.")
        return session


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
