"""`AWS::Cognito::*` beside pools, clients and groups: users in templates, providers, and what is attached to pools."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.crud import Crud
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS, Kind

_SERVICE = "cognito-idp"
_ALL = "ALL"
"""The ClientId that stands for all clients of a pool."""
_ATTRIBUTES = [{"Name": str, "Value": str}]


@dataclass(frozen=True)
class Setting(Provider):
    """Something that a pool, or one of its clients, has or has not: one operation sets it, and unsets it."""

    noun: str
    """`RiskConfiguration`: the operation is SetRiskConfiguration."""
    properties: Mapping[str, Kind]
    required: tuple[str, ...]
    replacement: frozenset[str] = frozenset({"UserPoolId", "ClientId"})
    """The properties that say whose setting it is: another owner needs another resource."""
    cleared: Mapping[str, Any] | None = None
    """What to set where there is to be nothing."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Set it."""
        await self._set(context, properties)
        return Outcome(context.generated_name(128))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Set it as a whole."""
        await self._set(context, properties)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """Set nothing."""
        owner = {name: value for name, value in current.properties.items() if name in self.replacement}
        await self._set(context, {**owner, **(self.cleared or {})})

    async def _set(self, context: Context, properties: dict[str, Any]) -> None:
        given = {name: value for name, value in properties.items() if value != _ALL or name != "ClientId"}
        await context.invoke(_SERVICE, f"Set{self.noun}", **given)


class User(Provider):
    """A user made by an administrator. Any change needs a new one."""

    properties: Mapping[str, Kind] = {
        "ClientMetadata": STRING_MAP,
        "DesiredDeliveryMediums": STRINGS,
        "ForceAliasCreation": bool,
        "MessageAction": str,
        "UserAttributes": _ATTRIBUTES,
        "UserPoolId": str,
        "Username": str,
        "ValidationData": _ATTRIBUTES,
    }
    required = ("UserPoolId",)
    replacement = frozenset(properties)
    name_property = "Username"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """AdminCreateUser: the invitation is sent as it would be."""
        given = {"Username": context.generated_name(128), **properties}
        output = await context.invoke(_SERVICE, "AdminCreateUser", **given)
        return Outcome(output["User"]["Username"])

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Nothing can be changed in place."""
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """AdminDeleteUser."""
        pool = current.properties["UserPoolId"]
        await context.invoke(_SERVICE, "AdminDeleteUser", UserPoolId=pool, Username=current.physical_id)


class Membership(Provider):
    """A user in a group."""

    properties: Mapping[str, Kind] = {"GroupName": str, "UserPoolId": str, "Username": str}
    required = tuple(properties)
    replacement = frozenset(properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """AdminAddUserToGroup."""
        await context.invoke(_SERVICE, "AdminAddUserToGroup", **properties)
        return Outcome(context.generated_name(128))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Nothing can be changed in place."""
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """AdminRemoveUserFromGroup."""
        await context.invoke(_SERVICE, "AdminRemoveUserFromGroup", **current.properties)


class Branding(Crud):
    """A managed login style, whose images a template has in base64."""

    def _parameters(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in properties.items() if name != "ReturnMergedResources"}
        if "Assets" in given:
            given["Assets"] = [_decoded(asset) for asset in given["Assets"]]
        return given


def _decoded(asset: dict[str, Any]) -> dict[str, Any]:
    if "Bytes" not in asset:
        return asset
    try:
        return {**asset, "Bytes": base64.b64decode(asset["Bytes"], validate=True)}
    except binascii.Error as error:
        raise ResourceFailure("#/Assets: Bytes of an asset must be base64") from error


class Domain(Crud):
    """A user pool's domain. What the operation calls CloudFrontDomain is CloudFrontDistribution here."""

    def _outcome(self, output: Mapping[str, Any], given: Mapping[str, Any]) -> Outcome:
        return super()._outcome({"CloudFrontDistribution": output.get("CloudFrontDomain", "")}, given)


USER_POOL_DOMAIN = Domain(
    service=_SERVICE,
    noun="UserPoolDomain",
    identifier="Domain",
    properties={
        "CustomDomainConfig": {"CertificateArn": str},
        "Domain": str,
        "ManagedLoginVersion": int,
        "Routing": object,
        "UserPoolId": str,
    },
    required=("Domain", "UserPoolId"),
    replacement=frozenset({"Domain", "UserPoolId"}),
    parents=("UserPoolId",),
    attributes=("CloudFrontDistribution",),
    name_property="Domain",
)

IDENTITY_PROVIDER = Crud(
    service=_SERVICE,
    noun="IdentityProvider",
    identifier="ProviderName",
    member="IdentityProvider",
    properties={
        "AcrMapping": STRING_MAP,
        "AttributeMapping": STRING_MAP,
        "IdpIdentifiers": STRINGS,
        "ProviderDetails": STRING_MAP,
        "ProviderName": str,
        "ProviderType": str,
        "UserPoolId": str,
    },
    required=("ProviderDetails", "ProviderName", "ProviderType", "UserPoolId"),
    replacement=frozenset({"ProviderName", "ProviderType", "UserPoolId"}),
    parents=("UserPoolId",),
    unset={"AttributeMapping": {}, "IdpIdentifiers": [], "AcrMapping": {}},
    only_on_create=frozenset({"ProviderType"}),
    name_property="ProviderName",
)

BRANDING = Branding(
    service=_SERVICE,
    noun="ManagedLoginBranding",
    identifier="ManagedLoginBrandingId",
    member="ManagedLoginBranding",
    properties={
        "Assets": [
            {"Bytes": str, "Category": str, "ColorMode": str, "Extension": str, "ResourceId": str},
        ],
        "ClientId": str,
        "ReturnMergedResources": bool,
        "Settings": object,
        "UseCognitoProvidedValues": bool,
        "UserPoolId": str,
    },
    required=("UserPoolId", "ClientId"),
    replacement=frozenset({"ClientId", "UserPoolId"}),
    parents=("UserPoolId",),
    unset={"Assets": []},
    only_on_create=frozenset({"ClientId"}),
    attributes=("ManagedLoginBrandingId",),
)

TERMS = Crud(
    service=_SERVICE,
    noun="Terms",
    identifier="TermsId",
    member="Terms",
    properties={
        "ClientId": str,
        "Enforcement": str,
        "Links": STRING_MAP,
        "TermsName": str,
        "TermsSource": str,
        "UserPoolId": str,
    },
    required=("UserPoolId", "ClientId", "TermsName", "TermsSource", "Enforcement", "Links"),
    replacement=frozenset({"ClientId", "UserPoolId"}),
    parents=("UserPoolId",),
    only_on_create=frozenset({"ClientId"}),
    attributes=("TermsId",),
)


def cognito_parts() -> dict[str, Provider]:
    """The types of this module."""
    return {
        "AWS::Cognito::LogDeliveryConfiguration": Setting(
            noun="LogDeliveryConfiguration",
            properties={"LogConfigurations": object, "UserPoolId": str},
            required=("UserPoolId",),
            replacement=frozenset({"UserPoolId"}),
            cleared={"LogConfigurations": []},
        ),
        "AWS::Cognito::ManagedLoginBranding": BRANDING,
        "AWS::Cognito::Terms": TERMS,
        "AWS::Cognito::UserPoolDomain": USER_POOL_DOMAIN,
        "AWS::Cognito::UserPoolIdentityProvider": IDENTITY_PROVIDER,
        "AWS::Cognito::UserPoolRiskConfigurationAttachment": Setting(
            noun="RiskConfiguration",
            properties={
                "AccountTakeoverRiskConfiguration": object,
                "ClientId": str,
                "CompromisedCredentialsRiskConfiguration": object,
                "RiskExceptionConfiguration": object,
                "UserPoolId": str,
            },
            required=("UserPoolId", "ClientId"),
        ),
        "AWS::Cognito::UserPoolUICustomizationAttachment": Setting(
            noun="UICustomization",
            properties={"CSS": str, "ClientId": str, "UserPoolId": str},
            required=("UserPoolId", "ClientId"),
        ),
        "AWS::Cognito::UserPoolUser": User(),
        "AWS::Cognito::UserPoolUserToGroupAttachment": Membership(),
    }
