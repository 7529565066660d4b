"""`AWS::ApiGatewayV2::DomainName` and `AWS::ApiGatewayV2::ApiMapping`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.api_v2 import SERVICE
from dewstack.cloudformation.resources.base import Context, Outcome
from dewstack.cloudformation.resources.crud import Crud
from dewstack.cloudformation.resources.shape import STRING_MAP
from dewstack.errors import AwsError


@dataclass(frozen=True)
class DomainName(Crud):
    """`AWS::ApiGatewayV2::DomainName`: its attributes are what DNS records would name."""

    def _outcome(self, output: Mapping[str, Any], given: Mapping[str, Any]) -> Outcome:
        configuration = output["DomainNameConfigurations"][0]
        attributes = {
            "DomainNameArn": output["DomainNameArn"],
            "RegionalDomainName": configuration["ApiGatewayDomainName"],
            "RegionalHostedZoneId": configuration["HostedZoneId"],
        }
        return Outcome(output["DomainName"], attributes)


DOMAIN_NAME = DomainName(
    service=SERVICE,
    noun="DomainName",
    identifier="DomainName",
    properties={
        "DomainName": str,
        "DomainNameConfigurations": object,
        "MutualTlsAuthentication": {"TruststoreUri": str, "TruststoreVersion": str},
        "RoutingMode": str,
        "Tags": STRING_MAP,
    },
    required=("DomainName",),
    replacement=frozenset({"DomainName"}),
    only_on_create=frozenset({"Tags"}),
    name_property="DomainName",
)


@dataclass(frozen=True)
class ApiMapping(Crud):
    """`AWS::ApiGatewayV2::ApiMapping`. At a domain name that another stack made elsewhere, it is only recorded."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateApiMapping."""
        domain = properties["DomainName"]
        try:
            await context.invoke(SERVICE, "GetDomainName", DomainName=domain)
        except AwsError as error:
            if error.status != 404:
                raise
            name = f"{domain}|{properties.get('ApiMappingKey', '')}"
            note = f"Recorded only: there is no domain name {domain} here"
            return Outcome(name, {"ApiMappingId": name}, note=note)
        return await super().create(context, properties)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateApiMapping; what was only recorded is made, once its domain name is there."""
        try:
            return await super().update(context, current, properties)
        except AwsError as error:
            if error.status != 404:
                raise
            return await self.create(context, properties)


API_MAPPING = ApiMapping(
    service=SERVICE,
    noun="ApiMapping",
    identifier="ApiMappingId",
    properties={"ApiId": str, "ApiMappingKey": str, "DomainName": str, "Stage": str},
    required=("ApiId", "DomainName", "Stage"),
    replacement=frozenset({"DomainName"}),
    parents=("DomainName",),
    attributes=("ApiMappingId",),
    unset={"ApiMappingKey": ""},
)
