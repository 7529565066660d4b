"""Signing in: a flow begins it, challenges go on with it, tokens end it.

Two tables say it all: `flow_table` (how a sign-in may begin) and `_challenges` below (what may be answered).
A step takes a `SignIn` and gives either tokens or the next challenge.
"""

import asyncio
import json
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors, passwords, schema, secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.flows import SignIn, Step, flow_table, step_of
from dewstack.cognito.lockout import Lockout
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.sessions import Sessions
from dewstack.cognito.tokens import Tokens
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

Params = dict[str, Any]

NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"
ATTRIBUTE_PREFIX = "userAttributes."


class SignIns:
    """InitiateAuth, RespondToAuthChallenge and their Admin siblings."""

    def __init__(
        self, directory: Directory, clock: Clock, lockout: Lockout, sessions: Sessions, tokens: Tokens
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._lockout = lockout
        self._sessions = sessions
        self._tokens = tokens
        self._flows = flow_table(self._password, self._refresh)
        self._challenges: dict[str, Step] = {NEW_PASSWORD: self._new_password}

    @operation("InitiateAuth")
    async def initiate_auth(self, caller: Caller, params: Params) -> Params:
        """Begin a sign-in, by the client's id alone."""
        return await asyncio.to_thread(self._begin, None, params)

    @operation("AdminInitiateAuth")
    async def admin_initiate_auth(self, caller: Caller, params: Params) -> Params:
        """Begin a sign-in on a user's behalf."""
        return await asyncio.to_thread(self._begin, caller, params)

    @operation("RespondToAuthChallenge")
    async def respond_to_auth_challenge(self, caller: Caller, params: Params) -> Params:
        """Answer the challenge of a session."""
        return await asyncio.to_thread(self._continue, None, params)

    @operation("AdminRespondToAuthChallenge")
    async def admin_respond_to_auth_challenge(self, caller: Caller, params: Params) -> Params:
        """Answer the challenge on a user's behalf."""
        return await asyncio.to_thread(self._continue, caller, params)

    def _begin(self, admin: Caller | None, params: Params) -> Params:
        sign_in = self._sign_in(admin, params, params.get("AuthParameters"))
        step = step_of(self._flows, params["AuthFlow"], sign_in.client, admin=admin is not None)
        return step(sign_in)

    def _continue(self, admin: Caller | None, params: Params) -> Params:
        sign_in = self._sign_in(admin, params, params.get("ChallengeResponses"))
        step = self._challenges.get(params["ChallengeName"])
        if step is None:
            raise NotEmulated(f"ChallengeName {params['ChallengeName']} is not emulated")
        return step(sign_in)

    def _sign_in(self, admin: Caller | None, params: Params, parameters: dict[str, str] | None) -> SignIn:
        """An administrator names the pool, in their own account; everyone else only the client."""
        if admin is None:
            pool, client = self._directory.client_anywhere(params["ClientId"])
        else:
            pool = self._directory.pool(admin, params["UserPoolId"])
            client = self._directory.client(pool, params["ClientId"])
        return SignIn(pool, client, parameters or {}, params.get("Session"))

    # beginnings

    def _password(self, sign_in: SignIn) -> Params:
        pool, client = sign_in.pool, sign_in.client
        name, password = sign_in.require("USERNAME", "PASSWORD")
        secret_hash.check(client, name, sign_in.parameters.get("SECRET_HASH"))
        user = self._directory.find(pool, name)
        if user is None and not client.hides_users:
            raise errors.UserNotFoundException()
        user = self._authenticate(pool, user, name, password)
        self._check_state(user)
        if user.status == "FORCE_CHANGE_PASSWORD":
            return self._ask_new_password(sign_in, user)
        return self._finish(sign_in, user)

    def _authenticate(self, pool: UserPool, user: User | None, name: str, password: str) -> User:
        """The user, if the password is theirs. An unknown one costs the same and hears the same."""
        self._lockout.check(pool, user or name)
        if user is not None and user.status == "RESET_REQUIRED" and user.password is None:
            raise errors.PasswordResetRequiredException()
        right = passwords.matches(user.password if user else None, password)
        with self._directory.transaction():
            # Once more: guesses that came at the same time may have locked the user meanwhile.
            self._lockout.check(pool, user or name)
            if user is not None and right:
                self._lockout.clear(pool, user)
                return user
            self._lockout.fail(pool, user or name)
        raise errors.NotAuthorizedException(errors.INCORRECT)

    def _check_state(self, user: User) -> None:
        """Refuse who knows the password but may not sign in (yet)."""
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        if user.status == "UNCONFIRMED":
            raise errors.UserNotConfirmedException()
        if user.status == "RESET_REQUIRED":
            raise errors.PasswordResetRequiredException()
        if user.temporary_until is not None and self._clock.time() >= user.temporary_until:
            raise errors.NotAuthorizedException(
                "Temporary password has expired and must be reset by an administrator."
            )

    def _refresh(self, sign_in: SignIn) -> Params:
        pool, client = sign_in.pool, sign_in.client
        (token,) = sign_in.require("REFRESH_TOKEN")
        family, user = self._tokens.refresh(pool, client, token)
        secret_hash.check_refresh(client, [user.username, user.sub], sign_in.parameters.get("SECRET_HASH"))
        tokens = self._tokens.renew(pool, client, user, family)
        return {"ChallengeParameters": {}, "AuthenticationResult": tokens}

    # challenges

    def _ask_new_password(self, sign_in: SignIn, user: User) -> Params:
        missing = [
            ATTRIBUTE_PREFIX + attribute.name
            for attribute in sign_in.pool.schema
            if attribute.required and attribute.name != "sub" and not user.attributes.get(attribute.name)
        ]
        shown = schema.readable(sign_in.client.settings.get("ReadAttributes"), user.attributes)
        return {
            "ChallengeName": NEW_PASSWORD,
            "Session": self._sessions.open(sign_in.pool, sign_in.client, user, NEW_PASSWORD),
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": user.username,
                "requiredAttributes": json.dumps(missing, separators=(",", ":")),
                "userAttributes": json.dumps(shown, separators=(",", ":")),
            },
        }

    def _new_password(self, sign_in: SignIn) -> Params:
        pool, client = sign_in.pool, sign_in.client
        name, password = sign_in.require("USERNAME", "NEW_PASSWORD")
        secret_hash.check(client, name, sign_in.parameters.get("SECRET_HASH"))
        if sign_in.session is None:
            raise errors.InvalidParameterException("Missing required parameter Session")
        user = self._sessions.find(pool, client, NEW_PASSWORD, sign_in.session)
        named = self._directory.find(pool, name)
        if named is None or named.sub != user.sub:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        self._check_state(user)
        passwords.check_policy(pool.password_policy, password)
        attributes = self._answered_attributes(sign_in, user)
        kept = passwords.derive(pool.id, user.username, password)
        with self._directory.transaction():
            self._sessions.use(pool, client, NEW_PASSWORD, sign_in.session)
            user = self._directory.revise(
                pool,
                user,
                lambda now: replace(
                    now,
                    password=kept,
                    status="CONFIRMED",
                    temporary_until=None,
                    attributes={**now.attributes, **attributes},
                ),
            )
        return self._finish(sign_in, user)

    def _answered_attributes(self, sign_in: SignIn, user: User) -> dict[str, str]:
        """The attributes that came with the new password; no required one may still be missing."""
        start = len(ATTRIBUTE_PREFIX)
        given = {
            name[start:]: value
            for name, value in sign_in.parameters.items()
            if name.startswith(ATTRIBUTE_PREFIX)
        }
        for name in ("email", "phone_number"):
            if name in given and user.attributes.get(name):
                raise errors.NotAuthorizedException(f"Cannot modify an already provided {name}")
        changed = {name: value for name, value in given.items() if user.attributes.get(name) != value}
        schema.check_writable(
            sign_in.client.settings.get("WriteAttributes"), sign_in.pool.schema, list(changed)
        )
        schema.check_new(sign_in.pool.schema, {**user.attributes, **changed}, need_required=True)
        return changed

    # the end

    def _finish(self, sign_in: SignIn, user: User) -> Params:
        tokens = self._tokens.sign_in(sign_in.pool, sign_in.client, user)
        return {"ChallengeParameters": {}, "AuthenticationResult": tokens}
