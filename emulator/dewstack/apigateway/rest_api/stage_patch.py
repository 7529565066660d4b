"""What UpdateStage may change. Settings of methods are addressed by resource, verb and setting:
`/~1orders/GET/throttling/rateLimit`, or `/*/*/logging/loglevel` for all methods."""

from collections.abc import Callable
from typing import Any

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.rest_api.model import Stage
from dewstack.apigateway.rest_api.patch import (
    Change,
    Patch,
    Patches,
    T,
    entries,
    scalar,
    structure,
    with_members,
)
from dewstack.apigateway.rest_api.shapes import output

SETTINGS = {
    ("logging", "loglevel"): "loggingLevel",
    ("logging", "dataTrace"): "dataTraceEnabled",
    ("metrics", "enabled"): "metricsEnabled",
    ("throttling", "burstLimit"): "throttlingBurstLimit",
    ("throttling", "rateLimit"): "throttlingRateLimit",
    ("caching", "enabled"): "cachingEnabled",
    ("caching", "ttlInSeconds"): "cacheTtlInSeconds",
    ("caching", "dataEncrypted"): "cacheDataEncrypted",
}


CANARY: dict[str, Callable[[str], Any]] = {
    "percentTraffic": float,
    "deploymentId": str,
    "useStageCache": lambda value: value.lower() == "true",
}


def canary(current: Any, patch: Patch) -> dict[str, Any] | None:
    """`replace /canarySettings/percentTraffic`, `…/stageVariableOverrides/name`; `remove /canarySettings`."""
    patch.only("add", "replace", "remove")
    if not patch.keys and patch.op == "remove":
        return None
    changed: dict[str, Any] = {"percentTraffic": 0.0, "useStageCache": False} | dict(current or {})
    member, *inner = patch.keys or ("",)
    if member == "stageVariableOverrides":
        if not inner and patch.op == "remove":
            changed.pop(member, None)
        else:
            below = Patch(patch.op, patch.path, member, tuple(inner), patch.value)
            changed[member] = entries(changed.get(member), below)
        return changed
    read = CANARY.get(member)
    if read is None or inner or patch.op == "remove":
        raise patch.astray()
    try:
        changed[member] = read(patch.value or "")
    except ValueError:
        raise BadRequestException(f"Invalid value for {patch.path}: {patch.value}") from None
    return changed


COPIES = {
    ("/deploymentId", "/canarySettings/deploymentId"): ("deploymentId", "deploymentId"),
    ("/variables", "/canarySettings/stageVariableOverrides"): ("variables", "stageVariableOverrides"),
}
"""What of a canary can become the stage's own, which is how a canary is promoted."""


MEMBERS: dict[str, Change] = {
    "deploymentId": scalar,
    "description": scalar,
    "clientCertificateId": scalar,
    "cacheClusterEnabled": scalar,
    "cacheClusterSize": scalar,
    "documentationVersion": scalar,
    "tracingEnabled": scalar,
    "webAclArn": scalar,
    "variables": entries,
    "accessLogSettings": structure,
    "canarySettings": canary,
}


def settings(current: Any, patch: Patch) -> dict[str, Any]:
    """The settings of a method, or of all: `keys` are those of the method's resource, its verb and the setting."""
    patch.only("add", "replace", "remove")
    resource, verb, *setting = patch.keys
    method, changed = setting_key(resource, verb), dict(current or {})
    member = SETTINGS.get((setting[0], setting[1])) if len(setting) == 2 else None
    if patch.op == "remove" and member is None:
        changed.pop(method, None)
    elif member is None:
        raise patch.astray()
    elif patch.op == "remove":
        changed[method] = {key: value for key, value in changed.get(method, {}).items() if key != member}
    else:
        changed[method] = changed.get(method, {}) | {member: patch.value or ""}
    return changed


def setting_key(resource: str, verb: str) -> str:
    """How a stage names a method among its settings: `orders/{id}/GET`, `*/*` for all."""
    return f"{resource.removeprefix('/')}/{verb}"


class StagePatches(Patches):
    """A path that begins with no member of a stage begins with a resource; `copy` promotes a canary."""

    def apply(self, value: T, operations: Any) -> T:
        """`value` after `operations`. Raises BadRequestException, NotFoundException."""
        for each in operations or ():
            promotes = each.get("op") == "copy"
            value = self._promoted(value, self.read(each)) if promotes else super().apply(value, [each])
        return value

    @staticmethod
    def _promoted(value: T, patch: Patch) -> T:
        names = COPIES.get((patch.path, patch.source or ""))
        before = output(value)
        held = before.get("canarySettings")
        if names is None or held is None:
            raise BadRequestException(
                f"Invalid copy operation with path: {patch.path} and from {patch.source}. Valid copy:path are"
                " [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId,"
                " /canarySettings/stageVariableOverrides]"
            )
        new = held.get(names[1])
        if isinstance(new, dict) or names[0] == "variables":
            new = before.get("variables", {}) | (new or {})
        return with_members(value, type(value), {names[0]: new}) if new else value

    def read(self, operation: Any) -> Patch:
        """An element of `patchOperations`."""
        patch = super().read(operation)
        if patch.member in MEMBERS or not patch.keys:
            return patch
        return Patch(patch.op, patch.path, "methodSettings", (patch.member, *patch.keys), patch.value)


PATCHES = StagePatches(Stage, MEMBERS | {"methodSettings": settings})
