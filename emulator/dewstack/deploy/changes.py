"""What a deployment would do, as data: the changes of a change set."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

STATEFUL = frozenset({"AWS::Cognito::UserPool", "AWS::S3::Bucket", "AWS::DynamoDB::Table"})
"""Types whose resources hold what people put in: replacing one loses it."""


class ResourceChange(Struct, frozen=True):
    """One line of a change set."""

    action: str
    """`Add`, `Modify` or `Remove`."""
    logical_id: str
    type: str
    physical_id: str | None = None
    replacement: str = "False"
    """`True`, `False`, or `Conditional`: it depends on what another resource turns out to be."""
    properties: tuple[str, ...] = ()
    """Names of the properties that differ."""

    @property
    def loses_resource(self) -> bool:
        """Whether the resource that exists now may be gone afterwards."""
        return self.action == "Remove" or (self.action == "Modify" and self.replacement != "False")

    @property
    def loses_data(self) -> bool:
        """Whether users or files would go with it."""
        return self.loses_resource and self.type in STATEFUL


def read_changes(changes: Iterable[Mapping[str, Any]]) -> tuple[ResourceChange, ...]:
    """The `Changes` of DescribeChangeSet."""
    return tuple(
        _read(each["ResourceChange"]) for each in changes if each.get("Type", "Resource") == "Resource"
    )


def _read(change: Mapping[str, Any]) -> ResourceChange:
    targets = [detail.get("Target", {}) for detail in change.get("Details", ())]
    return ResourceChange(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        type=change["ResourceType"],
        physical_id=change.get("PhysicalResourceId"),
        replacement=change.get("Replacement", "False"),
        properties=tuple(dict.fromkeys(each["Name"] for each in targets if "Name" in each)),
    )


def losses(changes: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """The changes that take away a resource that exists: removed, or replaced by another."""
    return tuple(change for change in changes if change.loses_resource)
