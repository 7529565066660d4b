"""Access logs of stages through boto3: what a request leaves in the log group that its stage names."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from dewstack.testing import Dew, start

SOURCE = """
def handler(event, context):
    if (event.get("queryStringParameters") or {}).get("fail"):
        raise ValueError("as asked")
    return {"statusCode": 201, "body": "made"}

def allow(event, context):
    arn = event["methodArn"]
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ann", "policyDocument": policy, "context": {"plan": "gold"}}
"""
FORM = json.dumps(
    {
        "key": "$context.routeKey",
        "resource": "$context.httpMethod $context.resourcePath",
        "status": "$context.status",
        "length": "$context.responseLength",
        "ip": "$context.identity.sourceIp",
        "agent": "$context.identity.userAgent",
        "plan": "$context.authorizer.plan",
        "principal": "$context.authorizer.principalId",
        "error": "$context.error.message",
        "type": "$context.error.responseType",
        "integration": "$context.integration.status/$context.integrationStatus",
        "id": "$context.requestId",
        "odd": "$context.no.such.thing $contextual costs $5.",
    }
)


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator with two functions and a log group."""
    with start() as running:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("f.py", SOURCE)
        for name in ("handler", "allow"):
            running.client("lambda").create_function(
                FunctionName=name,
                Handler=f"f.{name}",
                Runtime="python3.11",
                Role="arn:aws:iam::000000000000:role/test",
                Code={"ZipFile": buffer.getvalue()},
            )
            running.client("lambda").add_permission(
                FunctionName=name,
                StatementId="api",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
            )
        running.client("logs").create_log_group(logGroupName="/access")
        yield running


def destination(dew: Dew, suffix: str = "") -> str:
    (group,) = dew.client("logs").describe_log_groups(logGroupNamePrefix="/access")["logGroups"]
    return str(group["logGroupArn"]) + suffix


def ask(url: str, **headers: str) -> tuple[int, str]:
    """The status of a request, and the id that its response names."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as response:
            answer = response.status, response.headers
    except urllib.error.HTTPError as error:
        answer = error.code, error.headers
    return answer[0], answer[1].get("Apigw-Requestid") or answer[1]["x-amzn-RequestId"]


def line(dew: Dew, request_id: str) -> dict[str, Any]:
    """The line that tells of a request."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        events = dew.client("logs").filter_log_events(
            logGroupName="/access", filterPattern=f'"{request_id}"'
        )["events"]
        if events:
            (event,) = events
            written: dict[str, Any] = json.loads(event["message"])
            return written
    raise AssertionError(f"no line tells of {request_id}")


def http_api(dew: Dew, destination_arn: str) -> str:
    """The URL of an HTTP API with a route GET /hello and a stage that logs."""
    client = dew.client("apigatewayv2")
    api = client.create_api(Name="logged", ProtocolType="HTTP")
    integration = client.create_integration(
        ApiId=api["ApiId"],
        IntegrationType="AWS_PROXY",
        IntegrationUri="arn:aws:lambda:us-east-1:000000000000:function:handler",
        PayloadFormatVersion="2.0",
    )
    target = f"integrations/{integration['IntegrationId']}"
    client.create_route(ApiId=api["ApiId"], RouteKey="GET /hello", Target=target)
    log = {"DestinationArn": destination_arn, "Format": FORM}
    client.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True, AccessLogSettings=log)
    return f"{dew.aws_url}/_aws/execute-api/{api['ApiId']}"


@pytest.mark.parametrize("suffix", ["", ":*"])
def test_a_request_to_an_http_api_is_told(dew: Dew, suffix: str) -> None:
    url = http_api(dew, destination(dew, suffix))
    status, request_id = ask(f"{url}/hello", **{"User-Agent": "me/2"})
    assert status == 201
    assert line(dew, request_id.rstrip("=")) == {
        "key": "GET /hello",
        "resource": "GET -",
        "status": "201",
        "length": "4",
        "ip": "127.0.0.1",
        "agent": "me/2",
        "plan": "-",
        "principal": "-",
        "error": "-",
        "type": "-",
        "integration": "201/200",
        "id": request_id,
        "odd": "- $contextual costs $5.",
    }


def test_what_an_http_api_answers_by_itself_is_told(dew: Dew) -> None:
    url = http_api(dew, destination(dew))
    status, request_id = ask(f"{url}/nowhere")
    told = line(dew, request_id.rstrip("="))
    assert (status, told["status"], told["key"]) == (404, "404", "-")
    assert (told["error"], told["integration"]) == ("Not Found", "-/-")
    status, request_id = ask(f"{url}/hello?fail=1")
    told = line(dew, request_id.rstrip("="))
    assert (status, told["status"], told["key"]) == (500, "500", "GET /hello")
    assert (told["error"], told["integration"]) == ("Internal Server Error", "-/-")


def rest_api(dew: Dew) -> str:
    """The URL of a REST API with GET /hello for those whom a function lets in, and a stage that logs."""
    client = dew.client("apigateway")
    api = client.create_rest_api(name="logged")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    resource = client.create_resource(restApiId=api, parentId=root, pathPart="hello")["id"]
    functions = "arn:aws:lambda:us-east-1:000000000000:function:"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{functions}"
    authorizer = client.create_authorizer(
        restApiId=api,
        name="allow",
        type="TOKEN",
        authorizerUri=f"{uri}allow/invocations",
        identitySource="method.request.header.Authorization",
    )["id"]
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="CUSTOM", authorizerId=authorizer)
    client.put_integration(
        **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=f"{uri}handler/invocations"
    )
    client.create_deployment(restApiId=api, stageName="dev")
    client.update_stage(
        restApiId=api,
        stageName="dev",
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": destination(dew)},
            {"op": "replace", "path": "/accessLogSettings/format", "value": FORM},
        ],
    )
    return f"{dew.aws_url}/_aws/execute-api/{api}/dev"


def test_a_request_to_a_rest_api_is_told(dew: Dew) -> None:
    url = rest_api(dew)
    status, request_id = ask(f"{url}/hello", Authorization="token")
    assert status == 201
    told = line(dew, request_id)
    assert (told["resource"], told["status"], told["length"]) == ("GET /hello", "201", "4")
    assert (told["principal"], told["plan"], told["integration"]) == ("ann", "gold", "201/200")
    status, request_id = ask(f"{url}/hello")
    told = line(dew, request_id)
    assert (status, told["status"], told["principal"]) == (401, "401", "-")
    assert (told["error"], told["type"], told["integration"]) == ("Unauthorized", "UNAUTHORIZED", "-/-")


def test_what_happens_on_a_websocket_is_told(dew: Dew) -> None:
    client = dew.client("apigatewayv2")
    api = client.create_api(
        Name="logged", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    integration = client.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri="arn:aws:lambda:us-east-1:000000000000:function:handler",
    )["IntegrationId"]
    for key in ("$connect", "$disconnect", "hail"):
        client.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}")
    form = "$context.eventType $context.routeKey $context.status $context.error.message $context.connectionId"
    log = {"DestinationArn": destination(dew), "Format": form}
    client.create_stage(ApiId=api, StageName="dev", AutoDeploy=True, AccessLogSettings=log)
    with connect(f"{dew.aws_url.replace('http', 'ws')}/_aws/execute-api/{api}/dev", proxy=None) as socket:
        socket.send('{"action": "hail"}')
        socket.send('{"action": "nobody listens"}')
        connection = json.loads(socket.recv(timeout=10))["connectionId"]
    deadline, lines = time.monotonic() + 10, []
    while time.monotonic() < deadline and len(lines) < 4:
        events = dew.client("logs").filter_log_events(
            logGroupName="/access", filterPattern=f'"{connection.rstrip("=")}"'
        )["events"]
        lines = [event["message"].removesuffix(f" {connection}") for event in events]
    assert (lines[0], lines[-1]) == ("CONNECT $connect 201 -", "DISCONNECT $disconnect 201 -")
    assert sorted(lines[1:-1]) == ["MESSAGE $default 403 Forbidden", "MESSAGE hail 201 -"]


def test_a_log_elsewhere_is_named_and_the_stage_serves(dew: Dew, caplog: pytest.LogCaptureFixture) -> None:
    url = http_api(dew, "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x")
    assert ask(f"{url}/hello")[0] == 201
    assert "deliverystream/amazon-apigateway-x, which is not written here" in caplog.text
