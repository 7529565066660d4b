"""The control plane of HTTP APIs: shapes, errors, and when a change is live."""

from typing import Any

import pytest

from dewstack.apigateway import ApiGateway
from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.config import Caller
from dewstack.errors import AwsError, NotEmulated
from tests.api.apigateway.http_api_client import FUNCTION, Gateway

LONG_URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
JWT = {
    "Name": "jwt",
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Issuer": "https://issuer.example", "Audience": ["a"]},
}

REQUEST = {
    "Name": "request",
    "AuthorizerType": "REQUEST",
    "IdentitySource": ["$request.header.Authorization"],
    "AuthorizerUri": LONG_URI,
    "AuthorizerPayloadFormatVersion": "2.0",
}


def test_an_api_as_boto3_returns_it(gateway: Gateway) -> None:
    cors = {"AllowOrigins": ["*"], "MaxAge": 0}
    created = gateway.call(
        "CreateApi", Name="n", ProtocolType="HTTP", CorsConfiguration=cors, Tags={"a": "b"}, Description="d"
    )
    api_id = created["ApiId"]
    assert len(api_id) == 10
    assert created == {
        "ApiId": api_id,
        "ApiEndpoint": f"http://{api_id}.execute-api.localhost:4566",
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "CorsConfiguration": cors,
        "CreatedDate": created["CreatedDate"],
        "Description": "d",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "n",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {"a": "b"},
    }
    assert gateway.call("GetApi", ApiId=api_id) == created
    assert gateway.call("GetApis")["Items"] == [created]
    assert [api.api_id for api in gateway.api.http_apis.apis()] == [api_id]
    found = gateway.api.http_apis.lookup(api_id)
    assert found is not None
    assert found.name == "n"


def test_an_update_changes_what_it_gives(gateway: Gateway) -> None:
    gateway.create(Description="old", Tags={"a": "b"})
    updated = gateway.call("UpdateApi", Description="new")
    assert (updated["Description"], updated["Name"], updated["Tags"]) == ("new", "test", {"a": "b"})
    gateway.call("UpdateApi", CorsConfiguration={"AllowOrigins": ["*"]})
    gateway.call("DeleteCorsConfiguration")
    assert "CorsConfiguration" not in gateway.call("GetApi")


def test_accounts_and_regions_do_not_see_each_other(gateway: Gateway) -> None:
    gateway.create("GET /")
    elsewhere = Caller("111111111111", "eu-west-1")
    assert gateway.api.operations["apigatewayv2"]["GetApis"](elsewhere, {})["Items"] == []
    with pytest.raises(NotFoundException) as error:
        gateway.api.operations["apigatewayv2"]["GetApi"](elsewhere, {"ApiId": gateway.api_id})
    assert error.value.message == f"Invalid API identifier specified 111111111111:{gateway.api_id}"


def test_the_parts_of_an_api(gateway: Gateway) -> None:
    gateway.create()
    integration = gateway.call(
        "CreateIntegration",
        IntegrationType="AWS_PROXY",
        IntegrationUri=LONG_URI,
        PayloadFormatVersion="2.0",
        TimeoutInMillis=29_000,
    )
    assert integration == {
        "ConnectionType": "INTERNET",
        "IntegrationId": integration["IntegrationId"],
        "IntegrationMethod": "POST",
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": LONG_URI,
        "PayloadFormatVersion": "2.0",
        "TimeoutInMillis": 29_000,
    }
    authorizer = gateway.call("CreateAuthorizer", **JWT)
    assert authorizer == JWT | {"AuthorizerId": authorizer["AuthorizerId"]}
    route = gateway.call(
        "CreateRoute",
        RouteKey="GET /a",
        Target=f"integrations/{integration['IntegrationId']}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer["AuthorizerId"],
        AuthorizationScopes=["read"],
    )
    assert route == {
        "ApiKeyRequired": False,
        "AuthorizationScopes": ["read"],
        "AuthorizationType": "JWT",
        "AuthorizerId": authorizer["AuthorizerId"],
        "RouteId": route["RouteId"],
        "RouteKey": "GET /a",
        "Target": f"integrations/{integration['IntegrationId']}",
    }
    for kind, part in (("Integration", integration), ("Authorizer", authorizer), ("Route", route)):
        name = {f"{kind}Id": part[f"{kind}Id"]}
        assert gateway.call(f"Get{kind}", **name) == part
        assert gateway.call(f"Get{kind}s")["Items"] == [part]
    for kind, part in (("Route", route), ("Integration", integration), ("Authorizer", authorizer)):
        assert gateway.call(f"Delete{kind}", **{f"{kind}Id": part[f"{kind}Id"]}) == {}
        assert gateway.call(f"Get{kind}s")["Items"] == []
        with pytest.raises(NotFoundException, match=f"Invalid {kind} identifier specified"):
            gateway.call(f"Delete{kind}", **{f"{kind}Id": part[f"{kind}Id"]})


def test_a_stage_as_boto3_returns_it(gateway: Gateway) -> None:
    gateway.create()
    created = gateway.call(
        "CreateStage",
        StageName="dev",
        DefaultRouteSettings={"DetailedMetricsEnabled": False},
        RouteSettings={"GET /a": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 1.5}},
        StageVariables={"a": "b"},
        AccessLogSettings={
            "DestinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:x",
            "Format": "f",
        },
    )
    dates = {"CreatedDate": created["CreatedDate"], "LastUpdatedDate": created["LastUpdatedDate"]}
    assert created == dates | {
        "StageName": "dev",
        "AutoDeploy": False,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {"GET /a": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 1.5}},
        "StageVariables": {"a": "b"},
        "AccessLogSettings": {
            "DestinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:x",
            "Format": "f",
        },
        "Tags": {},
    }
    gateway.call("DeleteAccessLogSettings", StageName="dev")
    assert "AccessLogSettings" not in gateway.call("GetStage", StageName="dev")
    assert {stage["StageName"] for stage in gateway.call("GetStages")["Items"]} == {"$default", "dev"}
    gateway.call("DeleteStage", StageName="dev")
    with pytest.raises(NotFoundException):
        gateway.call("GetStage", StageName="dev")


def test_a_change_is_live_at_once_with_auto_deploy(gateway: Gateway) -> None:
    gateway.create("GET /a")
    assert gateway.get("/b").status == 404
    route = gateway.call("CreateRoute", RouteKey="GET /b", Target=gateway.integration())
    assert gateway.get("/b").status == 200
    gateway.call("UpdateRoute", RouteId=route["RouteId"], RouteKey="GET /c")
    assert (gateway.get("/b").status, gateway.get("/c").status) == (404, 200)
    gateway.call("DeleteRoute", RouteId=route["RouteId"])
    assert gateway.get("/c").status == 404


def test_a_change_waits_for_its_deployment_without_auto_deploy(gateway: Gateway) -> None:
    gateway.create("GET /a")
    gateway.call("CreateStage", StageName="dev")
    assert gateway.get("/dev/a").status == 404
    first = gateway.call("CreateDeployment", StageName="dev", Description="first")
    assert (first["DeploymentStatus"], first["AutoDeployed"], first["Description"]) == (
        "DEPLOYED",
        False,
        "first",
    )
    assert gateway.get("/dev/a").status == 200
    gateway.call("CreateRoute", RouteKey="GET /b", Target=gateway.integration())
    gateway.call("UpdateApi", CorsConfiguration={"AllowOrigins": ["*"]})
    assert (gateway.get("/dev/b").status, gateway.get("/b").status) == (404, 200)
    second = gateway.call("CreateDeployment")
    assert gateway.get("/dev/b").status == 404
    gateway.call("UpdateStage", StageName="dev", DeploymentId=second["DeploymentId"])
    assert gateway.get("/dev/b").status == 200
    gateway.call("UpdateStage", StageName="dev", DeploymentId=first["DeploymentId"])
    assert gateway.get("/dev/b").status == 404
    with pytest.raises(BadRequestException, match="Active stages pointing to this deployment"):
        gateway.call("DeleteDeployment", DeploymentId=first["DeploymentId"])
    gateway.call("DeleteDeployment", DeploymentId=second["DeploymentId"])


def test_a_stage_that_stops_to_deploy_by_itself_serves_what_it_served_last(gateway: Gateway) -> None:
    gateway.create("GET /a")
    gateway.call("UpdateStage", StageName="$default", AutoDeploy=False)
    gateway.call("CreateRoute", RouteKey="GET /b", Target=gateway.integration())
    assert (gateway.get("/a").status, gateway.get("/b").status) == (200, 404)
    gateway.call("UpdateStage", StageName="$default", AutoDeploy=True)
    assert gateway.get("/b").status == 200
    gateway.call("UpdateStage", StageName="$default", AutoDeploy=False)
    assert gateway.get("/b").status == 200


def test_stages_are_picked_by_the_whole_first_segment(gateway: Gateway) -> None:
    gateway.create("GET /a", "GET /dev/a", "GET /devil/a", "GET /")
    gateway.call("CreateStage", StageName="dev", AutoDeploy=True)
    picked = {path: gateway.event("GET", path) for path in ("/a", "/dev/a", "/devil/a", "/dev/dev/a", "/dev")}
    assert {path: (e["requestContext"]["stage"], e["routeKey"]) for path, e in picked.items()} == {
        "/a": ("$default", "GET /a"),
        "/dev/a": ("dev", "GET /a"),
        "/devil/a": ("$default", "GET /devil/a"),
        "/dev/dev/a": ("dev", "GET /dev/a"),
        "/dev": ("dev", "GET /"),
    }


@pytest.mark.parametrize(
    ("uri", "function"),
    [
        (FUNCTION, FUNCTION),
        (FUNCTION + ":live", FUNCTION + ":live"),
        (LONG_URI, FUNCTION),
        (LONG_URI.replace("hello", "${stageVariables.name}"), FUNCTION.replace("hello", "by-variable")),
    ],
)
def test_the_function_behind_an_integration(gateway: Gateway, uri: str, function: str) -> None:
    gateway.create()
    gateway.call("UpdateStage", StageName="$default", StageVariables={"name": "by-variable"})
    gateway.call("CreateRoute", RouteKey="GET /", Target=gateway.integration(uri=uri))
    assert gateway.get("/").status == 200
    assert gateway.invoked == [function]


def test_a_target_makes_a_whole_api(gateway: Gateway) -> None:
    gateway.api_id = gateway.call("CreateApi", Name="quick", ProtocolType="HTTP", Target=FUNCTION)["ApiId"]
    assert gateway.event("POST", "/anything")["routeKey"] == "$default"


REFUSED: list[tuple[str, dict[str, Any], type[AwsError], str]] = [
    ("CreateApi", {"Name": "graph", "ProtocolType": "GRAPHQL"}, BadRequestException, "ProtocolType"),
    ("CreateApi", {"ProtocolType": "HTTP"}, BadRequestException, "Name"),
    (
        "CreateApi",
        {
            "Name": "x",
            "ProtocolType": "HTTP",
            "CorsConfiguration": {"AllowCredentials": True, "AllowOrigins": ["*"]},
        },
        BadRequestException,
        "allow-credentials is not supported if 'allow-origin' is *",
    ),
    ("UpdateApi", {"CorsConfiguration": {"MaxAge": 90_000}}, BadRequestException, "max age"),
    ("UpdateApi", {"CorsConfiguration": {"AllowOrigins": 5}}, BadRequestException, "AllowOrigins"),
    ("GetApi", {"ApiId": "nosuchapi0"}, NotFoundException, "000000000000:nosuchapi0"),
    ("CreateRoute", {"RouteKey": "POST/x"}, BadRequestException, "not formatted properly for HTTP protocol"),
    (
        "CreateRoute",
        {"RouteKey": "GET /taken"},
        ConflictException,
        "Route with key GET /taken already exists",
    ),
    ("CreateRoute", {"RouteKey": "GET /x", "Target": "integrations/none"}, NotFoundException, "Integration"),
    ("CreateRoute", {"RouteKey": "GET /x", "Target": "http://x"}, BadRequestException, "Target"),
    ("CreateRoute", {"RouteKey": "GET /x", "AuthorizationType": "NEW"}, NotEmulated, "NEW"),
    (
        "CreateRoute",
        {"RouteKey": "GET /x", "AuthorizationType": "CUSTOM"},
        BadRequestException,
        "AuthorizerId",
    ),
    ("CreateRoute", {"RouteKey": "GET /x", "AuthorizationType": "JWT"}, BadRequestException, "AuthorizerId"),
    (
        "CreateRoute",
        {"RouteKey": "GET /x", "AuthorizationType": "JWT", "AuthorizerId": "none"},
        NotFoundException,
        "Authorizer",
    ),
    ("CreateRoute", {"RouteKey": "GET /x", "ApiKeyRequired": True}, NotEmulated, "ApiKeyRequired"),
    ("CreateIntegration", {"IntegrationType": "HTTP_PROXY"}, BadRequestException, "HTTP endpoint"),
    (
        "CreateIntegration",
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": "arn:aws:sns:x", "PayloadFormatVersion": "2.0"},
        BadRequestException,
        "IntegrationUri",
    ),
    (
        "CreateIntegration",
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION},
        BadRequestException,
        "PayloadFormatVersion",
    ),
    (
        "CreateIntegration",
        {"IntegrationType": "AWS_PROXY", "RequestTemplates": {"application/json": "{}"}},
        NotEmulated,
        "RequestTemplates",
    ),
    ("CreateAuthorizer", JWT | {"AuthorizerType": "TOKEN"}, BadRequestException, "TOKEN"),
    (
        "CreateAuthorizer",
        REQUEST | {"IdentitySource": ["$context.x"]},
        BadRequestException,
        "identity source",
    ),
    ("CreateAuthorizer", REQUEST | {"AuthorizerUri": "x"}, BadRequestException, "AuthorizerUri"),
    (
        "CreateAuthorizer",
        REQUEST | {"AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
        BadRequestException,
        "Simple responses",
    ),
    (
        "CreateAuthorizer",
        REQUEST | {"AuthorizerResultTtlInSeconds": 3_601},
        BadRequestException,
        "AuthorizerResultTtlInSeconds",
    ),
    (
        "CreateAuthorizer",
        REQUEST | {"AuthorizerResultTtlInSeconds": 5, "IdentitySource": []},
        BadRequestException,
        "identity source",
    ),
    ("CreateAuthorizer", JWT | {"IdentitySource": ["Authorization"]}, BadRequestException, "identity source"),
    ("CreateAuthorizer", JWT | {"JwtConfiguration": {"Audience": ["a"]}}, BadRequestException, "Issuer"),
    (
        "CreateAuthorizer",
        JWT | {"JwtConfiguration": {"Issuer": "https://i.example"}},
        BadRequestException,
        "Audience",
    ),
    ("CreateStage", {"StageName": "$default"}, ConflictException, "Stage already exists"),
    ("CreateStage", {"StageName": "a b"}, BadRequestException, "Stage name"),
    ("CreateStage", {"StageName": "dev", "DeploymentId": "none"}, BadRequestException, "none"),
    ("GetStage", {"StageName": "none"}, NotFoundException, "Invalid stage identifier specified"),
    ("GetRoutes", {"NextToken": "x"}, BadRequestException, "NextToken"),
]


@pytest.mark.parametrize(("operation", "params", "error", "message"), REFUSED)
def test_refusals(
    gateway: Gateway, operation: str, params: dict[str, Any], error: type[AwsError], message: str
) -> None:
    gateway.create("GET /taken")
    with pytest.raises(error) as raised:
        gateway.call(operation, **params)
    assert message in raised.value.message


def test_a_deployment_needs_a_route(gateway: Gateway) -> None:
    gateway.create()
    with pytest.raises(BadRequestException, match="At least one route is required before deploying the Api"):
        gateway.call("CreateDeployment")


def test_an_authorizer_and_its_route_are_of_one_type(gateway: Gateway) -> None:
    gateway.create()
    for kind, authorizer in (("CUSTOM", JWT), ("JWT", REQUEST)):
        created = gateway.call("CreateAuthorizer", **authorizer)
        assert created == authorizer | {"AuthorizerId": created["AuthorizerId"]}
        with pytest.raises(BadRequestException, match=f"does not fit authorization type {kind}"):
            gateway.call(
                "CreateRoute", RouteKey="GET /", AuthorizationType=kind, AuthorizerId=created["AuthorizerId"]
            )


def test_what_a_route_uses_stays(gateway: Gateway) -> None:
    target = gateway.create().integration()
    authorizer = gateway.call("CreateAuthorizer", **JWT)["AuthorizerId"]
    route = gateway.call(
        "CreateRoute", RouteKey="GET /", Target=target, AuthorizationType="JWT", AuthorizerId=authorizer
    )
    with pytest.raises(ConflictException):
        gateway.call("DeleteIntegration", IntegrationId=target.partition("/")[2])
    with pytest.raises(ConflictException):
        gateway.call("DeleteAuthorizer", AuthorizerId=authorizer)
    opened = gateway.call("UpdateRoute", RouteId=route["RouteId"], AuthorizationType="NONE")
    assert "AuthorizerId" not in opened
    assert gateway.get("/").status == 200
    gateway.call("DeleteAuthorizer", AuthorizerId=authorizer)


def test_a_refused_change_leaves_everything_as_it_was(gateway: Gateway) -> None:
    gateway.create("GET /a", "GET /b")
    routes = gateway.call("GetRoutes")["Items"]
    with pytest.raises(ConflictException):
        gateway.call("UpdateRoute", RouteId=routes[0]["RouteId"], RouteKey=routes[1]["RouteKey"])
    assert gateway.call("GetRoutes")["Items"] == routes


def test_a_route_key_is_free_again_once_its_route_is_gone_or_renamed(gateway: Gateway) -> None:
    gateway.create("GET /a")
    (route,) = gateway.call("GetRoutes")["Items"]
    gateway.call("UpdateRoute", RouteId=route["RouteId"], RouteKey="GET /b")
    gateway.call("CreateRoute", RouteKey="GET /a")
    gateway.call("DeleteRoute", RouteId=route["RouteId"])
    gateway.call("CreateRoute", RouteKey="GET /b")
    with pytest.raises(ConflictException):
        gateway.call("CreateRoute", RouteKey="GET /b")


def test_a_name_with_a_nul_is_just_not_found(gateway: Gateway) -> None:
    gateway.create()
    for operation, params in (("GetApi", {"ApiId": "a\0b"}), ("DeleteStage", {"StageName": "a\0b"})):
        with pytest.raises(NotFoundException):
            gateway.call(operation, **params)


def test_pages(gateway: Gateway) -> None:
    gateway.create("GET /a", "GET /b", "GET /c")
    keys, token = [], None
    while True:
        page = gateway.call("GetRoutes", MaxResults="2", **({"NextToken": token} if token else {}))
        keys += [route["RouteKey"] for route in page["Items"]]
        token = page.get("NextToken")
        if token is None:
            break
    assert sorted(keys) == ["GET /a", "GET /b", "GET /c"]


def test_tags_of_apis_and_stages(gateway: Gateway) -> None:
    gateway.create()
    api = f"arn:aws:apigateway:us-east-1::/apis/{gateway.api_id}"
    for arn in (api, f"{api}/stages/$default"):
        gateway.call("TagResource", ResourceArn=arn, Tags={"a": "1", "b": "2"})
        gateway.call("UntagResource", ResourceArn=arn, TagKeys=["a"])
        assert gateway.call("GetTags", ResourceArn=arn) == {"Tags": {"b": "2"}}
    with pytest.raises(NotFoundException):
        gateway.call("GetTags", ResourceArn="arn:aws:apigateway:us-east-1::/apis/nosuchapi0")


def test_apis_survive_in_the_store(gateway: Gateway) -> None:
    gateway.create("GET /hello")
    gateway.api = ApiGateway(gateway.store, gateway.clock, gateway.config, gateway._invoke, gateway._keys)
    assert gateway.get("/hello").status == 200
    gateway.store.clear()
    gateway.api.reset()
    assert gateway.get("/hello").status == 403


def test_a_route_may_lose_its_target_and_a_stage_its_settings(gateway: Gateway) -> None:
    gateway.create("GET /a")
    (route,) = gateway.call("GetRoutes")["Items"]
    gateway.call("UpdateRoute", RouteId=route["RouteId"], Target="")
    assert gateway.get("/a").status == 500
    settings = {"GET /a": {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0}}
    gateway.call("UpdateStage", StageName="$default", RouteSettings=settings)
    assert gateway.get("/a").status == 429
    gateway.call("UpdateStage", StageName="$default", RouteSettings={}, AccessLogSettings={})
    assert gateway.get("/a").status == 500
