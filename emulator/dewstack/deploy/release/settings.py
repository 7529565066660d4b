"""What a map says of its stack beside the template: tags, parameters, roles, who is told, when to roll back, what may
be changed or deleted, and which versions stay."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from dewstack.deploy.target import Target
from dewstack.errors import UserError
from dewstack.service import Service

KEPT_VERSIONS = 10
"""How many versions `pruneFunctionVersions: true` leaves."""


class StackSettings(Struct, frozen=True):
    """Members of CreateChangeSet and of ExecuteChangeSet, and what is seen to afterwards (None: left as it is)."""

    change_set: dict[str, Any]
    execution: dict[str, Any]
    policy: list[Any] | None = None
    """The statements of the stack's policy."""
    protected: bool | None = None
    """Whether the stack can't be deleted."""
    kept_versions: int | None = None
    """How many versions of a function or layer stay; all of them where nothing is said."""

    @property
    def tags(self) -> dict[str, str]:
        """The stack's tags by key."""
        return {tag["Key"]: tag["Value"] for tag in self.change_set.get("Tags", ())}


def stack_settings(service: Service, target: Target) -> StackSettings:
    """The settings of a map's stack. Raises UserError for what can't be meant together."""
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
        _protected(service),
        _kept_versions(service),
    )


def _protected(service: Service) -> bool | None:
    said = service.provider.settings.get("deletionProtection")
    if isinstance(said, dict):
        return service.stage in (said.get("stages") or ())
    return None if said is None else bool(said)


def _kept_versions(service: Service) -> int | None:
    settings = service.provider.settings
    said = settings.get("pruneFunctionVersions")
    if not said:
        return None
    versioned = any(each.version_function for each in service.functions.values())
    durable = any(each.settings.get("durableConfig") for each in service.functions.values())
    if settings.get("versionFunctions") is False and (versioned or not durable):
        raise UserError(
            f"{service.file}: provider.pruneFunctionVersions has nothing to remove where"
            " provider.versionFunctions is false",
            hint="take one of them out",
        )
    return int(said["number"]) if isinstance(said, dict) else KEPT_VERSIONS


def _tags(service: Service, target: Target) -> dict[str, str]:
    own = {key: str(value) for key, value in _mapping(service.provider.settings.get("stackTags")).items()}
    if not target.tags_stacks or any(key.lower() == "stage" for key in own):
        return own
    return {"STAGE": service.stage, **own}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
