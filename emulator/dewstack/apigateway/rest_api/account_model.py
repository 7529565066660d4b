"""What an account has beside its REST APIs, as `apigateway` names it: links, certificates."""

from msgspec import Struct, field


class VpcLink(Struct, frozen=True):
    """A way into a VPC, by name only."""

    id: str
    account_id: str
    region: str
    name: str
    target_arns: list[str]
    description: str | None = None
    status: str = "AVAILABLE"
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and id."""
        return self.account_id, self.region, self.id


class ClientCertificate(Struct, frozen=True):
    """What an API could show to its backends."""

    client_certificate_id: str
    account_id: str
    region: str
    pem_encoded_certificate: str
    created_date: float
    expiration_date: float
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and id."""
        return self.account_id, self.region, self.client_certificate_id
