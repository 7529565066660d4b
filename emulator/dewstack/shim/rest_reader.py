"""A REST API's configuration, read from the control plane into the gateway's own model."""

from typing import Any

from dewstack.apigateway.rest_api.model import (
    ApiKey,
    Authorizer,
    GatewayResponse,
    Model,
    RequestValidator,
    Resource,
    RestApi,
    Snapshot,
    Stage,
    UsagePlan,
)
from dewstack.apigateway.rest_api.shapes import fields_of
from dewstack.deploy.target import Call
from dewstack.frontdoor import Served

PAGE = 500


class RestApiReader:
    """Reads the API and the stage that are `served`. Every method raises AwsError when they are not there."""

    def __init__(self, call: Call, served: Served, account_id: str, region: str) -> None:
        self._call = call
        self._which = {"restApiId": served.api_id}
        self._stage_name = served.own_base.removeprefix("/")
        self._account_id = account_id
        self._region = region

    def api(self) -> RestApi:
        """The API itself."""
        described = self._call("apigateway", "GetRestApi", self._which)
        return RestApi(**fields_of(RestApi, described), account_id=self._account_id, region=self._region)

    def stage(self) -> Stage:
        """The stage."""
        which = {**self._which, "stageName": self._stage_name}
        return Stage(**fields_of(Stage, self._call("apigateway", "GetStage", which)))

    def snapshot(self) -> Snapshot:
        """What the API is made of now, which is what a deployed stage of a map serves."""
        resources = self._items("GetResources", **self._which, embed=["methods"])
        authorizers = self._items("GetAuthorizers", **self._which)
        validators = self._items("GetRequestValidators", **self._which)
        models = self._items("GetModels", **self._which)
        answers = self._items("GetGatewayResponses", **self._which)
        return Snapshot(
            [Resource(**fields_of(Resource, one)) for one in resources],
            [Authorizer(**fields_of(Authorizer, one)) for one in authorizers],
            [
                GatewayResponse(**fields_of(GatewayResponse, one))
                for one in answers
                if not one.get("defaultResponse")
            ],
            [RequestValidator(**fields_of(RequestValidator, one)) for one in validators],
            [Model(**fields_of(Model, one)) for one in models],
            self.api().binary_media_types or [],
        )

    def api_keys(self) -> list[tuple[UsagePlan, list[ApiKey]]]:
        """The usage plans of the account, each with its keys."""
        keys = {one["id"]: self._key(one) for one in self._items("GetApiKeys", includeValues=True)}
        plans = []
        for one in self._items("GetUsagePlans"):
            members = self._items("GetUsagePlanKeys", usagePlanId=one["id"])
            plans.append(
                (self._plan(one), [keys[member["id"]] for member in members if member["id"] in keys])
            )
        return plans

    def _key(self, shape: dict[str, Any]) -> ApiKey:
        return ApiKey(**fields_of(ApiKey, shape), account_id=self._account_id, region=self._region)

    def _plan(self, shape: dict[str, Any]) -> UsagePlan:
        stages = [f"{stage['apiId']}:{stage['stage']}" for stage in shape.get("apiStages", ())]
        given = fields_of(UsagePlan, shape | {"apiStages": stages})
        return UsagePlan(**given, account_id=self._account_id, region=self._region)

    def _items(self, operation: str, **params: Any) -> list[dict[str, Any]]:
        page = self._call("apigateway", operation, {**params, "limit": PAGE})
        found: list[dict[str, Any]] = page["items"]
        while page.get("position"):
            page = self._call(
                "apigateway", operation, {**params, "limit": PAGE, "position": page["position"]}
            )
            found += page["items"]
        return found
