"""Identity providers of a pool: OIDC, SAML and social sign-in, as they are configured and found.

What AWS would fetch from the provider while it stores it (an OIDC issuer's discovery document, SAML metadata)
is left to the sign-in.
"""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.paging import page
from dewstack.cognito.providers.provider_details import complete
from dewstack.cognito.schema import IDENTITIES
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

_PAGE = 60
_OWN = frozenset({"sub", IDENTITIES.name})
"""Attributes that Cognito sets by itself."""
_MEMBERS = {
    "AttributeMapping": "attribute_mapping",
    "IdpIdentifiers": "identifiers",
    "AcrMapping": "acr_mapping",
}


class IdentityProvider(Struct, frozen=True, kw_only=True):
    """A provider that people may sign in with. Times are seconds since the epoch."""

    name: str
    type: str
    """SAML, Facebook, Google, LoginWithAmazon, SignInWithApple, OIDC."""
    details: dict[str, str]
    """ProviderDetails: `client_id`, `oidc_issuer`, `MetadataURL`..., endpoints of social providers filled in."""
    attribute_mapping: dict[str, str] = field(default_factory=dict)
    """The pool's attribute, or `username`, to the provider's claim."""
    identifiers: list[str] = field(default_factory=list)
    acr_mapping: dict[str, str] = field(default_factory=dict)
    created: float
    modified: float


class IdentityProviders:
    """The operations on identity providers, and how a provider is found."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._providers = directory.of_pool("identity-providers", IdentityProvider)

    # what others ask

    def of(self, pool: UserPool) -> list[IdentityProvider]:
        """The pool's providers, by name."""
        return self._providers.scan(*pool.key)

    def named(self, pool: UserPool, name: str) -> IdentityProvider | None:
        """The provider `name` of the pool, or None: what `identity_provider` means at /oauth2/authorize."""
        return self._providers.get(*pool.key, name) if "\0" not in name else None

    def identified(self, pool: UserPool, identifier: str) -> IdentityProvider | None:
        """The provider with this IdpIdentifier, or None: what `idp_identifier` means at /oauth2/authorize."""
        return next((provider for provider in self.of(pool) if identifier in provider.identifiers), None)

    def require(self, pool: UserPool, name: str) -> IdentityProvider:
        """The provider `name`. Raises ResourceNotFoundException."""
        provider = self.named(pool, name)
        if provider is None:
            raise errors.ResourceNotFoundException(f"Identity provider {name} does not exist.")
        return provider

    # operations

    @operation("CreateIdentityProvider")
    def create_identity_provider(self, caller: Caller, params: Params) -> Params:
        """Add a provider. Raises InvalidParameterException, DuplicateProviderException."""
        name, kind, now = params["ProviderName"], params["ProviderType"], self._clock.time()
        provider = IdentityProvider(
            name=name,
            type=kind,
            details=complete(name, kind, params["ProviderDetails"]),
            created=now,
            modified=now,
            **{field: params[member] for member, field in _MEMBERS.items() if params.get(member)},
        )
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            if self.named(pool, name):
                raise errors.DuplicateProviderException(f"Identity provider {name} already exists.")
            self._check(pool, provider)
            self._providers.put(provider, *pool.key, name)
        return {"IdentityProvider": _describe(pool, provider)}

    @operation("DescribeIdentityProvider")
    def describe_identity_provider(self, caller: Caller, params: Params) -> Params:
        """One provider, its secrets included."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        return {"IdentityProvider": _describe(pool, self.require(pool, params["ProviderName"]))}

    @operation("GetIdentityProviderByIdentifier")
    def get_identity_provider_by_identifier(self, caller: Caller, params: Params) -> Params:
        """The provider that has this identifier."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        identifier = params["IdpIdentifier"]
        provider = self.identified(pool, identifier)
        if provider is None:
            raise errors.ResourceNotFoundException(
                f"Identity provider with identifier {identifier} does not exist."
            )
        return {"IdentityProvider": _describe(pool, provider)}

    @operation("ListIdentityProviders")
    def list_identity_providers(self, caller: Caller, params: Params) -> Params:
        """Names and types of the pool's providers, by name."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        entries = [(provider.name, provider) for provider in self.of(pool)]
        providers, token = page(entries, params.get("MaxResults") or _PAGE, params.get("NextToken"))
        listed = [
            {
                "ProviderName": provider.name,
                "ProviderType": provider.type,
                "LastModifiedDate": provider.modified,
                "CreationDate": provider.created,
            }
            for provider in providers
        ]
        return {"Providers": listed, **({"NextToken": token} if token else {})}

    @operation("UpdateIdentityProvider")
    def update_identity_provider(self, caller: Caller, params: Params) -> Params:
        """Replace what is given of a provider; the rest stays."""
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            provider = self.require(pool, params["ProviderName"])
            given = {field: params[member] for member, field in _MEMBERS.items() if member in params}
            if params.get("ProviderDetails"):
                given["details"] = complete(provider.name, provider.type, params["ProviderDetails"])
            provider = replace(provider, modified=self._clock.time(), **given)
            self._check(pool, provider)
            self._providers.put(provider, *pool.key, provider.name)
        return {"IdentityProvider": _describe(pool, provider)}

    @operation("DeleteIdentityProvider")
    def delete_identity_provider(self, caller: Caller, params: Params) -> Params:
        """Remove a provider; its users stay, and can sign in no more."""
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            self._providers.delete(*pool.key, self.require(pool, params["ProviderName"]).name)
        return {}

    def _check(self, pool: UserPool, provider: IdentityProvider) -> None:
        for attribute in provider.attribute_mapping:
            if attribute in _OWN or (attribute != "username" and pool.attribute(attribute) is None):
                raise errors.InvalidParameterException(
                    f"Invalid attribute mapping: {attribute} is no attribute of the user pool."
                )
        if len(set(provider.identifiers)) < len(provider.identifiers):
            raise errors.InvalidParameterException("Identity provider identifiers must be distinct.")
        for identifier in provider.identifiers:
            other = self.identified(pool, identifier)
            if other and other.name != provider.name:
                raise errors.DuplicateProviderException(
                    f"Identity provider {other.name} already has the identifier {identifier}."
                )


def _describe(pool: UserPool, provider: IdentityProvider) -> Params:
    return {
        "UserPoolId": pool.id,
        "ProviderName": provider.name,
        "ProviderType": provider.type,
        "ProviderDetails": provider.details,
        "AttributeMapping": provider.attribute_mapping,
        "IdpIdentifiers": provider.identifiers,
        **({"AcrMapping": provider.acr_mapping} if provider.acr_mapping else {}),
        "LastModifiedDate": provider.modified,
        "CreationDate": provider.created,
    }
