"""`AWS::SSM::Parameter` and `AWS::SecretsManager::Secret`."""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import Named
from dewstack.cloudformation.resources.shape import STRINGS, TAGS, Kind

_PARAMETER = ("AllowedPattern", "DataType", "Description", "Policies", "Tier", "Type", "Value")


class Parameter(Named):
    """A parameter of the Parameter Store."""

    service = "ssm"
    properties: Mapping[str, Kind] = {
        **dict.fromkeys(_PARAMETER, str),
        "Name": str,
        "Tags": object,
    }
    required = ("Type", "Value")
    replacement = frozenset({"Name"})
    name_property = "Name"

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """PutParameter."""
        given = {key: properties[key] for key in _PARAMETER if key in properties}
        await context.invoke("ssm", "PutParameter", Name=name, Overwrite=True, **given)
        return Outcome(name, {"Type": given["Type"], "Value": given["Value"]})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """PutParameter again."""
        return await self.make(context, current.physical_id, properties)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteParameter."""
        await context.invoke("ssm", "DeleteParameter", Name=current.physical_id)


class Secret(Named):
    """A secret, given or generated. `Ref` gives its ARN; a generated one is another after a restart."""

    service = "secretsmanager"
    properties: Mapping[str, Kind] = {
        "Description": str,
        "GenerateSecretString": {
            "ExcludeCharacters": str,
            "ExcludeLowercase": bool,
            "ExcludeNumbers": bool,
            "ExcludePunctuation": bool,
            "ExcludeUppercase": bool,
            "GenerateStringKey": str,
            "IncludeSpace": bool,
            "PasswordLength": int,
            "RequireEachIncludedType": bool,
            "SecretStringTemplate": str,
        },
        "KmsKeyId": str,
        "Name": str,
        "ReplicaRegions": STRINGS,
        "SecretString": str,
        "Tags": TAGS,
    }
    replacement = frozenset({"Name"})
    name_property = "Name"

    def name_of(self, current: Resource) -> str:
        """The name, out of the ARN, which ends in six characters of its own."""
        return current.physical_id.split(":", 6)[6].rpartition("-")[0]

    async def restore(self, context: Context, current: Resource) -> None:
        """CreateSecret, under the ARN it had."""
        made = await self.make(context, self.name_of(current), current.properties)
        await self.adopt(context, made, current)

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateSecret."""
        output = await context.invoke(
            "secretsmanager",
            "CreateSecret",
            Name=name,
            SecretString=await self._text(context, properties),
            **{key: properties[key] for key in ("Description", "KmsKeyId", "Tags") if key in properties},
        )
        return Outcome(output["ARN"], {"Id": output["ARN"]})

    @staticmethod
    async def _text(context: Context, properties: Mapping[str, Any]) -> str | None:
        rule = properties.get("GenerateSecretString")
        if rule is None:
            return properties.get("SecretString")
        options = {
            key: value
            for key, value in rule.items()
            if key not in ("GenerateStringKey", "SecretStringTemplate")
        }
        password = (await context.invoke("secretsmanager", "GetRandomPassword", **options))["RandomPassword"]
        if "GenerateStringKey" not in rule:
            return str(password)
        try:
            template = json.loads(rule.get("SecretStringTemplate", "{}"))
            return json.dumps({**template, rule["GenerateStringKey"]: password})
        except (ValueError, TypeError):
            raise ResourceFailure("#/GenerateSecretString/SecretStringTemplate: not a JSON object") from None

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateSecret; a generated value stays while its rule does."""
        rule = "GenerateSecretString"
        same = properties.get(rule) is not None and properties.get(rule) == current.properties.get(rule)
        await context.invoke(
            "secretsmanager",
            "UpdateSecret",
            SecretId=current.physical_id,
            SecretString=None if same else await self._text(context, properties),
            Description=properties.get("Description"),
            KmsKeyId=properties.get("KmsKeyId"),
        )
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteSecret, at once."""
        secret = {"SecretId": current.physical_id, "ForceDeleteWithoutRecovery": True}
        await context.invoke("secretsmanager", "DeleteSecret", **secret)


def secret_types() -> dict[str, Provider]:
    """The types of the Parameter Store and of Secrets Manager."""
    return {"AWS::SSM::Parameter": Parameter(), "AWS::SecretsManager::Secret": Secret()}
