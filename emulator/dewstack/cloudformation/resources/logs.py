"""`AWS::Logs::LogGroup` and `AWS::Logs::SubscriptionFilter`."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.shape import TAGS, Kind, tag_map
from dewstack.errors import AwsError

_SERVICE = "logs"


class LogGroup(Provider):
    """A log group and its retention."""

    properties: Mapping[str, Kind] = {
        "DataProtectionPolicy": object,
        "DeletionProtectionEnabled": bool,
        "FieldIndexPolicies": object,
        "KmsKeyId": str,
        "LogGroupClass": str,
        "LogGroupName": str,
        "RetentionInDays": int,
        "Tags": TAGS,
    }
    replacement = frozenset({"LogGroupName"})
    name_property = "LogGroupName"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateLogGroup, then PutRetentionPolicy when there is one."""
        name = properties.get("LogGroupName") or context.generated_name(512)
        await self._make(context, name, properties)
        outcome = Outcome(name, {"Arn": context.arn("logs", f"log-group:{name}:*")})
        context.made.append(outcome)
        await self._retain(context, name, properties, {})
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Change the retention; a group that is gone, as logs are after a restart, is made again."""
        name = current.physical_id
        try:
            await self._retain(context, name, properties, current.properties)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            await self._make(context, name, properties)
            await self._retain(context, name, properties, {})
        return Outcome(name, current.attributes)

    @staticmethod
    async def _make(context: Context, name: str, properties: dict[str, Any]) -> None:
        await context.invoke(
            _SERVICE,
            "CreateLogGroup",
            logGroupName=name,
            kmsKeyId=properties.get("KmsKeyId"),
            logGroupClass=properties.get("LogGroupClass"),
            tags=tag_map(properties["Tags"]) if "Tags" in properties else None,
        )

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteLogGroup."""
        await context.invoke(_SERVICE, "DeleteLogGroup", logGroupName=current.physical_id)

    @staticmethod
    async def _retain(
        context: Context, name: str, properties: dict[str, Any], before: dict[str, Any]
    ) -> None:
        days = properties.get("RetentionInDays")
        if days == before.get("RetentionInDays"):
            return
        if days is None:
            await context.invoke(_SERVICE, "DeleteRetentionPolicy", logGroupName=name)
        else:
            await context.invoke(_SERVICE, "PutRetentionPolicy", logGroupName=name, retentionInDays=days)


class SubscriptionFilter(Provider):
    """What sends a group's lines to a function."""

    properties: Mapping[str, Kind] = {
        "DestinationArn": str,
        "Distribution": str,
        "FilterName": str,
        "FilterPattern": str,
        "LogGroupName": str,
        "RoleArn": str,
    }
    required = ("DestinationArn", "FilterPattern", "LogGroupName")
    replacement = frozenset({"FilterName", "LogGroupName"})
    name_property = "FilterName"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PutSubscriptionFilter. A group that is elsewhere is named: nothing of it arrives here."""
        name, group = properties.get("FilterName") or context.generated_name(512), properties["LogGroupName"]
        try:
            await self._put(context, name, properties)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            return Outcome(name, note=f"Recorded only: there is no log group {group} here")
        return Outcome(name)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """PutSubscriptionFilter again; a group that is gone, as logs are after a restart, is made again."""
        try:
            await self._put(context, current.physical_id, properties)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            await context.invoke(_SERVICE, "CreateLogGroup", logGroupName=properties["LogGroupName"])
            await self._put(context, current.physical_id, properties)
        return Outcome(current.physical_id, current.attributes)

    @staticmethod
    async def _put(context: Context, name: str, properties: dict[str, Any]) -> None:
        renamed = {f"{key[:1].lower()}{key[1:]}": value for key, value in properties.items()}
        await context.invoke(_SERVICE, "PutSubscriptionFilter", **{**renamed, "filterName": name})

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteSubscriptionFilter."""
        where = {"logGroupName": current.properties["LogGroupName"], "filterName": current.physical_id}
        await context.invoke(_SERVICE, "DeleteSubscriptionFilter", **where)
