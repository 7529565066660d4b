"""HTTP APIs out of OpenAPI definitions, and definitions out of HTTP APIs."""

import json
from typing import Any

import pytest

from dewstack.errors import AwsError
from tests.api.apigateway.http_api_client import FUNCTION, Gateway, header

DEFINITION: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "shop", "version": "2", "description": "What we sell"},
    "paths": {
        "/orders/{id}": {
            "get": {
                "operationId": "order",
                "security": [{"people": ["orders.read"]}],
                "x-amazon-apigateway-integration": {
                    "$ref": "#/components/x-amazon-apigateway-integrations/hello"
                },
            },
            "post": {
                "x-amazon-apigateway-integration": {
                    "$ref": "#/components/x-amazon-apigateway-integrations/hello"
                }
            },
        },
        "/$default": {
            "x-amazon-apigateway-any-method": {
                "isDefaultRoute": True,
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy",
                    "httpMethod": "POST",
                    "uri": FUNCTION,
                    "payloadFormatVersion": 1.0,
                },
            }
        },
    },
    "components": {
        "securitySchemes": {
            "people": {
                "type": "oauth2",
                "x-amazon-apigateway-authorizer": {
                    "type": "jwt",
                    "jwtConfiguration": {"issuer": "https://example.com", "audience": ["shop"]},
                    "identitySource": "$request.header.Authorization",
                },
            }
        },
        "x-amazon-apigateway-integrations": {
            "hello": {
                "type": "AWS_PROXY",
                "httpMethod": "POST",
                "uri": FUNCTION,
                "payloadFormatVersion": "2.0",
                "timeoutInMillis": 5000,
            }
        },
    },
    "x-amazon-apigateway-cors": {
        "allowOrigins": ["https://shop.example"],
        "allowMethods": ["GET"],
        "maxAge": 60,
    },
}


def imported(gateway: Gateway, definition: Any = DEFINITION, **params: Any) -> dict[str, Any]:
    """The answer of ImportApi; the gateway's API is then that one, with a stage."""
    body = definition if isinstance(definition, str) else json.dumps(definition)
    made = gateway.call("ImportApi", Body=body, **params)
    gateway.api_id = made["ApiId"]
    gateway.call("CreateStage", StageName="$default", AutoDeploy=True)
    return made


def test_a_definition_becomes_an_api(gateway: Gateway) -> None:
    made = imported(gateway)
    assert (made["Name"], made["Version"], made["Description"]) == ("shop", "2", "What we sell")
    assert "Warnings" not in made
    routes = {route["RouteKey"]: route for route in gateway.call("GetRoutes")["Items"]}
    assert set(routes) == {"GET /orders/{id}", "POST /orders/{id}", "$default"}
    guarded = routes["GET /orders/{id}"]
    assert (guarded["AuthorizationType"], guarded["AuthorizationScopes"]) == ("JWT", ["orders.read"])
    assert guarded["OperationName"] == "order"
    assert gateway.get("/orders/7").status == 401
    assert gateway.event("POST", "/orders/7")["pathParameters"] == {"id": "7"}
    assert gateway.event("GET", "/elsewhere")["version"] == "1.0"
    shown = gateway.request("GET", "/x", {"Origin": "https://shop.example"})
    assert header(shown, "Access-Control-Allow-Origin") or header(shown, "access-control-allow-origin")


def test_yaml_and_base_paths(gateway: Gateway) -> None:
    text = f"""
openapi: 3.0.1
info: {{title: yaml, version: 1}}
servers: [{{url: https://example.com/v1/more}}]
paths:
  /x:
    get:
      x-amazon-apigateway-integration: {{type: AWS_PROXY, uri: '{FUNCTION}', payloadFormatVersion: '2.0'}}
"""
    imported(gateway, text, Basepath="prepend")
    assert [route["RouteKey"] for route in gateway.call("GetRoutes")["Items"]] == ["GET /v1/more/x"]
    gateway.call("ReimportApi", Body=text, Basepath="split")
    assert [route["RouteKey"] for route in gateway.call("GetRoutes")["Items"]] == ["GET /more/x"]


def test_a_definition_takes_the_place_of_all_there_was(gateway: Gateway) -> None:
    made = imported(gateway)
    smaller = {**DEFINITION, "paths": {"/only": DEFINITION["paths"]["/$default"]}}
    del smaller["x-amazon-apigateway-cors"]
    again = gateway.call("ReimportApi", Body=json.dumps(smaller))
    assert again["ApiId"] == made["ApiId"]
    assert "CorsConfiguration" not in again
    assert [route["RouteKey"] for route in gateway.call("GetRoutes")["Items"]] == ["ANY /only"]
    assert gateway.event("GET", "/only")["version"] == "1.0"
    assert gateway.get("/orders/7").status == 404


def test_what_is_exported_can_be_imported_again(gateway: Gateway) -> None:
    imported(gateway)
    body = gateway.call("ExportApi", Specification="OAS30", OutputType="JSON")["body"]
    before = gateway.call("GetRoutes")["Items"]
    told = json.loads(body)
    assert told["openapi"] == "3.0.1" and told["info"]["title"] == "shop"
    gateway.call("ReimportApi", Body=body.decode())
    after = gateway.call("GetRoutes")["Items"]

    def plain(routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = ("RouteId", "Target", "AuthorizerId")
        kept = [{key: value for key, value in route.items() if key not in ids} for route in routes]
        return sorted(kept, key=lambda route: str(route["RouteKey"]))

    assert plain(after) == plain(before)
    exported = gateway.call("ExportApi", Specification="OAS30", OutputType="YAML", IncludeExtensions=False)[
        "body"
    ]
    assert b"integration" not in exported


def test_an_operation_without_an_integration_is_a_warning(gateway: Gateway) -> None:
    bare = {"openapi": "3.0.1", "info": {"title": "bare", "version": "1"}, "paths": {"/x": {"get": {}}}}
    made = imported(gateway, bare)
    assert made["Warnings"] == ["No integration defined for GET /x"]
    with pytest.raises(AwsError, match="No integration defined"):
        gateway.call("ImportApi", Body=json.dumps(bare), FailOnWarnings=True)
    assert [api["Name"] for api in gateway.call("GetApis")["Items"]] == ["bare"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("not a definition", "Invalid OpenAPI input"),
        ('{"swagger": "2.0", "info": {"title": "x"}}', "Only OpenAPI 3.0"),
        ('{"openapi": "3.0.1", "info": {}}', "missing title"),
    ],
)
def test_what_is_no_definition_is_refused_and_leaves_nothing(
    gateway: Gateway, body: str, message: str
) -> None:
    with pytest.raises(AwsError, match=message):
        gateway.call("ImportApi", Body=body)
    assert gateway.call("GetApis")["Items"] == []


def test_an_import_that_fails_halfway_leaves_nothing(gateway: Gateway) -> None:
    broken = json.loads(json.dumps(DEFINITION))
    broken["paths"]["/orders/{id}"]["post"]["x-amazon-apigateway-integration"] = {"type": "MOCK"}
    with pytest.raises(AwsError, match="MOCK"):
        gateway.call("ImportApi", Body=json.dumps(broken))
    assert gateway.call("GetApis")["Items"] == []


def test_what_is_signed_stays_signed(gateway: Gateway) -> None:
    imported(gateway, {**DEFINITION, "paths": {}})
    gateway.call(
        "CreateRoute", RouteKey="GET /signed/{id}", AuthorizationType="AWS_IAM", Target=gateway.integration()
    )
    body = gateway.call("ExportApi", Specification="OAS30", OutputType="JSON")["body"]
    operation = json.loads(body)["paths"]["/signed/{id}"]["get"]
    assert operation["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    gateway.call("ReimportApi", Body=body.decode())
    (route,) = gateway.call("GetRoutes")["Items"]
    assert (route["RouteKey"], route["AuthorizationType"]) == ("GET /signed/{id}", "AWS_IAM")


def test_a_stage_is_exported_as_it_serves(gateway: Gateway) -> None:
    imported(gateway)
    gateway.call("CreateStage", StageName="kept")
    deployment = gateway.call("CreateDeployment", StageName="kept")
    assert deployment["DeploymentStatus"] == "DEPLOYED"
    gateway.call("CreateRoute", RouteKey="GET /new", Target=gateway.integration())

    def paths(**params: str) -> list[str]:
        body = gateway.call("ExportApi", Specification="OAS30", OutputType="JSON", **params)["body"]
        return sorted(json.loads(body)["paths"])

    assert paths() == ["/$default", "/new", "/orders/{id}"]
    assert paths(StageName="kept") == ["/$default", "/orders/{id}"]


def test_websocket_apis_have_no_definitions(gateway: Gateway) -> None:
    made = gateway.call(
        "CreateApi", Name="w", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    with pytest.raises(AwsError, match="Only HTTP APIs"):
        gateway.call("ExportApi", ApiId=made["ApiId"], Specification="OAS30", OutputType="JSON")
    with pytest.raises(AwsError, match="Only HTTP APIs"):
        gateway.call("ReimportApi", ApiId=made["ApiId"], Body=json.dumps(DEFINITION))
