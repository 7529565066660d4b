"""NEW_PASSWORD_REQUIRED: whoever was given a password chooses one of their own."""

import json

from msgspec.structs import replace

from dewstack.cognito import errors, schema
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User
from dewstack.cognito.secrets import passwords
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn
from dewstack.cognito.users.verification import Verification

NAME = "NEW_PASSWORD_REQUIRED"
PREFIX = "userAttributes."


class NewPassword:
    """Asks for the new password, with the attributes that are still missing, and sets it."""

    def __init__(
        self, directory: Directory, heavy: HeavyWork, sessions: Sessions, verification: Verification
    ) -> None:
        self._directory = directory
        self._heavy = heavy
        self._sessions = sessions
        self._verification = verification

    async def gate(self, sign_in: SignIn, passed: Passed) -> Next:
        """Ask, where the present password is a temporary one."""
        user = passed.user
        if user.status != "FORCE_CHANGE_PASSWORD":
            return passed
        missing = [
            PREFIX + attribute.name
            for attribute in sign_in.pool.schema
            if attribute.required and attribute.name != "sub" and not user.attributes.get(attribute.name)
        ]
        shown = schema.readable(sign_in.client.settings.get("ReadAttributes"), user.attributes)
        parameters = {
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": json.dumps(missing, separators=(",", ":")),
            "userAttributes": json.dumps(shown, separators=(",", ":")),
        }
        return Challenge(name=NAME, user=user, parameters=parameters)

    async def answer(self, sign_in: SignIn) -> Next:
        """Set the password that was chosen."""
        return await self._heavy.run(self._answer, sign_in)

    def _answer(self, sign_in: SignIn) -> Next:
        pool = sign_in.pool
        (password,) = sign_in.require("NEW_PASSWORD")
        opened = self._sessions.opened(sign_in, NAME)
        passwords.check_policy(pool.password_policy, password)
        attributes = self._attributes(sign_in, opened.user)
        if passwords.is_reused(pool.password_policy, opened.user, password):
            raise errors.PasswordHistoryPolicyViolationException()
        kept = passwords.derive(pool.id, opened.user.username, password)
        with self._directory.transaction():
            self._sessions.use(sign_in, NAME)
            user = self._directory.revise(
                pool,
                opened.user,
                lambda now: replace(
                    now,
                    **passwords.succession(pool.password_policy, now, kept),
                    status="CONFIRMED",
                    temporary_until=None,
                    attributes={**now.attributes, **attributes},
                ),
            )
            if attributes:
                self._verification.claim_aliases(pool, user)
        return Passed(user=user, source="TokenGeneration_NewPasswordChallenge")

    def _attributes(self, sign_in: SignIn, user: User) -> dict[str, str]:
        """The attributes that came with the new password; no required one may still be missing."""
        given = {
            name.removeprefix(PREFIX): value
            for name, value in sign_in.parameters.items()
            if name.startswith(PREFIX)
        }
        for name in ("email", "phone_number"):
            if name in given and user.attributes.get(name):
                raise errors.NotAuthorizedException(f"Cannot modify an already provided {name}")
        changed = {name: value for name, value in given.items() if user.attributes.get(name) != value}
        schema.check_writable(
            sign_in.client.settings.get("WriteAttributes"), sign_in.pool.schema, list(changed)
        )
        present = {name: value for name, value in user.attributes.items() if name != schema.IDENTITIES.name}
        schema.check_new(sign_in.pool.schema, {**present, **changed}, need_required=True)
        return changed
