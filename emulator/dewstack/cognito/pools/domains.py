"""User pool domains: where a pool's hosted UI and OAuth endpoints are found.

A pool has at most one prefix domain, unique in its region over all accounts, and one custom domain. AWS takes
minutes to make a custom domain; here it is ACTIVE at once.
"""

import re
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack import ids
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import Location, Settings, UserPool
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

PREFIX = r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$"
_PREFIX = re.compile(PREFIX)
_CUSTOM = re.compile(r"(?=.{3,63}$)(?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?")
_RESERVED = frozenset({"aws", "amazon", "cognito"})
_EVERYWHERE = "*"
"""Stands for the region of a custom domain: there is only one of it in the world."""
_CHANGEABLE = ("ManagedLoginVersion", "CustomDomainConfig", "Routing")


class Domain(Struct, frozen=True, kw_only=True):
    """A domain of a pool. `name` is a prefix, or a whole host name where `custom`."""

    name: str
    custom: bool = False
    distribution: str | None = None
    """The CloudFront host that a custom domain's DNS record would point to."""
    settings: Settings = field(default_factory=dict)
    """ManagedLoginVersion, CustomDomainConfig and Routing, in AWS's shape."""


class Domains:
    """The operations on domains, and the way from a domain to its pool."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._domains = directory.of_pool("domains", Domain)
        self._places = directory.store.collection("cognito-idp.domain-places", Location)

    # what others ask

    def of(self, pool: UserPool) -> list[Domain]:
        """The pool's domains: at most one by prefix and one custom."""
        return self._domains.scan(*pool.key)

    def pool_of_prefix(self, region: str, prefix: str) -> UserPool | None:
        """The pool whose hosted UI is at `https://{prefix}.auth.{region}.amazoncognito.com` on AWS, or None."""
        return self._pool_at(region, prefix)

    def pool_of_host(self, host: str) -> UserPool | None:
        """The pool with the custom domain `host`, or None."""
        return self._pool_at(_EVERYWHERE, host)

    def managed_login(self, pool: UserPool) -> int:
        """1 where the pool shows the classic hosted UI, 2 where managed login with branding."""
        versions = [domain.settings.get("ManagedLoginVersion") or 1 for domain in self.of(pool)]
        return int(max(versions, default=1))

    def _pool_at(self, region: str, name: str) -> UserPool | None:
        place = self._places.get(region, name) if "\0" not in name + region else None
        return self._directory.pools.get(place.account_id, place.region, place.pool_id) if place else None

    # operations

    @operation("CreateUserPoolDomain")
    def create_user_pool_domain(self, caller: Caller, params: Params) -> Params:
        """Give the pool a prefix domain, or with CustomDomainConfig a custom one.

        Raises InvalidParameterException, FeatureUnavailableInTierException.
        """
        name, custom = params["Domain"], bool(params.get("CustomDomainConfig"))
        _check_custom(name, params["CustomDomainConfig"]) if custom else _check_prefix(name)
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            _check_tier(pool, params)
            if any(domain.custom == custom for domain in self.of(pool)):
                raise errors.InvalidParameterException("User pool already has a domain configured.")
            place = (_EVERYWHERE if custom else pool.region, name)
            if self._pool_at(*place) is not None:
                raise errors.InvalidParameterException("Domain already associated with another user pool.")
            domain = Domain(
                name=name,
                custom=custom,
                distribution=f"{ids.random_string(14)}.cloudfront.net" if custom else None,
                settings={"ManagedLoginVersion": 1, **_settings(params)},
            )
            self._domains.put(domain, *pool.key, name)
            self._places.put(Location(*pool.key), *place)
        return _answer(domain)

    @operation("DescribeUserPoolDomain")
    def describe_user_pool_domain(self, caller: Caller, params: Params) -> Params:
        """The domain, or an empty description where the caller's account has none of that name."""
        name = params["Domain"]
        for region in (caller.region, _EVERYWHERE):
            pool = self._pool_at(region, name)
            if pool is None or (pool.account_id, pool.region) != (caller.account_id, caller.region):
                continue
            domain = self._named(pool, name)
            description = {
                "UserPoolId": pool.id,
                "AWSAccountId": pool.account_id,
                "Domain": domain.name,
                "Version": "1",
                "Status": "ACTIVE",
                **domain.settings,
            }
            if domain.distribution:
                description["CloudFrontDistribution"] = domain.distribution
            return {"DomainDescription": description}
        return {"DomainDescription": {}}

    @operation("UpdateUserPoolDomain")
    def update_user_pool_domain(self, caller: Caller, params: Params) -> Params:
        """Change what is given of a domain's configuration."""
        with self._directory.transaction():
            pool = self._pool(caller, params)
            domain = self._named(pool, params["Domain"])
            _check_tier(pool, params)
            if params.get("CustomDomainConfig"):
                if not domain.custom:
                    raise errors.InvalidParameterException("Custom domain is not a valid subdomain")
                _check_custom(domain.name, params["CustomDomainConfig"])
            domain = replace(domain, settings={**domain.settings, **_settings(params)})
            self._domains.put(domain, *pool.key, domain.name)
        return _answer(domain)

    @operation("DeleteUserPoolDomain")
    def delete_user_pool_domain(self, caller: Caller, params: Params) -> Params:
        """Take a domain away from its pool; it is free again at once."""
        with self._directory.transaction():
            pool = self._pool(caller, params)
            domain = self._named(pool, params["Domain"])
            self._domains.delete(*pool.key, domain.name)
            self._places.delete(_EVERYWHERE if domain.custom else pool.region, domain.name)
        return {}

    def _pool(self, caller: Caller, params: Params) -> UserPool:
        pool = self._directory.pools.get(caller.account_id, caller.region, params["UserPoolId"])
        if pool is None:
            raise errors.InvalidParameterException("No such domain or user pool exists.")
        return pool

    def _named(self, pool: UserPool, name: str) -> Domain:
        domain = self._domains.get(*pool.key, name) if "\0" not in name else None
        if domain is None:
            raise errors.InvalidParameterException("No such domain or user pool exists.")
        return domain


def _settings(params: Params) -> Settings:
    return {member: params[member] for member in _CHANGEABLE if params.get(member)}


def _answer(domain: Domain) -> Params:
    answer = {key: value for key, value in domain.settings.items() if key != "CustomDomainConfig"}
    return {**answer, **({"CloudFrontDomain": domain.distribution} if domain.distribution else {})}


def _check_prefix(name: str) -> None:
    if not _PREFIX.fullmatch(name):
        raise errors.InvalidParameterException(
            "The domain name contains an invalid character. Domain names can only contain lower-case letters, "
            f"numbers, and hyphens. Please enter a different name that follows this format: {PREFIX}"
        )
    for part in name.split("-"):
        if part in _RESERVED:
            raise errors.InvalidParameterException(f"Domain cannot contain reserved word: {part}")


def _check_custom(name: str, config: Params) -> None:
    if not _CUSTOM.fullmatch(name):
        raise errors.InvalidParameterException("Custom domain is not a valid subdomain")
    if config["CertificateArn"].split(":")[3] != "us-east-1":
        raise errors.InvalidParameterException(
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, "
            "or doesn't include a valid certificate chain."
        )


def _check_tier(pool: UserPool, params: Params) -> None:
    version = params.get("ManagedLoginVersion") or 1
    if version not in (1, 2):
        raise errors.InvalidParameterException("ManagedLoginVersion must be 1 or 2.")
    if version == 2 and pool.settings.get("UserPoolTier") == "LITE":
        raise errors.FeatureUnavailableInTierException(
            "The following feature is not available for the LITE pricing tier configured: "
            "Managed Login Version 2"
        )
