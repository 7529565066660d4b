"""What a user pool's tokens say, claim by claim, in the order AWS writes them."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from dewstack.cognito.model import Group, TokenFamily, User, UserPoolClient
from dewstack.cognito.schema import VERIFIED_FLAGS, readable

Claims = dict[str, Any]

SHOWN_BY = {
    "email": frozenset({"email", "email_verified"}),
    "phone": frozenset({"phone_number", "phone_number_verified"}),
}
"""Scopes that show some attributes; `profile` shows all, and so does `openid` where nothing else is asked for."""


def disclosed(scopes: Sequence[str], attributes: dict[str, str]) -> dict[str, str]:
    """The attributes that a hosted sign-in's scopes show, of those the client may read."""
    narrow = [SHOWN_BY[scope] for scope in scopes if scope in SHOWN_BY]
    if "profile" in scopes or not narrow:
        return attributes
    names = frozenset[str]().union(*narrow)
    return {name: value for name, value in attributes.items() if name in names}


def by_precedence(groups: list[Group]) -> list[Group]:
    """Groups, the most important (lowest precedence) first; those without one last."""
    return sorted(groups, key=lambda g: (g.precedence is None, g.precedence or 0, g.name))


def _identities(value: str) -> list[dict[str, Any]]:
    """The `identities` attribute as the identity token has it: numbers and booleans are text."""
    return [
        {
            **identity,
            "dateCreated": str(identity["dateCreated"]),
            "primary": str(identity["primary"]).lower(),
        }
        for identity in msgspec.json.decode(value)
    ]


SHAPES: dict[str, Callable[[str], Any]] = {
    "address": lambda value: {"formatted": value},
    "identities": _identities,
}
"""Attributes that are no strings in an identity token."""


def id_claims(
    issuer: str,
    client: UserPoolClient,
    user: User,
    groups: list[Group],
    family: TokenFamily,
    now: int,
    jti: str,
) -> Claims:
    """The identity token's claims: who the user is, in the attributes that the client may read."""
    attributes = readable(client.settings.get("ReadAttributes"), user.attributes)
    if family.hosted:
        attributes = disclosed(family.scopes, attributes)
    if "identities" in user.attributes:  # who they are at a provider is said whatever the client may read
        attributes = {**attributes, "identities": user.attributes["identities"]}
    claims: Claims = {"sub": user.sub}
    if groups:
        claims["cognito:groups"] = [group.name for group in groups]
    if "email_verified" in attributes:
        claims["email_verified"] = attributes["email_verified"] == "true"
    claims["iss"] = issuer
    if "phone_number_verified" in attributes:
        claims["phone_number_verified"] = attributes["phone_number_verified"] == "true"
    claims["cognito:username"] = user.username
    if client.revocable:
        claims["origin_jti"] = family.origin_jti
    claims |= {
        "aud": client.id,
        "event_id": family.event_id,
        "token_use": "id",
        "auth_time": family.auth_time,
        "exp": now + client.validity("IdToken"),
        "iat": now,
    }
    if client.revocable:
        claims["jti"] = jti
    for name, value in attributes.items():
        if name not in VERIFIED_FLAGS:
            claims[name] = SHAPES[name](value) if name in SHAPES else value
    return claims | role_claims(groups)


def access_claims(
    issuer: str,
    client: UserPoolClient,
    user: User,
    groups: list[Group],
    family: TokenFamily,
    now: int,
    jti: str,
) -> Claims:
    """The access token's claims: what its bearer may do."""
    claims: Claims = {"sub": user.sub}
    if family.device_key:
        claims["device_key"] = family.device_key
    if groups:
        claims["cognito:groups"] = [group.name for group in groups]
    claims["iss"] = issuer
    if family.hosted:
        claims["version"] = 2
    if family.audience:
        claims["aud"] = family.audience
    claims["client_id"] = client.id
    if client.revocable:
        claims["origin_jti"] = family.origin_jti
    claims |= {
        "event_id": family.event_id,
        "token_use": "access",
        "scope": " ".join(family.scopes),
        "auth_time": family.auth_time,
        "exp": now + client.validity("AccessToken"),
        "iat": now,
    }
    if client.revocable:
        claims["jti"] = jti
    claims["username"] = user.username
    return claims


def client_claims(issuer: str, client: UserPoolClient, scopes: Sequence[str], now: int, jti: str) -> Claims:
    """The access token's claims where a client signs in by itself (client_credentials)."""
    return {
        "sub": client.id,
        "token_use": "access",
        "scope": " ".join(scopes),
        "auth_time": now,
        "iss": issuer,
        "exp": now + client.validity("AccessToken"),
        "iat": now,
        "version": 2,
        "jti": jti,
        "client_id": client.id,
    }


def role_claims(groups: list[Group]) -> Claims:
    """The IAM roles of groups, and the preferred one where it is clear which."""
    roles = [group.role_arn for group in groups if group.role_arn]
    if not roles:
        return {}
    claims: Claims = {"cognito:roles": roles}
    first = [group for group in groups if group.role_arn and group.precedence == groups[0].precedence]
    if len({group.role_arn for group in first}) == 1:
        claims["cognito:preferred_role"] = first[0].role_arn
    return claims
