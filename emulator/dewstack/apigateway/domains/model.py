"""Domain names and their mappings, as `apigateway` names what they are made of; `apigatewayv2` has the same ones."""

from msgspec import Struct, field

from dewstack.apigateway.rest_api.model import EndpointConfiguration

NO_BASE_PATH = "(none)"
"""How AWS names the base path that is none."""


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
    mapping_id: str = ""
    """What `apigatewayv2` calls it by."""

    @property
    def path(self) -> str:
        """The base path without slashes around it; empty where there is none."""
        return "" if self.base_path == NO_BASE_PATH else self.base_path

    @property
    def id(self) -> str:
        """Its id; of one that was made without, what it is kept by."""
        return self.mapping_id or self.base_path
