"""The whole emulator behind its AWS port, through boto3."""

import asyncio
import io
import json
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from dewstack.app import Emulator
from dewstack.config import Config

SIGN_UP_TARGET = {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp"}


@pytest.fixture
def url() -> Iterator[str]:
    """The AWS endpoint of an emulator of this test's own."""
    emulator = Emulator(Config(aws_port=0, service_port=0, frontend_port=0))
    started, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await emulator.start()
        started.set()
        await stop.wait()
        await emulator.stop()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(20)
    yield emulator.urls.aws
    loops[0].call_soon_threadsafe(stop.set)
    thread.join(20)


def client(url: str, service: str, *, signed: bool = True) -> Any:
    config = BotoConfig(retries={"max_attempts": 0}, **({} if signed else {"signature_version": UNSIGNED}))
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=url, config=config, **keys)


def test_a_user_signs_up_without_credentials_and_logs_in(url):
    admin, public = client(url, "cognito-idp"), client(url, "cognito-idp", signed=False)
    pool = admin.create_user_pool(PoolName="My users", UsernameAttributes=["email"])["UserPool"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    app = admin.create_user_pool_client(UserPoolId=pool["Id"], ClientName="web", ExplicitAuthFlows=flows)
    app_id = app["UserPoolClient"]["ClientId"]
    public.sign_up(ClientId=app_id, Username="ann@example.com", Password="Secret-1-word")
    admin.admin_confirm_sign_up(UserPoolId=pool["Id"], Username="ann@example.com")
    session = public.initiate_auth(
        ClientId=app_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann@example.com", "PASSWORD": "Secret-1-word"},
    )["AuthenticationResult"]
    attributes = public.get_user(AccessToken=session["AccessToken"])["UserAttributes"]
    assert {"Name": "email", "Value": "ann@example.com"} in attributes
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        client(url, "cognito-idp", signed=False).list_users(UserPoolId=pool["Id"])


def test_a_function_is_created_and_invoked_and_its_lines_are_logged(url):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "index.py", "def handler(event, context):\n    print('seen', event)\n    return event"
        )
    functions = client(url, "lambda")
    functions.create_function(
        FunctionName="echo",
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="echo")
    answer = functions.invoke(FunctionName="echo", Payload=b'{"a": "\xe2\x98\x95"}')
    assert json.loads(answer["Payload"].read()) == {"a": "☕"}
    events = client(url, "logs").filter_log_events(logGroupName="/aws/lambda/echo", filterPattern="seen")[
        "events"
    ]
    assert [event["message"].strip() for event in events] == ["seen {'a': '☕'}"]
    with pytest.raises(functions.exceptions.ResourceNotFoundException) as failure:
        functions.invoke(FunctionName="nobody")
    assert failure.value.response["Type"] == "User"


def test_a_stack_is_created_waited_for_and_described(url):
    stacks = client(url, "cloudformation")
    template = {
        "Resources": {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "users"}}},
        "Outputs": {"PoolId": {"Value": {"Ref": "Pool"}}},
    }
    stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    (stack,) = stacks.describe_stacks(StackName="s")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"].startswith("us-east-1_")
    with pytest.raises(ClientError, match=r"ValidationError.*Stack with id other does not exist"):
        stacks.describe_stacks(StackName="other")


def test_an_api_is_created_and_found(url):
    gateway = client(url, "apigatewayv2")
    api = gateway.create_api(Name="mine", ProtocolType="HTTP")
    assert gateway.get_api(ApiId=api["ApiId"])["CreatedDate"] == api["CreatedDate"]
    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.get_api(ApiId="0123456789")


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"ClientId": 1e999}', b'{"Username": "\\ud800"}']
)
def test_a_broken_body_gets_a_400(url, body):
    request = urllib.request.Request(
        url, body, {**SIGN_UP_TARGET, "Content-Type": "application/x-amz-json-1.1"}
    )
    with pytest.raises(urllib.error.HTTPError) as failure:
        urllib.request.urlopen(request)
    with failure.value as answer:
        assert answer.code == 400
        assert json.load(answer)["__type"]
        assert answer.headers["x-amzn-RequestId"]


def test_a_rest_api_is_made_deployed_and_asked(url):
    gateway = client(url, "apigateway")
    api = gateway.create_rest_api(name="shop", tags={"a": "b"})
    place = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(authorizationType="NONE", **place)
    gateway.put_method_response(statusCode="200", **place)
    gateway.put_integration(
        type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}, **place
    )
    gateway.put_integration_response(
        statusCode="200", responseTemplates={"application/json": '{"hello": "world"}'}, **place
    )
    gateway.create_deployment(restApiId=api["id"], stageName="dev", variables={"x": "y"})
    path = f"{url}/restapis/{api['id']}/dev/_user_request_/"
    with urllib.request.urlopen(path, timeout=10) as response:
        assert json.load(response) == {"hello": "world"}
    [root] = gateway.get_resources(restApiId=api["id"], embed=["methods"])["items"]
    assert root["resourceMethods"]["GET"]["methodIntegration"]["type"] == "MOCK"
    change = [{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "2.5"}]
    stage = gateway.update_stage(restApiId=api["id"], stageName="dev", patchOperations=change)
    assert (stage["variables"], stage["methodSettings"]["*/*"]["throttlingRateLimit"]) == ({"x": "y"}, 2.5)
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}"
    gateway.tag_resource(resourceArn=arn, tags={"c": "d"})
    assert gateway.get_tags(resourceArn=arn)["tags"] == {"a": "b", "c": "d"}
    with pytest.raises(ClientError, match="Active stages pointing to this deployment") as refused:
        gateway.delete_deployment(restApiId=api["id"], deploymentId=stage["deploymentId"])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError, match="GetSdk"):
        gateway.get_sdk(restApiId=api["id"], stageName="dev", sdkType="javascript")
    assert gateway.delete_rest_api(restApiId=api["id"])["ResponseMetadata"]["HTTPStatusCode"] == 202
    with pytest.raises(ClientError, match="Invalid API identifier specified"):
        gateway.get_rest_api(restApiId=api["id"])
