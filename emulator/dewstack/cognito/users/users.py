"""Users in an administrator's hands: made, invited, confirmed, given a password, disabled, deleted."""

import asyncio
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors, schema
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.first_factors import is_passwordless
from dewstack.cognito.mail.messages import MEDIUMS, Delivery, Messenger
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.secrets import passwords
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.shapes import describe_user, mfa_shape
from dewstack.cognito.tokens.tokens import Tokens
from dewstack.cognito.triggers import Occasion, Triggers
from dewstack.cognito.users.attributes import Attributes
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.naming import Naming
from dewstack.cognito.users.verification import Verification
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

ADMIN_WORDING = "password policy"
EXISTS = "User account already exists"


class Invited(Struct, frozen=True):
    """A user an administrator makes, or invites `again`, as they would be, with their temporary password: empty for
    those who sign in by codes alone."""

    pool: UserPool
    user: User
    password: str
    again: bool = False


class Users:
    """The Admin operations on users."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        clock: Clock,
        tokens: Tokens,
        lockout: Lockout,
        messenger: Messenger,
        verification: Verification,
        attributes: Attributes,
        naming: Naming,
        triggers: Triggers,
    ) -> None:
        self._triggers = triggers
        self._directory = directory
        self._heavy = heavy
        self._clock = clock
        self._tokens = tokens
        self._lockout = lockout
        self._messenger = messenger
        self._verification = verification
        self._attributes = attributes
        self._naming = naming

    @operation("AdminCreateUser")
    async def admin_create_user(self, caller: Caller, params: Params) -> Params:
        """Make and invite a user, or invite them again (MessageAction RESEND)."""
        made = await self._heavy.run(self._invited, caller, params)
        pool, user = made.pool, made.user
        occasion = Occasion(
            pool=pool,
            metadata=params.get("ClientMetadata"),
            validation=schema.validation_data(params),
        )
        if not made.again:
            # What PreSignUp answers (autoConfirmUser...) is ignored here, as on AWS: it can only refuse.
            await self._triggers.pre_sign_up(
                occasion, "PreSignUp_AdminCreateUser", user.username, user.attributes
            )
        addresses = _addresses(user, params)
        delivery = await self._messenger.prepare(occasion, "AdminCreateUser", user, addresses)
        user = await asyncio.to_thread(self._invite, made, params, delivery)
        await self._messenger.complete(delivery)
        return {"User": describe_user(user)}

    def _invited(self, caller: Caller, params: Params) -> Invited:
        """The user as they would be, if nobody refuses."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        again = params.get("MessageAction") == "RESEND"
        password = params.get("TemporaryPassword") or ""
        if not password and (again or not is_passwordless(pool)):
            password = passwords.generate(pool.password_policy)
        if password:
            passwords.check_policy(
                pool.password_policy, password, wording=ADMIN_WORDING, member="temporaryPassword"
            )
        now = self._clock.time()
        until = now + pool.temporary_password_seconds
        if again:
            user = self._directory.require(pool, params["Username"])
            if user.status != "FORCE_CHANGE_PASSWORD":
                raise errors.UnsupportedUserStateException(
                    f"Resend not possible. {user.username} status is not FORCE_CHANGE_PASSWORD"
                )
            kept = passwords.derive(pool.id, user.username, password)
            user = replace(user, password=kept, temporary_until=until)
            return Invited(pool, user, password, again=True)
        attributes = schema.attribute_map(params.get("UserAttributes") or [])
        username, attributes = self._naming.name(pool, params["Username"], attributes)
        schema.check_new(pool.schema, attributes, need_required=False)
        self._naming.check_free(pool, params["Username"], attributes, EXISTS)
        user = User(
            username=username,
            sub=username if pool.username_attributes else ids.uuid4(),
            attributes=attributes,
            status="FORCE_CHANGE_PASSWORD" if password else "CONFIRMED",
            created=now,
            modified=now,
            password=passwords.derive(pool.id, username, password) if password else None,
            temporary_until=until if password else None,
        )
        return Invited(pool, user, password)

    def _invite(self, made: Invited, params: Params, delivery: Delivery) -> User:
        """Keep the user and send the temporary password."""
        pool, user = made.pool, made.user
        with self._directory.transaction():
            if made.again:
                user = self._directory.change(
                    pool, user, password=user.password, temporary_until=user.temporary_until
                )
            else:
                self._naming.check_free(pool, params["Username"], user.attributes, EXISTS)
                take_over = bool(params.get("ForceAliasCreation"))
                self._verification.claim_aliases(pool, user, take_over=take_over)
                self._directory.put(pool, user)
            for attribute in _addresses(user, params):
                self._messenger.invitation(
                    delivery, user, attribute, user.attributes[attribute], made.password
                )
        return user

    @operation("AdminGetUser")
    def admin_get_user(self, caller: Caller, params: Params) -> Params:
        """One user, by username, alias or sub."""
        _, user = self._named(caller, params)
        shape = describe_user(user)
        shape["UserAttributes"] = shape.pop("Attributes")
        shape |= mfa_shape(user)
        return shape

    @operation("AdminConfirmSignUp")
    async def admin_confirm_sign_up(self, caller: Caller, params: Params) -> Params:
        """Confirm without a code; addresses stay unverified."""
        pool, user = await asyncio.to_thread(self._confirm, caller, params)
        occasion = Occasion(pool=pool, metadata=params.get("ClientMetadata"))
        await self._triggers.post_confirmation(occasion, "PostConfirmation_ConfirmSignUp", user)
        return {}

    def _confirm(self, caller: Caller, params: Params) -> tuple[UserPool, User]:
        with self._directory.transaction():
            pool, user = self._named(caller, params)
            if user.status != "UNCONFIRMED":
                raise errors.NotAuthorizedException(
                    f"User cannot be confirmed. Current status is {user.status}"
                )
            return pool, self._directory.change(pool, user, status="CONFIRMED")

    @operation("AdminSetUserPassword")
    async def admin_set_user_password(self, caller: Caller, params: Params) -> Params:
        """Set a password for good, or one that must be changed at the next sign-in."""
        return await self._heavy.run(self._set_password, caller, params)

    def _set_password(self, caller: Caller, params: Params) -> Params:
        pool, user = self._named(caller, params)
        password = params["Password"]
        passwords.check_policy(pool.password_policy, password, wording=ADMIN_WORDING)
        if passwords.is_reused(pool.password_policy, user, password):
            raise errors.PasswordHistoryPolicyViolationException()
        kept = passwords.derive(pool.id, user.username, password)
        permanent = bool(params.get("Permanent"))
        until = None if permanent else self._clock.time() + pool.temporary_password_seconds
        self._directory.revise(
            pool,
            user,
            lambda now: replace(
                now,
                **passwords.succession(pool.password_policy, now, kept),
                status="CONFIRMED" if permanent else "FORCE_CHANGE_PASSWORD",
                temporary_until=until,
            ),
        )
        self._lockout.clear(pool, user)
        return {}

    @operation("AdminDeleteUser")
    def admin_delete_user(self, caller: Caller, params: Params) -> Params:
        """Remove a user and all that is theirs."""
        pool, user = self._named(caller, params)
        self._directory.drop(pool, user)
        return {}

    @operation("AdminUpdateUserAttributes")
    async def admin_update_user_attributes(self, caller: Caller, params: Params) -> Params:
        """Change attributes, verified flags included."""
        pool, user = await asyncio.to_thread(self._named, caller, params)
        occasion = Occasion(pool=pool, metadata=params.get("ClientMetadata"))
        await self._attributes.update(occasion, user, schema.attribute_map(params["UserAttributes"]))
        return {}

    @operation("AdminDeleteUserAttributes")
    def admin_delete_user_attributes(self, caller: Caller, params: Params) -> Params:
        """Delete attributes."""
        pool, user = self._named(caller, params)
        self._attributes.delete(pool, user, params["UserAttributeNames"])
        return {}

    @operation("AdminDisableUser")
    def admin_disable_user(self, caller: Caller, params: Params) -> Params:
        """Keep a user out and end their sign-ins."""
        with self._directory.transaction():
            pool, user = self._named(caller, params)
            self._directory.change(pool, user, enabled=False)
            self._tokens.revoke_all(pool, user)
        return {}

    @operation("AdminEnableUser")
    def admin_enable_user(self, caller: Caller, params: Params) -> Params:
        """Let a user in again."""
        pool, user = self._named(caller, params)
        self._directory.change(pool, user, enabled=True)
        return {}

    @operation("AdminUserGlobalSignOut")
    def admin_user_global_sign_out(self, caller: Caller, params: Params) -> Params:
        """End all sign-ins of a user."""
        pool, user = self._named(caller, params)
        self._tokens.revoke_all(pool, user)
        return {}

    def _named(self, caller: Caller, params: Params) -> tuple[UserPool, User]:
        pool = self._directory.pool(caller, params["UserPoolId"])
        return pool, self._directory.require(pool, params["Username"])


def _addresses(user: User, params: Params) -> list[str]:
    """The attributes that the temporary password goes to: by text message by default, else by e-mail."""
    if params.get("MessageAction") == "SUPPRESS" or user.password is None:
        return []
    asked = params.get("DesiredDeliveryMediums")
    reachable = [name for name in ("phone_number", "email") if user.attributes.get(name)]
    return [name for name in reachable if MEDIUMS[name] in asked] if asked else reachable[:1]
