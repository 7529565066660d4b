"""The control plane of `apigatewayv2`: custom domain names, the same that `apigateway` has."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.domains.model import DomainName
from dewstack.apigateway.domains.names import DomainNames
from dewstack.apigateway.domains.places import NAME, placed
from dewstack.apigateway.domains.table import Domains
from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.resources import refuse
from dewstack.apigateway.rest_api.model import EndpointConfiguration
from dewstack.apigateway.v2.resources import shown_page
from dewstack.apigateway.v2.shapes import required
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

REFUSED = ("MutualTlsAuthentication",)


class DomainNameOperations:
    """CreateDomainName, GetDomainName(s), UpdateDomainName, DeleteDomainName."""

    def __init__(self, names: DomainNames, clock: Clock, domains: Domains) -> None:
        self._names = names
        self._clock = clock
        self._domains = domains

    @operation("CreateDomainName")
    def create_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a domain name. Raises BadRequestException, NotEmulated."""
        _refuse(params, "CreateDomainName")
        name = required(params, "DomainName")
        if not NAME.fullmatch(name):
            raise BadRequestException(f"Invalid domain name: {name}")
        domain = DomainName(name, caller.account_id, caller.region, tags=params.get("Tags") or {})
        domain = self._configured(domain, params.get("DomainNameConfigurations") or [])
        with self._names.transaction():
            if self._names.taken(caller, name):
                raise BadRequestException("The domain name you provided already exists.")
            self._names.all.put(domain)
        self._domains.forget()
        return shown(domain)

    def _configured(self, domain: DomainName, given: list[dict[str, Any]]) -> DomainName:
        """The domain by its first configuration, which is the only one that a domain served here can use."""
        configuration = given[0] if given else {}
        certificate = configuration.get("CertificateArn") or domain.regional_certificate_arn
        if not certificate:
            raise BadRequestException("A certificate was not provided.")
        if configuration.get("EndpointType", "REGIONAL") != "REGIONAL":
            raise BadRequestException("Invalid EndpointTypes specified. Valid option is REGIONAL")
        domain = replace(
            domain,
            regional_certificate_arn=certificate,
            regional_certificate_name=configuration.get("CertificateName")
            or domain.regional_certificate_name,
            security_policy=configuration.get("SecurityPolicy") or domain.security_policy,
        )
        if domain.regional_domain_name:
            return domain
        return placed(
            replace(domain, endpoint_configuration=EndpointConfiguration(["REGIONAL"])), self._clock.time()
        )

    @operation("GetDomainName")
    def get_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One domain name. Raises NotFoundException."""
        return shown(self._names.all.get(caller, required(params, "DomainName")))

    @operation("GetDomainNames")
    def get_domain_names(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The domain names of the caller's account and region."""
        return shown_page(self._names.all.of(caller), params, shown)

    @operation("UpdateDomainName")
    def update_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change the certificate or the security policy. Raises BadRequestException, NotFoundException, NotEmulated."""
        _refuse(params, "UpdateDomainName")
        with self._names.transaction():
            domain = self._names.all.get(caller, required(params, "DomainName"))
            domain = self._configured(domain, params.get("DomainNameConfigurations") or [])
            self._names.all.put(domain)
        return shown(domain)

    @operation("DeleteDomainName")
    def delete_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a domain name with its mappings. Raises NotFoundException."""
        with self._names.transaction():
            domain = self._names.all.get(caller, required(params, "DomainName"))
            self._names.all.delete(domain)
            self._names.mappings.clear(domain)
        self._domains.forget()
        return {}


def _refuse(params: Mapping[str, Any], what: str) -> None:
    refuse(params, REFUSED, what)
    if params.get("RoutingMode", "API_MAPPING_ONLY") != "API_MAPPING_ONLY":
        raise NotEmulated(f"{what}: RoutingMode {params['RoutingMode']} is not emulated")


def shown(domain: DomainName) -> dict[str, Any]:
    """A domain as `apigatewayv2` shows it; an edge-optimized one is CloudFront's."""
    edge = domain.endpoint_configuration.types == ["EDGE"]
    configuration = {
        "ApiGatewayDomainName": domain.distribution_domain_name if edge else domain.regional_domain_name,
        "CertificateArn": domain.certificate_arn if edge else domain.regional_certificate_arn,
        "CertificateName": domain.certificate_name if edge else domain.regional_certificate_name,
        "CertificateUploadDate": domain.certificate_upload_date,
        "DomainNameStatus": domain.domain_name_status,
        "EndpointType": "EDGE" if edge else "REGIONAL",
        "HostedZoneId": domain.distribution_hosted_zone_id if edge else domain.regional_hosted_zone_id,
        "IpAddressType": "ipv4",
        "SecurityPolicy": domain.security_policy,
    }
    return {
        "ApiMappingSelectionExpression": "$request.basepath",
        "DomainName": domain.domain_name,
        "DomainNameArn": domain.domain_name_arn,
        "DomainNameConfigurations": [{k: v for k, v in configuration.items() if v is not None}],
        "RoutingMode": "API_MAPPING_ONLY",
        "Tags": domain.tags,
    }
