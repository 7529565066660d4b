"""The control plane of REST APIs: custom domain names and what is mapped at them (`apigateway`)."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.domains.model import NO_BASE_PATH, BasePathMapping, DomainName
from dewstack.apigateway.domains.places import NAME, placed
from dewstack.apigateway.domains.table import Domains
from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.resources import refuse
from dewstack.apigateway.rest_api.model import EndpointConfiguration
from dewstack.apigateway.rest_api.patch import Patches, removable, scalar
from dewstack.apigateway.rest_api.resources import RestApis, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.ids import random_string
from dewstack.wire import operation

REFUSED = ("mutualTlsAuthentication", "policy")
CERTIFICATES = (
    "certificate_arn",
    "certificate_name",
    "regional_certificate_arn",
    "regional_certificate_name",
)
MISSING = "Invalid base path mapping identifier specified"
PATCHES = Patches(
    DomainName,
    {
        "certificateArn": scalar,
        "certificateName": scalar,
        "regionalCertificateArn": scalar,
        "regionalCertificateName": scalar,
        "securityPolicy": scalar,
    },
)
MAPPING_PATCHES = Patches(BasePathMapping, {"basePath": scalar, "restApiId": scalar, "stage": removable})


class DomainOperations:
    """Domain names and base path mappings: create, get, list, update, delete."""

    def __init__(self, apis: RestApis, clock: Clock, domains: Domains) -> None:
        self._apis = apis
        self._clock = clock
        self._domains = domains

    @operation("CreateDomainName")
    def create_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a domain name. Raises BadRequestException, NotEmulated."""
        refuse(params, REFUSED, "CreateDomainName")
        name = required(params, "domainName")
        if not NAME.fullmatch(name):
            raise BadRequestException(f"Invalid domain name: {name}")
        given = fields_of(DomainName, params)
        if not any(given.get(certificate) for certificate in CERTIFICATES):
            raise BadRequestException("A certificate was not provided.")
        with self._apis.transaction():
            if any(one.domain_name == name for one in self._apis.domain_names.of(caller)):
                raise BadRequestException("The domain name you provided already exists.")
            domain = DomainName(account_id=caller.account_id, region=caller.region, **given)
            domain = self._apis.domain_names.put(placed(domain, self._clock.time()))
        self._domains.forget()
        return output(domain)

    @operation("GetDomainName")
    def get_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One domain name. Raises NotFoundException."""
        return output(self._domain(caller, params))

    def _domain(self, caller: Caller, params: dict[str, Any]) -> DomainName:
        return self._apis.domain_names.get(caller, required(params, "domainName"))

    @operation("GetDomainNames")
    def get_domain_names(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The domain names of the caller's account and region."""
        return page(self._apis.domain_names.of(caller), params)

    @operation("UpdateDomainName")
    def update_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        operations = params.get("patchOperations") or ()
        with self._apis.transaction():
            domain = self._domain(caller, params)
            kinds = [
                each.get("value")
                for each in operations
                if str(each.get("path")).startswith("/endpointConfiguration/types")
            ]
            if kinds:
                configuration = EndpointConfiguration([str(kinds[-1])])
                domain = placed(replace(domain, endpoint_configuration=configuration), self._clock.time())
            rest = [
                each
                for each in operations
                if not str(each.get("path")).startswith("/endpointConfiguration/types")
            ]
            domain = self._apis.domain_names.put(PATCHES.apply(domain, rest))
        return output(domain)

    @operation("DeleteDomainName")
    def delete_domain_name(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a domain name with its mappings. Raises NotFoundException."""
        with self._apis.transaction():
            domain = self._domain(caller, params)
            self._apis.domain_names.delete(domain)
            self._apis.base_path_mappings.clear(domain)
        self._domains.forget()
        return {}

    @operation("CreateBasePathMapping")
    def create_base_path_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Map a base path to an API. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._apis.transaction():
            domain = self._domain(caller, params)
            given = fields_of(BasePathMapping, params)
            given["base_path"] = (given.get("base_path") or "").strip("/") or NO_BASE_PATH
            mapping = self._checked(caller, BasePathMapping(**given, mapping_id=random_string(6)))
            if self._apis.base_path_mappings.find(domain, mapping.base_path):
                raise ConflictException("Base path already exists for this domain name")
            self._apis.base_path_mappings.put(domain, mapping.base_path, mapping)
        self._domains.forget()
        return output(mapping)

    def _checked(self, caller: Caller, mapping: BasePathMapping) -> BasePathMapping:
        """The mapping. Raises BadRequestException where there is no such API or stage."""
        try:
            api = self._apis.named(caller, mapping.rest_api_id)
        except NotFoundException:
            raise BadRequestException("Invalid REST API identifier specified") from None
        if mapping.stage and not self._apis.stages.find(api, mapping.stage):
            raise BadRequestException("Invalid stage identifier specified")
        return mapping

    def _mapping(self, caller: Caller, params: dict[str, Any]) -> tuple[DomainName, BasePathMapping]:
        domain = self._domain(caller, params)
        return domain, self._apis.base_path_mappings.get(domain, required(params, "basePath"))

    @operation("GetBasePathMapping")
    def get_base_path_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One mapping. Raises NotFoundException."""
        return output(self._mapping(caller, params)[1])

    @operation("GetBasePathMappings")
    def get_base_path_mappings(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The mappings of a domain name."""
        return page(self._apis.base_path_mappings.all(self._domain(caller, params)), params)

    @operation("UpdateBasePathMapping")
    def update_base_path_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, ConflictException, NotFoundException."""
        operations = [
            {**each, "path": str(each.get("path")).replace("/restapiId", "/restApiId")}
            for each in params.get("patchOperations") or ()
        ]
        with self._apis.transaction():
            domain, before = self._mapping(caller, params)
            mapping = self._checked(caller, MAPPING_PATCHES.apply(before, operations))
            mapping = replace(mapping, base_path=mapping.base_path.strip("/") or NO_BASE_PATH)
            if mapping.base_path != before.base_path:
                if self._apis.base_path_mappings.find(domain, mapping.base_path):
                    raise ConflictException("Base path already exists for this domain name")
                self._apis.base_path_mappings.delete(domain, before.base_path)
            self._apis.base_path_mappings.put(domain, mapping.base_path, mapping)
        self._domains.forget()
        return output(mapping)

    @operation("DeleteBasePathMapping")
    def delete_base_path_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a mapping. Raises NotFoundException."""
        with self._apis.transaction():
            domain, mapping = self._mapping(caller, params)
            self._apis.base_path_mappings.delete(domain, mapping.base_path)
        self._domains.forget()
        return {}
