"""The control plane of REST APIs: shapes, errors, and when a change is live. Texts are as recorded on AWS."""

import pytest

from dewstack.apigateway import ApiGateway
from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.config import Caller
from tests.api.apigateway.rest_api_client import AUTHORIZER_URI, URI, RestGateway, patch

POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi"


def test_an_api_as_boto3_returns_it(rest: RestGateway) -> None:
    created = rest.call("CreateRestApi", name="n", description="d", tags={"a": "b"}, version="v1")
    assert created == {
        "id": created["id"],
        "name": "n",
        "description": "d",
        "version": "v1",
        "createdDate": created["createdDate"],
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "rootResourceId": created["rootResourceId"],
        "tags": {"a": "b"},
    }
    rest.api_id = created["id"]
    assert len(rest.api_id) == 10
    assert rest.call("GetRestApi") == created
    assert rest.call("GetRestApis")["items"] == [created]
    assert [api.id for api in rest.api.rest_apis.apis()] == [rest.api_id]
    assert rest.call("GetResources")["items"] == [{"id": created["rootResourceId"], "path": "/"}]
    assert [model["name"] for model in rest.call("GetModels")["items"]] == ["Empty", "Error"]
    assert rest.call("DeleteRestApi") == {}
    with pytest.raises(
        NotFoundException, match=f"Invalid API identifier specified 000000000000:{rest.api_id}"
    ):
        rest.call("GetRestApi")


def test_accounts_and_regions_do_not_see_each_other(rest: RestGateway) -> None:
    rest.create_rest("GET /")
    elsewhere = Caller("111111111111", "eu-west-1")
    assert rest.api.operations["apigateway"]["GetRestApis"](elsewhere, {})["items"] == []
    with pytest.raises(NotFoundException, match="Invalid API identifier specified 111111111111:"):
        rest.api.operations["apigateway"]["GetRestApi"](elsewhere, {"restApiId": rest.api_id})


def test_an_api_is_patched(rest: RestGateway) -> None:
    rest.create_rest(description="d", binaryMediaTypes=["image/png"])
    patches = [
        patch("add", "/binaryMediaTypes/image~1jpeg"),
        patch("replace", "/binaryMediaTypes/image~1png", "image/gif"),
        patch("replace", "/minimumCompressionSize", "10"),
        patch("replace", "/disableExecuteApiEndpoint", "true"),
        patch("replace", "/endpointConfiguration/types/REGIONAL", "EDGE"),
        patch("replace", "/description"),
    ]
    updated = rest.call("UpdateRestApi", patchOperations=patches)
    assert updated["binaryMediaTypes"] == ["image/jpeg", "image/gif"]
    assert (updated["minimumCompressionSize"], updated["disableExecuteApiEndpoint"]) == (10, True)
    assert updated["endpointConfiguration"]["types"] == ["EDGE"]
    assert "description" not in updated
    back = rest.call("UpdateRestApi", patchOperations=[patch("replace", "/minimumCompressionSize")])
    assert "minimumCompressionSize" not in back


def test_resources_are_a_tree(rest: RestGateway) -> None:
    rest.create_rest()
    pets, root = rest.resource("/pets"), rest.resource("/")
    child = rest.resource("/pets/{id}")
    assert rest.call("GetResource", resourceId=child) == {
        "id": child,
        "parentId": pets,
        "path": "/pets/{id}",
        "pathPart": "{id}",
    }
    rest.call("UpdateResource", resourceId=pets, patchOperations=[patch("replace", "/pathPart", "dogs")])
    paths = [one["path"] for one in rest.call("GetResources")["items"]]
    assert paths == ["/", "/dogs", "/dogs/{id}"]
    rest.call("UpdateResource", resourceId=child, patchOperations=[patch("replace", "/parentId", root)])
    assert rest.call("GetResource", resourceId=child)["path"] == "/{id}"
    again = rest.call("CreateResource", parentId=pets, pathPart="{id}")["id"]
    assert rest.call("DeleteResource", resourceId=pets) == {}
    with pytest.raises(NotFoundException, match="Invalid Resource identifier specified"):
        rest.call("GetResource", resourceId=again)
    assert [one["path"] for one in rest.call("GetResources")["items"]] == ["/", "/{id}"]


def test_lists_come_in_pages(rest: RestGateway) -> None:
    rest.create_rest()
    for number in range(30):
        rest.resource(f"/r{number:02}")
    first = rest.call("GetResources")
    assert len(first["items"]) == 25
    rest_of_it = rest.call("GetResources", position=first["position"])
    assert [one["path"] for one in rest_of_it["items"]] == [f"/r{number:02}" for number in range(24, 30)]
    assert "position" not in rest_of_it
    assert len(rest.call("GetResources", limit=500)["items"]) == 31


def test_a_method_with_its_integration(rest: RestGateway) -> None:
    rest.create_rest()
    place = rest.method(
        "GET /a", operationName="list", requestParameters={"method.request.querystring.q": True}
    )
    rest.call("PutMethodResponse", statusCode="200", **place)
    rest.call("PutIntegrationResponse", statusCode="200", selectionPattern="", **place)
    method = rest.call("GetMethod", **place)
    assert method == {
        "httpMethod": "GET",
        "authorizationType": "NONE",
        "apiKeyRequired": False,
        "operationName": "list",
        "requestParameters": {"method.request.querystring.q": True},
        "methodResponses": {"200": {"statusCode": "200"}},
        "methodIntegration": {
            "type": "AWS_PROXY",
            "httpMethod": "POST",
            "uri": URI,
            "passthroughBehavior": "WHEN_NO_MATCH",
            "timeoutInMillis": 29_000,
            "cacheNamespace": place["resourceId"],
            "cacheKeyParameters": [],
            "integrationResponses": {"200": {"statusCode": "200", "selectionPattern": ""}},
        },
    }
    resource = {"resourceId": place["resourceId"]}
    assert rest.call("GetResource", **resource)["resourceMethods"] == {"GET": {}}
    assert rest.call("GetResource", **resource, embed=["methods"])["resourceMethods"] == {"GET": method}
    rest.call("DeleteIntegrationResponse", statusCode="200", **place)
    rest.call("DeleteMethodResponse", statusCode="200", **place)
    rest.call("DeleteIntegration", **place)
    with pytest.raises(NotFoundException, match="Invalid Integration identifier specified"):
        rest.call("GetIntegration", **place)
    rest.call("DeleteMethod", **place)
    with pytest.raises(NotFoundException, match="Invalid Method identifier specified"):
        rest.call("GetMethod", **place)


def test_methods_and_what_belongs_to_them_are_patched(rest: RestGateway) -> None:
    rest.create_rest()
    place = rest.mapped(
        "GET /a", {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    )
    changes = [
        patch("replace", "/apiKeyRequired", "true"),
        patch("add", "/requestModels/application~1json", "Empty"),
    ]
    assert rest.call("UpdateMethod", patchOperations=changes, **place)["requestModels"] == {
        "application/json": "Empty"
    }
    changes = [patch("add", "/responseParameters/method.response.header.x", "true")]
    updated = rest.call("UpdateMethodResponse", statusCode="200", patchOperations=changes, **place)
    assert updated["responseParameters"] == {"method.response.header.x": True}
    changes = [
        patch("replace", "/timeoutInMillis", "1000"),
        patch("replace", "/requestTemplates/text~1plain", "x"),
        patch("remove", "/requestTemplates/application~1json"),
    ]
    integration = rest.call("UpdateIntegration", patchOperations=changes, **place)
    assert (integration["timeoutInMillis"], integration["requestTemplates"]) == (1000, {"text/plain": "x"})
    changes = [
        patch("replace", "/selectionPattern", "5.."),
        patch("add", "/responseTemplates/text~1plain", "t"),
    ]
    response = rest.call("UpdateIntegrationResponse", statusCode="200", patchOperations=changes, **place)
    assert response == {
        "statusCode": "200",
        "selectionPattern": "5..",
        "responseTemplates": {"text/plain": "t"},
    }
    with pytest.raises(NotFoundException, match="Invalid parameter name specified"):
        rest.call(
            "UpdateMethodResponse",
            statusCode="200",
            patchOperations=[patch("remove", "/responseParameters/method.response.header.y")],
            **place,
        )


def test_authorizers(rest: RestGateway) -> None:
    rest.create_rest()
    pool = rest.call("CreateAuthorizer", name="pool", type="COGNITO_USER_POOLS", providerARNs=[POOL])
    assert pool == {
        "id": pool["id"],
        "name": "pool",
        "type": "COGNITO_USER_POOLS",
        "providerARNs": [POOL],
        "authType": "cognito_user_pools",
        "identitySource": "method.request.header.Authorization",
    }
    token = rest.call("CreateAuthorizer", name="token", type="TOKEN", authorizerUri=AUTHORIZER_URI)
    assert (token["authType"], token["authorizerResultTtlInSeconds"]) == ("custom", 300)
    place = rest.method("GET /", authorizationType="CUSTOM", authorizerId=token["id"])
    with pytest.raises(ConflictException, match=r"Cannot delete authorizer 'token', .* //GET"):
        rest.call("DeleteAuthorizer", authorizerId=token["id"])
    changed = [patch("replace", "/authorizationType", "COGNITO_USER_POOLS")]
    with pytest.raises(BadRequestException, match="Invalid authorizer ID specified"):
        rest.call("UpdateMethod", patchOperations=changed, **place)
    changed += [patch("replace", "/authorizerId", pool["id"]), patch("add", "/authorizationScopes", "read")]
    assert rest.call("UpdateMethod", patchOperations=changed, **place)["authorizationScopes"] == ["read"]
    ttl = [patch("replace", "/authorizerResultTtlInSeconds", "0")]
    updated = rest.call("UpdateAuthorizer", authorizerId=token["id"], patchOperations=ttl)
    assert updated["authorizerResultTtlInSeconds"] == 0
    rest.call("DeleteAuthorizer", authorizerId=token["id"])
    assert rest.call("GetAuthorizers")["items"] == [pool]


def test_a_change_waits_for_its_deployment(rest: RestGateway) -> None:
    rest.create_rest("GET /a")
    rest.method("GET /b")
    assert (rest.get("/a").status, rest.get("/b").status) == (200, 403)
    [first] = rest.call("GetDeployments")["items"]
    second = rest.call("CreateDeployment", description="second")
    assert rest.get("/b").status == 403
    rest.call(
        "UpdateStage", stageName="dev", patchOperations=[patch("replace", "/deploymentId", second["id"])]
    )
    assert rest.get("/b").status == 200
    with pytest.raises(BadRequestException, match="Active stages pointing to this deployment must be moved"):
        rest.call("DeleteDeployment", deploymentId=second["id"])
    rest.call("DeleteDeployment", deploymentId=first["id"])
    assert [one["id"] for one in rest.call("GetDeployments")["items"]] == [second["id"]]
    shown = rest.call("GetDeployment", deploymentId=second["id"], embed=["apisummary"])
    assert shown["apiSummary"]["/b"] == {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}
    rest.call("DeleteStage", stageName="dev")
    assert rest.get("/b").status == 403


def test_deploying_to_a_stage_again_moves_it(rest: RestGateway) -> None:
    rest.create_rest("GET /a")
    rest.call("UpdateStage", stageName="dev", patchOperations=[patch("replace", "/variables/a", "1")])
    rest.method("GET /b")
    rest.deploy(stageDescription="new", tracingEnabled=True)
    stage = rest.call("GetStage", stageName="dev")
    assert (stage["description"], stage["tracingEnabled"], stage["variables"]) == ("new", True, {"a": "1"})
    assert rest.get("/b").status == 200


def test_a_stage_as_boto3_returns_it(rest: RestGateway) -> None:
    rest.create_rest("GET /")
    [deployment] = rest.call("GetDeployments")["items"]
    created = rest.call("CreateStage", stageName="qa", deploymentId=deployment["id"])
    assert created == {
        "stageName": "qa",
        "deploymentId": deployment["id"],
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "createdDate": created["createdDate"],
        "lastUpdatedDate": created["lastUpdatedDate"],
        "methodSettings": {},
        "tracingEnabled": False,
    }
    changes = [
        patch("replace", "/*/*/throttling/rateLimit", "2.5"),
        patch("replace", "/~1orders~1{id}/GET/logging/loglevel", "INFO"),
        patch("replace", "/accessLogSettings/format", "f"),
        patch(
            "replace", "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:x"
        ),
    ]
    updated = rest.call("UpdateStage", stageName="qa", patchOperations=changes)
    assert updated["methodSettings"]["*/*"]["throttlingRateLimit"] == 2.5
    assert updated["methodSettings"]["orders/{id}/GET"]["loggingLevel"] == "INFO"
    assert updated["accessLogSettings"]["format"] == "f"
    changes = [patch("remove", "/*/*"), patch("remove", "/accessLogSettings")]
    updated = rest.call("UpdateStage", stageName="qa", patchOperations=changes)
    assert list(updated["methodSettings"]) == ["orders/{id}/GET"]
    assert "accessLogSettings" not in updated
    assert rest.call("GetStages", deploymentId="none")["item"] == []
    assert {one["stageName"] for one in rest.call("GetStages")["item"]} == {"dev", "qa"}


def test_gateway_responses_fall_back(rest: RestGateway) -> None:
    rest.create_rest()
    default = rest.call("GetGatewayResponse", responseType="UNAUTHORIZED")
    assert default == {
        "responseType": "UNAUTHORIZED",
        "statusCode": "401",
        "defaultResponse": True,
        "responseParameters": {},
        "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
    }
    header = {"gatewayresponse.header.x": "'y'"}
    rest.call("PutGatewayResponse", responseType="DEFAULT_4XX", responseParameters=header)
    inherited = rest.call("GetGatewayResponse", responseType="UNAUTHORIZED")
    assert (inherited["responseParameters"], inherited["defaultResponse"]) == (header, True)
    assert len(rest.call("GetGatewayResponses")["items"]) == 21
    change = [patch("replace", "/statusCode", "418")]
    updated = rest.call("UpdateGatewayResponse", responseType="UNAUTHORIZED", patchOperations=change)
    assert (updated["statusCode"], updated["defaultResponse"]) == ("418", False)
    for response_type in ("UNAUTHORIZED", "DEFAULT_4XX"):
        rest.call("DeleteGatewayResponse", responseType=response_type)
    assert rest.call("GetGatewayResponse", responseType="UNAUTHORIZED") == default


def test_models_and_validators_that_are_used_stay(rest: RestGateway) -> None:
    rest.create_rest()
    model = rest.call("CreateModel", name="Pet", contentType="application/json", schema='{"type": "object"}')
    validator = rest.call("CreateRequestValidator", name="all", validateRequestBody=True)
    assert validator["validateRequestParameters"] is False
    place = rest.method(
        "POST /pets", requestModels={"application/json": "Pet"}, requestValidatorId=validator["id"]
    )
    with pytest.raises(
        ConflictException, match="Cannot delete model 'Pet', is referenced in method request: /pets/POST"
    ):
        rest.call("DeleteModel", modelName="Pet")
    with pytest.raises(ConflictException, match="Cannot delete validator 'all'"):
        rest.call("DeleteRequestValidator", requestValidatorId=validator["id"])
    change = [patch("replace", "/schema", '{"type": "array"}')]
    assert rest.call("UpdateModel", modelName="Pet", patchOperations=change)["schema"] == '{"type": "array"}'
    assert rest.call("GetModel", modelName="Pet")["id"] == model["id"]
    change = [patch("replace", "/validateRequestParameters", "true")]
    updated = rest.call("UpdateRequestValidator", requestValidatorId=validator["id"], patchOperations=change)
    assert updated["validateRequestParameters"] is True
    rest.call("DeleteMethod", **place)
    rest.call("DeleteModel", modelName="Pet")
    rest.call("DeleteRequestValidator", requestValidatorId=validator["id"])
    assert rest.call("GetRequestValidators")["items"] == []


def test_keys_and_usage_plans(rest: RestGateway) -> None:
    rest.create_rest()
    rest.method("GET /", apiKeyRequired=True)
    rest.deploy()
    key = rest.call("CreateApiKey", name="k", enabled=True, value="v" * 20)
    stage = {"apiId": rest.api_id, "stage": "dev"}
    plan = rest.call(
        "CreateUsagePlan",
        name="p",
        apiStages=[stage],
        quota={"limit": 5, "period": "DAY"},
        throttle={"burstLimit": 5, "rateLimit": 2.5},
    )
    assert plan == {
        "id": plan["id"],
        "name": "p",
        "apiStages": [stage],
        "quota": {"limit": 5, "period": "DAY"},
        "throttle": {"burstLimit": 5, "rateLimit": 2.5},
    }
    headers = {"x-api-key": "v" * 20}
    assert rest.request("GET", "/", headers).status == 403
    named = {"usagePlanId": plan["id"]}
    added = rest.call("CreateUsagePlanKey", keyId=key["id"], keyType="API_KEY", **named)
    assert added == {"id": key["id"], "type": "API_KEY", "value": "v" * 20, "name": "k"}
    assert rest.call("GetUsagePlanKeys", **named)["items"] == [added]
    assert rest.call("GetUsagePlans", keyId=key["id"])["items"] == [plan]
    assert rest.request("GET", "/", headers).status == 200
    changes = [patch("replace", "/quota/limit", "7"), patch("remove", "/throttle")]
    updated = rest.call("UpdateUsagePlan", patchOperations=changes, **named)
    assert (updated["quota"]["limit"], "throttle" in updated) == (7, False)
    rest.call("UpdateApiKey", apiKey=key["id"], patchOperations=[patch("replace", "/enabled", "false")])
    assert rest.request("GET", "/", headers).status == 403
    rest.call("DeleteApiKey", apiKey=key["id"])
    assert rest.call("GetUsagePlanKeys", **named)["items"] == []
    rest.call("DeleteUsagePlan", **named)
    assert rest.call("GetUsagePlans")["items"] == []


def test_a_keys_value_is_told_on_request(rest: RestGateway) -> None:
    made = rest.call("CreateApiKey", name="alpha")
    assert (made["enabled"], len(made["value"])) == (False, 40)
    rest.call("CreateApiKey", name="beta")
    assert "value" not in rest.call("GetApiKey", apiKey=made["id"])
    assert rest.call("GetApiKey", apiKey=made["id"], includeValue=True)["value"] == made["value"]
    [found] = rest.call("GetApiKeys", nameQuery="al", includeValues=True)["items"]
    assert found["value"] == made["value"]


def test_a_key_may_name_its_stages_itself(rest: RestGateway) -> None:
    rest.create_rest()
    rest.method("GET /", apiKeyRequired=True)
    rest.deploy()
    stages = [{"restApiId": rest.api_id, "stageName": "dev"}]
    key = rest.call("CreateApiKey", name="old", enabled=True, stageKeys=stages)
    assert key["stageKeys"] == [f"{rest.api_id}/dev"]
    assert rest.request("GET", "/", {"x-api-key": key["value"]}).status == 200


@pytest.mark.parametrize(
    "tagged", ["restapis/{api}", "restapis/{api}/stages/dev", "apikeys/{key}", "usageplans/{plan}"]
)
def test_tags(rest: RestGateway, tagged: str) -> None:
    rest.create_rest("GET /")
    names = {
        "api": rest.api_id,
        "key": rest.call("CreateApiKey")["id"],
        "plan": rest.call("CreateUsagePlan", name="p")["id"],
    }
    arn = f"arn:aws:apigateway:us-east-1::/{tagged.format(**names)}"
    rest.call("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
    rest.call("UntagResource", resourceArn=arn, tagKeys=["a"])
    assert rest.call("GetTags", resourceArn=arn) == {"tags": {"b": "2"}}


def test_an_account_keeps_its_role(rest: RestGateway) -> None:
    role = "arn:aws:iam::000000000000:role/logs"
    assert "cloudwatchRoleArn" not in rest.call("GetAccount")
    rest.call("UpdateAccount", patchOperations=[patch("replace", "/cloudwatchRoleArn", role)])
    assert rest.call("GetAccount")["cloudwatchRoleArn"] == role
    assert rest.call("GetAccount")["throttleSettings"] == {"burstLimit": 5000, "rateLimit": 10000.0}


def test_an_emulator_that_starts_again_goes_on(rest: RestGateway) -> None:
    rest.create_rest("GET /a")
    rest.method("GET /b")
    rest.api = ApiGateway(rest.store, rest.clock, rest.config, rest._invoke, rest._keys)
    assert rest.get("/a").status == 200
    assert [one["path"] for one in rest.call("GetResources")["items"]] == ["/", "/a", "/b"]
    rest.store.clear()
    rest.api.reset()
    assert rest.call("GetRestApis")["items"] == []


def test_an_api_without_methods_is_not_deployed(rest: RestGateway) -> None:
    rest.create_rest()
    with pytest.raises(BadRequestException, match="The REST API doesn't contain any methods"):
        rest.call("CreateDeployment")
