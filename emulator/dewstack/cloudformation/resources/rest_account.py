"""`AWS::ApiGateway::*`, what stands beside an API: domain names, links, certificates, documentation."""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.rest_crud import SERVICE, RestCrud, member, retag
from dewstack.cloudformation.resources.rest_patch import patches, scalar
from dewstack.cloudformation.resources.shape import STRINGS, TAGS, tag_map
from dewstack.errors import AwsError

NO_BASE_PATH = "(none)"
NO_WAY = "Kept only: dewstack reaches into no VPC, methods that need the link are refused"
_DOMAIN_ATTRIBUTES = (
    "DistributionDomainName",
    "DistributionHostedZoneId",
    "DomainNameArn",
    "RegionalDomainName",
    "RegionalHostedZoneId",
)


class DomainName(RestCrud):
    """`AWS::ApiGateway::DomainName`: its attributes are what DNS records would name."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateDomainName."""
        return self._described(
            await context.invoke(SERVICE, "CreateDomainName", **self._parameters(properties))
        )

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateDomainName with what changed, and tag anew."""
        operations = patches(self.changes, current.properties, properties)
        name = {"domainName": current.physical_id}
        found = await context.invoke(SERVICE, "UpdateDomainName", patchOperations=operations, **name)
        path = f"/domainnames/{current.physical_id}"
        await retag(context, path, current.properties.get("Tags"), properties.get("Tags"))
        return self._described(found)

    @staticmethod
    def _described(found: Mapping[str, Any]) -> Outcome:
        attributes = {name: found.get(member(name), "") for name in _DOMAIN_ATTRIBUTES}
        return Outcome(found["domainName"], attributes)


def _endpoint(before: Any, after: Any) -> list[dict[str, str]]:
    old, new = ((each or {}).get("Types") or ["EDGE"] for each in (before, after))
    path = f"/endpointConfiguration/types/{old[0]}"
    return [{"op": "replace", "path": path, "value": new[0]}] if old != new else []


DOMAIN_NAME = DomainName(
    noun="DomainName",
    identifier="domainName",
    parents=(),
    output="domainName",
    properties={
        "CertificateArn": str,
        "DomainName": str,
        "EndpointAccessMode": str,
        "EndpointConfiguration": {"IpAddressType": str, "Types": STRINGS},
        "MutualTlsAuthentication": object,
        "OwnershipVerificationCertificateArn": str,
        "RegionalCertificateArn": str,
        "RoutingMode": str,
        "SecurityPolicy": str,
        "Tags": TAGS,
    },
    changes={
        "CertificateArn": scalar("/certificateArn"),
        "EndpointConfiguration": _endpoint,
        "RegionalCertificateArn": scalar("/regionalCertificateArn"),
        "SecurityPolicy": scalar("/securityPolicy"),
    },
    required=("DomainName",),
    replacement=frozenset({"DomainName"}),
    refused={"MutualTlsAuthentication": "mutual TLS"},
    name_property="DomainName",
)


class BasePathMapping(RestCrud):
    """`AWS::ApiGateway::BasePathMapping`. At a domain name that another stack made elsewhere, it is only recorded."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateBasePathMapping."""
        physical_id = f"{properties['DomainName']}|{properties.get('BasePath', '')}"
        try:
            await context.invoke(SERVICE, "GetDomainName", domainName=properties["DomainName"])
        except AwsError as error:
            if error.status != 404:
                raise
            return Outcome(
                physical_id, note=f"Recorded only: there is no domain name {properties['DomainName']} here"
            )
        await context.invoke(SERVICE, "CreateBasePathMapping", **self._parameters(properties))
        return Outcome(physical_id)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateBasePathMapping with what changed."""
        operations = patches(self.changes, current.properties, properties)
        try:
            await context.invoke(
                SERVICE, "UpdateBasePathMapping", patchOperations=operations, **_place(current.properties)
            )
        except AwsError as error:
            if error.status != 404:
                raise
            return await self.create(context, properties)
        return Outcome(current.physical_id)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteBasePathMapping."""
        await context.invoke(SERVICE, "DeleteBasePathMapping", **_place(current.properties))


def _place(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "domainName": properties["DomainName"],
        "basePath": properties.get("BasePath", "").strip("/") or NO_BASE_PATH,
    }


BASE_PATH_MAPPING = BasePathMapping(
    noun="BasePathMapping",
    identifier="basePath",
    parents=("DomainName",),
    properties={"BasePath": str, "DomainName": str, "Id": str, "RestApiId": str, "Stage": str},
    changes={"RestApiId": scalar("/restApiId"), "Stage": scalar("/stage")},
    required=("DomainName", "RestApiId"),
    replacement=frozenset({"BasePath", "DomainName"}),
)


class DocumentationPart(RestCrud):
    """`AWS::ApiGateway::DocumentationPart`: the properties are JSON, or an object."""

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties as text."""
        accepted = super().accept(logical_id, properties)
        given = accepted["Properties"]
        return accepted | {"Properties": given if isinstance(given, str) else json.dumps(given)}


DOCUMENTATION_PART = DocumentationPart(
    noun="DocumentationPart",
    identifier="documentationPartId",
    properties={
        "Location": {"Method": str, "Name": str, "Path": str, "StatusCode": str, "Type": str},
        "Properties": object,
        "RestApiId": str,
    },
    changes={"Properties": scalar("/properties")},
    required=("Location", "Properties", "RestApiId"),
    replacement=frozenset({"Location", "RestApiId"}),
    attribute="DocumentationPartId",
)
DOCUMENTATION_VERSION = RestCrud(
    noun="DocumentationVersion",
    identifier="documentationVersion",
    output="version",
    properties={"Description": str, "DocumentationVersion": str, "RestApiId": str},
    changes={"Description": scalar("/description")},
    required=("DocumentationVersion", "RestApiId"),
    replacement=frozenset({"DocumentationVersion", "RestApiId"}),
    name_property="DocumentationVersion",
)


class VpcLink(RestCrud):
    """`AWS::ApiGateway::VpcLink`, which leads nowhere here and says so."""

    def _outcome(self, physical_id: str) -> Outcome:
        return Outcome(physical_id, {"VpcLinkId": physical_id}, NO_WAY)


VPC_LINK = VpcLink(
    noun="VpcLink",
    identifier="vpcLinkId",
    parents=(),
    properties={"Description": str, "Name": str, "Tags": TAGS, "TargetArns": STRINGS},
    changes={"Description": scalar("/description"), "Name": scalar("/name")},
    required=("Name", "TargetArns"),
    replacement=frozenset({"TargetArns"}),
    tags="/vpclinks",
)


class ClientCertificate(RestCrud):
    """`AWS::ApiGateway::ClientCertificate`."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """GenerateClientCertificate."""
        tags = tag_map(properties.get("Tags", ())) or None
        given = {"description": properties.get("Description"), "tags": tags}
        made = await context.invoke(SERVICE, "GenerateClientCertificate", **given)
        return self._outcome(str(made["clientCertificateId"]))


CLIENT_CERTIFICATE = ClientCertificate(
    noun="ClientCertificate",
    identifier="clientCertificateId",
    parents=(),
    properties={"Description": str, "Tags": TAGS},
    changes={"Description": scalar("/description")},
    attribute="ClientCertificateId",
    tags="/clientcertificates",
)


def account_types() -> dict[str, Provider]:
    """The types beside an API."""
    return {
        "AWS::ApiGateway::BasePathMapping": BASE_PATH_MAPPING,
        "AWS::ApiGateway::ClientCertificate": CLIENT_CERTIFICATE,
        "AWS::ApiGateway::DocumentationPart": DOCUMENTATION_PART,
        "AWS::ApiGateway::DocumentationVersion": DOCUMENTATION_VERSION,
        "AWS::ApiGateway::DomainName": DOMAIN_NAME,
        "AWS::ApiGateway::VpcLink": VPC_LINK,
    }
