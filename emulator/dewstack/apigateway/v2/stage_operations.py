"""The control plane of `apigatewayv2`: stages and the deployments they serve.

A stage with AutoDeploy serves the API as it is. It names the deployment that was made with it; AWS makes a
new one for every change, which nothing but its id would show.
"""

import re
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.resources import refuse
from dewstack.apigateway.v2.model import Api, Deployment, Stage
from dewstack.apigateway.v2.resources import ApisV2, new_id, page
from dewstack.apigateway.v2.shapes import fields_of, output, required
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.wire import operation

STAGE_NAME = re.compile(r"\$default|[A-Za-z0-9_-]{1,128}")


class StageOperations:
    """Stages and deployments: create, get, list, update, delete."""

    def __init__(self, apis: ApisV2, clock: Clock) -> None:
        self._apis = apis
        self._clock = clock

    @operation("CreateStage")
    def create_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a stage. Raises BadRequestException, ConflictException, NotFoundException."""
        refuse(params, ("ClientCertificateId",), "CreateStage")
        name = required(params, "StageName")
        if not STAGE_NAME.fullmatch(name):
            raise BadRequestException("Stage name only allows a-zA-Z0-9_- characters, or $default")
        now = self._clock.time()
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            if self._apis.stages.find(api, name):
                raise ConflictException("Stage already exists")
            stage = Stage(**({"created_date": now} | fields_of(Stage, params) | {"last_updated_date": now}))
            stage = self._keep(api, stage)
        self._apis.changed(api)
        return output(stage)

    @operation("GetStage")
    def get_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One stage. Raises NotFoundException."""
        return output(self._apis.stages.get(self._apis.api(caller, params), required(params, "StageName")))

    @operation("GetStages")
    def get_stages(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The stages of an API."""
        return page(self._apis.stages.all(self._apis.api(caller, params)), params)

    @operation("UpdateStage")
    def update_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateStage does."""
        refuse(params, ("ClientCertificateId",), "UpdateStage")
        return self._change(caller, params, fields_of(Stage, params))

    @operation("DeleteAccessLogSettings")
    def delete_access_log_settings(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Stop the access log of a stage."""
        self._change(caller, params, {"access_log_settings": None})
        return {}

    @operation("DeleteRouteSettings")
    def delete_route_settings(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Give a route back the stage's default settings. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        key = required(params, "RouteKey")
        settings = dict(self._apis.stages.get(api, required(params, "StageName")).route_settings)
        if settings.pop(key, None) is None:
            raise NotFoundException(f"Unable to find route settings for route key {key}")
        self._change(caller, params, {"route_settings": settings})
        return {}

    @operation("ResetAuthorizersCache")
    def reset_authorizers_cache(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Forget what authorizers said at a stage: what serves the API is made anew. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        self._apis.stages.get(api, required(params, "StageName"))
        self._apis.changed(api)
        return {}

    def _change(self, caller: Caller, params: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            stage = self._apis.stages.get(api, required(params, "StageName"))
            if "route_settings" in fields and params.get("RouteSettings"):
                fields = fields | {"route_settings": stage.route_settings | fields["route_settings"]}
            fields = fields | {"last_updated_date": self._clock.time()}
            stage = self._keep(api, replace(stage, **fields))
        self._apis.changed(api)
        return output(stage)

    @operation("DeleteStage")
    def delete_stage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a stage. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            self._apis.stages.delete(api, required(params, "StageName"))
        self._apis.changed(api)
        return {}

    def _keep(self, api: Api, stage: Stage) -> Stage:
        deployment = self._apis.deployments.find(api, stage.deployment_id) if stage.deployment_id else None
        if stage.deployment_id and deployment is None:
            raise BadRequestException(f"Deployment ID {stage.deployment_id} does not exist")
        live = deployment is not None and deployment.snapshot is None
        if stage.auto_deploy and not live:
            stage = self._deploy_automatically(api, stage)
        elif deployment and live and not stage.auto_deploy:
            frozen = replace(deployment, snapshot=self._apis.snapshot(api))
            self._apis.deployments.put(api, deployment.deployment_id, frozen)
        return self._apis.stages.put(api, stage.stage_name, stage)

    def _deploy_automatically(self, api: Api, stage: Stage) -> Stage:
        name = new_id()
        description = "Automatic deployment triggered by changes to the Api configuration"
        deployment = Deployment(name, stage.last_updated_date, auto_deployed=True, description=description)
        self._apis.deployments.put(api, name, deployment)
        message = f"Successfully deployed stage with deployment ID '{name}'"
        return replace(stage, deployment_id=name, last_deployment_status_message=message)

    @operation("CreateDeployment")
    def create_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Freeze the API as it is, and with `StageName` let that stage serve it."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            snapshot = self._apis.snapshot(api)
            if not snapshot.routes:
                raise BadRequestException("At least one route is required before deploying the Api.")
            deployment = Deployment(
                new_id(), self._clock.time(), description=params.get("Description"), snapshot=snapshot
            )
            self._apis.deployments.put(api, deployment.deployment_id, deployment)
            if params.get("StageName"):
                stage = self._apis.stages.get(api, params["StageName"])
                self._keep(api, replace(stage, deployment_id=deployment.deployment_id))
        self._apis.changed(api)
        return output(deployment)

    @operation("GetDeployment")
    def get_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One deployment. Raises NotFoundException."""
        api = self._apis.api(caller, params)
        return output(self._apis.deployments.get(api, required(params, "DeploymentId")))

    @operation("GetDeployments")
    def get_deployments(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The deployments of an API, newest first."""
        deployments = self._apis.deployments.all(self._apis.api(caller, params))
        return page(sorted(deployments, key=lambda one: one.created_date, reverse=True), params)

    @operation("UpdateDeployment")
    def update_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change a deployment's description. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            deployment = self._apis.deployments.get(api, required(params, "DeploymentId"))
            deployment = replace(deployment, **fields_of(Deployment, params))
            self._apis.deployments.put(api, deployment.deployment_id, deployment)
        return output(deployment)

    @operation("DeleteDeployment")
    def delete_deployment(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a deployment that no stage serves. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            name = required(params, "DeploymentId")
            if any(stage.deployment_id == name for stage in self._apis.stages.all(api)):
                raise BadRequestException(
                    "Active stages pointing to this deployment must be moved or deleted"
                )
            self._apis.deployments.delete(api, name)
        return {}
