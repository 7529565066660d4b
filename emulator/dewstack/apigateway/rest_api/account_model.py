"""What an account has beside its REST APIs, as `apigateway` names it: domain names, links, certificates."""

from msgspec import Struct, field

from dewstack.apigateway.rest_api.model import EndpointConfiguration


class DomainName(Struct, frozen=True):
    """A name of one's own for APIs, with what is mapped at it."""

    domain_name: str
    account_id: str
    region: str
    domain_name_arn: str | None = None
    certificate_name: str | None = None
    certificate_arn: str | None = None
    certificate_upload_date: float | None = None
    regional_domain_name: str | None = None
    regional_hosted_zone_id: str | None = None
    regional_certificate_name: str | None = None
    regional_certificate_arn: str | None = None
    distribution_domain_name: str | None = None
    distribution_hosted_zone_id: str | None = None
    endpoint_configuration: EndpointConfiguration = EndpointConfiguration()
    domain_name_status: str = "AVAILABLE"
    security_policy: str = "TLS_1_2"
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and name."""
        return self.account_id, self.region, self.domain_name


class BasePathMapping(Struct, frozen=True):
    """What of a domain leads to an API. Without a `stage`, the next part of the path names it."""

    base_path: str
    rest_api_id: str
    stage: str | None = None

    @property
    def path(self) -> str:
        """The base path without slashes around it; empty where there is none."""
        return "" if self.base_path == "(none)" else self.base_path


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
