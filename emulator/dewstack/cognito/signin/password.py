"""The first factor by password, sent as it is: USER_PASSWORD_AUTH and its siblings."""

import asyncio

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.secrets import passwords
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.signin.steps import Next, Passed, SignIn
from dewstack.cognito.triggers import Triggers
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.migration import Migration


class PasswordFactor:
    """Checks a password against the digest that is kept."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        lockout: Lockout,
        migration: Migration,
        triggers: Triggers,
    ) -> None:
        self._migration = migration
        self._directory = directory
        self._heavy = heavy
        self._lockout = lockout
        self._triggers = triggers

    async def begin(self, sign_in: SignIn) -> Next:
        """A sign-in that brings its password along."""
        name, password = sign_in.require("USERNAME", "PASSWORD")
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        user = await asyncio.to_thread(self._directory.find, sign_in.pool, name)
        if user is None:
            user = await self._migration.migrate(
                sign_in.occasion,
                "UserMigration_Authentication",
                name,
                password,
                hidden=sign_in.client.hides_users,
            )
        if user is None and not sign_in.client.hides_users:
            raise errors.UserNotFoundException()
        await self._triggers.pre_authentication(sign_in.occasion, user, name)
        return Passed(user=await self._heavy.run(self.check, sign_in.pool, user, name, password))

    def check(self, pool: UserPool, user: User | None, name: str, password: str) -> User:
        """The user, if the password is theirs. An unknown one costs the same and hears the same."""
        self._lockout.check(pool, user or name)
        if user is not None and user.status == "RESET_REQUIRED" and user.password is None:
            raise errors.PasswordResetRequiredException()
        right = passwords.matches(user.password if user else None, password)
        at_home = passwords.at_home(pool.id, user, password) if user is not None and right else None
        with self._directory.transaction():
            # Once more: guesses that came at the same time may have locked the user meanwhile.
            self._lockout.check(pool, user or name)
            if user is not None and right:
                return user if at_home is None else self._directory.revise(pool, user, at_home)
            self._lockout.fail(pool, user or name)
        raise errors.NotAuthorizedException(errors.INCORRECT)
