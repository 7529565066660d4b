"""`AWS::Lambda::Version`, `Alias`, `Permission`, `Url`: what hangs on a function; and layers, which do not."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.event_invoke import EventInvokeConfig
from dewstack.cloudformation.resources.event_source_mapping import EventSourceMapping
from dewstack.cloudformation.resources.functions import SERVICE, Function
from dewstack.cloudformation.resources.shape import STRINGS, Kind

PROVISIONED = "ProvisionedConcurrencyConfig"


class Version(Provider):
    """A published version. Nothing of it can change: a new one has a new logical id."""

    properties: Mapping[str, Kind] = {
        "CodeSha256": str,
        "Description": str,
        "FunctionName": str,
        "FunctionScalingConfig": object,
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": int},
        "RuntimePolicy": object,
    }
    required = ("FunctionName",)
    replacement = frozenset({"FunctionName"})

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PublishVersion, then PutProvisionedConcurrencyConfig where it is asked for."""
        function = properties["FunctionName"]
        output = await context.invoke(
            SERVICE,
            "PublishVersion",
            FunctionName=function,
            CodeSha256=properties.get("CodeSha256"),
            Description=properties.get("Description"),
        )
        number, arn = output["Version"], output["FunctionArn"]
        outcome = Outcome(arn, {"Version": number, "FunctionArn": arn})
        context.made.append(outcome)
        if provisioned := properties.get("ProvisionedConcurrencyConfig"):
            await context.invoke(
                SERVICE,
                "PutProvisionedConcurrencyConfig",
                FunctionName=function,
                Qualifier=number,
                **provisioned,
            )
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """A version is what it was: CloudFormation accepts the new properties and changes nothing."""
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteFunction with the version as qualifier."""
        function, _, number = current.physical_id.rpartition(":")
        await context.invoke(SERVICE, "DeleteFunction", FunctionName=function, Qualifier=number)


class Alias(Provider):
    """An alias, by default with everything to one version."""

    properties: Mapping[str, Kind] = {
        "Description": str,
        "FunctionName": str,
        "FunctionVersion": str,
        "Name": str,
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": int},
        "RoutingConfig": object,
    }
    required = ("FunctionName", "FunctionVersion", "Name")
    replacement = frozenset({"FunctionName", "Name"})
    name_property = "Name"

    async def leftover(self, context: Context, properties: dict[str, Any]) -> str | None:
        """An alias of this name."""
        return f"{properties['FunctionName']}:{properties['Name']}"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateAlias, then PutProvisionedConcurrencyConfig where it is asked for."""
        output = await context.invoke(SERVICE, "CreateAlias", **self._parameters(properties))
        outcome = Outcome(output["AliasArn"], {"AliasArn": output["AliasArn"]})
        context.made.append(outcome)
        await self._provision(context, properties)
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateAlias, and what is provisioned."""
        await context.invoke(SERVICE, "UpdateAlias", **self._parameters(properties))
        if current.properties.get(PROVISIONED) != properties.get(PROVISIONED):
            await self._provision(context, properties)
        return Outcome(current.physical_id, current.attributes)

    @staticmethod
    async def _provision(context: Context, properties: dict[str, Any]) -> None:
        where = {"FunctionName": properties["FunctionName"], "Qualifier": properties["Name"]}
        if provisioned := properties.get(PROVISIONED):
            await context.invoke(SERVICE, "PutProvisionedConcurrencyConfig", **where, **provisioned)
        else:
            await context.invoke(SERVICE, "DeleteProvisionedConcurrencyConfig", **where)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteAlias."""
        function, _, name = current.physical_id.rpartition(":")
        await context.invoke(SERVICE, "DeleteAlias", FunctionName=function, Name=name)

    @staticmethod
    def _parameters(properties: dict[str, Any]) -> dict[str, Any]:
        given = {key: value for key, value in properties.items() if key != PROVISIONED}
        routing = given.get("RoutingConfig")
        if isinstance(routing, dict) and isinstance(routing.get("AdditionalVersionWeights"), list):
            weights = routing["AdditionalVersionWeights"]
            table = {each["FunctionVersion"]: float(each["FunctionWeight"]) for each in weights}
            given["RoutingConfig"] = {"AdditionalVersionWeights": table}
        return given


class Permission(Provider):
    """A statement of a function's resource policy."""

    properties: Mapping[str, Kind] = {
        "Action": str,
        "EventSourceToken": str,
        "FunctionName": str,
        "FunctionUrlAuthType": str,
        "InvokedViaFunctionUrl": bool,
        "Principal": str,
        "PrincipalOrgID": str,
        "SourceAccount": str,
        "SourceArn": str,
    }
    required = ("Action", "FunctionName", "Principal")
    replacement = frozenset(properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """AddPermission, under a generated statement id."""
        statement = context.generated_name(100)
        await context.invoke(SERVICE, "AddPermission", StatementId=statement, **properties)
        return Outcome(statement, {"Id": statement})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Never called: every property needs a new statement."""
        raise ResourceFailure("a permission cannot be updated")

    async def delete(self, context: Context, current: Resource) -> None:
        """RemovePermission."""
        function = current.properties["FunctionName"]
        await context.invoke(
            SERVICE, "RemovePermission", FunctionName=function, StatementId=current.physical_id
        )


class Url(Provider):
    """A function URL."""

    properties: Mapping[str, Kind] = {
        "AuthType": str,
        "Cors": {
            "AllowCredentials": bool,
            "AllowHeaders": STRINGS,
            "AllowMethods": STRINGS,
            "AllowOrigins": STRINGS,
            "ExposeHeaders": STRINGS,
            "MaxAge": int,
        },
        "InvokeMode": str,
        "Qualifier": str,
        "TargetFunctionArn": str,
    }
    required = ("AuthType", "TargetFunctionArn")
    replacement = frozenset({"Qualifier", "TargetFunctionArn"})

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateFunctionUrlConfig."""
        output = await context.invoke(SERVICE, "CreateFunctionUrlConfig", **self._parameters(properties))
        attributes = {name: output[name] for name in ("FunctionArn", "FunctionUrl")}
        return Outcome(output["FunctionArn"], attributes)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateFunctionUrlConfig."""
        defaults: dict[str, Any] = {"Cors": {}, "InvokeMode": "BUFFERED"}
        gone = {name: value for name, value in defaults.items() if name in current.properties}
        await context.invoke(SERVICE, "UpdateFunctionUrlConfig", **(gone | self._parameters(properties)))
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteFunctionUrlConfig."""
        await context.invoke(
            SERVICE,
            "DeleteFunctionUrlConfig",
            FunctionName=current.properties["TargetFunctionArn"],
            Qualifier=current.properties.get("Qualifier"),
        )

    @staticmethod
    def _parameters(properties: dict[str, Any]) -> dict[str, Any]:
        renamed = {"TargetFunctionArn": "FunctionName"}
        return {renamed.get(name, name): value for name, value in properties.items()}


class LayerVersion(Provider):
    """A version of a layer. Nothing of it can change: CloudFormation makes a new one."""

    properties: Mapping[str, Kind] = {
        "CompatibleArchitectures": STRINGS,
        "CompatibleRuntimes": STRINGS,
        "Content": {"S3Bucket": str, "S3Key": str, "S3ObjectVersion": str},
        "Description": str,
        "LayerName": str,
        "LicenseInfo": str,
    }
    required = ("Content",)
    replacement = frozenset(properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PublishLayerVersion."""
        named = {"LayerName": context.generated_name(64), **properties}
        output = await context.invoke(SERVICE, "PublishLayerVersion", **named)
        arn = output["LayerVersionArn"]
        return Outcome(arn, {"LayerVersionArn": arn})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Never called: every property needs a new version."""
        raise ResourceFailure("a layer's version cannot be updated")

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteLayerVersion; functions that use it go on doing so."""
        layer, _, number = current.physical_id.rpartition(":")
        await context.invoke(SERVICE, "DeleteLayerVersion", LayerName=layer, VersionNumber=int(number))


class LayerVersionPermission(Provider):
    """A statement of the policy of a layer's version."""

    properties: Mapping[str, Kind] = {
        "Action": str,
        "LayerVersionArn": str,
        "OrganizationId": str,
        "Principal": str,
    }
    required = ("Action", "LayerVersionArn", "Principal")
    replacement = frozenset(properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """AddLayerVersionPermission, under a generated statement id."""
        statement = context.generated_name(100)
        layer, _, number = properties["LayerVersionArn"].rpartition(":")
        given = {key: value for key, value in properties.items() if key != "LayerVersionArn"}
        await context.invoke(
            SERVICE,
            "AddLayerVersionPermission",
            LayerName=layer,
            VersionNumber=int(number),
            StatementId=statement,
            **given,
        )
        return Outcome(statement, {"Id": statement})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Never called: every property needs a new statement."""
        raise ResourceFailure("a permission cannot be updated")

    async def delete(self, context: Context, current: Resource) -> None:
        """RemoveLayerVersionPermission."""
        layer, _, number = current.properties["LayerVersionArn"].rpartition(":")
        await context.invoke(
            SERVICE,
            "RemoveLayerVersionPermission",
            LayerName=layer,
            VersionNumber=int(number),
            StatementId=current.physical_id,
        )


def lambda_types() -> dict[str, Provider]:
    """The types of AWS Lambda."""
    return {
        "AWS::Lambda::Alias": Alias(),
        "AWS::Lambda::EventInvokeConfig": EventInvokeConfig(),
        "AWS::Lambda::EventSourceMapping": EventSourceMapping(),
        "AWS::Lambda::Function": Function(),
        "AWS::Lambda::LayerVersion": LayerVersion(),
        "AWS::Lambda::LayerVersionPermission": LayerVersionPermission(),
        "AWS::Lambda::Permission": Permission(),
        "AWS::Lambda::Url": Url(),
        "AWS::Lambda::Version": Version(),
    }
