"""An API invokes only functions whose policies let it: what answers before AddPermission, and right after it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start

ROLE = "arn:aws:iam::000000000000:role/any"
Made = tuple[str, str]
"""An API's URL and the beginning of its ARNs."""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    with start() as running:
        yield running


@pytest.fixture
def function(dew: Dew, tmp_path: Path) -> Iterator[str]:
    """A function that nobody may invoke, by its ARN."""
    (tmp_path / "f.py").write_text(
        "def handler(event, context):\n"
        "    if 'methodArn' in event or 'routeArn' in event:\n"
        "        return {'isAuthorized': True, 'principalId': 'x', 'policyDocument': {'Version': '2012-10-17',\n"
        "            'Statement': [{'Effect': 'Allow', 'Action': 'execute-api:Invoke', 'Resource': '*'}]}}\n"
        "    return {'statusCode': 200, 'body': 'hello'}\n"
    )
    made = dew.client("lambda").create_function(
        FunctionName="f",
        Handler="f.handler",
        Runtime="python3.11",
        Role=ROLE,
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
    )
    yield made["FunctionArn"]
    dew.client("lambda").delete_function(FunctionName="f")


def uri(function: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


def http_api(dew: Dew, function: str, *, guarded: bool = False) -> Made:
    client = dew.client("apigatewayv2")
    api = client.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    guard: dict[str, Any] = {}
    if guarded:
        made = client.create_authorizer(
            ApiId=api,
            Name="g",
            AuthorizerType="REQUEST",
            AuthorizerUri=uri(function),
            AuthorizerPayloadFormatVersion="2.0",
            EnableSimpleResponses=True,
            IdentitySource=["$request.header.Host"],
        )
        guard = {"AuthorizationType": "CUSTOM", "AuthorizerId": made["AuthorizerId"]}
    client.create_route(ApiId=api, RouteKey="GET /items/{id}", Target=f"integrations/{integration}", **guard)
    client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return (
        f"{dew.aws_url}/_aws/execute-api/{api}/$default",
        f"arn:aws:execute-api:us-east-1:000000000000:{api}",
    )


def rest_api(dew: Dew, function: str, *, guarded: bool = False) -> Made:
    client = dew.client("apigateway")
    api = client.create_rest_api(name="a")["id"]
    place = next(one["id"] for one in client.get_resources(restApiId=api)["items"])
    for part in ("items", "{id}"):
        place = client.create_resource(restApiId=api, parentId=place, pathPart=part)["id"]
    method: dict[str, Any] = {"restApiId": api, "resourceId": place, "httpMethod": "GET"}
    guard: dict[str, Any] = {"authorizationType": "NONE"}
    if guarded:
        made = client.create_authorizer(
            restApiId=api,
            name="g",
            type="REQUEST",
            authorizerUri=uri(function),
            identitySource="method.request.header.Host",
        )
        guard = {"authorizationType": "CUSTOM", "authorizerId": made["id"]}
    client.put_method(**method, **guard)
    client.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri(function))
    client.create_deployment(restApiId=api, stageName="dev")
    return f"{dew.aws_url}/_aws/execute-api/{api}/dev", f"arn:aws:execute-api:us-east-1:000000000000:{api}"


def permit(dew: Dew, statement: str, **about: str) -> None:
    dew.client("lambda").add_permission(
        FunctionName="f",
        StatementId=statement,
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        **about,
    )


KINDS = [http_api, rest_api]
REFUSED = {http_api: '{"message":"Internal Server Error"}', rest_api: '{"message": "Internal server error"}'}


@pytest.mark.parametrize("make", KINDS)
def test_a_function_must_let_the_api_in(dew: Dew, function: str, make: Callable[..., Made]) -> None:
    url, arn = make(dew, function)
    refused = httpx.get(f"{url}/items/1")
    assert (refused.status_code, refused.text) == (500, REFUSED[make])
    permit(dew, "other-route", SourceArn=f"{arn}/*/POST/items/*")
    permit(dew, "other-api", SourceArn="arn:aws:execute-api:us-east-1:000000000000:other/*")
    assert httpx.get(f"{url}/items/1").status_code == 500
    permit(dew, "this-route", SourceArn=f"{arn}/*/GET/items/*")
    assert httpx.get(f"{url}/items/1").text == "hello"
    dew.client("lambda").remove_permission(FunctionName="f", StatementId="this-route")
    assert httpx.get(f"{url}/items/1").status_code == 500


@pytest.mark.parametrize("make", KINDS)
def test_so_must_the_function_of_an_authorizer(dew: Dew, function: str, make: Callable[..., Made]) -> None:
    url, arn = make(dew, function, guarded=True)
    permit(dew, "route", SourceArn=f"{arn}/*/GET/items/*")
    assert httpx.get(f"{url}/items/1").status_code == 500
    permit(dew, "authorizer", SourceArn=f"{arn}/authorizers/*")
    assert httpx.get(f"{url}/items/1").text == "hello"
