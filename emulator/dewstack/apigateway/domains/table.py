"""Custom domain names: which API and stage a base path leads to, and requests by their Host header."""

from collections.abc import Mapping

from msgspec import Struct

from dewstack.apigateway.domains.model import BasePathMapping, DomainName
from dewstack.store import Store


class Target(Struct, frozen=True):
    """Where a request at a domain goes: an API, and the stage and what of the path follows it."""

    api_id: str
    stage: str
    path: str


class Domains:
    """What is mapped at each domain, in memory: requests ask."""

    def __init__(self, store: Store) -> None:
        self._names = store.collection("apigateway.domain-names", DomainName)
        self._mappings = store.collection("apigateway.base-path-mappings", BasePathMapping)
        self._table: Mapping[str, tuple[BasePathMapping, ...]] | None = None
        self._wild = False

    def forget(self) -> None:
        """Take note that something changed."""
        self._table = None

    def mappings(self, host: str) -> tuple[BasePathMapping, ...] | None:
        """What is mapped at the domain `host`, the longest base path first; None where it is no domain."""
        table = self._table
        if table is None:
            found: dict[str, list[BasePathMapping]] = {name.domain_name: [] for name in self._names.scan()}
            for (_, _, domain, _), mapping in self._mappings.items():
                found.setdefault(domain, []).append(mapping)
            self._table = table = {
                name: tuple(sorted(each, key=lambda one: len(one.path), reverse=True))
                for name, each in found.items()
            }
            self._wild = any(name.startswith("*.") for name in table)
        mapped = table.get(host)
        return mapped if mapped is not None or not self._wild else table.get(f"*.{host.partition('.')[2]}")


def target(mappings: tuple[BasePathMapping, ...], raw_path: str) -> Target | None:
    """Where a path leads, or None."""
    path = raw_path.lstrip("/")
    for mapping in mappings:
        base = mapping.path
        if base and path != base and not path.startswith(f"{base}/"):
            continue
        rest = path[len(base) :].lstrip("/")
        if mapping.stage:
            return Target(mapping.rest_api_id, mapping.stage, "/" + rest)
        stage, _, rest = rest.partition("/")
        return Target(mapping.rest_api_id, stage, "/" + rest)
    return None
