"""`AWS::ApiGateway::*`, the types that are rows: parts of a REST API, API keys and usage plans."""

import json
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.rest_crud import SERVICE, RestCrud
from dewstack.cloudformation.resources.rest_patch import Operation, escaped, scalar, structure, values
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS, TAGS
from dewstack.cloudformation.values import text

RESOURCE = RestCrud(
    noun="Resource",
    identifier="resourceId",
    properties={"ParentId": str, "PathPart": str, "RestApiId": str},
    required=("ParentId", "PathPart", "RestApiId"),
    replacement=frozenset({"ParentId", "PathPart", "RestApiId"}),
    attribute="ResourceId",
    unique=("ParentId", "PathPart"),
)

AUTHORIZER = RestCrud(
    noun="Authorizer",
    identifier="authorizerId",
    properties={
        "AuthType": str,
        "AuthorizerCredentials": str,
        "AuthorizerResultTtlInSeconds": int,
        "AuthorizerUri": str,
        "IdentitySource": str,
        "IdentityValidationExpression": str,
        "Name": str,
        "ProviderARNs": STRINGS,
        "RestApiId": str,
        "Type": str,
    },
    changes={
        "Type": scalar("/type"),
        "ProviderARNs": values("/providerARNs"),
        "AuthType": scalar("/authType"),
        "AuthorizerCredentials": scalar("/authorizerCredentials"),
        "AuthorizerResultTtlInSeconds": scalar("/authorizerResultTtlInSeconds"),
        "AuthorizerUri": scalar("/authorizerUri"),
        "IdentitySource": scalar("/identitySource"),
        "IdentityValidationExpression": scalar("/identityValidationExpression"),
        "Name": scalar("/name"),
    },
    required=("Name", "RestApiId", "Type"),
    replacement=frozenset({"RestApiId"}),
    attribute="AuthorizerId",
    unique=("Name",),
)

REQUEST_VALIDATOR = RestCrud(
    noun="RequestValidator",
    identifier="requestValidatorId",
    properties={
        "Name": str,
        "RestApiId": str,
        "ValidateRequestBody": bool,
        "ValidateRequestParameters": bool,
    },
    changes={
        "ValidateRequestBody": scalar("/validateRequestBody"),
        "ValidateRequestParameters": scalar("/validateRequestParameters"),
    },
    required=("RestApiId",),
    replacement=frozenset({"Name", "RestApiId"}),
    attribute="RequestValidatorId",
    generated="Name",
)


class Model(RestCrud):
    """`AWS::ApiGateway::Model`: the schema is an object or its text, the name made of letters and digits."""

    def accept(self, logical_id: str, properties: Any) -> dict[str, Any]:
        """The schema as text."""
        accepted = super().accept(logical_id, properties)
        schema = accepted.get("Schema", {})
        return accepted | {"Schema": schema if isinstance(schema, str) else json.dumps(schema)}

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateModel."""
        name = properties.get("Name") or context.generated_name(128).replace("-", "")
        return await super().create(
            context, {"ContentType": "application/json"} | properties | {"Name": name}
        )


MODEL = Model(
    noun="Model",
    identifier="modelName",
    output="name",
    properties={
        "ContentType": str,
        "Description": str,
        "Name": str,
        "RestApiId": str,
        "Schema": object,
    },
    changes={"Description": scalar("/description"), "Schema": scalar("/schema")},
    required=("RestApiId",),
    replacement=frozenset({"ContentType", "Name", "RestApiId"}),
    name_property="Name",
)


class GatewayResponse(RestCrud):
    """`AWS::ApiGateway::GatewayResponse`: put as it is to be, both ways."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PutGatewayResponse."""
        await context.invoke(SERVICE, "PutGatewayResponse", **self._parameters(properties))
        physical_id = f"{properties['RestApiId']}|{properties['ResponseType']}"
        return Outcome(physical_id, {"Id": physical_id})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """PutGatewayResponse."""
        return await self.create(context, properties)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteGatewayResponse."""
        names = {name: current.properties[name] for name in ("RestApiId", "ResponseType")}
        await context.invoke(SERVICE, "DeleteGatewayResponse", **self._parameters(names))


GATEWAY_RESPONSE = GatewayResponse(
    noun="GatewayResponse",
    identifier="responseType",
    properties={
        "ResponseParameters": STRING_MAP,
        "ResponseTemplates": STRING_MAP,
        "ResponseType": str,
        "RestApiId": str,
        "StatusCode": str,
    },
    required=("ResponseType", "RestApiId"),
    replacement=frozenset({"ResponseType", "RestApiId"}),
)


def _stage_key(key: dict[str, str]) -> str:
    return f"{key['RestApiId']}/{key['StageName']}"


API_KEY = RestCrud(
    noun="ApiKey",
    identifier="apiKey",
    parents=(),
    properties={
        "CustomerId": str,
        "Description": str,
        "Enabled": bool,
        "GenerateDistinctId": bool,
        "Name": str,
        "StageKeys": [{"RestApiId": str, "StageName": str}],
        "Tags": TAGS,
        "Value": str,
    },
    changes={
        "CustomerId": scalar("/customerId"),
        "Description": scalar("/description"),
        "Enabled": scalar("/enabled"),
        "StageKeys": values("/stages", _stage_key),
    },
    replacement=frozenset({"GenerateDistinctId", "Name", "Value"}),
    attribute="APIKeyId",
    generated="Name",
    tags="/apikeys",
)


_LIMITS = {"BurstLimit": "burstLimit", "RateLimit": "rateLimit"}
_STAGES = values("/apiStages")


def _stages(stages: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """The limits of a plan's stages: by stage and by method."""
    return {f"{one['ApiId']}:{one['Stage']}": one.get("Throttle") or {} for one in stages or ()}


def _api_stages(before: Any, after: Any) -> list[Operation]:
    """Stages go and come; the limits of their methods go as a whole and come again."""
    old, new = _stages(before), _stages(after)
    operations = _STAGES(list(old), list(new))
    for stage, methods in new.items():
        path = f"/apiStages/{escaped(stage)}/throttle"
        if old.get(stage) and old[stage] != methods:
            operations.append({"op": "remove", "path": path})
        for method, limits in methods.items() if old.get(stage) != methods else ():
            resource, _, verb = method.rpartition("/")
            operations += [
                {
                    "op": "replace",
                    "path": f"{path}/{escaped(resource)}/{verb}/{_LIMITS[name]}",
                    "value": text(value),
                }
                for name, value in limits.items()
            ]
    return operations


def _with_limits(params: dict[str, Any]) -> dict[str, Any]:
    """CreateUsagePlan's parameters: the limits of methods are spelled otherwise in a template."""
    for stage in params.get("apiStages", ()):
        stage["throttle"] = {
            method: {_LIMITS.get(name, name): float(value) for name, value in limits.items()}
            for method, limits in (stage.get("throttle") or {}).items()
        }
    return params


USAGE_PLAN = RestCrud(
    noun="UsagePlan",
    identifier="usagePlanId",
    parents=(),
    properties={
        "ApiStages": [{"ApiId": str, "Stage": str, "Throttle": object}],
        "Description": str,
        "Quota": {"Limit": int, "Offset": int, "Period": str},
        "Tags": TAGS,
        "Throttle": {"BurstLimit": int, "RateLimit": object},
        "UsagePlanName": str,
    },
    changes={
        "ApiStages": _api_stages,
        "Description": scalar("/description"),
        "Quota": structure("/quota", {"Limit": "limit", "Offset": "offset", "Period": "period"}),
        "Throttle": structure("/throttle", {"BurstLimit": "burstLimit", "RateLimit": "rateLimit"}),
        "UsagePlanName": scalar("/name"),
    },
    renamed={"UsagePlanName": "name"},
    attribute="Id",
    generated="UsagePlanName",
    convert=_with_limits,
    tags="/usageplans",
)


class UsagePlanKey(RestCrud):
    """`AWS::ApiGateway::UsagePlanKey`: its id is the key's and the plan's."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateUsagePlanKey."""
        made = await super().create(context, properties)
        physical_id = f"{made.physical_id}:{properties['UsagePlanId']}"
        return Outcome(physical_id, {"Id": physical_id})

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteUsagePlanKey."""
        names = {name: current.properties[name] for name in ("KeyId", "UsagePlanId")}
        await context.invoke(SERVICE, "DeleteUsagePlanKey", **self._parameters(names))


USAGE_PLAN_KEY = UsagePlanKey(
    noun="UsagePlanKey",
    identifier="keyId",
    parents=("UsagePlanId",),
    properties={"KeyId": str, "KeyType": str, "UsagePlanId": str},
    required=("KeyId", "KeyType", "UsagePlanId"),
    replacement=frozenset({"KeyId", "KeyType", "UsagePlanId"}),
)


def part_types() -> dict[str, Provider]:
    """The types that are rows."""
    return {
        "AWS::ApiGateway::ApiKey": API_KEY,
        "AWS::ApiGateway::Authorizer": AUTHORIZER,
        "AWS::ApiGateway::GatewayResponse": GATEWAY_RESPONSE,
        "AWS::ApiGateway::Model": MODEL,
        "AWS::ApiGateway::RequestValidator": REQUEST_VALIDATOR,
        "AWS::ApiGateway::Resource": RESOURCE,
        "AWS::ApiGateway::UsagePlan": USAGE_PLAN,
        "AWS::ApiGateway::UsagePlanKey": USAGE_PLAN_KEY,
    }
