"""Whom an identity provider's users are in the pool: the `identities` attribute, and the way back from it."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.providers.identity_providers import IdentityProvider, IdentityProviders
from dewstack.cognito.schema import IDENTITIES

ATTRIBUTE = IDENTITIES.name
SUBJECT = "Cognito_Subject"
"""What AWS calls the provider's own id of a user, whatever claim that is."""
NATIVE = "Cognito"
"""The provider's name of users who have a password of the pool."""
MOST = 5
"""Identities that can be linked to one user."""


class Link(Struct, frozen=True, kw_only=True):
    """A provider's user: the value of an attribute that the provider tells at sign-in."""

    provider: str
    attribute: str
    value: str

    @property
    def parts(self) -> tuple[str, str, str]:
        """The link in keys of the store."""
        return self.provider, self.attribute, self.value


class Identities:
    """The links between users of the pool and users of its identity providers."""

    def __init__(self, directory: Directory, clock: Clock, providers: IdentityProviders) -> None:
        self._directory = directory
        self._clock = clock
        self._providers = providers
        self._owners = directory.of_pool("identities", str)
        self._links = directory.of_user("identity-links", Link)
        directory.when_dropped(self._forget)

    def of(self, user: User) -> list[dict[str, Any]]:
        """The user's `identities`, as AWS has them: userId, providerName, providerType, issuer, primary, dateCreated
        (milliseconds)."""
        return list(json.loads(user.attributes.get(ATTRIBUTE, "[]")))

    def owner(self, pool: UserPool, link: Link) -> User | None:
        """The user whom the link belongs to, or None."""
        if "\0" in link.attribute + link.value:
            return None
        key = self._owners.get(*pool.key, *link.parts)
        user = self._directory.user_by_key(pool, key) if key else None
        linked = [(each["providerName"], each["userId"]) for each in self.of(user)] if user else []
        # What is left of a user who is gone means nothing, whoever has the name now.
        return user if (link.provider, link.value) in linked else None

    def signing_in(
        self, pool: UserPool, provider: str, subject: str, claims: Mapping[str, Any]
    ) -> User | None:
        """The user who signs in as `subject` of the provider: linked by it, or by another of its claims."""
        user = self.owner(pool, Link(provider=provider, attribute=SUBJECT, value=subject))
        for attribute, value in claims.items():
            if user is None and isinstance(value, str) and attribute != SUBJECT:
                user = self.owner(pool, Link(provider=provider, attribute=attribute, value=value))
        return user

    def link(self, pool: UserPool, user: User, link: Link, *, primary: bool = False) -> User:
        """Make the link. `primary` is set for users who exist only through the provider.

        Raises InvalidParameterException where it is already made or belongs to another, LimitExceededException.
        """
        with self._directory.transaction():
            provider = self._providers.require(pool, link.provider)
            owner = self.owner(pool, link)
            if owner is not None:
                raise errors.InvalidParameterException(
                    "SourceUser is already linked to DestinationUser"
                    if owner.sub == user.sub
                    else "Merging is not currently supported, provide a SourceUser that has not been signed up "
                    "in order to link"
                )
            identities = self.of(user)
            if len(identities) >= MOST:
                raise errors.LimitExceededException(f"A user can have at most {MOST} linked identities.")
            identities.append(self._identity(provider, link, primary))
            self._owners.put(pool.fold(user.username), *pool.key, *link.parts)
            self._links.put(link, *pool.key, user.sub, *link.parts)
            return self._set(pool, user, identities)

    def unlink(self, pool: UserPool, link: Link) -> User:
        """End the link. Raises UserNotFoundException when there is none."""
        with self._directory.transaction():
            user = self.owner(pool, link)
            if user is None:
                raise errors.UserNotFoundException()
            self._owners.delete(*pool.key, *link.parts)
            self._links.delete(*pool.key, user.sub, *link.parts)
            gone = (link.provider, link.value)
            rest = [each for each in self.of(user) if (each["providerName"], each["userId"]) != gone]
            return self._set(pool, user, rest)

    def _forget(self, pool: UserPool, user: User) -> None:
        for link in self._links.scan(*pool.key, user.sub):
            self._owners.delete(*pool.key, *link.parts)

    def _identity(self, provider: IdentityProvider, link: Link, primary: bool) -> dict[str, Any]:
        issuer = provider.details.get("MetadataURL") if provider.type == "SAML" else None
        return {
            "userId": link.value,
            "providerName": provider.name,
            "providerType": provider.type,
            "issuer": issuer,
            "primary": primary,
            "dateCreated": int(self._clock.time() * 1000),
        }

    def _set(self, pool: UserPool, user: User, identities: list[dict[str, Any]]) -> User:
        def revision(now: User) -> User:
            attributes = {name: value for name, value in now.attributes.items() if name != ATTRIBUTE}
            if identities:
                attributes[ATTRIBUTE] = json.dumps(identities, separators=(",", ":"))
            return replace(now, attributes=attributes)

        return self._directory.revise(pool, user, revision)
