"""Where a pool's hosted UI is: at its domain's host, and at any address of the emulator.

On AWS it is `https://{prefix}.auth.{region}.amazoncognito.com`. Here `http://{prefix}.auth.localhost:4566` is the
same, in whatever region, and so are AWS's own name and a custom domain where they lead to this machine. Not every
client resolves names below localhost, so the paths also work at the bare address: there `client_id`, or the token,
says which pool is meant. Either way a pool needs a domain, as on AWS.
"""

import re

from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.pools.domains import Domains

_PREFIX_HOST = re.compile(
    r"(?P<prefix>[a-z0-9-]+)\.auth\.(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.)?(?:amazoncognito\.com|localhost)"
)


class UnknownDomain(Exception):
    """A host below `.auth.` that is no pool's; its text is the host."""


class Places:
    """The hosts of the hosted UI."""

    def __init__(self, directory: Directory, domains: Domains, region: str) -> None:
        self._directory = directory
        self._domains = domains
        self._region = region

    def pool_of(self, host: str) -> UserPool | None:
        """The pool whose domain `host` (as the Host header has it) is; None at an address that all pools share.

        Raises UnknownDomain.
        """
        name = host.lower().rpartition(":")[0] if re.search(r":\d+$", host) else host.lower()
        match = _PREFIX_HOST.fullmatch(name)
        if match is None:
            return self._domains.pool_of_host(name)
        pool = self._by_prefix(match["prefix"], match["region"])
        if pool is None:
            raise UnknownDomain(name)
        return pool

    def _by_prefix(self, prefix: str, region: str | None) -> UserPool | None:
        if region:
            return self._domains.pool_of_prefix(region, prefix)
        # A name without a region: the emulator's own, else whichever region has the prefix.
        own = self._domains.pool_of_prefix(self._region, prefix)
        return own or next((pool for pool in self._everywhere() if self._has(pool, prefix)), None)

    def _everywhere(self) -> list[UserPool]:
        return self._directory.pools.scan()

    def _has(self, pool: UserPool, prefix: str) -> bool:
        return any(domain.name == prefix and not domain.custom for domain in self._domains.of(pool))

    def has_domain(self, pool: UserPool) -> bool:
        """Whether the pool has a hosted UI at all."""
        return bool(self._domains.of(pool))
