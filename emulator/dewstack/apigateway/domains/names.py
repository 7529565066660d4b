"""Where domain names and what is mapped at them are kept."""

from dewstack.apigateway.domains.model import BasePathMapping, DomainName
from dewstack.apigateway.errors import NotFoundException
from dewstack.apigateway.resources import Belongings, Children
from dewstack.config import Caller
from dewstack.store import Store


class DomainNames:
    """The domain names of all accounts; `mappings` are their parts, by base path."""

    def __init__(self, store: Store) -> None:
        self.transaction = store.transaction
        self.all = Belongings(
            store, "apigateway.domain-names", DomainName, "Invalid domain name identifier specified"
        )
        self.mappings = Children(
            store,
            "apigateway.base-path-mappings",
            BasePathMapping,
            "Invalid base path mapping identifier specified",
        )

    def mapping(self, domain: DomainName, mapping_id: str) -> BasePathMapping:
        """The mapping of this id. Raises NotFoundException."""
        for mapping in self.mappings.all(domain):
            if mapping.id == mapping_id:
                return mapping
        raise NotFoundException("Invalid API mapping identifier specified")

    def taken(self, caller: Caller, name: str) -> bool:
        """Whether the caller has a domain of this name."""
        return any(one.domain_name == name for one in self.all.of(caller))
