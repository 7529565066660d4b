"""Changing the attributes of a user who exists, by themselves or by an administrator."""

import asyncio
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack.cognito import errors, schema
from dewstack.cognito.directory import Directory
from dewstack.cognito.mail.messages import Delivery, Messenger
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.triggers import Occasion
from dewstack.cognito.users.codes import VERIFY, Codes
from dewstack.cognito.users.verification import Verification


class _Changed(Struct, frozen=True):
    """A user with changes applied, not yet kept, and the addresses that are to get a code, by attribute."""

    user: User
    to_send: dict[str, str]


class Attributes:
    """Updates and deletions, and what follows from a new address: unverified, code sent, alias checked."""

    def __init__(
        self, directory: Directory, codes: Codes, messenger: Messenger, verification: Verification
    ) -> None:
        self._directory = directory
        self._messenger = messenger
        self._codes = codes
        self._verification = verification

    async def update(self, occasion: Occasion, user: User, changes: dict[str, str]) -> list[dict[str, Any]]:
        """Apply `changes`; an empty value deletes. Gives CodeDeliveryDetails of the codes that were sent.

        Raises InvalidParameterException, or AliasExistsException when an address is another user's.
        """
        pool = occasion.pool
        schema.check_update(pool.schema, changes)
        self._check_required(pool, [name for name, value in changes.items() if not value])
        changed = await asyncio.to_thread(self._try, pool, user, changes)
        delivery = await self._messenger.prepare(
            occasion, "UpdateUserAttribute", changed.user, list(changed.to_send)
        )
        sent = await asyncio.to_thread(self._apply, delivery, user, changes)
        await self._messenger.complete(delivery)
        return sent

    def _apply(self, delivery: Delivery, user: User, changes: dict[str, str]) -> list[dict[str, Any]]:
        pool = delivery.occasion.pool
        with self._directory.transaction():
            changed = self._try(pool, user, changes)
            for name in set(VERIFY) & set(changes):
                self._codes.cancel(pool, changed.user, VERIFY[name])
            self._directory.put(pool, changed.user)
            return [
                self._verification.send(delivery, changed.user, name, value)
                for name, value in changed.to_send.items()
            ]

    def _try(self, pool: UserPool, user: User, changes: dict[str, str]) -> _Changed:
        """What the changes would make of the user as they are now."""
        user = self._directory.require(pool, user.username)
        waiting = self._waiting(pool, user, changes)
        now = {name: value for name, value in changes.items() if name not in waiting}
        unproved = self._unproved(user, now)
        values = {**user.attributes, **now, **{f"{name}_verified": "false" for name in unproved}}
        for name in ("email", "phone_number", "preferred_username"):
            if name in now or f"{name}_verified" in now:
                self._check_alias(pool, user, name, values)
        user = replace(user, attributes={name: value for name, value in values.items() if value})
        addresses = [name for name in [*waiting, *unproved] if name in pool.auto_verified and changes[name]]
        return _Changed(user, {name: changes[name] for name in addresses})

    def delete(self, pool: UserPool, user: User, names: list[str]) -> None:
        """Delete attributes. Raises InvalidParameterException for required, immutable or unknown ones."""
        schema.check_changeable(pool.schema, names)
        self._check_required(pool, names)
        gone = {*names, *(f"{name}_verified" for name in names)}
        for name in set(names) & set(VERIFY):
            self._codes.cancel(pool, user, VERIFY[name])
        self._directory.revise(
            pool,
            user,
            lambda now: replace(
                now, attributes={name: value for name, value in now.attributes.items() if name not in gone}
            ),
        )

    def _check_required(self, pool: UserPool, names: list[str]) -> None:
        for name in names:
            attribute = pool.attribute(name)
            if attribute is not None and attribute.required:
                raise errors.InvalidParameterException(f"user.{name}: The attribute is required\n")
            if name in pool.username_attributes:
                raise errors.InvalidParameterException(f"user.{name}: Attribute cannot be deleted.\n")

    def _waiting(self, pool: UserPool, user: User, changes: dict[str, str]) -> list[str]:
        """Addresses whose new value must be proved first (AttributesRequireVerificationBeforeUpdate)."""
        return [
            name
            for name in pool.verify_before_update
            if changes.get(name)
            and changes[name] != user.attributes.get(name)
            and changes.get(f"{name}_verified") != "true"
        ]

    def _unproved(self, user: User, changes: dict[str, str]) -> list[str]:
        """Addresses that are new and not declared verified in the same breath."""
        return [
            name
            for name in VERIFY
            if changes.get(name)
            and changes[name] != user.attributes.get(name)
            and f"{name}_verified" not in changes
        ]

    def _check_alias(self, pool: UserPool, user: User, name: str, values: dict[str, str]) -> None:
        proved = name == "preferred_username" or values.get(f"{name}_verified") == "true"
        if values.get(name) and (proved or name in pool.username_attributes):
            self._verification.claim_alias(pool, user, name, values[name], take_over=False)
