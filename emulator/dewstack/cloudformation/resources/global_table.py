"""`AWS::DynamoDB::GlobalTable`: a table with replicas, of which the one in the stack's region is here.

It is what the CDK's `TableV2` makes.
"""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.resources.dynamodb import Table
from dewstack.cloudformation.resources.shape import Kind, check

_SHARED = (
    "AttributeDefinitions",
    "BillingMode",
    "KeySchema",
    "LocalSecondaryIndexes",
    "SSESpecification",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
    "WarmThroughput",
)
_OWN = (
    "GlobalSecondaryIndexes",
    "Replicas",
    "WriteOnDemandThroughputSettings",
    "WriteProvisionedThroughputSettings",
)
_OF_REPLICA = (
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
)
_OF_INDEX = ("IndexName", "KeySchema", "Projection")
_LEAST_UNITS = 5
"""Capacity where the table has none of its own: nobody is throttled by it."""


class GlobalTable(Table):
    """The table of one region. Other replicas are named in the event."""

    properties: Mapping[str, Kind] = {**Table.properties, "Replicas": object}

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """What the properties are as those of a table. Raises ResourceFailure."""
        check(
            logical_id,
            properties,
            dict.fromkeys((*_SHARED, *_OWN, "Tags"), object),
            ("AttributeDefinitions", "KeySchema", "Replicas"),
        )
        first, *others = properties["Replicas"]
        table = {name: properties[name] for name in _SHARED if name in properties}
        table |= {name: first[name] for name in _OF_REPLICA if name in first}
        if tags := [*first.get("Tags", ()), *properties.get("Tags", ())]:
            table["Tags"] = tags
        provisioned = properties.get("BillingMode", "PROVISIONED") == "PROVISIONED"
        if provisioned:
            table["ProvisionedThroughput"] = _throughput(properties)
        if indexes := properties.get("GlobalSecondaryIndexes"):
            table["GlobalSecondaryIndexes"] = [_index(each, provisioned=provisioned) for each in indexes]
        if others:
            table["Replicas"] = others
        return super().accept(logical_id, table)


def _index(given: Mapping[str, Any], *, provisioned: bool) -> dict[str, Any]:
    index = {name: given[name] for name in _OF_INDEX if name in given}
    return index | {"ProvisionedThroughput": _throughput(given)} if provisioned else index


def _throughput(given: Mapping[str, Any]) -> dict[str, Any]:
    settings = (given.get("WriteProvisionedThroughputSettings") or {}).get(
        "WriteCapacityAutoScalingSettings"
    ) or {}
    return {
        "ReadCapacityUnits": _LEAST_UNITS,
        "WriteCapacityUnits": settings.get("MinCapacity", _LEAST_UNITS),
    }
