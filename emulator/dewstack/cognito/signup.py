"""Signing up: a person makes their own user, and confirms it with the code they were sent."""

import asyncio
from typing import Any

from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors, passwords, schema, secret_hash
from dewstack.cognito.codes import REQUESTS, SIGN_UP, Codes, Limits
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool, UserPoolClient
from dewstack.cognito.naming import Naming
from dewstack.cognito.simulation import simulated_delivery
from dewstack.cognito.verification import Verification
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]


class SignUps:
    """The operations from sign-up to confirmation."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        codes: Codes,
        limits: Limits,
        verification: Verification,
        naming: Naming,
    ) -> None:
        self._limits = limits
        self._directory = directory
        self._clock = clock
        self._codes = codes
        self._verification = verification
        self._naming = naming

    @operation("SignUp")
    async def sign_up(self, caller: Caller, params: Params) -> Params:
        """Make one's own user, unconfirmed, and get a code."""
        return await asyncio.to_thread(self._sign_up, params)

    @operation("ConfirmSignUp")
    async def confirm_sign_up(self, caller: Caller, params: Params) -> Params:
        """Answer with the code; its address is then verified."""
        return await asyncio.to_thread(self._confirm, params)

    @operation("ResendConfirmationCode")
    async def resend_confirmation_code(self, caller: Caller, params: Params) -> Params:
        """Get a new code; the old one no longer works."""
        return await asyncio.to_thread(self._resend, params)

    def _sign_up(self, params: Params) -> Params:
        pool, client = self._directory.client_anywhere(params["ClientId"])
        secret_hash.check(client, params["Username"], params.get("SecretHash"))
        if pool.admin_create_only:
            raise errors.NotAuthorizedException("SignUp is not permitted for this user pool")
        password = params.get("Password") or ""
        passwords.check_policy(pool.password_policy, password)
        attributes = schema.attribute_map(params.get("UserAttributes") or [])
        schema.check_writable(client.settings.get("WriteAttributes"), pool.schema, list(attributes))
        username, attributes = self._naming.name(pool, params["Username"], attributes)
        schema.check_new(pool.schema, attributes, need_required=True)
        self._naming.check_free(pool, params["Username"], attributes)
        user = self._new_user(pool, username, attributes, password)
        with self._directory.transaction():
            self._naming.check_free(pool, params["Username"], attributes)
            self._directory.put(pool, user)
            delivery = self._verification.send_sign_up(pool, client, user)
        output: Params = {"UserConfirmed": False, "UserSub": user.sub}
        return {**output, "CodeDeliveryDetails": delivery} if delivery else output

    def _new_user(self, pool: UserPool, username: str, attributes: dict[str, str], password: str) -> User:
        now = self._clock.time()
        for attribute in ("email", "phone_number"):
            if attribute in attributes:
                attributes = {**attributes, f"{attribute}_verified": "false"}
        return User(
            username=username,
            sub=username if pool.username_attributes else ids.uuid4(),
            attributes=attributes,
            status="UNCONFIRMED",
            created=now,
            modified=now,
            password=passwords.derive(pool.id, username, password),
        )

    def _confirm(self, params: Params) -> Params:
        pool, client, user = self._applicant(params)
        if user is None or (client.hides_users and not user.enabled):
            raise errors.ExpiredCodeException()
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        with self._directory.transaction():
            user = self._directory.require(pool, user.username)
            if user.status != "UNCONFIRMED":
                raise errors.NotAuthorizedException(
                    f"User cannot be confirmed. Current status is {user.status}"
                )
            code = self._codes.take(pool, user, SIGN_UP, params["ConfirmationCode"])
            if not isinstance(code, errors.CognitoError):
                if user.attributes.get(code.attribute) == code.value:
                    take_over = bool(params.get("ForceAliasCreation"))
                    user = self._verification.verified(pool, user, code, take_over=take_over)
                self._directory.put(pool, replace(user, status="CONFIRMED"))
        if isinstance(code, errors.CognitoError):
            raise code
        return {}

    def _resend(self, params: Params) -> Params:
        pool, client, user = self._applicant(params)
        if user is None or (client.hides_users and not user.enabled):
            self._limits.spend(pool, params["Username"], REQUESTS, SIGN_UP.name)
            return {"CodeDeliveryDetails": simulated_delivery(pool, params["Username"])}
        if user.status != "UNCONFIRMED":
            raise errors.InvalidParameterException("User is already confirmed.")
        delivery = self._verification.send_sign_up(pool, client, user)
        if delivery is None:
            raise errors.InvalidParameterException("Cannot resend codes. Auto verification not turned on.")
        return {"CodeDeliveryDetails": delivery}

    def _applicant(self, params: Params) -> tuple[UserPool, UserPoolClient, User | None]:
        """Pool, client and user of a request; no user only where the client hides who exists.

        Raises UserNotFoundException otherwise.
        """
        pool, client = self._directory.client_anywhere(params["ClientId"])
        secret_hash.check(client, params["Username"], params.get("SecretHash"))
        user = self._directory.find(pool, params["Username"])
        if user is None and not client.hides_users:
            raise errors.UserNotFoundException(errors.UNKNOWN_COMBINATION)
        return pool, client, user
