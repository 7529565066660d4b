"""What a map says of its stack beside the template: tags, parameters, roles, who is told, when to roll back."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from dewstack.deploy.target import Target
from dewstack.service import Service


class StackSettings(Struct, frozen=True):
    """Members of CreateChangeSet and of ExecuteChangeSet, and the stack's own policy (None: leave it)."""

    change_set: dict[str, Any]
    execution: dict[str, Any]
    policy: list[Any] | None = None

    @property
    def tags(self) -> dict[str, str]:
        """The stack's tags by key."""
        return {tag["Key"]: tag["Value"] for tag in self.change_set.get("Tags", ())}


def stack_settings(service: Service, target: Target) -> StackSettings:
    """The settings of a map's stack."""
    settings = service.provider.settings
    iam = _mapping(settings.get("iam"))
    tags = _tags(service, target)
    change_set = {
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()] or None,
        "Parameters": list(settings.get("stackParameters") or ()) or None,
        "RoleARN": iam.get("deploymentRole") or settings.get("cfnRole"),
        "NotificationARNs": list(settings.get("notificationArns") or ()) or None,
        "RollbackConfiguration": settings.get("rollbackConfiguration"),
    }
    execution = {"DisableRollback": True} if settings.get("disableRollback") else {}
    policy = settings.get("stackPolicy")
    return StackSettings(
        {name: value for name, value in change_set.items() if value is not None},
        execution,
        list(policy) if policy else None,
    )


def _tags(service: Service, target: Target) -> dict[str, str]:
    own = {key: str(value) for key, value in _mapping(service.provider.settings.get("stackTags")).items()}
    if not target.tags_stacks or any(key.lower() == "stage" for key in own):
        return own
    return {"STAGE": service.stage, **own}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
