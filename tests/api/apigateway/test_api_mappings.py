"""Custom domain names of HTTP and WebSocket APIs, by boto3, CloudFormation and the Host header."""

import asyncio
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from websockets.asyncio.client import connect

from dewstack.testing import Dew, start

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/abc"
REGIONAL = [{"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}]
CODE = (
    "import json\ndef handler(event, context):\n    return {'statusCode': 200, 'body': json.dumps(event)}\n"
)


@pytest.fixture(scope="module")
def aws() -> Iterator[Dew]:
    """An emulator with a function."""
    with start() as dew:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("index.py", CODE)
        dew.client("lambda").create_function(
            FunctionName="echo",
            Runtime="python3.12",
            Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/echo",
            Code={"ZipFile": archive.getvalue()},
        )
        permission = {"StatementId": "all", "Action": "lambda:InvokeFunction"}
        dew.client("lambda").add_permission(
            FunctionName="echo", Principal="apigateway.amazonaws.com", **permission
        )
        yield dew


FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:echo"


@pytest.fixture(scope="module")
def client(aws: Dew) -> Any:
    """boto3's apigatewayv2."""
    return aws.client("apigatewayv2")


def api(client: Any, *route_keys: str, stage: str = "$default", **more: Any) -> str:
    """An API whose routes lead to the function."""
    given = {"ProtocolType": "HTTP"} | more
    api_id: str = client.create_api(Name="test", **given)["ApiId"]
    version = {"PayloadFormatVersion": "2.0"} if given["ProtocolType"] == "HTTP" else {}
    made = client.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=FUNCTION, **version
    )
    for key in route_keys:
        target = f"integrations/{made['IntegrationId']}"
        client.create_route(ApiId=api_id, RouteKey=key, Target=target)
    client.create_stage(ApiId=api_id, StageName=stage, AutoDeploy=True)
    return api_id


def get(aws: Dew, host: str, path: str, **more: Any) -> httpx.Response:
    """What is served at a name."""
    return httpx.get(aws.aws_url + path, headers={"Host": host, **more})


def test_a_domain_name_is_made_shown_changed_and_deleted(client: Any) -> None:
    made = client.create_domain_name(
        DomainName="crud.example.com", DomainNameConfigurations=REGIONAL, Tags={"a": "1"}
    )
    configuration = made["DomainNameConfigurations"][0]
    assert configuration["ApiGatewayDomainName"].endswith(".execute-api.us-east-1.amazonaws.com")
    assert (configuration["DomainNameStatus"], configuration["EndpointType"]) == ("AVAILABLE", "REGIONAL")
    assert made["ApiMappingSelectionExpression"] == "$request.basepath"
    assert made["Tags"] == {"a": "1"}
    changed = client.update_domain_name(
        DomainName="crud.example.com", DomainNameConfigurations=[{"CertificateArn": CERTIFICATE + "2"}]
    )["DomainNameConfigurations"][0]
    assert changed["CertificateArn"] == CERTIFICATE + "2"
    assert changed["ApiGatewayDomainName"] == configuration["ApiGatewayDomainName"]
    assert "crud.example.com" in [one["DomainName"] for one in client.get_domain_names()["Items"]]
    arn = made["DomainNameArn"]
    client.tag_resource(ResourceArn=arn, Tags={"b": "2"})
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert client.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    client.delete_domain_name(DomainName="crud.example.com")
    with pytest.raises(ClientError, match="NotFoundException"):
        client.get_domain_name(DomainName="crud.example.com")


def test_both_services_have_the_same_domain_names(aws: Dew, client: Any) -> None:
    rest = aws.client("apigateway")
    rest.create_domain_name(
        domainName="both.example.com",
        regionalCertificateArn=CERTIFICATE,
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    found = client.get_domain_name(DomainName="both.example.com")
    assert found["DomainNameConfigurations"][0]["CertificateArn"] == CERTIFICATE
    api_id = api(client, "GET /x")
    made = client.create_api_mapping(
        DomainName="both.example.com", ApiId=api_id, Stage="$default", ApiMappingKey="shop"
    )
    mapping = rest.get_base_path_mapping(domainName="both.example.com", basePath="shop")
    assert (mapping["restApiId"], mapping["stage"]) == (api_id, "$default")
    assert "mappingId" not in mapping
    assert client.get_api_mappings(DomainName="both.example.com")["Items"] == [
        {"ApiId": api_id, "ApiMappingId": made["ApiMappingId"], "ApiMappingKey": "shop", "Stage": "$default"}
    ]


def test_requests_are_served_by_their_host_and_the_longest_key(aws: Dew, client: Any) -> None:
    domain = "api.example.com"
    client.create_domain_name(DomainName=domain, DomainNameConfigurations=REGIONAL)
    assert get(aws, domain, "/x").status_code == 403
    plain = api(client, "GET /x/{id}", DisableExecuteApiEndpoint=True)
    staged = api(client, "GET /y", "$default", stage="prod")
    client.create_api_mapping(DomainName=domain, ApiId=plain, Stage="$default")
    client.create_api_mapping(DomainName=domain, ApiId=staged, Stage="prod", ApiMappingKey="orders/v1")
    event = get(aws, domain, "/x/1?a=1").json()
    assert (event["rawPath"], event["routeKey"], event["pathParameters"]) == (
        "/x/1",
        "GET /x/{id}",
        {"id": "1"},
    )
    context = event["requestContext"]
    assert (context["domainName"], context["domainPrefix"]) == (domain, "api")
    assert (context["apiId"], context["stage"], context["http"]["path"]) == (plain, "$default", "/x/1")
    event = get(aws, f"{domain}:4566", "/orders/v1/y").json()
    assert (event["routeKey"], event["rawPath"]) == ("GET /y", "/orders/v1/y")
    assert event["requestContext"]["stage"] == "prod"
    assert get(aws, domain, "/orders/v1").json()["routeKey"] == "$default"
    assert get(aws, domain, "/orders/v2/y").json() == {"message": "Not Found"}
    assert get(aws, f"{plain}.execute-api.localhost", "/x/1").status_code == 404


def test_a_mapping_moves_and_goes(aws: Dew, client: Any) -> None:
    domain = "move.example.com"
    client.create_domain_name(DomainName=domain, DomainNameConfigurations=REGIONAL)
    api_id = api(client, "GET /x")
    made = client.create_api_mapping(DomainName=domain, ApiId=api_id, Stage="$default", ApiMappingKey="a")
    name = {"DomainName": domain, "ApiMappingId": made["ApiMappingId"]}
    assert get(aws, domain, "/a/x").status_code == 200
    client.update_api_mapping(**name, ApiId=api_id, ApiMappingKey="b")
    assert (get(aws, domain, "/a/x").status_code, get(aws, domain, "/b/x").status_code) == (403, 200)
    assert client.get_api_mapping(**name)["ApiMappingKey"] == "b"
    client.delete_api_mapping(**name)
    assert get(aws, domain, "/b/x").status_code == 403


def test_a_wildcard_serves_all_names_below_it(aws: Dew, client: Any) -> None:
    client.create_domain_name(DomainName="*.tenants.example.com", DomainNameConfigurations=REGIONAL)
    client.create_api_mapping(
        DomainName="*.tenants.example.com", ApiId=api(client, "GET /x"), Stage="$default"
    )
    context = get(aws, "one.tenants.example.com", "/x").json()["requestContext"]
    assert (context["domainName"], context["domainPrefix"]) == ("one.tenants.example.com", "one")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Stage": "nope"}, "BadRequestException"),
        ({"ApiId": "nope"}, "BadRequestException"),
        ({"ApiMappingKey": "/a/"}, "BadRequestException"),
        ({"ApiMappingKey": "taken"}, "ConflictException"),
        ({"DomainName": "nowhere.example.com"}, "NotFoundException"),
    ],
)
def test_what_cannot_be_mapped_is_refused(client: Any, params: dict[str, str], code: str) -> None:
    domain = f"{code.lower()}-{next(iter(params)).lower()}.example.com"
    client.create_domain_name(DomainName=domain, DomainNameConfigurations=REGIONAL)
    given = {"DomainName": domain, "ApiId": api(client, "GET /x"), "Stage": "$default"}
    client.create_api_mapping(**given, ApiMappingKey="taken")
    with pytest.raises(ClientError) as refused:
        client.create_api_mapping(**given | params)
    assert refused.value.response["Error"]["Code"] == code


def signed(host: str, path: str) -> dict[str, str]:
    """The headers of a backend's request."""
    request = AWSRequest("GET", f"http://{host}{path}")
    SigV4Auth(Credentials("test", "test"), "execute-api", "us-east-1").add_auth(request)
    return {"Host": host, **dict(request.headers.items())}


def test_web_sockets_connect_at_a_name_of_ones_own(aws: Dew, client: Any) -> None:
    domain = "ws.example.test"
    client.create_domain_name(DomainName=domain, DomainNameConfigurations=REGIONAL)
    selection = {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
    api_id = api(client, "$connect", "$default", stage="dev", **selection)
    route = client.get_routes(ApiId=api_id)["Items"]
    default = next(one["RouteId"] for one in route if one["RouteKey"] == "$default")
    client.create_route_response(ApiId=api_id, RouteId=default, RouteResponseKey="$default")
    client.create_api_mapping(DomainName=domain, ApiId=api_id, Stage="dev", ApiMappingKey="chat")
    with pytest.raises(ClientError, match="beside them"):
        client.create_api_mapping(DomainName=domain, ApiId=api(client), Stage="$default")
    port = httpx.URL(aws.aws_url).port

    async def talk() -> dict[str, Any]:
        async with connect(f"ws://{domain}/chat", host="127.0.0.1", port=port, proxy=None) as socket:
            await socket.send("hello")
            event: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 10))
            name = event["requestContext"]["connectionId"].replace("=", "%3D")
            async with httpx.AsyncClient() as backend:
                path = f"/chat/@connections/{name}"
                told = await backend.get(f"{aws.aws_url}{path}", headers=signed(domain, path))
            return event | {"found": told.status_code, "text": told.text}

    event = asyncio.run(talk())
    assert (event["body"], event["found"]) == ("hello", 200), event["text"]
    assert (event["requestContext"]["domainName"], event["requestContext"]["stage"]) == (domain, "dev")


def test_a_stack_makes_both_and_changes_the_key(aws: Dew, client: Any) -> None:
    api_id = api(client, "GET /x")

    def template(key: str) -> str:
        return json.dumps(
            {
                "Resources": {
                    "Domain": {
                        "Type": "AWS::ApiGatewayV2::DomainName",
                        "Properties": {
                            "DomainName": "stack.example.com",
                            "DomainNameConfigurations": REGIONAL,
                        },
                    },
                    "Mapping": {
                        "Type": "AWS::ApiGatewayV2::ApiMapping",
                        "Properties": {
                            "DomainName": {"Ref": "Domain"},
                            "ApiId": api_id,
                            "Stage": "$default",
                            "ApiMappingKey": key,
                        },
                    },
                },
                "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}}},
            }
        )

    stacks = aws.client("cloudformation")
    stacks.create_stack(StackName="domains", TemplateBody=template("one"))
    stacks.get_waiter("stack_create_complete").wait(
        StackName="domains", WaiterConfig={"Delay": 0.1, "MaxAttempts": 200}
    )
    outputs = stacks.describe_stacks(StackName="domains")["Stacks"][0]["Outputs"]
    assert outputs[0]["OutputValue"].startswith("d-")
    assert get(aws, "stack.example.com", "/one/x").status_code == 200
    stacks.update_stack(StackName="domains", TemplateBody=template("two"))
    stacks.get_waiter("stack_update_complete").wait(
        StackName="domains", WaiterConfig={"Delay": 0.1, "MaxAttempts": 200}
    )
    assert get(aws, "stack.example.com", "/two/x").status_code == 200
    stacks.delete_stack(StackName="domains")
    stacks.get_waiter("stack_delete_complete").wait(
        StackName="domains", WaiterConfig={"Delay": 0.1, "MaxAttempts": 200}
    )
    with pytest.raises(ClientError, match="NotFoundException"):
        client.get_domain_name(DomainName="stack.example.com")
