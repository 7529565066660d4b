"""A service that shares another stack's API runs by itself, and joins that API where it is there."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.deploy.standalone import stand_alone
from dewstack.service import Service, load

MAP = "service: shop\nprovider:\n  name: aws\n  runtime: python3.11\n"
FUNCTION = "functions: {hello: {handler: app.hello, events: [{http: GET /hello}, {httpApi: GET /hello}]}}\n"


def service(directory: Path, rest_api_id: str, http_api_id: str = "") -> Service:
    provider = f"  apiGateway: {{restApiId: {rest_api_id}, restApiRootResourceId: root, restApiResources: {{/a: b}}}}\n"
    provider += f"  httpApi: {{id: {http_api_id}}}\n" if http_api_id else ""
    own = "resources: {Resources: {Own: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: own}}}}\n"
    (directory / "app.py").write_text("def hello(event, context): ...\n")
    (directory / "serverless.yml").write_text(MAP + provider + FUNCTION + own)
    return load(directory, options={}, environ={})


@pytest.mark.parametrize("api_id", ["abcdefghij", "!ImportValue shared-api"])
def test_an_api_that_is_not_here_is_replaced_by_one_of_its_own(aws: Any, tmp_path: Path, api_id: str) -> None:
    told: list[str] = []
    shop = stand_alone(aws.call, service(tmp_path, api_id, api_id), told.append)
    assert shop.provider.rest_api.id is None
    assert shop.provider.rest_api.root_resource_id is None
    assert shop.provider.rest_api.resource_ids == {}
    assert shop.provider.http_api.id is None
    assert told == [
        "serverless.yml: provider.apiGateway.restApiId is an API that isn't here; shop gets one of its own",
        "serverless.yml: provider.httpApi.id is an API that isn't here; shop gets one of its own",
    ]


def test_a_reference_that_leads_nowhere_is_no_api(aws: Any, tmp_path: Path) -> None:
    told: list[str] = []
    assert (
        stand_alone(aws.call, service(tmp_path, "!Ref Elsewhere"), told.append).provider.rest_api.id is None
    )
    assert len(told) == 1


def test_an_api_of_the_map_itself_is_kept(aws: Any, tmp_path: Path) -> None:
    shop = service(tmp_path, "!Ref Own")
    assert stand_alone(aws.call, shop, pytest.fail) is shop


def test_apis_that_are_here_are_joined(aws: Any, tmp_path: Path) -> None:
    shared = {
        "Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "shared"}}},
        "Outputs": {"Api": {"Value": {"Ref": "Api"}, "Export": {"Name": "shared-api"}}},
    }
    rest_api = aws.outputs(aws.create(shared))["Api"]
    http_api = aws.call("apigatewayv2", "CreateApi", {"Name": "shared", "ProtocolType": "HTTP"})["ApiId"]
    for api_id in (rest_api, "!ImportValue shared-api"):
        shop = service(tmp_path, api_id, http_api)
        assert stand_alone(aws.call, shop, pytest.fail) is shop
