"""What Terraform's AWS provider calls, resource by resource: created, read back, read once more for the plan that finds
nothing, changed, tagged, deleted and looked for. docs/cloudformation.md says why it is not Terraform itself.

The order is that of the provider's Create, Read, Update and Delete functions: for functions as its source has it, for
the other resources as far as it is known from its documentation and its requests.
"""

import base64
import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing.running import Dew, start

ASSUME = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
LOGS = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
)


@pytest.fixture(scope="module")
def aws() -> Iterator[Dew]:
    with start() as emulator:
        yield emulator


def package(said: str) -> bytes:
    """What `archive_file` makes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", f"def handler(event, context):\n    return {said!r}\n")
    return packed.getvalue()


def gone(code: str, call: Callable[..., Any], **params: Any) -> None:
    """The provider takes a resource for deleted when reading it fails with this code."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code


def make_role(aws: Dew, name: str) -> str:
    """`aws_iam_role` with `aws_iam_role_policy` and an attachment."""
    iam = aws.client("iam")
    created = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=ASSUME, Path="/", MaxSessionDuration=3600
    )
    assert iam.get_role(RoleName=name)["Role"]["Arn"] == created["Role"]["Arn"]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    iam.put_role_policy(RoleName=name, PolicyName="logs", PolicyDocument=LOGS)
    assert iam.get_role_policy(RoleName=name, PolicyName="logs")["PolicyDocument"] == json.loads(LOGS)
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=name, PolicyArn=managed)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [managed]
    iam.tag_role(RoleName=name, Tags=[{"Key": "by", "Value": "terraform"}])
    assert iam.get_role(RoleName=name)["Role"]["Tags"] == [{"Key": "by", "Value": "terraform"}]
    return str(created["Role"]["Arn"])


def remove_role(aws: Dew, name: str) -> None:
    """The provider's order: instance profiles, attachments, policies, the role."""
    iam = aws.client("iam")
    assert iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"] == []
    for each in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=each["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
    gone("NoSuchEntity", iam.get_role, RoleName=name)


def read_function(aws: Dew, name: str) -> dict[str, Any]:
    """`resourceFunctionRead`: the function, its newest version, its code signing."""
    client = aws.client("lambda")
    function: dict[str, Any] = client.get_function(FunctionName=name)
    assert function["Code"]["RepositoryType"] == "S3" and function["Code"]["Location"]
    versions = [
        each
        for page in client.get_paginator("list_versions_by_function").paginate(
            FunctionName=name, PaginationConfig={"PageSize": 50}
        )
        for each in page["Versions"]
    ]
    signing = client.get_function_code_signing_config(FunctionName=name)
    assert "CodeSigningConfigArn" not in signing
    newest = versions[-1]
    assert newest["FunctionArn"].endswith(f":{name}:{newest['Version']}")
    function["newest"] = newest["Version"]
    return function


def make_function(aws: Dew, name: str, role: str) -> dict[str, Any]:
    """`resourceFunctionCreate`, which waits for `Active`."""
    aws.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": package("one")},
        PackageType="Zip",
        Architectures=["x86_64"],
        MemorySize=128,
        Timeout=3,
        Publish=True,
        Environment={"Variables": {"STAGE": "one"}},
        EphemeralStorage={"Size": 512},
        TracingConfig={"Mode": "PassThrough"},
        LoggingConfig={"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        Tags={"by": "terraform"},
    )
    function = aws.client("lambda").get_function(FunctionName=name)
    assert function["Configuration"]["State"] == "Active"
    return read_function(aws, name)


def test_the_provider_asks_who_it_is(aws: Dew) -> None:
    identity = aws.client("sts").get_caller_identity()
    assert identity["Arn"].split(":")[4] == identity["Account"]


def test_a_function(aws: Dew) -> None:
    client, name = aws.client("lambda"), "tf-function"
    made = make_function(aws, name, make_role(aws, "tf-function-role"))
    told = made["Configuration"]
    assert (made["newest"], made["Tags"], made.get("Concurrency")) == ("1", {"by": "terraform"}, None)
    assert told["CodeSha256"] and told["CodeSize"] and told["LastModified"].endswith("+0000")
    assert read_function(aws, name)["Configuration"] == told  # the next plan finds nothing to do

    client.update_function_configuration(
        FunctionName=name, MemorySize=256, Environment={"Variables": {}}, DeadLetterConfig={"TargetArn": ""}
    )
    assert client.get_function(FunctionName=name)["Configuration"]["LastUpdateStatus"] == "Successful"
    client.update_function_code(FunctionName=name, ZipFile=package("two"), Architectures=["x86_64"])
    assert client.get_function(FunctionName=name)["Configuration"]["LastUpdateStatus"] == "Successful"
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    version = client.publish_version(FunctionName=name)
    settled = client.get_function_configuration(
        FunctionName=version["FunctionArn"], Qualifier=version["Version"]
    )
    assert settled["LastUpdateStatus"] == "Successful"
    changed = read_function(aws, name)
    assert changed["newest"] == version["Version"] == "2"
    assert changed["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert changed["Configuration"]["MemorySize"] == 256
    assert changed["Configuration"]["CodeSha256"] != told["CodeSha256"]
    qualified = client.get_function(FunctionName=name, Qualifier="2")
    assert "Concurrency" not in qualified
    assert client.get_function_concurrency(FunctionName=name) | {"ResponseMetadata": 0} == {
        "ReservedConcurrentExecutions": 5,
        "ResponseMetadata": 0,
    }
    client.delete_function_concurrency(FunctionName=name)

    arn = told["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"by": "hand", "more": "1"})
    client.untag_resource(Resource=arn, TagKeys=["more"])
    assert client.list_tags(Resource=arn)["Tags"] == {"by": "hand"}

    assert client.invoke(FunctionName=name)["Payload"].read() == b'"two"'
    client.delete_function(FunctionName=name)
    gone("ResourceNotFoundException", client.get_function, FunctionName=name)
    remove_role(aws, "tf-function-role")


def test_what_belongs_to_a_function(aws: Dew) -> None:
    client, name = aws.client("lambda"), "tf-owner"
    make_function(aws, name, make_role(aws, "tf-owner-role"))

    alias = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description="")
    told = client.get_alias(FunctionName=name, Name="live")
    assert (told["AliasArn"], told["FunctionVersion"], told["Description"]) == (alias["AliasArn"], "1", "")
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig={})

    client.add_permission(
        FunctionName=name,
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn="arn:aws:execute-api:us-east-1:000000000000:abc/*",
    )
    [statement] = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert (statement["Sid"], statement["Principal"]) == ("gateway", {"Service": "apigateway.amazonaws.com"})
    client.remove_permission(FunctionName=name, StatementId="gateway")
    gone("ResourceNotFoundException", client.get_policy, FunctionName=name)

    invoke = {"FunctionName": name, "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    client.put_function_event_invoke_config(**invoke)
    assert client.get_function_event_invoke_config(FunctionName=name)["MaximumRetryAttempts"] == 0
    client.delete_function_event_invoke_config(FunctionName=name)
    gone("ResourceNotFoundException", client.get_function_event_invoke_config, FunctionName=name)

    client.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="BUFFERED")
    client.add_permission(
        FunctionName=name,
        StatementId="FunctionURLAllowPublicAccess",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    url = client.get_function_url_config(FunctionName=name)
    assert url["AuthType"] == "NONE" and url["InvokeMode"] == "BUFFERED" and url["CreationTime"]
    client.update_function_url_config(FunctionName=name, Cors={"AllowOrigins": ["*"], "MaxAge": 60})
    assert client.get_function_url_config(FunctionName=name)["Cors"] == {"AllowOrigins": ["*"], "MaxAge": 60}
    client.delete_function_url_config(FunctionName=name)
    gone("ResourceNotFoundException", client.get_function_url_config, FunctionName=name)

    client.delete_alias(FunctionName=name, Name="live")
    gone("ResourceNotFoundException", client.get_alias, FunctionName=name, Name="live")
    client.delete_function(FunctionName=name)
    remove_role(aws, "tf-owner-role")


def test_a_queue_that_calls_a_function(aws: Dew) -> None:
    client, name = aws.client("lambda"), "tf-worker"
    make_function(aws, name, make_role(aws, "tf-worker-role"))
    queue = aws.client("sqs").create_queue(QueueName="tf-jobs")["QueueUrl"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    made = client.create_event_source_mapping(
        EventSourceArn=attributes["QueueArn"],
        FunctionName=name,
        BatchSize=1,
        Enabled=False,
        Tags={"by": "terraform"},
    )
    uuid = made["UUID"]

    def state() -> str:
        return str(client.get_event_source_mapping(UUID=uuid)["State"])

    assert settled(state) == "Disabled"
    client.update_event_source_mapping(UUID=uuid, BatchSize=2, FunctionName=name)
    assert settled(state) == "Disabled"
    arn = made["EventSourceMappingArn"]
    client.tag_resource(Resource=arn, Tags={"more": "1"})
    client.untag_resource(Resource=arn, TagKeys=["by"])
    assert client.list_tags(Resource=arn)["Tags"] == {"more": "1"}
    client.delete_event_source_mapping(UUID=uuid)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        settled(state)
    gone("ResourceNotFoundException", client.list_tags, Resource=arn)
    client.delete_function(FunctionName=name)
    aws.client("sqs").delete_queue(QueueUrl=queue)
    remove_role(aws, "tf-worker-role")


def settled(state: Callable[[], str]) -> str:
    """As the provider waits: until nothing is going on any more."""
    for _ in range(1000):
        told = state()
        if told not in ("Creating", "Updating", "Enabling", "Disabling", "Deleting"):
            return told
    raise AssertionError("it never ends")


def test_a_code_signing_configuration(aws: Dew) -> None:
    client = aws.client("lambda")
    profile = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/tf/abc123defg"
    made = client.create_code_signing_config(
        AllowedPublishers={"SigningProfileVersionArns": [profile]}, Tags={"by": "terraform"}
    )["CodeSigningConfig"]
    arn = made["CodeSigningConfigArn"]
    assert client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == made
    client.tag_resource(Resource=arn, Tags={"by": "hand"})
    assert client.list_tags(Resource=arn)["Tags"] == {"by": "hand"}
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    gone("ResourceNotFoundException", client.get_code_signing_config, CodeSigningConfigArn=arn)


def test_a_log_group(aws: Dew) -> None:
    client, name = aws.client("logs"), "/tf/group"
    client.create_log_group(logGroupName=name, tags={"by": "terraform"})
    client.put_retention_policy(logGroupName=name, retentionInDays=14)
    [told] = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert (told["retentionInDays"], told["arn"].removesuffix(":*")) == (14, told["logGroupArn"])
    assert client.list_tags_for_resource(resourceArn=told["logGroupArn"])["tags"] == {"by": "terraform"}
    client.tag_resource(resourceArn=told["logGroupArn"], tags={"by": "hand"})
    client.delete_retention_policy(logGroupName=name)
    client.delete_log_group(logGroupName=name)
    assert client.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []


def make_pool(aws: Dew) -> tuple[str, str]:
    """`aws_cognito_user_pool` with a client; the identifiers of both."""
    client = aws.client("cognito-idp")
    pool = client.create_user_pool(
        PoolName="tf",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OFF",
        UserPoolTags={"by": "terraform"},
        Policies={"PasswordPolicy": {"MinimumLength": 8}},
    )["UserPool"]["Id"]
    made = client.create_user_pool_client(
        UserPoolId=pool,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    return pool, made["UserPoolClient"]["ClientId"]


def test_a_user_pool(aws: Dew) -> None:
    client = aws.client("cognito-idp")
    pool, app = make_pool(aws)

    def read() -> dict[str, Any]:
        told: dict[str, Any] = client.describe_user_pool(UserPoolId=pool)["UserPool"]
        told["mfa"] = client.get_user_pool_mfa_config(UserPoolId=pool)["MfaConfiguration"]
        return told

    told = read()
    assert (told["mfa"], told["UserPoolTags"], told["EstimatedNumberOfUsers"]) == (
        "OFF",
        {"by": "terraform"},
        0,
    )
    assert told["Arn"].endswith(f":userpool/{pool}") and read() == told
    client.set_user_pool_mfa_config(
        UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL"
    )
    client.update_user_pool(
        UserPoolId=pool,
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OPTIONAL",
        UserPoolTags={"by": "hand"},
        DeletionProtection="ACTIVE",
    )
    client.add_custom_attributes(
        UserPoolId=pool, CustomAttributes=[{"Name": "city", "AttributeDataType": "String", "Mutable": True}]
    )
    told = read()
    assert (told["mfa"], told["UserPoolTags"], told["DeletionProtection"]) == (
        "OPTIONAL",
        {"by": "hand"},
        "ACTIVE",
    )
    assert "custom:city" in [each["Name"] for each in told["SchemaAttributes"]]
    client.tag_resource(ResourceArn=told["Arn"], Tags={"more": "1"})
    client.untag_resource(ResourceArn=told["Arn"], TagKeys=["more"])
    assert client.list_tags_for_resource(ResourceArn=told["Arn"])["Tags"] == {"by": "hand"}

    web = client.describe_user_pool_client(UserPoolId=pool, ClientId=app)["UserPoolClient"]
    kept = {
        key: value
        for key, value in web.items()
        if key not in ("CreationDate", "LastModifiedDate", "ClientSecret")
    }
    updated = client.update_user_pool_client(**kept | {"AccessTokenValidity": 12})["UserPoolClient"]
    assert updated["AccessTokenValidity"] == 12
    assert client.describe_user_pool_client(UserPoolId=pool, ClientId=app)["UserPoolClient"] == updated

    client.create_user_pool_domain(Domain="tf-shop", UserPoolId=pool)
    described = client.describe_user_pool_domain(Domain="tf-shop")["DomainDescription"]
    assert (described["Status"], described["UserPoolId"]) == ("ACTIVE", pool)
    client.delete_user_pool_domain(Domain="tf-shop", UserPoolId=pool)
    assert client.describe_user_pool_domain(Domain="tf-shop")["DomainDescription"] == {}

    client.create_group(UserPoolId=pool, GroupName="admins", Precedence=1)
    assert client.get_group(UserPoolId=pool, GroupName="admins")["Group"]["Precedence"] == 1
    client.delete_group(UserPoolId=pool, GroupName="admins")
    gone("ResourceNotFoundException", client.get_group, UserPoolId=pool, GroupName="admins")
    server = {"UserPoolId": pool, "Identifier": "api", "Name": "api"}
    client.create_resource_server(**server, Scopes=[{"ScopeName": "read", "ScopeDescription": "Reads"}])
    found = client.describe_resource_server(UserPoolId=pool, Identifier="api")["ResourceServer"]
    assert [each["ScopeName"] for each in found["Scopes"]] == ["read"]
    client.delete_resource_server(UserPoolId=pool, Identifier="api")
    gone("ResourceNotFoundException", client.describe_resource_server, UserPoolId=pool, Identifier="api")

    client.delete_user_pool_client(UserPoolId=pool, ClientId=app)
    gone("ResourceNotFoundException", client.describe_user_pool_client, UserPoolId=pool, ClientId=app)
    client.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE", AutoVerifiedAttributes=["email"])
    client.delete_user_pool(UserPoolId=pool)
    gone("ResourceNotFoundException", client.describe_user_pool, UserPoolId=pool)


def answer(aws: Dew, api: str, path: str, token: str = "") -> tuple[int, bytes]:
    """What the API answers."""
    request = urllib.request.Request(f"{aws.aws_url}/_aws/execute-api/{api}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def token_of_somebody(aws: Dew, pool: str, app: str) -> str:
    client = aws.client("cognito-idp")
    name, password = "ada@example.com", "Difference-1"
    client.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    client.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    names = {"USERNAME": name, "PASSWORD": password}
    told = client.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=names)
    token: str = told["AuthenticationResult"]["AccessToken"]
    claims = token.split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["client_id"] == app
    return token


def test_an_http_api_with_an_authorizer(aws: Dew) -> None:
    gateway, functions = aws.client("apigatewayv2"), aws.client("lambda")
    function = make_function(aws, "tf-api", make_role(aws, "tf-api-role"))["Configuration"]["FunctionArn"]
    pool, app = make_pool(aws)
    cors = {"AllowOrigins": ["https://page.example"], "AllowMethods": ["GET"], "MaxAge": 60}
    created = gateway.create_api(
        Name="tf", ProtocolType="HTTP", CorsConfiguration=cors, Tags={"by": "terraform"}, Version="1"
    )
    api = created["ApiId"]
    told = gateway.get_api(ApiId=api)
    assert (told["CorsConfiguration"], told["Tags"], told["Version"]) == (cors, {"by": "terraform"}, "1")
    assert told["RouteSelectionExpression"] == "$request.method $request.path"
    assert told["ApiKeySelectionExpression"] == "$request.header.x-api-key"

    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name="users",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{pool}", "Audience": [app]},
    )["AuthorizerId"]
    assert gateway.get_authorizer(ApiId=api, AuthorizerId=authorizer)["AuthorizerType"] == "JWT"
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        ConnectionType="INTERNET",
        IntegrationMethod="POST",
        IntegrationUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
        PayloadFormatVersion="2.0",
        TimeoutInMillis=30000,
    )["IntegrationId"]
    read = gateway.get_integration(ApiId=api, IntegrationId=integration)
    assert (read["PayloadFormatVersion"], read["TimeoutInMillis"]) == ("2.0", 30000)
    target = f"integrations/{integration}"
    open_ = gateway.create_route(ApiId=api, RouteKey="GET /open", Target=target, AuthorizationType="NONE")
    guarded = gateway.create_route(
        ApiId=api, RouteKey="GET /mine", Target=target, AuthorizationType="JWT", AuthorizerId=authorizer
    )
    read = gateway.get_route(ApiId=api, RouteId=guarded["RouteId"])
    assert (read["RouteKey"], read["AuthorizerId"], read["ApiKeyRequired"]) == (
        "GET /mine",
        authorizer,
        False,
    )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True, Tags={"by": "terraform"})
    stage = gateway.get_stage(ApiId=api, StageName="$default")
    assert stage["AutoDeploy"] is True and stage["Tags"] == {"by": "terraform"}
    functions.add_permission(
        FunctionName="tf-api",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api}/*",
    )

    assert answer(aws, api, "/open") == (200, b"one")
    assert answer(aws, api, "/mine")[0] == 401
    assert answer(aws, api, "/mine", token_of_somebody(aws, pool, app)) == (200, b"one")

    gateway.update_route(ApiId=api, RouteId=open_["RouteId"], RouteKey="GET /opened", Target=target)
    gateway.update_stage(ApiId=api, StageName="$default", DefaultRouteSettings={"ThrottlingBurstLimit": 50})
    gateway.update_api(ApiId=api, Name="tf", Version="2", CorsConfiguration=cors)
    gateway.delete_cors_configuration(ApiId=api)
    assert "CorsConfiguration" not in gateway.get_api(ApiId=api)
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api}"
    gateway.tag_resource(ResourceArn=arn, Tags={"more": "1"})
    gateway.untag_resource(ResourceArn=arn, TagKeys=["by"])
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == gateway.get_api(ApiId=api)["Tags"] == {"more": "1"}
    assert [answer(aws, api, path)[0] for path in ("/open", "/opened")] == [404, 200]

    gateway.delete_stage(ApiId=api, StageName="$default")
    gone("NotFoundException", gateway.get_stage, ApiId=api, StageName="$default")
    for route in (open_, guarded):
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
        gone("NotFoundException", gateway.get_route, ApiId=api, RouteId=route["RouteId"])
    gateway.delete_integration(ApiId=api, IntegrationId=integration)
    gateway.delete_authorizer(ApiId=api, AuthorizerId=authorizer)
    gone("NotFoundException", gateway.get_authorizer, ApiId=api, AuthorizerId=authorizer)
    gateway.delete_api(ApiId=api)
    gone("NotFoundException", gateway.get_api, ApiId=api)
    functions.delete_function(FunctionName="tf-api")


def test_a_rest_api(aws: Dew) -> None:
    gateway = aws.client("apigateway")
    function = make_function(aws, "tf-rest", make_role(aws, "tf-rest-role"))["Configuration"]["FunctionArn"]
    aws.client("lambda").add_permission(
        FunctionName="tf-rest",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    created = gateway.create_rest_api(
        name="tf", endpointConfiguration={"types": ["REGIONAL"]}, tags={"by": "tf"}
    )
    api = created["id"]
    told = gateway.get_rest_api(restApiId=api)
    assert told["endpointConfiguration"]["types"] == ["REGIONAL"] and told["tags"] == {"by": "tf"}
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="open")["id"]
    assert gateway.get_resource(restApiId=api, resourceId=resource)["path"] == "/open"
    where = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="NONE", apiKeyRequired=False)
    assert gateway.get_method(**where)["authorizationType"] == "NONE"
    gateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
        timeoutInMillis=29000,
    )
    assert gateway.get_integration(**where)["type"] == "AWS_PROXY"
    deployment = gateway.create_deployment(restApiId=api)["id"]
    assert gateway.get_deployment(restApiId=api, deploymentId=deployment)["id"] == deployment
    gateway.create_stage(restApiId=api, stageName="prod", deploymentId=deployment, cacheClusterEnabled=False)
    gateway.update_stage(
        restApiId=api,
        stageName="prod",
        patchOperations=[{"op": "replace", "path": "/tracingEnabled", "value": "true"}],
    )
    stage = gateway.get_stage(restApiId=api, stageName="prod")
    assert stage["tracingEnabled"] is True and stage["deploymentId"] == deployment
    assert answer(aws, api, "/prod/open")[0] == 502  # a text is not what a REST API takes for an answer
    gateway.update_rest_api(
        restApiId=api, patchOperations=[{"op": "replace", "path": "/description", "value": "changed"}]
    )
    assert gateway.get_rest_api(restApiId=api)["description"] == "changed"

    gateway.delete_stage(restApiId=api, stageName="prod")
    gone("NotFoundException", gateway.get_stage, restApiId=api, stageName="prod")
    gateway.delete_deployment(restApiId=api, deploymentId=deployment)
    gateway.delete_integration(**where)
    gateway.delete_method(**where)
    gone("NotFoundException", gateway.get_method, **where)
    gateway.delete_resource(restApiId=api, resourceId=resource)
    gateway.delete_rest_api(restApiId=api)
    gone("NotFoundException", gateway.get_rest_api, restApiId=api)


def test_a_rule_that_calls_a_function(aws: Dew) -> None:
    events = aws.client("events")
    function = make_function(aws, "tf-rule", make_role(aws, "tf-rule-role"))["Configuration"]["FunctionArn"]
    rule = events.put_rule(Name="tf-rule", ScheduleExpression="rate(1 day)", State="DISABLED")["RuleArn"]
    told = events.describe_rule(Name="tf-rule")
    assert (told["Arn"], told["State"], told["EventBusName"]) == (rule, "DISABLED", "default")
    assert events.list_tags_for_resource(ResourceARN=rule)["Tags"] == []
    added = events.put_targets(Rule="tf-rule", Targets=[{"Id": "function", "Arn": function}])
    assert added["FailedEntryCount"] == 0
    assert [each["Id"] for each in events.list_targets_by_rule(Rule="tf-rule")["Targets"]] == ["function"]
    events.remove_targets(Rule="tf-rule", Ids=["function"])
    events.delete_rule(Name="tf-rule")
    gone("ResourceNotFoundException", events.describe_rule, Name="tf-rule")
