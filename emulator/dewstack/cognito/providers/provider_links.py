"""AdminLinkProviderForUser and AdminDisableProviderForUser."""

from typing import Any

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.providers.identities import NATIVE, SUBJECT, Identities, Link
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]


class ProviderLinks:
    """The operations that tie users to their identities at identity providers."""

    def __init__(self, directory: Directory, identities: Identities) -> None:
        self._directory = directory
        self._identities = identities

    @operation("AdminLinkProviderForUser")
    def admin_link_provider_for_user(self, caller: Caller, params: Params) -> Params:
        """Let SourceUser, who has not signed in yet, sign in as DestinationUser."""
        source = _link(params["SourceUser"], "SourceUser")
        if source.provider == NATIVE:
            raise errors.InvalidParameterException("SourceUser must be a user of an identity provider.")
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            self._identities.link(pool, self._destination(pool, params["DestinationUser"]), source)
        return {}

    @operation("AdminDisableProviderForUser")
    def admin_disable_provider_for_user(self, caller: Caller, params: Params) -> Params:
        """End a link, or for the provider Cognito take away the user's password."""
        link = _link(params["User"], "User")
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            if link.provider != NATIVE:
                self._identities.unlink(pool, link)
            elif link.attribute != SUBJECT:
                raise errors.InvalidParameterException(
                    f"The ProviderAttributeName of a Cognito user must be {SUBJECT}."
                )
            else:
                user = self._directory.require(pool, link.value)
                self._directory.change(pool, user, password=None, temporary_until=None)
        return {}

    def _destination(self, pool: UserPool, shape: Params) -> User:
        name, value = shape.get("ProviderName"), shape.get("ProviderAttributeValue")
        if not name or not value:
            raise errors.InvalidParameterException(
                "DestinationUser needs ProviderName and ProviderAttributeValue."
            )
        if name == NATIVE:
            return self._directory.require(pool, value)
        user = self._identities.owner(pool, Link(provider=name, attribute=SUBJECT, value=value))
        if user is None:
            raise errors.UserNotFoundException()
        return user


def _link(shape: Params, member: str) -> Link:
    name, attribute, value = (
        shape.get(key) for key in ("ProviderName", "ProviderAttributeName", "ProviderAttributeValue")
    )
    if not name or not attribute or not value:
        raise errors.InvalidParameterException(
            f"{member} needs ProviderName, ProviderAttributeName and ProviderAttributeValue."
        )
    if "\0" in attribute + value:
        raise errors.InvalidParameterException(f"{member} has an attribute with a null character.")
    return Link(provider=name, attribute=attribute, value=value)
