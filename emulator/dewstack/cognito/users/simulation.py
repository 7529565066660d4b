"""Answers about users who do not exist, for clients that must not tell (PreventUserExistenceErrors)."""

import hashlib
from typing import Any

from dewstack.cognito.mail.messages import delivery_details
from dewstack.cognito.model import UserPool
from dewstack.cognito.schema import EMAIL, PHONE_NUMBER


def simulated_address(pool: UserPool, name: str, attribute: str) -> str:
    """An address as the user called `name` could have: the same at each call. Only ever shown masked."""
    if (EMAIL if attribute == "email" else PHONE_NUMBER).fullmatch(name):
        return name
    digest = hashlib.sha256(f"{pool.id}{pool.created}{pool.fold(name)}".encode()).digest()
    if attribute == "phone_number":
        return f"{int.from_bytes(digest[:4], 'big') % 10**4:04d}"
    first, second = (chr(ord("a") + byte % 26) for byte in digest[:2])
    return f"{first}@{second}"


def simulated_delivery(pool: UserPool, name: str) -> dict[str, Any]:
    """CodeDeliveryDetails as if a code had gone to the user called `name`: the same at each call."""
    if EMAIL.fullmatch(name):
        return delivery_details("email", name)
    if PHONE_NUMBER.fullmatch(name):
        return delivery_details("phone_number", name)
    attribute = "phone_number" if pool.auto_verified == ["phone_number"] else "email"
    return delivery_details(attribute, simulated_address(pool, name, attribute))
