"""What PreTokenGeneration may change of tokens: claims, scopes, groups and roles, save those that are Cognito's own."""

from typing import Any

from msgspec import Struct

from dewstack.cognito.tokens.claims import Claims
from dewstack.cognito.triggers import (
    ClaimsOverrides,
    GroupOverrides,
    PreTokenGenerationAnswer,
    PreTokenGenerationV2Answer,
    TokenOverrides,
)

RESERVED = frozenset(
    "acr amr at_hash auth_time azp exp iat iss jti nbf nonce origin_jti sub token_use".split()
)
RESERVED_IDENTITY = RESERVED | {"aud", "cognito:username", "identities"}
RESERVED_ACCESS = RESERVED | {"client_id", "device_key", "event_id", "scope", "username", "version"}
"""Claims whose value stays, whatever the trigger says of them. `scope` is changed by its scopes alone."""

_GROUPS = {"cognito:groups", "cognito:roles", "cognito:preferred_role"}


class Overrides(Struct, frozen=True):
    """What a trigger wants of a pair of tokens."""

    identity: TokenOverrides = TokenOverrides()
    access: TokenOverrides = TokenOverrides()
    groups: GroupOverrides | None = None

    def identity_claims(self, claims: Claims) -> Claims:
        """The identity token's claims as they are to be."""
        claims = _changed(claims, self.identity, RESERVED_IDENTITY)
        return claims if self.groups is None else _grouped(claims, self.groups)

    def access_claims(self, claims: Claims) -> Claims:
        """The access token's claims as they are to be. An `aud` is taken only if it is the client's own id
        or was there already."""
        changed = _changed(claims, self.access, RESERVED_ACCESS)
        if "aud" in changed and changed["aud"] not in (claims.get("client_id"), claims.get("aud")):
            del changed["aud"]
        scopes = str(claims.get("scope") or "").split()
        gone = self.access.scopes_to_suppress or []
        added = [scope for scope in self.access.scopes_to_add or [] if scope and " " not in scope]
        changed["scope"] = " ".join(dict.fromkeys([s for s in scopes if s not in gone] + added))
        if self.groups is None or self.groups.groups_to_override is None:
            return changed
        return _ordered(changed, {"cognito:groups": self.groups.groups_to_override})


def overrides_of(answer: PreTokenGenerationAnswer | PreTokenGenerationV2Answer | None) -> Overrides | None:
    """What was answered, whichever version it was asked in; None when nothing was."""
    if answer is None:
        return None
    if isinstance(answer, PreTokenGenerationV2Answer):
        both = answer.claims_and_scope_override_details
        return Overrides(
            both.id_token_generation or TokenOverrides(),
            both.access_token_generation or TokenOverrides(),
            both.group_override_details,
        )
    first: ClaimsOverrides = answer.claims_override_details
    identity = TokenOverrides(first.claims_to_add_or_override, first.claims_to_suppress)
    return Overrides(identity, groups=first.group_override_details)


def _changed(claims: Claims, wanted: TokenOverrides, reserved: frozenset[str]) -> Claims:
    """Suppressing wins over overriding, as on AWS."""
    suppressed = set(wanted.claims_to_suppress or ()) - reserved
    added = {
        name: value
        for name, value in (wanted.claims_to_add_or_override or {}).items()
        if name not in reserved and name not in _GROUPS
    }
    return {name: value for name, value in {**claims, **added}.items() if name not in suppressed}


def _grouped(claims: Claims, groups: GroupOverrides) -> Claims:
    """Groups and roles as they are to be; what the trigger doesn't name stays."""
    named: dict[str, Any] = {
        "cognito:groups": groups.groups_to_override,
        "cognito:roles": groups.iam_roles_to_override,
        "cognito:preferred_role": groups.preferred_role,
    }
    return _ordered(claims, {name: value for name, value in named.items() if value is not None})


def _ordered(claims: Claims, changes: Claims) -> Claims:
    """The claims with changes in place; an empty one is left out, a new one stands behind `sub`."""
    new = {name: value for name, value in changes.items() if name not in claims}
    merged: Claims = {}
    for name, value in claims.items():
        merged[name] = changes.get(name, value)
        if name == "sub":
            merged |= new
    return {name: value for name, value in {**new, **merged}.items() if name not in changes or value}
