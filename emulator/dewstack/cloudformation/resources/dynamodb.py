"""`AWS::DynamoDB::Table`."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import Named, changed, without_effect
from dewstack.cloudformation.resources.shape import STRINGS, TAGS, Kind

_THROUGHPUT: Kind = {"ReadCapacityUnits": int, "WriteCapacityUnits": int}
_KEYS: Kind = [{"AttributeName": str, "KeyType": str}]
_PROJECTION: Kind = {"ProjectionType": str, "NonKeyAttributes": STRINGS}
_INDEX: Kind = {"IndexName": str, "KeySchema": _KEYS, "Projection": _PROJECTION}
_AS_GIVEN = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "TableClass",
    "Tags",
)
_ACTED_ON = frozenset(
    {
        *_AS_GIVEN,
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "StreamSpecification",
        "TableName",
        "TimeToLiveSpecification",
    }
)


class Table(Named):
    """A table, its indexes and its stream. An update changes it in place: what is in it stays."""

    service = "dynamodb"
    properties: Mapping[str, Kind] = {
        "AttributeDefinitions": [{"AttributeName": str, "AttributeType": str}],
        "BillingMode": str,
        "ContributorInsightsSpecification": object,
        "DeletionProtectionEnabled": bool,
        "GlobalSecondaryIndexes": [_INDEX | {"ProvisionedThroughput": _THROUGHPUT}],
        "ImportSourceSpecification": object,
        "KeySchema": _KEYS,
        "KinesisStreamSpecification": object,
        "LocalSecondaryIndexes": [_INDEX],
        "OnDemandThroughput": object,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": bool},
        "ProvisionedThroughput": _THROUGHPUT,
        "ResourcePolicy": object,
        "SSESpecification": {"SSEEnabled": bool, "SSEType": str, "KMSMasterKeyId": str},
        "StreamSpecification": object,
        "TableClass": str,
        "TableName": str,
        "Tags": TAGS,
        "TimeToLiveSpecification": {"AttributeName": str, "Enabled": bool},
        "WarmThroughput": object,
    }
    required = ("KeySchema",)
    replacement = frozenset({"ImportSourceSpecification", "KeySchema", "LocalSecondaryIndexes", "TableName"})
    name_property = "TableName"

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateTable, then what has operations of its own."""
        output = await context.invoke(
            "dynamodb",
            "CreateTable",
            TableName=name,
            StreamSpecification=_stream(properties),
            SSESpecification=_encryption(properties),
            **{key: properties[key] for key in _AS_GIVEN if key in properties},
        )
        outcome = Outcome(
            name, _attributes(output["TableDescription"]), without_effect(properties, _ACTED_ON)
        )
        context.made.append(outcome)
        await self._settle(context, name, properties)
        return outcome

    async def _settle(self, context: Context, name: str, changes: Mapping[str, Any]) -> None:
        if live := changes.get("TimeToLiveSpecification"):
            given = {"Enabled": True, **live}
            await context.invoke(
                "dynamodb", "UpdateTimeToLive", TableName=name, TimeToLiveSpecification=given
            )
        if recovery := changes.get("PointInTimeRecoverySpecification"):
            await context.invoke(
                "dynamodb",
                "UpdateContinuousBackups",
                TableName=name,
                PointInTimeRecoverySpecification=recovery,
            )

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateTable for what changed; indexes one at a time, as DynamoDB wants them."""
        name, changes = current.physical_id, changed(current, properties)
        direct = {
            key: changes[key]
            for key in ("BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput", "TableClass")
            if changes.get(key) is not None
        }
        if "StreamSpecification" in changes:
            direct["StreamSpecification"] = _stream(properties) or {"StreamEnabled": False}
        if direct:
            await context.invoke("dynamodb", "UpdateTable", TableName=name, **direct)
        for index in _index_updates(current.properties, properties):
            await context.invoke(
                "dynamodb",
                "UpdateTable",
                TableName=name,
                AttributeDefinitions=properties.get("AttributeDefinitions"),
                GlobalSecondaryIndexUpdates=[index],
            )
        await self._settle(context, name, changes)
        table = (await context.invoke("dynamodb", "DescribeTable", TableName=name))["Table"]
        return Outcome(name, _attributes(table), without_effect(properties, _ACTED_ON))

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteTable."""
        await context.invoke("dynamodb", "DeleteTable", TableName=current.physical_id)


def _stream(properties: Mapping[str, Any]) -> dict[str, Any] | None:
    given = properties.get("StreamSpecification")
    return {"StreamEnabled": True, "StreamViewType": given["StreamViewType"]} if given else None


def _encryption(properties: Mapping[str, Any]) -> dict[str, Any] | None:
    given = properties.get("SSESpecification")
    if not given:
        return None
    rest = {key: value for key, value in given.items() if key != "SSEEnabled"}
    return {"Enabled": given.get("SSEEnabled", True), **rest}


def _attributes(table: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {"Arn": table["TableArn"], "TableId": table.get("TableId", "")}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return attributes


def _index_updates(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    old = {each["IndexName"]: each for each in before.get("GlobalSecondaryIndexes", ())}
    new = {each["IndexName"]: each for each in after.get("GlobalSecondaryIndexes", ())}
    gone = [name for name in old if name not in new or old[name] != new[name]]
    fresh = [each for name, each in new.items() if old.get(name) != each]
    return [{"Delete": {"IndexName": name}} for name in gone] + [{"Create": each} for each in fresh]


def dynamodb_types() -> dict[str, Provider]:
    """The types of DynamoDB."""
    return {"AWS::DynamoDB::Table": Table()}
