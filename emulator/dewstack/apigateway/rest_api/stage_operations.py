"""The control plane of REST APIs: deployments, and the stages that serve them (`apigateway`).

Nothing of an API is served before it is deployed: a deployment is the API as it was when it was made.
"""

import re
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.rest_api.model import CanarySettings, Deployment, RestApi, Stage
from dewstack.apigateway.rest_api.patch import Patches, scalar
from dewstack.apigateway.rest_api.resources import RestApis, new_id, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.apigateway.rest_api.stage_patch import PATCHES as STAGE_PATCHES
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.wire import operation

STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
DEPLOYMENT_PATCHES = Patches(Deployment, {"description": scalar}, listed=True)
SUMMARY = "apisummary"


def shown(stage: Stage) -> dict[str, Any]:
    """A stage as boto3 returns it."""
    return output(stage) | {"cacheClusterStatus": "NOT_AVAILABLE"}


def checked_canary(canary: CanarySettings) -> CanarySettings:
    """The settings. Raises BadRequestException for a share that is none."""
    if not 0 <= canary.percent_traffic <= 100:
        raise BadRequestException("Percent traffic for canary must be between 0.0 and 100.0")
    return canary


def deployments_of(stage: Stage) -> tuple[str | None, ...]:
    """The deployments that a stage serves: its own, and its canary's."""
    canary = stage.canary_settings
    return stage.deployment_id, canary.deployment_id if canary else None


def summary(deployment: Deployment) -> dict[str, dict[str, dict[str, Any]]]:
    """The methods of a deployment by path and verb."""
    return {
        resource.path: {
            verb: {"authorizationType": method.authorization_type, "apiKeyRequired": method.api_key_required}
            for verb, method in resource.resource_methods.items()
        }
        for resource in deployment.snapshot.resources
        if resource.resource_methods
    }


class DeploymentOperations:
    """CreateDeployment, GetDeployment, GetDeployments, UpdateDeployment, DeleteDeployment."""

    def __init__(self, apis: RestApis, clock: Clock) -> None:
        self._apis = apis
        self._clock = clock

    @operation("CreateDeployment")
    def create_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Freeze the API as it is; with `stageName`, let that stage serve it, and make it if need be."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            snapshot = self._apis.snapshot(api)
            methods = [one for resource in snapshot.resources for one in resource.resource_methods.values()]
            if not methods:
                raise BadRequestException("The REST API doesn't contain any methods")
            if any(method.method_integration is None for method in methods):
                raise BadRequestException("No integration defined for method")
            now = self._clock.time()
            deployment = Deployment(new_id(), now, snapshot, params.get("description"))
            self._apis.deployments.put(api, deployment.id, deployment)
            if params.get("canarySettings") is not None:
                self._serve_some(api, deployment, params)
            elif params.get("stageName"):
                self._serve(api, deployment, params)
        self._apis.resources.release(api)
        self._apis.changed(api)
        return output(deployment)

    def _serve(self, api: RestApi, deployment: Deployment, params: dict[str, Any]) -> None:
        name, now = params["stageName"], deployment.created_date
        given = fields_of(Stage, params) | {"deployment_id": deployment.id, "last_updated_date": now}
        given.pop("description", None)
        if params.get("stageDescription"):
            given["description"] = params["stageDescription"]
        stage = self._apis.stages.find(api, name)
        if stage is None:
            check_stage_name(name)
            stage = Stage(**given, created_date=now)
        else:
            stage = replace(stage, **given)
        self._apis.stages.put(api, name, stage)

    def _serve_some(self, api: RestApi, deployment: Deployment, params: dict[str, Any]) -> None:
        """Let the stage serve the deployment for a share of its requests."""
        name = params.get("stageName")
        if not name:
            raise BadRequestException(
                "Invalid deployment content specified.Non null and non empty stageName must be provided for canary"
                " deployment. Provided value is null"
            )
        stage = self._apis.stages.find(api, name)
        if stage is None:
            raise BadRequestException(
                f"Invalid deployment content specified.Stage {name} must already be created before making a canary"
                " release deployment"
            )
        given = fields_of(CanarySettings, params["canarySettings"]) | {"deployment_id": deployment.id}
        canary = checked_canary(CanarySettings(**given))
        self._apis.stages.put(api, name, replace(stage, canary_settings=canary))

    @operation("GetDeployment")
    def get_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One deployment; with `embed=apisummary`, its methods too. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        deployment = self._apis.deployments.get(api, required(params, "deploymentId"))
        if SUMMARY in (params.get("embed") or ()):
            return output(deployment) | {"apiSummary": summary(deployment)}
        return output(deployment)

    @operation("GetDeployments")
    def get_deployments(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The deployments of an API, newest first."""
        deployments = self._apis.deployments.all(self._apis.api(caller, params))
        return page(sorted(deployments, key=lambda one: one.created_date, reverse=True), params)

    @operation("UpdateDeployment")
    def update_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change a deployment's description. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            deployment = self._apis.deployments.get(api, required(params, "deploymentId"))
            deployment = DEPLOYMENT_PATCHES.apply(deployment, params.get("patchOperations"))
            self._apis.deployments.put(api, deployment.id, deployment)
        return output(deployment)

    @operation("DeleteDeployment")
    def delete_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a deployment that no stage serves. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            name = required(params, "deploymentId")
            self._apis.deployments.get(api, name)
            if any(name in deployments_of(stage) for stage in self._apis.stages.all(api)):
                raise BadRequestException(
                    "Active stages pointing to this deployment must be moved or deleted"
                )
            self._apis.deployments.delete(api, name)
        return {}


class StageOperations:
    """CreateStage, GetStage, GetStages, UpdateStage, DeleteStage, and the flushing of caches that nobody keeps."""

    def __init__(self, apis: RestApis, clock: Clock) -> None:
        self._apis = apis
        self._clock = clock

    @operation("CreateStage")
    def create_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a stage. Raises BadRequestException, ConflictException, NotFoundException, NotEmulated."""
        name = required(params, "stageName")
        check_stage_name(name)
        now = self._clock.time()
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            if self._apis.stages.find(api, name):
                raise ConflictException("Stage already exists")
            stage = Stage(**fields_of(Stage, params), created_date=now, last_updated_date=now)
            self._apis.deployments.get(api, stage.deployment_id)
            self._check_canary(api, stage)
            self._apis.stages.put(api, name, stage)
        self._apis.changed(api)
        return shown(stage)

    def _check_canary(self, api: RestApi, stage: Stage) -> None:
        canary = stage.canary_settings
        if canary is None:
            return
        checked_canary(canary)
        if canary.deployment_id and not self._apis.deployments.find(api, canary.deployment_id):
            raise BadRequestException("Deployment id does not exist")

    @operation("GetStage")
    def get_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One stage. Raises NotFoundException."""
        return shown(self._apis.stages.get(self._apis.api(caller, params), required(params, "stageName")))

    @operation("GetStages")
    def get_stages(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The stages of an API, or only those that serve one deployment."""
        stages = self._apis.stages.all(self._apis.api(caller, params))
        wanted = params.get("deploymentId")
        return {"item": [shown(one) for one in stages if wanted in (None, one.deployment_id)]}

    @operation("UpdateStage")
    def update_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException, NotEmulated."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            before = self._apis.stages.get(api, required(params, "stageName"))
            stage = STAGE_PATCHES.apply(before, params.get("patchOperations"))
            if stage.deployment_id != before.deployment_id and not self._apis.deployments.find(
                api, stage.deployment_id
            ):
                raise BadRequestException("Invalid Deployment identifier specified")
            self._check_canary(api, stage)
            stage = replace(stage, last_updated_date=self._clock.time())
            self._apis.stages.put(api, stage.stage_name, stage)
        self._apis.changed(api)
        return shown(stage)

    @operation("DeleteStage")
    def delete_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a stage. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            self._apis.stages.delete(api, required(params, "stageName"))
        self._apis.changed(api)
        return {}

    @operation("FlushStageCache")
    def flush_stage_cache(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Nothing: responses are never cached. Raises NotFoundException."""
        self._apis.stages.get(self._apis.api(caller, params), required(params, "stageName"))
        return {}

    @operation("FlushStageAuthorizersCache")
    def flush_stage_authorizers_cache(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Ask the authorizers anew. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        self._apis.stages.get(api, required(params, "stageName"))
        self._apis.changed(api)
        return {}


def check_stage_name(name: str) -> None:
    """Raise BadRequestException for a name that no stage may have."""
    if not STAGE_NAME.fullmatch(name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_-")
