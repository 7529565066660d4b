"""What a deployment asks of AWS, held against AWS's own models by botocore's Stubber, in states no emulator reaches."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from msgspec.structs import replace

from dewstack.deploy import AWS, Event, deploy_template, remove_stack
from dewstack.deploy.release import remove
from dewstack.deploy.release.settings import stack_settings
from dewstack.deploy.remote import client_call
from dewstack.deploy.stack import execute, prepare
from dewstack.deploy.target import Call
from dewstack.errors import UserError
from dewstack.service import load

ARN = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-prod/1"
CHANGE_SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/dew-1/1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = replace(AWS, poll_seconds=0.01, timeout_seconds=5.0)
TEMPLATE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


class Aws:
    """CloudFormation as a script: what it is asked, and what it answers."""

    def __init__(self) -> None:
        client = boto3.client(
            "cloudformation", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
        )
        self.stubber = Stubber(client)
        self.stubber.activate()
        self.call: Call = client_call(lambda service: client, "AWS (us-east-1)")
        self._events: list[dict[str, Any]] = []
        client.meta.events.register("provide-client-params.cloudformation.*", self._see)

    def _see(self, params: dict[str, Any], **_: Any) -> None:
        for event in self._events:
            event["ClientRequestToken"] = params.get("ClientRequestToken", event["ClientRequestToken"])

    def stack(self, status: str | None, **more: Any) -> None:
        """DescribeStacks is asked and answers with a stack in this status; None: there is none."""
        if status is None:
            message = "Stack with id shop-prod does not exist"
            self.stubber.add_client_error("describe_stacks", "ValidationError", message, 400)
            return
        stack = {"StackName": "shop-prod", "StackId": ARN, "CreationTime": NOW, "StackStatus": status, **more}
        self.stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": ANY})

    def change_set(self, kind: str, *changes: dict[str, Any], reason: str = "", **request: Any) -> None:
        """A change set is made and gets ready, or fails for a reason."""
        expected = {
            "StackName": "shop-prod",
            "ChangeSetName": ANY,
            "ChangeSetType": kind,
            "TemplateBody": ANY,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [],
            **request,
        }
        self.stubber.add_response("create_change_set", {"Id": CHANGE_SET, "StackId": ARN}, expected)
        asked = {"ChangeSetName": CHANGE_SET, "StackName": "shop-prod"}
        status = {"Status": "FAILED", "StatusReason": reason} if reason else {"Status": "CREATE_COMPLETE"}
        pending = {"Status": "CREATE_IN_PROGRESS"}
        self.stubber.add_response("describe_change_set", pending, asked)
        self.stubber.add_response("describe_change_set", {**status, "Changes": list(changes)}, asked)
        if reason:
            self.stubber.add_response("delete_change_set", {}, asked)

    def executed(self, **request: Any) -> None:
        """The change set is executed."""
        expected = {
            "ChangeSetName": CHANGE_SET,
            "StackName": "shop-prod",
            "ClientRequestToken": ANY,
            **request,
        }
        self.stubber.add_response("execute_change_set", {}, expected)

    def failed_events(self, reason: str) -> None:
        """The events are asked for: one resource failed, another was cancelled for it."""
        made = {"StackId": ARN, "StackName": "shop-prod", "Timestamp": NOW}

        def event(logical_id: str, kind: str, status: str, said: str) -> dict[str, Any]:
            return {
                **made,
                "EventId": f"{logical_id}-{status}",
                "LogicalResourceId": logical_id,
                "ResourceType": kind,
                "ResourceStatus": status,
                "ResourceStatusReason": said,
                "ClientRequestToken": "dew",
            }

        events = [
            event("Other", "AWS::SNS::Topic", "CREATE_FAILED", "Resource creation cancelled"),
            event("Queue", "AWS::SQS::Queue", "CREATE_FAILED", reason),
        ]
        self._events += events
        self.stubber.add_response("describe_stack_events", {"StackEvents": events}, {"StackName": ANY})


@pytest.fixture
def aws() -> Aws:
    return Aws()


ADDED = {
    "Type": "Resource",
    "ResourceChange": {"Action": "Add", "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"},
}


def test_a_new_stack_is_a_change_set_of_its_own_kind(aws: Aws) -> None:
    aws.stack(None)
    aws.change_set("CREATE", ADDED)
    aws.executed()
    aws.stack("CREATE_IN_PROGRESS")
    aws.stack("CREATE_COMPLETE")
    outputs = [{"OutputKey": "Url", "OutputValue": "https://x"}]
    aws.stack("CREATE_COMPLETE", Outputs=outputs)
    assert deploy_template(aws.call, "shop-prod", TEMPLATE, target=QUICK) == {"Url": "https://x"}
    aws.stubber.assert_no_pending_responses()


def test_what_the_map_says_of_its_stack_is_in_the_request(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "h.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "serverless.yml").write_text(
        """
service: shop
provider:
  name: aws
  runtime: python3.11
  stage: prod
  iam: {deploymentRole: 'arn:aws:iam::123456789012:role/deployer'}
  stackTags: {team: blue}
  notificationArns: ['arn:aws:sns:us-east-1:123456789012:told']
  stackParameters: [{ParameterKey: Size, ParameterValue: large}]
  rollbackConfiguration: {MonitoringTimeInMinutes: 5}
  disableRollback: true
  stackPolicy: [{Effect: Allow, Principal: '*', Action: 'Update:*', Resource: '*'}]
functions: {hello: {handler: h.handler}}
"""
    )
    settings = stack_settings(load(tmp_path, options={}, environ={}), AWS)
    assert settings.policy and settings.policy[0]["Action"] == ["Update:*"]
    aws.stack("UPDATE_COMPLETE")
    aws.change_set(
        "UPDATE",
        ADDED,
        RoleARN="arn:aws:iam::123456789012:role/deployer",
        Tags=[{"Key": "STAGE", "Value": "prod"}, {"Key": "team", "Value": "blue"}],
        NotificationARNs=["arn:aws:sns:us-east-1:123456789012:told"],
        Parameters=[{"ParameterKey": "Size", "ParameterValue": "large"}],
        RollbackConfiguration={"MonitoringTimeInMinutes": 5},
    )
    aws.executed(DisableRollback=True)
    aws.stack("UPDATE_COMPLETE")
    prepared = prepare(aws.call, "shop-prod", TEMPLATE, settings=settings.change_set, target=QUICK)
    execute(aws.call, prepared, settings=settings.execution, target=QUICK)
    aws.stubber.assert_no_pending_responses()


def test_a_failure_names_what_failed_first_and_why(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    aws.change_set("UPDATE", ADDED)
    aws.executed()
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.failed_events(
        'Resource handler returned message: "User: dev is not authorized to perform: sqs:CreateQueue" '
        "(RequestToken: 1-2, HandlerErrorCode: AccessDenied)"
    )
    with pytest.raises(UserError) as refused:
        deploy_template(aws.call, "shop-prod", TEMPLATE, target=QUICK)
    assert (
        refused.value.message
        == "shop-prod: Queue (AWS::SQS::Queue): User: dev is not authorized to perform: sqs:CreateQueue"
    )
    assert "everything is again as it was before" in refused.value.hint
    assert "lack this permission" in refused.value.hint


def test_nothing_to_do_is_no_failure(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    aws.change_set("UPDATE", reason="The submitted information didn't contain changes.")
    aws.stack("UPDATE_COMPLETE")
    assert deploy_template(aws.call, "shop-prod", TEMPLATE, target=QUICK) == {}


def removed(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    request = {"StackName": "shop-prod", "ClientRequestToken": ANY}
    aws.stubber.add_response("delete_stack", {}, request)
    aws.stack("DELETE_IN_PROGRESS")
    aws.stack("DELETE_COMPLETE")


def test_a_first_attempt_that_was_rolled_back_makes_room(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    removed(aws)
    aws.change_set("CREATE", ADDED)
    prepared = prepare(aws.call, "shop-prod", TEMPLATE, target=QUICK)
    assert prepared.kind == "CREATE"
    aws.stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("UPDATE_IN_PROGRESS", "wait until it has ended"),
        ("DELETE_IN_PROGRESS", "wait until it has ended"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name shop-prod"),
        ("ROLLBACK_FAILED", "run 'dew remove', then deploy again"),
        ("DELETE_FAILED", "run 'dew remove' again"),
    ],
)
def test_a_stack_that_takes_no_change_is_said_with_the_next_step(aws: Aws, status: str, step: str) -> None:
    for _ in range(3):
        aws.stack(status)
    with pytest.raises(UserError) as refused:
        prepare(aws.call, "shop-prod", TEMPLATE, target=QUICK)
    assert f"shop-prod is {status}" in refused.value.message and step in refused.value.hint


def test_what_resists_its_removal_is_named(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    request = {"StackName": "shop-prod", "ClientRequestToken": ANY}
    aws.stubber.add_response("delete_stack", {}, request)
    aws.stack("DELETE_FAILED")
    aws.failed_events("The bucket you tried to delete is not empty")
    with pytest.raises(UserError, match="Queue") as refused:
        remove_stack(aws.call, "shop-prod", target=QUICK)
    assert "empty the bucket first" in refused.value.hint


def test_events_are_told_once_each(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    aws.change_set("UPDATE", ADDED)
    aws.executed()
    aws.stack("UPDATE_IN_PROGRESS")
    aws.failed_events("first")
    aws.stack("UPDATE_COMPLETE")
    aws.failed_events("first")
    aws.stack("UPDATE_COMPLETE")
    told: list[Event] = []
    deploy_template(aws.call, "shop-prod", TEMPLATE, on_event=told.append, target=QUICK)
    assert [event.logical_id for event in told] == ["Queue", "Other"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "the AWS credentials are not taken"),
        ("InvalidClientTokenId", "the AWS credentials are not taken"),
        ("SignatureDoesNotMatch", "the AWS credentials are not taken"),
    ],
)
def test_credentials_that_are_not_taken_are_said_so(aws: Aws, code: str, said: str) -> None:
    aws.stubber.add_client_error("describe_stacks", code, "The security token is bad", 403)
    with pytest.raises(UserError) as refused:
        prepare(aws.call, "shop-prod", TEMPLATE, target=QUICK)
    assert said in refused.value.message and "sign in again" in refused.value.hint


def test_a_protected_stack_is_not_even_emptied(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: shop\nprovider: {name: aws, runtime: python3.11, stage: prod}\nfunctions: {}\n"
    )
    service = load(tmp_path, options={}, environ={})
    aws.stack("UPDATE_COMPLETE", EnableTerminationProtection=True)
    with pytest.raises(UserError, match="shop-prod is protected against its removal") as refused:
        remove(aws.call, service, QUICK, lambda event: None)
    assert "--no-enable-termination-protection" in refused.value.hint
    aws.stubber.assert_no_pending_responses()
