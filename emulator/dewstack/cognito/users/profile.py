"""What users do with their own access token: read and change themselves, sign out, leave."""

import asyncio
from typing import Any

from msgspec.structs import replace

from dewstack.cognito import errors, schema
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.mail.messages import Messenger
from dewstack.cognito.model import User
from dewstack.cognito.secrets import passwords
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.shapes import attribute_list, mfa_shape
from dewstack.cognito.tokens.bearer import Bearer, Bearers
from dewstack.cognito.tokens.tokens import Tokens
from dewstack.cognito.triggers import Occasion
from dewstack.cognito.users.attributes import Attributes
from dewstack.cognito.users.codes import CHANGES, VERIFY, Codes, Limits
from dewstack.cognito.users.verification import Verification
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]


class Profiles:
    """The operations that an access token authorizes."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        bearers: Bearers,
        tokens: Tokens,
        codes: Codes,
        limits: Limits,
        messenger: Messenger,
        verification: Verification,
        attributes: Attributes,
    ) -> None:
        self._directory = directory
        self._heavy = heavy
        self._bearers = bearers
        self._tokens = tokens
        self._codes = codes
        self._limits = limits
        self._messenger = messenger
        self._verification = verification
        self._attributes = attributes

    @operation("GetUser")
    def get_user(self, caller: Caller, params: Params) -> Params:
        """The bearer, with the attributes their client may read."""
        bearer = self._bearers.bearer(params["AccessToken"])
        attributes = {"sub": bearer.user.sub, **bearer.user.attributes}
        shown = schema.readable(bearer.client.settings.get("ReadAttributes"), attributes)
        shown = {"sub": bearer.user.sub, **shown}
        told = {"Username": bearer.user.username, "UserAttributes": attribute_list(shown)}
        return {**told, **mfa_shape(bearer.user)}

    @operation("UpdateUserAttributes")
    async def update_user_attributes(self, caller: Caller, params: Params) -> Params:
        """Change one's attributes; a new address gets a code."""
        bearer, changes = await asyncio.to_thread(self._changes, params)
        occasion = Occasion(
            pool=bearer.pool, client_id=bearer.client.id, metadata=params.get("ClientMetadata")
        )
        sent = await self._attributes.update(occasion, bearer.user, changes)
        return {"CodeDeliveryDetailsList": sent}

    def _changes(self, params: Params) -> tuple[Bearer, dict[str, str]]:
        bearer = self._bearers.bearer(params["AccessToken"])
        changes = schema.attribute_map(params["UserAttributes"])
        schema.check_writable(
            bearer.client.settings.get("WriteAttributes"), bearer.pool.schema, list(changes)
        )
        return bearer, changes

    @operation("DeleteUserAttributes")
    def delete_user_attributes(self, caller: Caller, params: Params) -> Params:
        """Delete one's attributes."""
        bearer = self._bearers.bearer(params["AccessToken"])
        names = params["UserAttributeNames"]
        schema.check_writable(bearer.client.settings.get("WriteAttributes"), bearer.pool.schema, names)
        self._attributes.delete(bearer.pool, bearer.user, names)
        return {}

    @operation("GetUserAttributeVerificationCode")
    async def get_user_attribute_verification_code(self, caller: Caller, params: Params) -> Params:
        """Get a code for one's address."""
        bearer, attribute, value = await asyncio.to_thread(self._unverified, params)
        occasion = Occasion(
            pool=bearer.pool, client_id=bearer.client.id, metadata=params.get("ClientMetadata")
        )
        delivery = await self._messenger.prepare(occasion, "VerifyUserAttribute", bearer.user, [attribute])
        sent = await asyncio.to_thread(self._verification.send, delivery, bearer.user, attribute, value)
        await self._messenger.complete(delivery)
        return {"CodeDeliveryDetails": sent}

    def _unverified(self, params: Params) -> tuple[Bearer, str, str]:
        bearer = self._bearers.bearer(params["AccessToken"])
        attribute = _verifiable(params["AttributeName"])
        pending = self._codes.pending(bearer.pool, bearer.user, VERIFY[attribute])
        value = pending or bearer.user.attributes.get(attribute)
        if not value:
            raise errors.InvalidParameterException(f"User has no {attribute}.")
        return bearer, attribute, value

    @operation("VerifyUserAttribute")
    def verify_user_attribute(self, caller: Caller, params: Params) -> Params:
        """Prove an address with its code."""
        bearer = self._bearers.bearer(params["AccessToken"])
        attribute = _verifiable(params["AttributeName"])
        pool = bearer.pool
        with self._directory.transaction():
            user = self._directory.require(pool, bearer.user.username)
            code = self._codes.take(pool, user, VERIFY[attribute], params["Code"])
            if not isinstance(code, errors.CognitoError):
                self._directory.put(pool, self._verification.verified(pool, user, code, take_over=False))
        if isinstance(code, errors.CognitoError):
            raise code
        return {}

    @operation("ChangePassword")
    async def change_password(self, caller: Caller, params: Params) -> Params:
        """Set a new password with the present one; five wrong ones an hour."""
        return await self._heavy.run(self._change_password, params)

    def _change_password(self, params: Params) -> Params:
        bearer = self._bearers.bearer(params["AccessToken"])
        pool, user = bearer.pool, bearer.user
        if self._limits.exhausted(pool, user, CHANGES):
            raise errors.LimitExceededException()
        proposed = params["ProposedPassword"]
        passwords.check_policy(pool.password_policy, proposed, member="proposedPassword")
        if not passwords.matches(user.password, params.get("PreviousPassword") or ""):
            self._limits.count(pool, user, CHANGES)
            raise errors.NotAuthorizedException(errors.INCORRECT)
        if passwords.is_reused(pool.password_policy, user, proposed):
            raise errors.PasswordHistoryPolicyViolationException()
        kept = passwords.derive(pool.id, user.username, proposed)

        def changed(now: User) -> User:
            return replace(now, **passwords.succession(pool.password_policy, now, kept), temporary_until=None)

        self._directory.revise(pool, user, changed)
        return {}

    @operation("GlobalSignOut")
    def global_sign_out(self, caller: Caller, params: Params) -> Params:
        """End all one's sign-ins."""
        bearer = self._bearers.bearer(params["AccessToken"])
        self._tokens.revoke_all(bearer.pool, bearer.user)
        return {}

    @operation("RevokeToken")
    def revoke_token(self, caller: Caller, params: Params) -> Params:
        """End the sign-in that a refresh token belongs to."""
        pool, client = self._directory.client_anywhere(params["ClientId"])
        if not client.revocable:
            raise errors.UnsupportedOperationException("Token revocation is not enabled for this client")
        given = params.get("ClientSecret") or ""
        if client.secret is not None and not secret_hash.is_secret(client, given):
            raise errors.UnauthorizedException(f"Invalid secret for client {client.id}")
        if params["Token"].count(".") == 2:
            raise errors.UnsupportedTokenTypeException("Only refresh tokens can be revoked")
        self._tokens.revoke(pool, client, params["Token"])
        return {}

    @operation("DeleteUser")
    def delete_user(self, caller: Caller, params: Params) -> Params:
        """Remove oneself."""
        bearer = self._bearers.bearer(params["AccessToken"])
        self._directory.drop(bearer.pool, bearer.user)
        return {}


def _verifiable(attribute: str) -> str:
    if attribute not in VERIFY:
        raise errors.InvalidParameterException(
            f"Invalid attribute name {attribute}: only email and phone_number are verified."
        )
    return attribute
