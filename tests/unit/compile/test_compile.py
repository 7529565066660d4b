"""What the golden fixtures don't show: layers, IAM variants, resources, extensions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dewstack.compile import Artifact, compile_service
from dewstack.errors import UserError
from dewstack.service import load

Compile = Callable[..., dict[str, Any]]
FUNCTION = "functions: {f: {handler: app.handler, events: [{httpApi: GET /}]}}\n"


def test_the_embedded_target_gets_code_from_the_directory(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: shop\nprovider: {name: aws}\nfunctions: {f: {handler: a.b}}\n"
    )
    service = load(tmp_path, options={}, environ={})
    template = compile_service(service, {"f": Artifact("hot-reload", str(tmp_path), "c29tZXRoaW5n")})
    code = template["Resources"]["FLambdaFunction"]["Properties"]["Code"]
    assert code == {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}


def test_compiling_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    resources = "resources: {Resources: {T: {Type: X, Properties: {A: 1}}}}\n"
    text = f"service: shop\nprovider: {{name: aws}}\n{FUNCTION}{resources}"
    (tmp_path / "serverless.yml").write_text(text.replace("app.handler", "index.handler"))
    service = load(tmp_path, options={}, environ={})
    first = compile_service(service, {"f": Artifact("b", "k", "h")})
    first["Resources"]["T"]["Properties"]["A"] = "changed"
    assert compile_service(service, {"f": Artifact("b", "k", "h")})["Resources"]["T"]["Properties"] == {
        "A": 1
    }


def test_a_layer_of_the_map_is_a_layer_version(compile_map: Compile) -> None:
    template = compile_map(
        "layers: {my-layer: {path: l, retain: true, allowedAccounts: ['*', '123456789012']}}\n"
    )
    layers = {name: each for name, each in template["Resources"].items() if "Layer" in name}
    assert [each["Type"] for each in layers.values()] == [
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::LayerVersionPermission",
        "AWS::Lambda::LayerVersionPermission",
    ]
    name = next(iter(layers))
    assert name.startswith("MyDashlayerLambdaLayer")
    assert layers[name]["DeletionPolicy"] == "Retain"
    assert template["Outputs"]["MyDashlayerLambdaLayerQualifiedArn"]["Value"] == {"Ref": name}


def test_resources_are_merged_over_what_is_generated(compile_map: Compile) -> None:
    text = (
        FUNCTION
        + """
resources:
  Parameters: {P: {Type: String}}
  Mappings: {M: {a: {b: c}}}
  Conditions: {C: !Equals [!Ref P, x]}
  Resources:
    HttpApi: {Type: AWS::ApiGatewayV2::Api, Properties: {Description: mine, Name: ~}}
    Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: ~, Keys: [{A: ~, B: 1}]}}
  Outputs: {T: {Value: !Ref Table}}
"""
    )
    template = compile_map(text)
    assert template["Parameters"] == {"P": {"Type": "String"}}
    assert template["Conditions"] == {"C": {"Fn::Equals": [{"Ref": "P"}, "x"]}}
    assert template["Mappings"] == {"M": {"a": {"b": "c"}}}
    assert template["Resources"]["HttpApi"]["Properties"]["Description"] == "mine"
    assert template["Resources"]["HttpApi"]["Properties"]["ProtocolType"] == "HTTP"
    assert template["Resources"]["Table"]["Properties"] == {"Keys": [{"B": 1}]}
    assert template["Outputs"]["T"] == {"Value": {"Ref": "Table"}}


def test_extensions_change_what_is_generated(compile_map: Compile) -> None:
    text = (
        FUNCTION
        + """
resources:
  extensions:
    FLambdaFunction: {Properties: {Timeout: 9}, DependsOn: [Table], Metadata: {m: 1}}
    HttpApiRouteGet: {DeletionPolicy: Retain, DependsOn: Table}
"""
    )
    resources = compile_map(text)["Resources"]
    function, route = resources["FLambdaFunction"], resources["HttpApiRouteGet"]
    assert function["Properties"]["Timeout"] == 9
    assert function["DependsOn"] == ["FLogGroup", "Table"]
    assert function["Metadata"] == {"m": 1}
    assert route["DependsOn"] == ["HttpApiIntegrationF", "Table"]
    assert route["DeletionPolicy"] == "Retain"


def test_an_extension_of_nothing_is_refused(compile_map: Compile) -> None:
    with pytest.raises(UserError, match=r"resources\.extensions\.Nope: there is no such resource"):
        compile_map(FUNCTION + "resources: {extensions: {Nope: {Properties: {A: 1}}}}\n")


def test_a_map_without_functions_is_its_bucket_and_resources(compile_map: Compile) -> None:
    template = compile_map("resources: {Resources: {T: {Type: 'AWS::SNS::Topic'}}}\n")
    assert list(template["Resources"]) == [
        "ServerlessDeploymentBucket",
        "ServerlessDeploymentBucketPolicy",
        "T",
    ]


@pytest.mark.parametrize("role", ["role: arn:aws:iam::123456789012:role/r", "iam: {role: !GetAtt R.Arn}"])
def test_a_role_of_ones_own_takes_the_place_of_the_generated(compile_map: Compile, role: str) -> None:
    template = compile_map(FUNCTION, head=f"  runtime: python3.11\n  {role}\n")
    assert "IamRoleLambdaExecution" not in template["Resources"]


def test_both_spellings_of_statements_are_understood(compile_map: Compile) -> None:
    statement = "{Effect: Allow, Action: 's3:*', Resource: '*'}"
    new = compile_map(
        FUNCTION, head=f"  runtime: python3.11\n  iam: {{role: {{statements: [{statement}]}}}}\n"
    )
    old = compile_map(FUNCTION, head=f"  runtime: python3.11\n  iamRoleStatements: [{statement}]\n")
    assert new == old
    role = new["Resources"]["IamRoleLambdaExecution"]["Properties"]
    assert role["Policies"][0]["PolicyDocument"]["Statement"][-1]["Action"] == ["s3:*"]


def test_an_image_has_neither_handler_nor_runtime(compile_map: Compile) -> None:
    text = (
        "functions: {f: {image: {uri: '123456789012.dkr.ecr.us-east-1.amazonaws.com/r@sha256:"
        + "a" * 64
        + "', command: [x]}}}\n"
    )
    properties = compile_map(text)["Resources"]["FLambdaFunction"]["Properties"]
    assert properties["PackageType"] == "Image"
    assert properties["ImageConfig"] == {"Command": ["x"]}
    assert "Handler" not in properties
    assert "Runtime" not in properties
