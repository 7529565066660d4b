"""What UpdateStage may change. Settings of methods are addressed by resource, verb and setting:
`/~1orders/GET/throttling/rateLimit`, or `/*/*/logging/loglevel` for all methods."""

from typing import Any

from dewstack.apigateway.rest_api.model import Stage
from dewstack.apigateway.rest_api.patch import Change, Patch, Patches, entries, scalar, structure
from dewstack.errors import NotEmulated

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


def _canary(current: Any, patch: Patch) -> Any:
    raise NotEmulated("UpdateStage: canarySettings is not emulated")


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
    "canarySettings": _canary,
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
    """A path that begins with no member of a stage begins with a resource."""

    def read(self, operation: Any) -> Patch:
        """An element of `patchOperations`."""
        patch = super().read(operation)
        if patch.member in MEMBERS or not patch.keys:
            return patch
        return Patch(patch.op, patch.path, "methodSettings", (patch.member, *patch.keys), patch.value)


PATCHES = StagePatches(Stage, MEMBERS | {"methodSettings": settings})
