"""Sending codes, and marking as verified what a right code has proved."""

from typing import Any

from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.mail.messages import Delivery, Messenger, delivery_details
from dewstack.cognito.model import Code, User, UserPool, UserPoolClient
from dewstack.cognito.users.codes import SIGN_UP, VERIFY, Codes

BY_PREFERENCE = ("phone_number", "email")
"""Where both could get a code, AWS sends a text message only."""
PREFERRED_USERNAME = "preferred_username"


def auto_verifiable(pool: UserPool, attributes: dict[str, str]) -> str | None:
    """The attribute that gets a code by itself (AutoVerifiedAttributes), or None."""
    return next((name for name in BY_PREFERENCE if name in pool.auto_verified and attributes.get(name)), None)


class Verification:
    """Codes that prove an address: issued, sent, and what follows from a right one."""

    def __init__(self, directory: Directory, codes: Codes, messenger: Messenger) -> None:
        self._directory = directory
        self._codes = codes
        self._messenger = messenger

    def send_sign_up(self, delivery: Delivery, client: UserPoolClient, user: User) -> dict[str, Any] | None:
        """Send the code that confirms a sign-up: CodeDeliveryDetails, or None if nothing is verified."""
        pool = delivery.occasion.pool
        attribute = auto_verifiable(pool, user.attributes)
        if attribute is None:
            return None
        value = user.attributes[attribute]
        with self._directory.transaction():
            code = self._codes.issue(pool, user, SIGN_UP, attribute, value)
            self._messenger.verification(delivery, user, attribute, value, code, client.id)
        return delivery_details(attribute, value)

    def send(self, delivery: Delivery, user: User, attribute: str, value: str) -> dict[str, Any]:
        """Send the code that verifies an attribute: CodeDeliveryDetails."""
        with self._directory.transaction():
            code = self._codes.issue(delivery.occasion.pool, user, VERIFY[attribute], attribute, value)
            self._messenger.verification(delivery, user, attribute, value, code)
        return delivery_details(attribute, value)

    def verified(self, pool: UserPool, user: User, code: Code, *, take_over: bool) -> User:
        """The user with the code's attribute verified; not yet kept.

        Raises AliasExistsException when another user signs in with that value, unless `take_over`: then the
        other one loses it as an alias. Call it in a transaction.
        """
        self.claim_alias(pool, user, code.attribute, code.value, take_over=take_over)
        proved = {code.attribute: code.value, f"{code.attribute}_verified": "true"}
        return replace(user, attributes={**user.attributes, **proved})

    def claim_aliases(self, pool: UserPool, user: User, *, take_over: bool = False) -> None:
        """As `claim_alias`, for all that the user would sign in by."""
        for attribute in (*BY_PREFERENCE, PREFERRED_USERNAME):
            if _signs_in_by(pool, user, attribute):
                self.claim_alias(pool, user, attribute, user.attributes[attribute], take_over=take_over)

    def claim_alias(self, pool: UserPool, user: User, attribute: str, value: str, *, take_over: bool) -> None:
        """Make sure that only this user signs in with the value. Raises AliasExistsException."""
        if attribute not in (*pool.alias_attributes, *pool.username_attributes):
            return
        for other in self._directory.having(pool, attribute, value):
            if other.sub == user.sub or not _signs_in_by(pool, other, attribute):
                continue
            if not take_over or attribute == PREFERRED_USERNAME:
                raise errors.AliasExistsException(f"An account with the {attribute} already exists.")
            self._directory.put(
                pool, replace(other, attributes={**other.attributes, f"{attribute}_verified": "false"})
            )


def _signs_in_by(pool: UserPool, user: User, attribute: str) -> bool:
    """Whether the attribute, if the pool lets people sign in by it, leads to this user. There is nothing to verify of a
    preferred username, and a username's address counts as it is."""
    proved = attribute == PREFERRED_USERNAME or attribute in pool.username_attributes
    return bool(user.attributes.get(attribute)) and (proved or user.verified(attribute))
