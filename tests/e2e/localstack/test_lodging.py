"""dewstack's services inside LocalStack, and how they and LocalStack's own work together."""

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.localstack.conftest import Workbench
from tests.e2e.service.remote import Remote

pytestmark = pytest.mark.localstack
PASSWORD = "Difference-1"


def signed_in(remote: Remote, name: str) -> tuple[str, str, dict[str, Any]]:
    """A pool, a client of it, and the tokens of somebody."""
    cognito = remote.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName=name,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ada", Password=PASSWORD, Permanent=True)
    answer = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    return pool, client, answer["AuthenticationResult"]


def test_localstack_lists_what_it_has_got(remote: Remote) -> None:
    services = httpx.get(f"{remote.aws_url}/_localstack/health").json()["services"]
    assert services["cognito-idp"] == services["apigatewayv2"] == services["lambda"] == "available"
    assert "s3" in services


def test_a_jwt_authorizer_lets_a_pools_tokens_through_and_no_others(bench: Workbench) -> None:
    remote, name = bench.remote, bench.name()
    pool, client, tokens = signed_in(remote, name)
    _, _, strangers = signed_in(remote, bench.name())
    function = bench.function(
        "def handler(event, context):\n"
        "    return event['requestContext']['authorizer']['jwt']['claims']['token_use']\n"
    )
    bench.permit(function, "apigateway.amazonaws.com")
    gateway = remote.client("apigatewayv2")
    api = gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    authorizer = gateway.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="users",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer, "Audience": [client]},
    )["AuthorizerId"]
    gateway.create_route(
        ApiId=api,
        RouteKey="GET /who",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    url = f"{remote.aws_url}/_aws/execute-api/{api}/who"

    def status(token: str | None) -> int:
        return httpx.get(url, headers={"Authorization": f"Bearer {token}"} if token else {}).status_code

    assert [status(None), status("a.b.c"), status(strangers["AccessToken"])] == [401, 401, 401]
    answer = httpx.get(url, headers={"Authorization": f"Bearer {tokens['AccessToken']}"})
    assert (answer.status_code, answer.text) == (200, "access")
    by_host = httpx.get(
        f"{remote.aws_url}/who",
        headers={
            "Host": f"{api}.execute-api.localhost.localstack.cloud:4566",
            "Authorization": f"Bearer {tokens['AccessToken']}",
        },
    )
    assert by_host.status_code == 200


def test_a_rest_apis_authorizer_is_enforced(bench: Workbench) -> None:
    remote, name = bench.remote, bench.name()
    pool, _, tokens = signed_in(remote, name)
    gateway = remote.client("apigateway")
    api = gateway.create_rest_api(name=name)
    arn = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}"
    authorizer = gateway.create_authorizer(
        restApiId=api["id"],
        name="users",
        type="COGNITO_USER_POOLS",
        providerARNs=[arn],
        identitySource="method.request.header.Authorization",
    )["id"]
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    gateway.put_integration(
        **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    gateway.put_method_response(**method, statusCode="200")
    gateway.put_integration_response(**method, statusCode="200")
    gateway.create_deployment(restApiId=api["id"], stageName="v1")
    for url in (
        f"{remote.aws_url}/_aws/execute-api/{api['id']}/v1",
        f"{remote.aws_url}/restapis/{api['id']}/v1/_user_request_/",
    ):
        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers={"Authorization": "nonsense"}).status_code == 401
        assert httpx.get(url, headers={"Authorization": tokens["IdToken"]}).status_code == 200


def test_a_function_reaches_localstacks_services_as_its_role(bench: Workbench) -> None:
    bucket = bench.name()
    bench.remote.client("s3").create_bucket(Bucket=bucket)
    function = bench.function(
        "import boto3, json\n"
        "def handler(event, context):\n"
        "    boto3.client('s3').put_object(Bucket=event['bucket'], Key='k', Body=b'from the function')\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    answer = bench.remote.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({"bucket": bucket}), LogType="Tail"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    name = function.rpartition(":")[2]
    assert json.load(answer["Payload"]).startswith("arn:aws:sts::000000000000:assumed-role/")
    assert bench.remote.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"from the function"
    groups = bench.remote.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")
    assert len(groups["logGroups"]) == 1


def test_an_upload_to_localstacks_s3_invokes_a_function(bench: Workbench) -> None:
    function, record = bench.recorder()
    bench.permit(function, "s3.amazonaws.com")
    s3, bucket = bench.remote.client("s3"), bench.name()
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    s3.put_object(Bucket=bucket, Key="report.csv", Body=b"1,2")
    (event,) = bench.seen(record)["Records"]
    assert (event["eventSource"], event["s3"]["object"]["key"]) == ("aws:s3", "report.csv")


def test_a_message_in_localstacks_sqs_is_polled_for(bench: Workbench) -> None:
    function, record = bench.recorder()
    sqs = bench.remote.client("sqs")
    queue = sqs.create_queue(QueueName=bench.name())["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bench.remote.client("lambda").create_event_source_mapping(
        FunctionName=function, EventSourceArn=arn, BatchSize=1
    )
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    (event,) = bench.seen(record)["Records"]
    assert (event["body"], event["eventSourceARN"]) == ("hello", arn)


def test_localstacks_sns_and_event_bus_invoke_functions(bench: Workbench) -> None:
    function, record = bench.recorder()
    bench.permit(function, "sns.amazonaws.com")
    sns = bench.remote.client("sns")
    topic = sns.create_topic(Name=bench.name())["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    sns.publish(TopicArn=topic, Message="news")
    assert bench.seen(record)["Records"][0]["Sns"]["Message"] == "news"

    function, record = bench.recorder()
    bench.permit(function, "events.amazonaws.com")
    events, rule = bench.remote.client("events"), bench.name()
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "f", "Arn": function}])
    events.put_events(Entries=[{"Source": rule, "DetailType": "made", "Detail": '{"id": 7}'}])
    assert bench.seen(record)["detail"] == {"id": 7}


def test_a_function_url_streams(bench: Workbench) -> None:
    function = bench.function("def handler(event, context):\n    return {'path': event['rawPath']}\n")
    client = bench.remote.client("lambda")
    made = client.create_function_url_config(
        FunctionName=function, AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )
    for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
        more = {"FunctionUrlAuthType": "NONE"} if action.endswith("Url") else {"InvokedViaFunctionUrl": True}
        client.add_permission(
            FunctionName=function, StatementId=bench.name(), Action=action, Principal="*", **more
        )
    url = urlsplit(made["FunctionUrl"])
    assert url.port == urlsplit(bench.remote.aws_url).port
    answer = httpx.get(f"{bench.remote.aws_url}/here", headers={"Host": url.netloc})
    assert (answer.status_code, answer.json()) == (200, {"path": "/here"})


def test_a_stack_spans_both(bench: Workbench) -> None:
    stacks, name = bench.remote.client("cloudformation"), bench.name()
    template = {
        "Resources": {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": name}},
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Queue": {"Type": "AWS::SQS::Queue"},
        },
        "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}, "Queue": {"Value": {"Ref": "Queue"}}},
    }
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    stack = stacks.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    s3 = bench.remote.client("s3")
    assert outputs["Bucket"] in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    bench.remote.client("sqs").send_message(QueueUrl=outputs["Queue"], MessageBody="hello")
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert outputs["Bucket"] not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


def test_a_stack_that_fails_is_rolled_back_and_says_why(bench: Workbench) -> None:
    stacks, name = bench.remote.client("cloudformation"), bench.name()
    bench.remote.client("s3").create_bucket(Bucket=name)
    template = {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Api": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "DependsOn": "Queue",
                "Properties": {"ApiId": "nowhere", "StageName": "x"},
            },
        }
    }
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))

    def ended() -> str | None:
        status = str(stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        return status if status == "ROLLBACK_COMPLETE" else None

    assert bench.eventually(ended)
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert [each["LogicalResourceId"] for each in failed] == ["Api"]


def test_what_neither_emulates_is_refused_by_name(bench: Workbench) -> None:
    with pytest.raises(ClientError) as refused:
        bench.remote.client("lambda").list_capacity_providers()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "ListCapacityProviders" in str(refused.value)


def test_a_websocket_is_refused_with_a_word(remote: Remote) -> None:
    url = remote.aws_url.replace("http://", "ws://") + "/_aws/execute-api/chat/dev"
    with pytest.raises(InvalidStatus) as refused, connect(url):
        pass
    assert refused.value.response.status_code == 501
    assert "dew up" in refused.value.response.body.decode()


def test_an_apis_cors_is_its_own(remote: Remote) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
    refused = httpx.options(f"{remote.url}/auth/profile", headers=asked)
    assert "access-control-allow-origin" not in refused.headers
    asked["Origin"] = remote.frontend_url
    allowed = httpx.options(f"{remote.url}/auth/profile", headers=asked)
    assert allowed.headers["access-control-allow-origin"] == remote.frontend_url


def test_a_page_may_sign_in_by_cognitos_own_api(remote: Remote) -> None:
    asked = {
        "Origin": "http://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-amz-target",
    }
    assert httpx.options(remote.aws_url, headers=asked).headers["access-control-allow-origin"] == "*"


def test_a_body_arrives_as_it_was_sent(remote: Remote) -> None:
    body = json.dumps({"email": "nobody@example.com", "password": PASSWORD})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # LocalStack would take it apart
    answer = httpx.post(f"{remote.url}/auth/login", content=body, headers=headers, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (401, "NotAuthorizedException")
