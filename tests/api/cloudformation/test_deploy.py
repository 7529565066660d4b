"""Deployment of a map by change set, through nothing but `call`."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dewstack.deploy import (
    LOCALSTACK,
    Event,
    Prepared,
    deploy_template,
    diff,
    losses,
    remove_stack,
    stack_status,
)
from dewstack.deploy.artifacts import live_template, package_service
from dewstack.deploy.remote import boto3_call
from dewstack.errors import UserError
from dewstack.service import Service, load

MAP = """
service: shop
provider:
  name: aws
  runtime: python3.11
  environment: {CLIENT: !Ref Client}
  httpApi:
    authorizers:
      users:
        type: jwt
        identitySource: $request.header.Authorization
        issuerUrl: !GetAtt Pool.ProviderURL
        audience: [!Ref Client]
package: {patterns: ['!**', 'handlers/**']}
functions:
  login: {handler: handlers/app.login, timeout: TIMEOUT, events: [{httpApi: POST /login}]}
  profile:
    handler: handlers/app.profile
    events: [{httpApi: {method: GET, path: /profile, authorizer: {name: users}}}]
resources:
  Resources:
    POOL: {Type: AWS::Cognito::UserPool, Properties: {UsernameAttributes: [email]}}
    Client: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref POOL, ClientName: web}}
"""


def service(directory: Path, *, pool: str = "Pool", timeout: str = "6") -> Service:
    (directory / "handlers").mkdir(parents=True, exist_ok=True)
    (directory / "handlers/app.py").write_text(
        "def login(event, context): ...\ndef profile(event, context): ...\n"
    )
    text = MAP.replace("POOL", pool).replace("Pool.", f"{pool}.").replace("TIMEOUT", timeout)
    (directory / "serverless.yml").write_text(text)
    return load(directory, options={}, environ={})


def test_a_map_becomes_a_running_stack(aws: Any, tmp_path: Path) -> None:
    events: list[Event] = []
    shop = service(tmp_path)
    outputs = deploy_template(aws.call, shop.stack_name, live_template(shop), on_event=events.append)
    assert stack_status(aws.call, "shop-dev") == "CREATE_COMPLETE"
    assert outputs["HttpApiUrl"].startswith("https://")
    configuration = aws.call("lambda", "GetFunctionConfiguration", {"FunctionName": "shop-dev-login"})
    assert (
        configuration["Environment"]["Variables"]["CLIENT"]
        == aws.resource("Client", "shop-dev")["PhysicalResourceId"]
    )
    told = [(event.logical_id, event.status) for event in events]
    assert told[0] == ("shop-dev", "CREATE_IN_PROGRESS")
    assert told[-1] == ("shop-dev", "CREATE_COMPLETE")
    assert len(told) == len(set(told))


def test_deploying_the_same_again_does_nothing(aws: Any, tmp_path: Path) -> None:
    shop = service(tmp_path)
    first = deploy_template(aws.call, shop.stack_name, live_template(shop))
    events: list[Event] = []
    assert deploy_template(aws.call, shop.stack_name, live_template(shop), on_event=events.append) == first
    assert events == []


def test_a_changed_map_changes_only_what_it_says(aws: Any, tmp_path: Path) -> None:
    shop = service(tmp_path)
    deploy_template(aws.call, shop.stack_name, live_template(shop))
    changed = live_template(service(tmp_path, timeout="9"))
    changes = diff(aws.call, shop.stack_name, changed)
    assert ("Modify", "LoginLambdaFunction", ("Timeout",)) in [
        (each.action, each.logical_id, each.properties) for each in changes
    ]
    assert not any(each.loses_data for each in changes)
    kept = aws.cfn("ListChangeSets", StackName="shop-dev")["Summaries"]
    assert {each["ExecutionStatus"] for each in kept} == {"EXECUTE_COMPLETE"}
    deploy_template(aws.call, shop.stack_name, changed)
    configuration = aws.call("lambda", "GetFunctionConfiguration", {"FunctionName": "shop-dev-login"})
    assert configuration["Timeout"] == 9


def test_losing_the_users_can_be_refused(aws: Any, tmp_path: Path) -> None:
    shop = service(tmp_path)
    deploy_template(aws.call, shop.stack_name, live_template(shop))
    pool = aws.resource("Pool", "shop-dev")["PhysicalResourceId"]

    def approve(prepared: Prepared) -> None:
        if any(change.loses_data for change in losses(prepared.changes)):
            raise UserError("this would drop the users")

    renamed = live_template(service(tmp_path, pool="People"))
    with pytest.raises(UserError, match="drop the users"):
        deploy_template(aws.call, shop.stack_name, renamed, approve=approve)
    assert aws.resource("Pool", "shop-dev")["PhysicalResourceId"] == pool
    assert stack_status(aws.call, "shop-dev") == "CREATE_COMPLETE"
    deploy_template(aws.call, shop.stack_name, renamed)
    pools = aws.call("cognito-idp", "ListUserPools", {"MaxResults": 10})["UserPools"]
    assert pool not in [each["Id"] for each in pools]


def test_a_failure_names_the_resource_and_the_reason(aws: Any, tmp_path: Path) -> None:
    shop = service(tmp_path)
    template = live_template(shop)
    template["Resources"]["HttpApiRoutePostLogin"]["Properties"]["RouteKey"] = "nonsense"
    with pytest.raises(UserError) as caught:
        deploy_template(aws.call, shop.stack_name, template)
    assert caught.value.message.startswith("shop-dev: HttpApiRoutePostLogin (AWS::ApiGatewayV2::Route): ")
    assert "route key is not formatted properly" in caught.value.message
    assert "RequestToken" not in caught.value.message
    assert deploy_template(aws.call, shop.stack_name, live_template(shop))["HttpApiId"]


def test_a_refused_template_leaves_no_stack(aws: Any) -> None:
    template = {"Resources": {"Queue": {"Type": "AWS::Nowhere::Queue"}}}
    with pytest.raises(UserError, match="AWS::Nowhere::Queue"):
        deploy_template(aws.call, "shop-dev", template)
    assert stack_status(aws.call, "shop-dev") is None


def test_looking_at_a_first_deployment_leaves_no_stack(aws: Any, tmp_path: Path) -> None:
    shop = service(tmp_path)
    assert {change.action for change in diff(aws.call, shop.stack_name, live_template(shop))} == {"Add"}
    while (status := stack_status(aws.call, "shop-dev")) is not None:
        assert status == "DELETE_IN_PROGRESS"


def test_a_stack_is_removed_with_everything(aws: Any, tmp_path: Path) -> None:
    shop = service(tmp_path)
    deploy_template(aws.call, shop.stack_name, live_template(shop))
    assert remove_stack(aws.call, shop.stack_name) is True
    assert remove_stack(aws.call, shop.stack_name) is False
    assert aws.call("lambda", "ListFunctions", {})["Functions"] == []


def test_the_same_deployment_goes_over_the_wire(aws: Any, tmp_path: Path) -> None:
    call = boto3_call(
        endpoint=aws.emulator.urls.aws, region="us-east-1", access_key="test", secret_key="test"
    )
    target = replace(LOCALSTACK, poll_seconds=0.05)
    shop = service(tmp_path)
    events: list[Event] = []
    template = live_template(shop)
    outputs = deploy_template(call, "shop-dev", template, on_event=events.append, target=target)
    assert outputs == deploy_template(aws.call, "shop-dev", template)
    assert (events[-1].logical_id, events[-1].status) == ("shop-dev", "CREATE_COMPLETE")
    changes = diff(call, "shop-dev", live_template(service(tmp_path, timeout="9")), target=target)
    assert ("Modify", "LoginLambdaFunction") in [(each.action, each.logical_id) for each in changes]
    assert remove_stack(call, "shop-dev", target=target) is True
    assert stack_status(call, "shop-dev") is None


def test_an_unreachable_target_is_named() -> None:
    call = boto3_call(endpoint="http://127.0.0.1:9", region="us-east-1", access_key="test", secret_key="test")
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:9"):
        stack_status(call, "shop-dev")


def test_a_map_is_packaged_as_the_framework_does_it(tmp_path: Path) -> None:
    packaged = package_service(service(tmp_path), now=1795346857.481)
    [zipped] = packaged.packages
    assert zipped.path == tmp_path / ".serverless/shop.zip"
    assert zipped.files == ("handlers/app.py",)
    template = packaged.update_template.read_text()
    assert '"S3Key": "serverless/shop/dev/1795346857481-2026-11-22T11:27:37.481Z/shop.zip"' in template
    assert zipped.sha256 in template
    assert "ServerlessDeploymentBucket" in packaged.create_template.read_text()
