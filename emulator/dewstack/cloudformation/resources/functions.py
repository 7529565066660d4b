"""`AWS::Lambda::Function`: one resource, spread over half a dozen operations of the API."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.inline import package
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS, TAGS, Kind, tag_map

SERVICE = "lambda"

_CONFIGURATION: dict[str, Any] = {
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "Handler": None,
    "ImageConfig": {},
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": None,
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
"""What UpdateFunctionConfiguration takes, with what to send when a property is taken out of the template."""

_CREATE_ONLY = ("Architectures", "CodeSigningConfigArn", "PackageType", "TenancyConfig", "DurableConfig")
_RENAMED = {"KmsKeyArn": "KMSKeyArn"}
_NOT_EMULATED = ("CapacityProviderConfig", "FunctionScalingConfig", "PublishToLatestPublished")
_WITHOUT_EFFECT = ("RuntimeManagementConfig",)
"""Accepted, for nothing here depends on it: a runtime is what the machine has."""


class Function(Provider):
    """A function: its configuration, its code, its reserved concurrency, its tags."""

    properties: Mapping[str, Kind] = {
        "Architectures": STRINGS,
        "Code": {"*": str},
        "CodeSigningConfigArn": str,
        "DeadLetterConfig": {"TargetArn": str},
        "Description": str,
        "DurableConfig": object,
        "Environment": {"Variables": STRING_MAP},
        "EphemeralStorage": {"Size": int},
        "FileSystemConfigs": object,
        "FunctionName": str,
        "Handler": str,
        "ImageConfig": object,
        "KmsKeyArn": str,
        "Layers": STRINGS,
        "LoggingConfig": {"*": str},
        "MemorySize": int,
        "PackageType": str,
        "ReservedConcurrentExecutions": int,
        "Role": str,
        "Runtime": str,
        "SnapStart": {"ApplyOn": str},
        "Tags": TAGS,
        "TenancyConfig": object,
        "Timeout": int,
        "TracingConfig": {"Mode": str},
        "VpcConfig": {"Ipv6AllowedForDualStack": bool, "SecurityGroupIds": STRINGS, "SubnetIds": STRINGS},
        "RecursiveLoop": str,
        **dict.fromkeys((*_NOT_EMULATED, *_WITHOUT_EFFECT), object),
    }
    required = ("Code", "Role")
    replacement = frozenset({"FunctionName", "PackageType", "TenancyConfig"})
    name_property = "FunctionName"

    def accept(self, logical_id: str, properties: Any) -> dict[str, Any]:
        """Refuse by name what the emulator's Lambda cannot do."""
        for name in _NOT_EMULATED:
            if name in properties:
                raise ResourceFailure(f"property {name} of {logical_id} is not emulated by dewstack")
        return super().accept(logical_id, properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateFunction, then PutFunctionConcurrency where it is reserved."""
        name = properties.get("FunctionName") or context.generated_name(64)
        settings = {key: properties[key] for key in (*_CONFIGURATION, *_CREATE_ONLY) if key in properties}
        output = await context.invoke(
            SERVICE,
            "CreateFunction",
            FunctionName=name,
            Code=_code(properties),
            Tags=tag_map(properties["Tags"]) if "Tags" in properties else None,
            **{_RENAMED.get(key, key): value for key, value in settings.items()},
        )
        outcome = Outcome(name, {"Arn": output["FunctionArn"]})
        context.made.append(outcome)
        if "ReservedConcurrentExecutions" in properties:
            await self._reserve(context, name, properties)
        if "RecursiveLoop" in properties:
            await self._limit_loops(context, name, properties)
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Whichever of the update operations the difference needs; the code first, as CloudFormation does."""
        before, name = current.properties, current.physical_id
        if any(before.get(key) != properties.get(key) for key in ("Code", "Architectures")):
            architectures = properties.get("Architectures")
            code = _code(properties)
            await context.invoke(
                SERVICE, "UpdateFunctionCode", FunctionName=name, Architectures=architectures, **code
            )
        changed = {
            _RENAMED.get(key, key): properties.get(key, default)
            for key, default in _CONFIGURATION.items()
            if before.get(key) != properties.get(key)
        }
        if changed:
            await context.invoke(SERVICE, "UpdateFunctionConfiguration", FunctionName=name, **changed)
        if before.get("ReservedConcurrentExecutions") != properties.get("ReservedConcurrentExecutions"):
            await self._reserve(context, name, properties)
        if before.get("RecursiveLoop") != properties.get("RecursiveLoop"):
            await self._limit_loops(context, name, properties)
        await self._retag(context, current, properties)
        return Outcome(name, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteFunction, with all its versions."""
        await context.invoke(SERVICE, "DeleteFunction", FunctionName=current.physical_id)

    @staticmethod
    async def _reserve(context: Context, name: str, properties: dict[str, Any]) -> None:
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved is None:
            await context.invoke(SERVICE, "DeleteFunctionConcurrency", FunctionName=name)
        else:
            await context.invoke(
                SERVICE, "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=reserved
            )

    @staticmethod
    async def _limit_loops(context: Context, name: str, properties: dict[str, Any]) -> None:
        loop = properties.get("RecursiveLoop") or "Terminate"
        await context.invoke(SERVICE, "PutFunctionRecursionConfig", FunctionName=name, RecursiveLoop=loop)

    @staticmethod
    async def _retag(context: Context, current: Resource, properties: dict[str, Any]) -> None:
        before = tag_map(current.properties.get("Tags", ()))
        after = tag_map(properties.get("Tags", ()))
        arn = current.attributes["Arn"]
        if gone := sorted(before.keys() - after.keys()):
            await context.invoke(SERVICE, "UntagResource", Resource=arn, TagKeys=gone)
        if after != before and after:
            await context.invoke(SERVICE, "TagResource", Resource=arn, Tags=after)


def _code(properties: dict[str, Any]) -> dict[str, Any]:
    """The `Code` parameter. CloudFormation's `ZipFile` is source text, put into `index.py` or `index.js`."""
    code = dict(properties["Code"])
    if "ZipFile" not in code:
        return code
    return code | {"ZipFile": package(code["ZipFile"], str(properties.get("Runtime", "")))}
