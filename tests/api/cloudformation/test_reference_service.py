"""A stack of every kind of resource that a service made of functions, an HTTP API and a user pool needs."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dewstack.cloudformation.state import State
from dewstack.config import Caller
from dewstack.errors import AwsError

TEMPLATE = """
Parameters:
  Memory:
    Type: Number
    Default: '512'
Resources:
  Pool:
    Type: AWS::Cognito::UserPool
    Properties:
      UserPoolName: !Sub ${AWS::StackName}-users
      UsernameAttributes: [email]
      AutoVerifiedAttributes: [email]
      Policies:
        PasswordPolicy: {MinimumLength: '10', RequireSymbols: 'false'}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties:
      UserPoolId: !Ref Pool
      ClientName: web
      GenerateSecret: 'false'
      ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
  Admins:
    Type: AWS::Cognito::UserPoolGroup
    Properties: {UserPoolId: !Ref Pool, GroupName: admins, Precedence: '1'}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: /aws/lambda/demo-login, RetentionInDays: 14}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}, RoleName: demo-role}
  Login:
    Type: AWS::Lambda::Function
    DependsOn: Logs
    Properties:
      FunctionName: demo-login
      Code: {S3Bucket: hot-reload, S3Key: CODE}
      Handler: app.handler
      Runtime: python3.11
      Role: !GetAtt Role.Arn
      MemorySize: !Ref Memory
      Timeout: '7'
      Environment:
        Variables: {CLIENT: !Ref Client, PORT: 8080, ISSUER: !GetAtt Pool.ProviderURL}
  LoginVersion:
    Type: AWS::Lambda::Version
    DeletionPolicy: Retain
    Properties: {FunctionName: !Ref Login}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Login, FunctionVersion: !GetAtt LoginVersion.Version, Name: live}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Name: demo
      ProtocolType: HTTP
      CorsConfiguration: {AllowOrigins: ['http://127.0.0.1:8000'], MaxAge: '600'}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt Login.Arn
      PayloadFormatVersion: '2.0'
      TimeoutInMillis: '30000'
  Users:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: users
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: {Audience: [!Ref Client], Issuer: !GetAtt Pool.ProviderURL}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: POST /login
      Target: !Join [/, [integrations, !Ref Integration]]
      AuthorizationType: JWT
      AuthorizerId: !Ref Users
      AuthorizationScopes: [read]
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !GetAtt Login.Arn
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*
Outputs:
  Url: {Value: !GetAtt Api.ApiEndpoint}
  Client: {Value: !Ref Client}
  Pool: {Value: !Ref Pool}
  Version: {Value: !Ref LoginVersion}
"""


@pytest.fixture
def template(tmp_path: Path) -> str:
    code = tmp_path / "service"
    code.mkdir()
    (code / "app.py").write_text("def handler(event, context):\n    return 1\n")
    return TEMPLATE.replace("CODE", str(code))


def function(aws: Any) -> dict[str, Any]:
    output = aws.call("lambda", "GetFunctionConfiguration", {"FunctionName": "demo-login"})
    return dict(output)


def test_every_resource_is_made_with_its_references_resolved(aws: Any, template: str) -> None:
    stack = aws.create(template)
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.cfn("DescribeStackEvents", StackName="demo")
    outputs = aws.outputs(stack)
    configuration = function(aws)
    assert configuration["MemorySize"] == 512
    assert configuration["Timeout"] == 7
    assert configuration["Environment"]["Variables"] == {
        "CLIENT": outputs["Client"],
        "PORT": "8080",
        "ISSUER": f"https://cognito-idp.us-east-1.amazonaws.com/{outputs['Pool']}",
    }
    pool = aws.call("cognito-idp", "DescribeUserPool", {"UserPoolId": outputs["Pool"]})["UserPool"]
    assert pool["Name"] == "demo-users"
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 10
    assert outputs["Version"] == "arn:aws:lambda:us-east-1:000000000000:function:demo-login:1"
    api = aws.resource("Api")["PhysicalResourceId"]
    [route] = aws.call("apigatewayv2", "GetRoutes", {"ApiId": api})["Items"]
    assert route["Target"] == f"integrations/{aws.resource('Integration')['PhysicalResourceId']}"
    assert route["AuthorizationScopes"] == ["read"]
    assert aws.resource("LoginVersion")["ResourceStatus"] == "CREATE_COMPLETE"


def test_an_update_touches_only_what_differs(aws: Any, template: str) -> None:
    before = aws.outputs(aws.create(template))
    changed = template.replace("Timeout: '7'", "Timeout: '9'")
    stack = aws.update(changed)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert aws.outputs(stack) == before
    assert function(aws)["Timeout"] == 9
    history = aws.history()
    touched = history[history.index(("demo", "UPDATE_IN_PROGRESS")) :]
    assert {name for name, _ in touched} == {"demo", "Login"}


def test_a_route_without_its_authorizer_is_open_again(aws: Any, template: str) -> None:
    aws.create(template)
    guarded = """
      AuthorizationType: JWT
      AuthorizerId: !Ref Users
      AuthorizationScopes: [read]"""
    aws.update(template.replace(guarded, ""))
    api = aws.resource("Api")["PhysicalResourceId"]
    [route] = aws.call("apigatewayv2", "GetRoutes", {"ApiId": api})["Items"]
    assert route["AuthorizationType"] == "NONE"
    assert not route.get("AuthorizationScopes")


def test_a_deleted_stack_leaves_nothing_behind(aws: Any, template: str) -> None:
    aws.create(template)
    assert aws.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert aws.call("lambda", "ListFunctions", {})["Functions"] == []
    assert aws.call("apigatewayv2", "GetApis", {})["Items"] == []
    assert aws.call("cognito-idp", "ListUserPools", {"MaxResults": 10})["UserPools"] == []
    assert aws.call("logs", "DescribeLogGroups", {})["logGroups"] == []


def test_a_failure_takes_everything_back(aws: Any, template: str) -> None:
    stack = aws.create(template.replace("RouteKey: POST /login", "RouteKey: nonsense"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = "The following resource(s) failed to create: [Route]. Rollback requested by user."
    assert ("Route", "CREATE_FAILED") in aws.history()
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    assert reason in [event.get("ResourceStatusReason") for event in events]
    assert aws.call("lambda", "ListFunctions", {})["Functions"] == []
    assert aws.call("cognito-idp", "ListUserPools", {"MaxResults": 10})["UserPools"] == []


def test_a_failed_update_puts_everything_back(aws: Any, template: str) -> None:
    before = aws.outputs(aws.create(template))
    broken = template.replace("Timeout: '7'", "Timeout: '9'").replace("POST /login", "nonsense")
    stack = aws.update(broken)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.outputs(stack) == before
    assert function(aws)["Timeout"] == 7
    assert aws.cfn("GetTemplate", StackName="demo")["TemplateBody"] == template
    assert aws.update(template.replace("Timeout: '7'", "Timeout: '9'"))["StackStatus"] == "UPDATE_COMPLETE"


def test_what_cannot_change_in_a_user_pool_fails_and_keeps_the_users(aws: Any, template: str) -> None:
    pool = aws.outputs(aws.create(template))["Pool"]
    aws.call("cognito-idp", "AdminCreateUser", {"UserPoolId": pool, "Username": "ada@example.com"})
    stack = aws.update(template.replace("UsernameAttributes: [email]", "UsernameAttributes: [phone_number]"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    reasons = [event.get("ResourceStatusReason") for event in events]
    assert "Updates are not allowed for property - UsernameAttributes." in reasons
    assert len(aws.call("cognito-idp", "ListUsers", {"UserPoolId": pool})["Users"]) == 1


def test_a_user_pool_grows_an_attribute_and_keeps_its_users(aws: Any, template: str) -> None:
    outputs = aws.outputs(aws.create(template))
    pool = {"UserPoolId": outputs["Pool"]}
    aws.call("cognito-idp", "AdminCreateUser", {**pool, "Username": "ada@example.com"})
    grown = template.replace(
        "      AutoVerifiedAttributes: [email]\n",
        "      AutoVerifiedAttributes: [email]\n"
        "      Schema: [{Name: city, AttributeDataType: String, Mutable: 'true'}]\n"
        "      EmailVerificationSubject: Hello\n",
    ).replace("GenerateSecret: 'false'", "GenerateSecret: 'false'\n      AccessTokenValidity: '2'")
    stack = aws.update(grown)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert aws.outputs(stack) == outputs
    described = aws.call("cognito-idp", "DescribeUserPool", pool)["UserPool"]
    assert "custom:city" in [attribute["Name"] for attribute in described["SchemaAttributes"]]
    assert described["EmailVerificationSubject"] == "Hello"
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 10
    client = {**pool, "ClientId": outputs["Client"]}
    shown = aws.call("cognito-idp", "DescribeUserPoolClient", client)["UserPoolClient"]
    assert shown["AccessTokenValidity"] == 2
    assert len(aws.call("cognito-idp", "ListUsers", pool)["Users"]) == 1


def test_an_attribute_cannot_be_taken_out_of_a_user_pool(aws: Any, template: str) -> None:
    schema = "      Schema: [{Name: city, AttributeDataType: String, Mutable: true}]\n"
    with_city = template.replace("      AutoVerified", f"{schema}      AutoVerified")
    aws.create(with_city)
    assert aws.update(template)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    reasons = [event.get("ResourceStatusReason") for event in events]
    assert "Existing schema attributes cannot be modified or deleted." in reasons


def test_every_setting_of_a_function_can_change_and_go_back(aws: Any, template: str) -> None:
    aws.create(template)
    richer = template.replace(
        "      Timeout: '7'\n",
        "      Timeout: '7'\n"
        "      Description: signs in\n"
        "      EphemeralStorage: {Size: '1024'}\n"
        "      ReservedConcurrentExecutions: '3'\n"
        "      Tags: [{Key: team, Value: auth}]\n",
    )
    assert aws.update(richer)["StackStatus"] == "UPDATE_COMPLETE"
    name = {"FunctionName": "demo-login"}
    assert function(aws)["Description"] == "signs in"
    assert function(aws)["EphemeralStorage"] == {"Size": 1024}
    assert aws.call("lambda", "GetFunctionConcurrency", name)["ReservedConcurrentExecutions"] == 3
    assert aws.call("lambda", "GetFunction", name)["Tags"] == {"team": "auth"}
    assert aws.update(template)["StackStatus"] == "UPDATE_COMPLETE"
    assert function(aws)["Description"] == ""
    assert function(aws)["EphemeralStorage"] == {"Size": 512}
    assert aws.call("lambda", "GetFunctionConcurrency", name) == {}
    assert not aws.call("lambda", "GetFunction", name).get("Tags")


def test_an_operation_that_is_not_emulated_is_named(aws: Any, template: str) -> None:
    workflow = """  Workflow:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationSubtype: StepFunctions-StartExecution
      CredentialsArn: arn:aws:iam::000000000000:role/starts
      PayloadFormatVersion: "1.0"
      RequestParameters: {StateMachineArn: "arn:aws:states:us-east-1:000000000000:stateMachine:work"}
"""
    made = aws.create(template.replace("Outputs:", f"{workflow}Outputs:"))
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    events = aws.cfn("DescribeStackEvents", StackName="demo")["StackEvents"]
    [reason] = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert "StepFunctions-StartExecution" in reason


def test_what_a_killed_deployment_left_is_made_anew(aws: Any, template: str) -> None:
    outputs = aws.outputs(aws.create(template))
    state = State(aws.emulator.store)
    stack = state.require(Caller(), "demo")
    resources = state.resources(stack)
    begun = [
        replace(resources[name], status="CREATE_IN_PROGRESS", physical_id="", attributes={})
        for name in ("Route", "Live", "Stage", "Admins", "Permission")
    ]
    state.write(replace(stack, status="UPDATE_FAILED"), begun)
    again = aws.update(template)
    assert again["StackStatus"] == "UPDATE_COMPLETE"
    assert aws.outputs(again) == outputs
    api = aws.resource("Api")["PhysicalResourceId"]
    [route] = aws.call("apigatewayv2", "GetRoutes", {"ApiId": api})["Items"]
    assert route["RouteId"] == aws.resource("Route")["PhysicalResourceId"]


def test_an_unnamed_function_gets_a_generated_name(aws: Any, template: str) -> None:
    aws.create(template.replace("      FunctionName: demo-login\n", ""))
    name = aws.resource("Login")["PhysicalResourceId"]
    assert name.startswith("demo-Login-")
    assert len(name) == len("demo-Login-") + 12
    with pytest.raises(AwsError):
        function(aws)
