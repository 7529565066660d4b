"""A forgotten password: a code to a verified address, and with it a new password."""

import asyncio
from typing import Any

from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.mail.messages import Delivery, Messenger, delivery_details
from dewstack.cognito.model import Code, User, UserPool, UserPoolClient
from dewstack.cognito.secrets import passwords
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.triggers import Occasion, Triggers
from dewstack.cognito.users.codes import FORGOT_PASSWORD, GUESSES, REQUESTS, Codes, Limits
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.migration import Migration
from dewstack.cognito.users.simulation import simulated_delivery
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

RECOVERY = {"verified_email": "email", "verified_phone_number": "phone_number"}
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"


def recovery_mechanisms(pool: UserPool) -> list[str]:
    """AccountRecoverySetting's names by priority; a pool without one prefers the phone."""
    mechanisms = (pool.settings.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []
    ordered = sorted(mechanisms, key=lambda mechanism: mechanism["Priority"])
    return [mechanism["Name"] for mechanism in ordered] or ["verified_phone_number", "verified_email"]


def recovery_address(pool: UserPool, user: User) -> tuple[str, str] | None:
    """The verified attribute a reset code goes to, and its value, or None."""
    for name in recovery_mechanisms(pool):
        attribute = RECOVERY.get(name)
        if attribute and user.verified(attribute):
            return attribute, user.attributes[attribute]
    return None


def _can_recover(pool: UserPool, user: User) -> bool:
    """Whether a code would reach them; where it wouldn't, clients that hide users answer as if it did."""
    return user.enabled and (
        recovery_mechanisms(pool) == ["admin_only"] or bool(recovery_address(pool, user))
    )


class Recovery:
    """ForgotPassword, ConfirmForgotPassword and AdminResetUserPassword."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        codes: Codes,
        limits: Limits,
        messenger: Messenger,
        lockout: Lockout,
        migration: Migration,
        triggers: Triggers,
    ) -> None:
        self._migration = migration
        self._triggers = triggers
        self._directory = directory
        self._heavy = heavy
        self._codes = codes
        self._limits = limits
        self._messenger = messenger
        self._lockout = lockout

    @operation("ForgotPassword")
    async def forgot_password(self, caller: Caller, params: Params) -> Params:
        """Get a reset code at a verified address."""
        pool, client, user = await asyncio.to_thread(self._named, params)
        occasion = Occasion(
            pool=pool,
            client_id=client.id,
            metadata=params.get("ClientMetadata"),
        )
        if user is None:
            source = "UserMigration_ForgotPassword"
            user = await self._migration.migrate(
                occasion, source, params["Username"], hidden=client.hides_users
            )
        if user is None and not client.hides_users:
            raise errors.UserNotFoundException(errors.UNKNOWN_COMBINATION)
        if user is None or (client.hides_users and not _can_recover(pool, user)):
            await asyncio.to_thread(
                self._limits.spend, pool, params["Username"], REQUESTS, FORGOT_PASSWORD.name
            )
            return {"CodeDeliveryDetails": simulated_delivery(pool, params["Username"])}
        attribute, value = self._address(pool, user)
        delivery = await self._messenger.prepare(occasion, "ForgotPassword", user, [attribute])
        await asyncio.to_thread(self._send, delivery, user, attribute, value)
        await self._messenger.complete(delivery)
        return {"CodeDeliveryDetails": delivery_details(attribute, value)}

    @operation("ConfirmForgotPassword")
    async def confirm_forgot_password(self, caller: Caller, params: Params) -> Params:
        """Set a new password with the code."""
        pool, client, user = await self._heavy.run(self._confirm, params)
        occasion = Occasion(pool=pool, client_id=client.id, metadata=params.get("ClientMetadata"))
        await self._triggers.post_confirmation(occasion, "PostConfirmation_ConfirmForgotPassword", user)
        return {}

    def _confirm(self, params: Params) -> tuple[UserPool, UserPoolClient, User]:
        pool, client, user = self._named(params)
        if user is None and not client.hides_users:
            raise errors.UserNotFoundException(errors.UNKNOWN_COMBINATION)
        password = params["Password"]
        passwords.check_policy(pool.password_policy, password)
        kept = passwords.derive(pool.id, user.username if user else params["Username"], password)
        reused = passwords.is_reused(pool.password_policy, user, password)
        if user is None or (client.hides_users and not user.enabled):
            self._limits.spend(pool, params["Username"], GUESSES, FORGOT_PASSWORD.name)
            raise errors.CodeMismatchException()
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        with self._directory.transaction():
            user = self._directory.require(pool, user.username)
            code = self._codes.take(pool, user, FORGOT_PASSWORD, params["ConfirmationCode"])
            if isinstance(code, Code) and user.attributes.get(code.attribute) != code.value:
                code = errors.ExpiredCodeException()  # It went to an address that is the user's no more.
            if not isinstance(code, errors.CognitoError):
                # Only who has the code hears of it, and the code stays good.
                if reused:
                    raise errors.PasswordHistoryPolicyViolationException()
                fields = passwords.succession(pool.password_policy, user, kept)
                user = replace(user, **fields, status="CONFIRMED", temporary_until=None)
                self._directory.put(pool, user)
                self._lockout.clear(pool, user)
        if isinstance(code, errors.CognitoError):
            raise code
        return pool, client, user

    @operation("AdminResetUserPassword")
    async def admin_reset_user_password(self, caller: Caller, params: Params) -> Params:
        """Make a user reset their password, and send them the code."""
        pool, user = await asyncio.to_thread(self._required, caller, params)
        attribute, value = self._address(pool, user)
        occasion = Occasion(pool=pool, metadata=params.get("ClientMetadata"))
        delivery = await self._messenger.prepare(occasion, "ForgotPassword", user, [attribute])
        await asyncio.to_thread(self._reset, delivery, user, attribute, value)
        await self._messenger.complete(delivery)
        return {}

    def _required(self, caller: Caller, params: Params) -> tuple[UserPool, User]:
        pool = self._directory.pool(caller, params["UserPoolId"])
        return pool, self._directory.require(pool, params["Username"])

    def _reset(self, delivery: Delivery, user: User, attribute: str, value: str) -> None:
        with self._directory.transaction():
            self._send(delivery, user, attribute, value)
            self._directory.change(delivery.occasion.pool, user, status="RESET_REQUIRED")

    def _address(self, pool: UserPool, user: User) -> tuple[str, str]:
        """The attribute that a reset code goes to, and its value. Raises when the user is in no state to get
        one."""
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        if user.status in ("FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"):
            raise errors.NotAuthorizedException("User password cannot be reset in the current state.")
        if recovery_mechanisms(pool) == ["admin_only"]:
            raise errors.NotAuthorizedException("Contact administrator to reset password.")
        address = recovery_address(pool, user)
        if address is None:
            raise errors.InvalidParameterException(NO_ADDRESS)
        return address

    def _send(self, delivery: Delivery, user: User, attribute: str, value: str) -> None:
        pool = delivery.occasion.pool
        with self._directory.transaction():
            code = self._codes.issue(pool, user, FORGOT_PASSWORD, attribute, value)
            self._messenger.reset(delivery, user, attribute, value, code)

    def _named(self, params: Params) -> tuple[UserPool, UserPoolClient, User | None]:
        pool, client = self._directory.client_anywhere(params["ClientId"])
        secret_hash.check(client, params["Username"], params.get("SecretHash"))
        return pool, client, self._directory.find(pool, params["Username"])
