"""`AWS::ApiGateway::Deployment` and `AWS::ApiGateway::Stage`.

A Deployment with a `StageName` makes that stage, or moves it to itself. The Serverless Framework replaces the
Deployment at every change, so the stage follows, and the old Deployment goes when the update has worked.
"""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.rest_crud import SERVICE, member, parameter, retag
from dewstack.cloudformation.resources.rest_patch import (
    Change,
    Operation,
    entries,
    patches,
    scalar,
    structure,
)
from dewstack.cloudformation.resources.shape import STRING_MAP, TAGS, Kind, tag_map
from dewstack.cloudformation.values import text
from dewstack.errors import AwsError

_SETTINGS = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
_SETTING: Kind = {
    "CacheDataEncrypted": bool,
    "CacheTtlInSeconds": int,
    "CachingEnabled": bool,
    "DataTraceEnabled": bool,
    "LoggingLevel": str,
    "MetricsEnabled": bool,
    "ThrottlingBurstLimit": int,
    "ThrottlingRateLimit": object,
}
_CANARY: Kind = {
    "DeploymentId": str,
    "PercentTraffic": object,
    "StageVariableOverrides": STRING_MAP,
    "UseStageCache": bool,
}
_COMMON: Mapping[str, Kind] = {
    "AccessLogSetting": {"DestinationArn": str, "Format": str},
    "CacheClusterEnabled": bool,
    "CacheClusterSize": str,
    "CanarySetting": _CANARY,
    "ClientCertificateId": str,
    "Description": str,
    "DocumentationVersion": str,
    "MethodSettings": [_SETTING | {"HttpMethod": str, "ResourcePath": str}],
    "Tags": TAGS,
    "TracingEnabled": bool,
    "Variables": STRING_MAP,
}


def _settings(before: Any, after: Any) -> list[Operation]:
    """The operations for the settings of methods: the old ones go, the new ones come."""
    old, new = _by_method(before), _by_method(after)
    gone = [{"op": "remove", "path": path} for path in old if old[path] != new.get(path)]
    return gone + [
        {"op": "replace", "path": f"{path}/{_SETTINGS[name]}", "value": text(value)}
        for path, settings in new.items()
        if settings != old.get(path)
        for name, value in settings.items()
    ]


def _by_method(settings: Any) -> dict[str, dict[str, Any]]:
    """Settings by the path that patches know the method by: `/~1orders/GET`."""
    found: dict[str, dict[str, Any]] = {}
    for each in settings or ():
        resource = str(each.get("ResourcePath", "/*")).removeprefix("/").replace("/", "~1") or "~1"
        path = f"/{resource}/{each.get('HttpMethod', '*')}"
        found[path] = {name: value for name, value in each.items() if name in _SETTINGS}
    return found


def _canary_settings(canary: Any) -> dict[str, Any] | None:
    """CreateDeployment's parameter."""
    if canary is None:
        return None
    given = parameter(canary, _CANARY)
    if "percentTraffic" in given:
        given["percentTraffic"] = float(given["percentTraffic"])
    return given  # type: ignore[no-any-return]


def _canary(before: Any, after: Any) -> list[Operation]:
    """The operations for a stage's canary: it goes, and comes as it is to be."""
    removed = [{"op": "remove", "path": "/canarySettings"}] if before else []
    if not after:
        return removed
    plain = {member(name): value for name, value in after.items() if name != "StageVariableOverrides"}
    overrides = entries("/canarySettings/stageVariableOverrides")(None, after.get("StageVariableOverrides"))
    return [
        *removed,
        *(
            {"op": "replace", "path": f"/canarySettings/{name}", "value": text(value)}
            for name, value in plain.items()
        ),
        *overrides,
    ]


_CHANGES: Mapping[str, Change] = {
    "AccessLogSetting": structure(
        "/accessLogSettings", {"DestinationArn": "destinationArn", "Format": "format"}
    ),
    "CacheClusterEnabled": scalar("/cacheClusterEnabled"),
    "CacheClusterSize": scalar("/cacheClusterSize"),
    "ClientCertificateId": scalar("/clientCertificateId"),
    "DeploymentId": scalar("/deploymentId"),
    "Description": scalar("/description"),
    "DocumentationVersion": scalar("/documentationVersion"),
    "MethodSettings": _settings,
    "CanarySetting": _canary,
    "TracingEnabled": scalar("/tracingEnabled"),
    "Variables": entries("/variables"),
}


async def _patch(context: Context, place: Mapping[str, Any], before: Any, after: Any) -> None:
    operations = patches(_CHANGES, before, after)
    if operations:
        await context.invoke(SERVICE, "UpdateStage", patchOperations=operations, **place)


class Stage(Provider):
    """A stage that names its deployment."""

    properties: Mapping[str, Kind] = {
        **_COMMON,
        "DeploymentId": str,
        "RestApiId": str,
        "StageName": str,
    }
    required = ("RestApiId",)
    replacement = frozenset({"RestApiId", "StageName"})
    name_property = "StageName"

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateStage, then UpdateStage with what that does not take."""
        name = properties.get("StageName") or context.generated_name(128)
        place = {"restApiId": properties["RestApiId"], "stageName": name}
        tags = tag_map(properties.get("Tags", ())) or None
        deployment = {"deploymentId": properties.get("DeploymentId")}
        await context.invoke(SERVICE, "CreateStage", tags=tags, **deployment, **place)
        outcome = Outcome(name)
        context.made.append(outcome)
        await _patch(context, place, {"DeploymentId": properties.get("DeploymentId")}, properties)
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateStage with what changed, and tag anew."""
        api_id, before = properties["RestApiId"], current.properties
        place = {"restApiId": api_id, "stageName": current.physical_id}
        await _patch(context, place, before, properties)
        path = f"/restapis/{api_id}/stages/{current.physical_id}"
        await retag(context, path, before.get("Tags"), properties.get("Tags"))
        return Outcome(current.physical_id)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteStage."""
        place = {"restApiId": current.properties["RestApiId"], "stageName": current.physical_id}
        await context.invoke(SERVICE, "DeleteStage", **place)


class Deployment(Provider):
    """A deployment, and the stage that it makes or moves where it has a `StageName`."""

    properties: Mapping[str, Kind] = {
        "DeploymentCanarySettings": _CANARY,
        "Description": str,
        "RestApiId": str,
        "StageDescription": {**_COMMON, **_SETTING},
        "StageName": str,
    }
    required = ("RestApiId",)
    replacement = frozenset({"RestApiId", "StageName"})

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateDeployment; then UpdateStage with the stage's description."""
        api_id, name = properties["RestApiId"], properties.get("StageName")
        stage = await _find_stage(context, api_id, name) if name else None
        deployment = await context.invoke(
            SERVICE,
            "CreateDeployment",
            restApiId=api_id,
            stageName=name,
            description=properties.get("Description"),
            canarySettings=_canary_settings(properties.get("DeploymentCanarySettings")),
        )
        attributes = {"DeploymentId": deployment["id"]}
        if stage and not properties.get("DeploymentCanarySettings"):
            attributes["ReplacedDeploymentId"] = stage["deploymentId"]
        outcome = Outcome(deployment["id"], attributes)
        context.made.append(outcome)
        if name:
            place = {"restApiId": api_id, "stageName": name}
            await _patch(context, place, {}, _described(properties))
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateDeployment and UpdateStage: what is deployed stays as it is."""
        api_id, before = properties["RestApiId"], current.properties
        operations = patches({"Description": scalar("/description")}, before, properties)
        if operations:
            place = {"restApiId": api_id, "deploymentId": current.physical_id}
            await context.invoke(SERVICE, "UpdateDeployment", patchOperations=operations, **place)
        if name := properties.get("StageName"):
            place = {"restApiId": api_id, "stageName": name}
            await _patch(context, place, _described(before), _described(properties))
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteDeployment, once its stage is gone or back at the deployment that this one took it from."""
        api_id, name = current.properties["RestApiId"], current.properties.get("StageName")
        stage = await _find_stage(context, api_id, name) if name else None
        if name and stage and stage["deploymentId"] == current.physical_id:
            await self._release(context, api_id, name, current.attributes.get("ReplacedDeploymentId"))
        elif stage and stage.get("canarySettings", {}).get("deploymentId") == current.physical_id:
            gone = [{"op": "remove", "path": "/canarySettings"}]
            place = {"restApiId": api_id, "stageName": name}
            await context.invoke(SERVICE, "UpdateStage", patchOperations=gone, **place)
        await context.invoke(SERVICE, "DeleteDeployment", restApiId=api_id, deploymentId=current.physical_id)

    @staticmethod
    async def _release(context: Context, api_id: str, name: str, replaced: str | None) -> None:
        place = {"restApiId": api_id, "stageName": name}
        if replaced:
            back = {"op": "replace", "path": "/deploymentId", "value": replaced}
            try:
                await context.invoke(SERVICE, "UpdateStage", patchOperations=[back], **place)
                return
            except AwsError as error:
                if error.status not in (400, 404):  # the deployment before is gone as well
                    raise
        await context.invoke(SERVICE, "DeleteStage", **place)


async def _find_stage(context: Context, api_id: str, name: str) -> dict[str, Any] | None:
    try:
        return await context.invoke(SERVICE, "GetStage", restApiId=api_id, stageName=name)
    except AwsError as error:
        if error.status == 404:
            return None
        raise


def _described(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A `StageDescription` as a stage has it: its own settings are those of all methods."""
    description = dict(properties.get("StageDescription") or {})
    general = {name: description.pop(name) for name in _SETTINGS if name in description}
    if general:
        everything = {"ResourcePath": "/*", "HttpMethod": "*", **general}
        description["MethodSettings"] = [everything, *description.get("MethodSettings", ())]
    return description
