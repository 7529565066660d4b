"""REST APIs: what the golden fixtures don't show, above all when a deployment is a new one."""

from collections.abc import Callable
from typing import Any

import pytest

from dewstack.compile import naming
from dewstack.errors import UserError

Compile = Callable[..., dict[str, Any]]
FUNCTION = "functions:\n  f:\n    handler: app.handler\n    events:\n      - http: "
HEAD = "  runtime: python3.11\n"


def deployment_of(template: dict[str, Any]) -> str:
    """The logical ID of the template's one deployment."""
    found = [
        name for name, each in template["Resources"].items() if each["Type"] == "AWS::ApiGateway::Deployment"
    ]
    assert len(found) == 1
    return str(found[0])


def test_nothing_changed_is_the_same_deployment(compile_map: Compile) -> None:
    assert deployment_of(compile_map(FUNCTION + "GET /a\n")) == deployment_of(
        compile_map(FUNCTION + "GET /a\n")
    )


@pytest.mark.parametrize(
    "change",
    [
        {"text": FUNCTION + "GET /b\n"},
        {"text": FUNCTION + "POST /a\n"},
        {"text": FUNCTION + "{method: GET, path: /a, cors: true}\n"},
        {"text": FUNCTION + "{method: GET, path: /a, private: true}\n"},
        {"text": FUNCTION + "{method: GET, path: /a, timeoutInMillis: 100}\n"},
        {"head": HEAD + "  stage: prod\n"},
        {"head": HEAD + "  apiGateway: {binaryMediaTypes: [a/b]}\n"},
        {
            "text": FUNCTION
            + "GET /a\nresources: {Resources: {G: {Type: 'AWS::ApiGateway::GatewayResponse', "
            "Properties: {RestApiId: !Ref ApiGatewayRestApi, ResponseType: UNAUTHORIZED}}}}\n"
        },
        {
            "text": FUNCTION
            + "GET /a\nresources: {extensions: {ApiGatewayMethodAGet: {Properties: {A: b}}}}\n"
        },
    ],
)
def test_what_is_published_anew_is_another_deployment(compile_map: Compile, change: dict[str, str]) -> None:
    before = deployment_of(compile_map(FUNCTION + "GET /a\n", head=HEAD))
    assert deployment_of(compile_map(**{"text": FUNCTION + "GET /a\n", "head": HEAD, **change})) != before


@pytest.mark.parametrize(
    "change",
    [
        {"code": "other"},
        {"head": HEAD + "  timeout: 9\n"},
        {"head": HEAD + "  tags: {a: b}\n"},
        {"head": HEAD + "  apiName: other\n"},
        {"head": HEAD + "  apiGateway: {apiKeys: [k]}\n"},
        {"text": FUNCTION + "GET /a\n      - httpApi: GET /a\n"},
        {"text": FUNCTION + "GET /a\nresources: {Resources: {T: {Type: 'AWS::SNS::Topic'}}}\n"},
    ],
)
def test_what_no_deployment_publishes_makes_no_other(compile_map: Compile, change: dict[str, str]) -> None:
    before = deployment_of(compile_map(FUNCTION + "GET /a\n", head=HEAD))
    assert deployment_of(compile_map(**{"text": FUNCTION + "GET /a\n", "head": HEAD, **change})) == before


def test_a_map_refers_to_the_deployment_by_the_instance(compile_map: Compile) -> None:
    resources = """
resources:
  Resources:
    Mapping:
      Type: AWS::ApiGateway::BasePathMapping
      DependsOn: ApiGatewayDeployment${sls:instanceId}
      Properties: {DomainName: a.example}
  Outputs: {Deployment: {Value: !Ref 'ApiGatewayDeployment${sls:instanceId}'}}
"""
    template = compile_map(FUNCTION + "GET /a" + resources)
    deployment = deployment_of(template)
    assert template["Resources"]["Mapping"]["DependsOn"] == [deployment]
    assert template["Outputs"]["Deployment"]["Value"] == {"Ref": deployment}


def test_a_deployment_waits_for_every_method(compile_map: Compile) -> None:
    template = compile_map(FUNCTION + "{method: GET, path: /a, cors: true}\n      - http: POST /a\n")
    assert template["Resources"][deployment_of(template)]["DependsOn"] == [
        "ApiGatewayMethodAOptions",
        "ApiGatewayMethodAGet",
        "ApiGatewayMethodAPost",
    ]


def test_paths_that_would_be_one_resource_are_refused(compile_map: Compile) -> None:
    with pytest.raises(
        UserError, match="'/users' and '/Users' have the same logical ID, ApiGatewayResourceUsers"
    ):
        compile_map(FUNCTION + "GET /users\n      - http: POST /Users\n")


def test_both_kinds_of_gateway_stand_beside_each_other(compile_map: Compile) -> None:
    template = compile_map(FUNCTION + "GET /a\n      - httpApi: GET /a\n")
    assert {"ApiGatewayRestApi", "HttpApi"} < set(template["Resources"])
    assert {"ServiceEndpoint", "HttpApiUrl"} < set(template["Outputs"])


def test_the_url_ends_in_the_stage(compile_map: Compile) -> None:
    template = compile_map(FUNCTION + "GET /a\n", head=HEAD + "  stage: prod\n")
    assert template["Outputs"]["ServiceEndpoint"]["Value"]["Fn::Join"][1][-1] == "/prod"


@pytest.mark.parametrize(
    ("schema", "logical_id"),
    [
        ("new-item", "ApiGatewayNewItemModel"),
        ("newItem2", "ApiGatewayNewItem2Model"),
        ("HTTPThing", "ApiGatewayHttpThingModel"),
    ],
)
def test_models_are_named_as_the_framework_names_them(schema: str, logical_id: str) -> None:
    assert naming.rest_model(schema) == logical_id
