"""REST APIs out of OpenAPI definitions, and definitions out of REST APIs."""

import json
from typing import Any

import pytest
import yaml

from dewstack.apigateway.errors import BadRequestException, NotFoundException
from tests.api.apigateway.http_api_client import header
from tests.api.apigateway.rest_api_client import AUTHORIZER_URI, URI, RestGateway

PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": URI, "passthroughBehavior": "when_no_match"}
MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {
        "default": {
            "statusCode": "200",
            "responseParameters": {"method.response.header.X-Mock": "'yes'"},
            "responseTemplates": {"application/json": '{"mocked": true}'},
        }
    },
}
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "pets", "description": "All of them", "version": "1.2"},
    "basePath": "/v1/shop",
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "x-amazon-apigateway-minimum-compression-size": 1024,
    "x-amazon-apigateway-api-key-source": "HEADER",
    "x-amazon-apigateway-request-validators": {
        "all": {"validateRequestBody": True, "validateRequestParameters": True}
    },
    "x-amazon-apigateway-request-validator": "all",
    "x-amazon-apigateway-gateway-responses": {
        "BAD_REQUEST_BODY": {
            "statusCode": 422,
            "responseParameters": {"gatewayresponse.header.X-Why": "'body'"},
            "responseTemplates": {"application/json": '{"wrong": $context.error.messageString}'},
        }
    },
    "securityDefinitions": {
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "signed": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
        "guard": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {
                "type": "token",
                "authorizerUri": AUTHORIZER_URI,
                "authorizerResultTtlInSeconds": 60,
            },
        },
    },
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "get": {
                "operationId": "getPet",
                "parameters": [{"name": "color", "in": "query", "required": True, "type": "string"}],
                "responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Pet"}}},
                "x-amazon-apigateway-integration": PROXY,
            },
            "post": {
                "consumes": ["application/json"],
                "parameters": [{"in": "body", "name": "pet", "schema": {"$ref": "#/definitions/Pet"}}],
                "responses": {"200": {"description": "ok", "headers": {"X-Mock": {"type": "string"}}}},
                "x-amazon-apigateway-integration": MOCK,
            },
        },
        "/closed": {"get": {"security": [{"guard": []}], "x-amazon-apigateway-integration": PROXY}},
        "/keyed": {"get": {"security": [{"api_key": []}], "x-amazon-apigateway-integration": PROXY}},
        "/signed": {"get": {"security": [{"signed": []}], "x-amazon-apigateway-integration": PROXY}},
        "/all/{proxy+}": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": PROXY}},
    },
    "definitions": {
        "Pet": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "owner": {"$ref": "#/definitions/Pet-Owner"}},
        },
        "Pet-Owner": {"type": "object", "properties": {"age": {"type": "integer"}}},
    },
}
OPENAPI: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "pets", "version": "1"},
    "servers": [
        {
            "url": "https://x.example/{basePath}",
            "variables": {"basePath": {"default": "v2"}},
            "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": False},
        }
    ],
    "paths": {
        "/pets": {
            "post": {
                "x-amazon-apigateway-request-validator": "body",
                "requestBody": {"$ref": "#/components/requestBodies/Pet"},
                "responses": {"200": {"description": "ok", "content": {}}},
                "x-amazon-apigateway-integration": PROXY,
            },
            "put": {
                "x-amazon-apigateway-request-validator": "body",
                "requestBody": {"content": {"application/json": {"schema": {"type": "array"}}}},
                "x-amazon-apigateway-integration": PROXY,
            },
        }
    },
    "components": {
        "requestBodies": {
            "Pet": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
        },
        "schemas": {"Pet": {"type": "object", "required": ["name"]}},
    },
    "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}},
}


def imported(rest: RestGateway, definition: Any, **more: Any) -> RestGateway:
    """The API that a definition makes, deployed."""
    body = definition if isinstance(definition, bytes) else json.dumps(definition).encode()
    rest.api_id = rest.call("ImportRestApi", body=body, **more)["id"]
    return rest.deploy()


def test_a_swagger_definition_is_served(rest: RestGateway) -> None:
    imported(rest, SWAGGER)
    api = rest.call("GetRestApi")
    assert (api["name"], api["description"], api["version"]) == ("pets", "All of them", "1.2")
    assert (api["binaryMediaTypes"], api["minimumCompressionSize"]) == (["image/png"], 1024)
    got = rest.request("GET", "/pets/7?color=red")
    assert json.loads(got.body)["pathParameters"] == {"id": "7"}
    assert (
        rest.request("GET", "/pets/7").body == b'{"message":"Missing required request parameters: [color]"}'
    )
    mocked = rest.request("POST", "/pets/7", body=b'{"name": "Rex", "owner": {"age": 3}}')
    assert (mocked.body, header(mocked, "X-Mock")) == (b'{"mocked": true}', ["yes"])
    for body in (b"{}", b'{"name": "Rex", "owner": {"age": "three"}}'):
        wrong = rest.request("POST", "/pets/7", body=body)
        assert (wrong.status, header(wrong, "X-Why")) == (422, ["body"])
        assert json.loads(wrong.body) == {"wrong": "Invalid request body"}
    assert rest.request("PATCH", "/all/of/it").status == 200
    assert rest.request("GET", "/closed").status == 401
    assert rest.request("GET", "/keyed").status == 403
    assert rest.request("GET", "/signed").status == 403


def test_an_openapi_definition_is_served_also_from_yaml(rest: RestGateway) -> None:
    for body in (json.dumps(OPENAPI).encode(), yaml.safe_dump(OPENAPI).encode()):
        rest.api_id = ""
        imported(rest, body)
        assert rest.request("POST", "/pets", body=b'{"name": 1}').status == 200
        assert rest.request("POST", "/pets", body=b"{}").status == 400
        assert rest.request("PUT", "/pets", body=b"[]").status == 200
        assert rest.request("PUT", "/pets", body=b"{}").status == 400


@pytest.mark.parametrize(
    ("how", "path"),
    [("ignore", "/closed"), ("prepend", "/v1/shop/closed"), ("split", "/shop/closed"), (None, "/closed")],
)
def test_what_becomes_of_the_base_path(rest: RestGateway, how: str | None, path: str) -> None:
    imported(rest, SWAGGER, parameters={"basepath": how} if how else {})
    assert path in [one["path"] for one in rest.call("GetResources", limit=100)["items"]]
    with pytest.raises(BadRequestException, match="basepath"):
        rest.call("ImportRestApi", body=json.dumps(SWAGGER).encode(), parameters={"basepath": "odd"})


def test_the_endpoint_type_is_a_parameter(rest: RestGateway) -> None:
    imported(rest, SWAGGER, parameters={"endpointConfigurationTypes": "REGIONAL"})
    assert rest.call("GetRestApi")["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_merging_adds_and_overwriting_replaces(rest: RestGateway) -> None:
    imported(rest, SWAGGER)
    more = {
        "swagger": "2.0",
        "info": {"title": "more"},
        "paths": {
            "/more": {"get": {"x-amazon-apigateway-integration": MOCK}},
            "/keyed": {"get": {"x-amazon-apigateway-integration": MOCK}},
        },
    }
    body = json.dumps(more).encode()
    assert rest.call("PutRestApi", body=body, mode="merge")["name"] == "pets"
    rest.deploy()
    assert rest.request("GET", "/more").status == 200
    assert rest.request("GET", "/keyed").status == 200
    assert rest.request("GET", "/pets/7?color=red").status == 200
    assert rest.call("PutRestApi", body=body, mode="overwrite")["name"] == "more"
    rest.deploy()
    assert rest.request("GET", "/more").status == 200
    assert rest.request("GET", "/pets/7?color=red").status == 403
    assert rest.call("GetAuthorizers")["items"] == []


def test_an_import_that_fails_leaves_nothing(rest: RestGateway) -> None:
    bad = {"type": "aws_proxy", "httpMethod": "POST", "uri": "nowhere"}
    paths = {"/fine": {"get": {}}, "/x": {"get": {"x-amazon-apigateway-integration": bad}}}
    definition = {"openapi": "3.0.1", "info": {"title": "bad"}, "paths": paths}
    with pytest.raises(BadRequestException) as error:
        rest.call("ImportRestApi", body=json.dumps(definition).encode())
    assert error.value.message == (
        "Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '/x':"
        " Invalid ARN specified in the request"
    )
    assert rest.call("GetRestApis")["items"] == []


BOMB = b"a0: &a0 [x, x]\n" + b"".join(
    b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40)
)
DEEP = b'{"openapi": "3.0.0", "components": {"schemas": {"A": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}}"


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        DEEP,
        b"",
        b"no",
        b"[]",
        b"{}",
        b'{"swagger": "1.2"}',
        b"\xff\xfe",
        b'{"openapi": "3.0.0", "paths": []}',
    ],
)
def test_what_is_no_definition_is_refused(rest: RestGateway, body: bytes) -> None:
    with pytest.raises(BadRequestException):
        rest.call("ImportRestApi", body=body)


def test_a_malformed_integration_is_named(rest: RestGateway) -> None:
    paths = {"/x": {"get": {"x-amazon-apigateway-integration": {"uri": "x"}}}}
    definition = {"openapi": "3.0.1", "info": {"title": "bad"}, "paths": paths}
    with pytest.raises(BadRequestException, match="malformed integration at path /x"):
        rest.call("ImportRestApi", body=json.dumps(definition).encode())


def test_warnings_are_told_and_may_fail_the_import(rest: RestGateway) -> None:
    responses = {"200": {"description": "", "schema": {"$ref": "#/definitions/Nowhere"}}}
    paths = {"/x": {"get": {"responses": responses, "x-amazon-apigateway-integration": MOCK}}}
    body = json.dumps({"swagger": "2.0", "info": {"title": "w"}, "paths": paths}).encode()
    assert rest.call("ImportRestApi", body=body)["warnings"] == [
        "Reference to model 'Nowhere' not found. Ignoring."
    ]
    with pytest.raises(BadRequestException, match="Warnings found during import:\n\tReference to model"):
        rest.call("ImportRestApi", body=body, failOnWarnings=True)
    assert len(rest.call("GetRestApis")["items"]) == 1


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_what_is_exported_can_be_imported_again(rest: RestGateway, kind: str) -> None:
    imported(rest, SWAGGER)
    export = rest.call("GetExport", stageName="dev", exportType=kind, parameters={"extensions": "apigateway"})
    assert export["contentType"] == "application/json"
    first = json.loads(export["body"])
    assert first["swagger" if kind == "swagger" else "openapi"] == {"swagger": "2.0", "oas30": "3.0.1"}[kind]
    rest.api_id = ""
    imported(rest, export["body"])
    again = rest.call("GetExport", stageName="dev", exportType=kind, parameters={"extensions": "apigateway"})
    second = json.loads(again["body"])
    for volatile in ("host", "servers"):
        first.pop(volatile, None), second.pop(volatile, None)
    assert second == first
    assert rest.request("GET", "/pets/7?color=red").status == 200
    assert rest.request("POST", "/pets/7", body=b'{"name": "Rex", "owner": {"age": "x"}}').status == 422


def test_an_export_tells_extensions_only_where_asked(rest: RestGateway) -> None:
    imported(rest, SWAGGER)
    plain = rest.call("GetExport", stageName="dev", exportType="oas30", accepts="application/yaml")
    assert plain["contentType"] == "application/yaml"
    document = yaml.safe_load(plain["body"])
    assert "x-amazon-apigateway-integration" not in document["paths"]["/pets/{id}"]["get"]
    assert document["components"]["schemas"]["PetOwner"]["type"] == "object"
    given = {"extensions": "integrations"}
    told = json.loads(rest.call("GetExport", stageName="dev", exportType="oas30", parameters=given)["body"])
    integration = told["paths"]["/pets/{id}"]["get"]["x-amazon-apigateway-integration"]
    assert (integration["type"], integration["uri"]) == ("aws_proxy", URI)
    with pytest.raises(BadRequestException):
        rest.call("GetExport", stageName="dev", exportType="raml")
    with pytest.raises(NotFoundException):
        rest.call("GetExport", stageName="nowhere", exportType="oas30")


def test_documentation_is_imported_versioned_and_exported(rest: RestGateway) -> None:
    parts = [
        {"location": {"type": "API"}, "properties": {"description": "all"}},
        {"location": {"type": "METHOD", "path": "/more", "method": "GET"}, "properties": {"summary": "more"}},
    ]
    definition = SWAGGER | {"x-amazon-apigateway-documentation": {"documentationParts": parts}}
    imported(rest, definition)
    assert len(rest.call("GetDocumentationParts")["items"]) == 2
    found = rest.call("GetDocumentationParts", type="METHOD", path="/more")["items"]
    assert json.loads(found[0]["properties"]) == {"summary": "more"}
    rest.call("CreateDocumentationVersion", documentationVersion="1", stageName="dev", description="first")
    assert rest.call("GetStage", stageName="dev")["documentationVersion"] == "1"
    assert rest.call("GetDocumentationVersions")["items"][0]["version"] == "1"
    given = {"extensions": "documentation"}
    told = json.loads(rest.call("GetExport", stageName="dev", exportType="oas30", parameters=given)["body"])
    assert told["x-amazon-apigateway-documentation"]["documentationParts"] == parts
    again = {"x-amazon-apigateway-documentation": {"documentationParts": parts[:1]}}
    ids = rest.call("ImportDocumentationParts", body=json.dumps(again).encode(), mode="overwrite")["ids"]
    assert [one["id"] for one in rest.call("GetDocumentationParts")["items"]] == ids
    changed = [{"op": "replace", "path": "/properties", "value": '{"description": "new"}'}]
    rest.call("UpdateDocumentationPart", documentationPartId=ids[0], patchOperations=changed)
    shown = rest.call("GetDocumentationPart", documentationPartId=ids[0])
    assert shown["properties"] == '{"description": "new"}'
    rest.call("DeleteDocumentationPart", documentationPartId=ids[0])
    with pytest.raises(NotFoundException):
        rest.call("GetDocumentationPart", documentationPartId=ids[0])
    imported(
        rest, SWAGGER | {"x-amazon-apigateway-documentation": {}}, parameters={"ignore": "documentation"}
    )


def test_an_api_is_cloned(rest: RestGateway) -> None:
    imported(rest, SWAGGER)
    source = rest.api_id
    rest.api_id = ""
    rest.api_id = rest.call("CreateRestApi", name="clone", cloneFrom=source)["id"]
    rest.deploy()
    assert rest.request("POST", "/pets/7", body=b'{"name": "Rex"}').body == b'{"mocked": true}'
    assert rest.request("POST", "/pets/7", body=b"{}").status == 422
    rest.call("DeleteRestApi", restApiId=source)
    assert rest.request("GET", "/closed").status == 401
