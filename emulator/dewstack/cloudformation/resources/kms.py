"""`AWS::KMS::Key` and `AWS::KMS::Alias`."""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import Named, Restored, changed
from dewstack.cloudformation.resources.shape import TAGS, Kind


class Key(Restored):
    """A KMS key. What it has encrypted can be decrypted until the emulator stops."""

    service = "kms"
    properties: Mapping[str, Kind] = {
        "BypassPolicyLockoutSafetyCheck": bool,
        "Description": str,
        "EnableKeyRotation": bool,
        "Enabled": bool,
        "KeyPolicy": object,
        "KeySpec": str,
        "KeyUsage": str,
        "MultiRegion": bool,
        "Origin": str,
        "PendingWindowInDays": int,
        "RotationPeriodInDays": int,
        "Tags": TAGS,
    }
    replacement = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateKey."""
        given = {
            key: properties[key]
            for key in ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
            if key in properties
        }
        policy = properties.get("KeyPolicy")
        text = json.dumps(policy, default=str) if policy is not None else None
        output = await context.invoke("kms", "CreateKey", Policy=text, **given)
        key = output["KeyMetadata"]
        return Outcome(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})

    async def restore(self, context: Context, current: Resource) -> None:
        """CreateKey, under the id it had."""
        await self.adopt(context, await self.create(context, current.properties), current)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateKeyDescription."""
        if text := changed(current, properties).get("Description"):
            await context.invoke("kms", "UpdateKeyDescription", KeyId=current.physical_id, Description=text)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """ScheduleKeyDeletion."""
        days = current.properties.get("PendingWindowInDays", 30)
        await context.invoke(
            "kms", "ScheduleKeyDeletion", KeyId=current.physical_id, PendingWindowInDays=days
        )


class Alias(Named):
    """The alias of a key."""

    service = "kms"
    properties: Mapping[str, Kind] = {"AliasName": str, "TargetKeyId": str}
    required = ("AliasName", "TargetKeyId")
    replacement = frozenset({"AliasName"})
    name_property = "AliasName"

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateAlias."""
        await context.invoke("kms", "CreateAlias", AliasName=name, TargetKeyId=properties["TargetKeyId"])
        return Outcome(name)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateAlias."""
        name = current.physical_id
        await context.invoke("kms", "UpdateAlias", AliasName=name, TargetKeyId=properties["TargetKeyId"])
        return Outcome(name)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteAlias."""
        await context.invoke("kms", "DeleteAlias", AliasName=current.physical_id)


def kms_types() -> dict[str, Provider]:
    """The types of KMS."""
    return {"AWS::KMS::Alias": Alias(), "AWS::KMS::Key": Key()}
