"""Challenges that wait for their answer: opaque, expiring, single-use; only a hash is kept."""

import base64
import hashlib
import secrets
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import DAY, Session, User, UserPool, UserPoolClient
from dewstack.cognito.signin.steps import Challenge, SignIn

PREFIX = "AYAB"
SIGNED_UP, CONFIRMED = "SIGN_UP", "CONFIRM_SIGN_UP"
"""What the sessions of SignUp and ConfirmSignUp are called: each leads on, to the other and to a sign-in."""


class Opened(Struct, frozen=True):
    """A session that is in force: whose it is, and what was kept with the challenge."""

    user: User
    state: dict[str, Any]


class Sessions:
    """The open challenges of all pools."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._sessions = directory.sessions
        self._clock = directory.clock

    def open(self, pool: UserPool, client: UserPoolClient, challenge: Challenge) -> str:
        """A new session for `challenge`: what the client sends back with its answer."""
        token = _new_token(client.id)
        now = self._clock.time()
        session = Session(
            client_id=client.id,
            user_key=pool.fold(challenge.user.username) if challenge.user else "",
            sub=challenge.user.sub if challenge.user else "",
            challenge=challenge.name,
            expires=now + client.session_seconds,
            state=challenge.state,
        )
        with self._directory.transaction():
            key = (*pool.key, _hash(token))
            # A few neighbours of the new, random key: dead sessions go at a constant price.
            for old_key, old in self._sessions.items(*pool.key, after=key, limit=4):
                if old.expires + DAY < now:
                    self._sessions.delete(*old_key)
            self._sessions.put(session, *key)
        return token

    def bearer(self, token: str) -> SignIn:
        """The sign-in that a session belongs to, for operations that are given nothing else.

        Raises NotAuthorizedException for what never was a session.
        """
        try:
            client_id = _client_of(token)
            pool, client = self._directory.client_anywhere(client_id)
        except (ValueError, errors.ResourceNotFoundException) as error:
            raise errors.NotAuthorizedException("Invalid session for the user.") from error
        return SignIn(pool=pool, client=client, parameters={}, session=token)

    def holder(self, sign_in: SignIn, challenge: str) -> Opened:
        """Whose session it is, whatever they call themselves. Raises NotAuthorizedException, with AWS's reason."""
        user, state = self.found(sign_in, challenge)
        if user is None:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        return Opened(user, state)

    def found(self, sign_in: SignIn, challenge: str) -> tuple[User | None, dict[str, Any]]:
        """As `holder`, but the session may also be of nobody: of somebody who doesn't exist and isn't told so."""
        session = self._valid(sign_in, challenge)
        if not session.sub:
            return None, session.state
        user = self._directory.user_by_key(sign_in.pool, session.user_key)
        if user is None or user.sub != session.sub:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        return user, session.state

    def challenge(self, sign_in: SignIn, names: tuple[str, ...]) -> str:
        """Which of these challenges the session is of; the first where it is of none, or there is no session."""
        session = self._sessions.get(*sign_in.pool.key, _hash(sign_in.session or ""))
        return session.challenge if session is not None and session.challenge in names else names[0]

    def opened(self, sign_in: SignIn, challenge: str) -> Opened:
        """The session that a request answers, whose USERNAME must be the session's user.

        Raises InvalidParameterException for what is missing, NotAuthorizedException with AWS's reason.
        """
        (name,) = sign_in.require("USERNAME")
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        opened = self.holder(sign_in, challenge)
        named = self._directory.find(sign_in.pool, name)
        if named is None or named.sub != opened.user.sub:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        return opened

    def use(self, sign_in: SignIn, challenge: str) -> None:
        """Use the session up. Raises NotAuthorizedException when it already is; call it in the transaction
        that does what the session was for."""
        with self._directory.transaction():
            session = self._valid(sign_in, challenge)
            self._sessions.put(replace(session, used=True), *sign_in.pool.key, _hash(sign_in.session or ""))

    def _valid(self, sign_in: SignIn, challenge: str) -> Session:
        if sign_in.session is None:
            raise errors.InvalidParameterException("Missing required parameter Session")
        session = self._sessions.get(*sign_in.pool.key, _hash(sign_in.session))
        if session is None or session.client_id != sign_in.client.id or session.challenge != challenge:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        if session.used:
            raise errors.NotAuthorizedException(
                "Invalid session for the user, session can only be used once."
            )
        if self._clock.time() >= session.expires:
            raise errors.NotAuthorizedException("Invalid session for the user, session is expired.")
        return session


def _new_token(client_id: str) -> str:
    """Random, and long as AWS's; it says which client it is for, since some operations are given nothing else."""
    name = client_id.encode()
    raw = bytes([len(name)]) + name + secrets.token_bytes(480)
    return PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _client_of(token: str) -> str:
    """The client's id in a session. Raises ValueError."""
    raw = base64.urlsafe_b64decode(token.removeprefix(PREFIX) + "=" * (-len(token.removeprefix(PREFIX)) % 4))
    return raw[1 : 1 + raw[0]].decode() if raw else ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
