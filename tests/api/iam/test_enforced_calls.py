"""What a function may call where `--iam enforce` is on: what its role permits, and refusals as AWS words them."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew

Ask = Callable[..., dict[str, Any]]
ME = "arn:aws:sts::000000000000:assumed-role/guarded-dev-us-east-1-lambdaRole/guarded-dev-caller"
ROLE = "arn:aws:iam::000000000000:role/guarded-dev-us-east-1-lambdaRole"
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table"


def sentence(action: str, resource: str = "", reason: str = "") -> str:
    on = f" on resource: {resource}" if resource else ""
    because = reason or f"because no identity-based policy allows the {action} action"
    return f"User: {ME} is not authorized to perform: {action}{on} {because}"


def test_a_function_is_its_role(ask: Ask) -> None:
    answer = ask("sts", "get_caller_identity")
    assert (answer["Account"], answer["Arn"]) == ("000000000000", ME)
    role, _, session = answer["UserId"].partition(":")
    assert role.startswith("AROA") and len(role) == 21 and session == "guarded-dev-caller"


def test_what_the_role_permits_is_done(ask: Ask, dew: Dew) -> None:
    assert ask("dynamodb", "put_item", TableName="notes", Item={"id": {"S": "1"}}) == {}
    url = dew.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    assert "MessageId" in ask("sqs", "send_message", QueueUrl=url, MessageBody="hello")


@pytest.mark.parametrize(
    ("service", "operation", "params", "error"),
    [
        (
            "dynamodb",
            "get_item",
            {"TableName": "notes", "Key": {"id": {"S": "1"}}},
            ("AccessDeniedException", 400, sentence("dynamodb:GetItem", f"{TABLE}/notes")),
        ),
        (
            "dynamodb",
            "put_item",
            {"TableName": "others", "Item": {"id": {"S": "1"}}},
            ("AccessDeniedException", 400, sentence("dynamodb:PutItem", f"{TABLE}/others")),
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": "guarded-dev-caller"},
            (
                "AccessDeniedException",
                403,
                sentence(
                    "lambda:InvokeFunction",
                    "arn:aws:lambda:us-east-1:000000000000:function:guarded-dev-caller",
                    "with an explicit deny in an identity-based policy",
                ),
            ),
        ),
        (
            "sns",
            "publish",
            {"TopicArn": "arn:aws:sns:us-east-1:000000000000:news", "Message": "x"},
            ("AuthorizationError", 403, sentence("sns:Publish", "arn:aws:sns:us-east-1:000000000000:news")),
        ),
        (
            "s3",
            "get_object",
            {"Bucket": "open-1", "Key": "private/1"},
            ("AccessDenied", 403, sentence("s3:GetObject", '"arn:aws:s3:::open-1/private/1"')),
        ),
        ("iam", "list_users", {}, ("AccessDenied", 403, sentence("iam:ListUsers"))),
        (
            "cognito-idp",
            "list_user_pools",
            {"MaxResults": 1},
            ("AccessDeniedException", 400, sentence("cognito-idp:ListUserPools")),
        ),
    ],
)
def test_what_it_does_not_permit_is_refused(
    ask: Ask, service: str, operation: str, params: dict[str, Any], error: tuple[str, int, str]
) -> None:
    answer = ask(service, operation, **params)
    assert (answer["Code"], answer["Status"], answer["Message"]) == error


def test_conditions_decide(ask: Ask, dew: Dew) -> None:
    dew.client("s3").create_bucket(Bucket="open-2")
    assert "Code" not in ask("s3", "list_objects_v2", Bucket="open-2", Prefix="public/a")
    assert ask("s3", "list_objects_v2", Bucket="open-2", Prefix="private/")["Code"] == "AccessDenied"
    assert ask("s3", "list_objects_v2", Bucket="open-2")["Code"] == "AccessDenied"


def test_managed_policies_of_aws_count(ask: Ask, dew: Dew) -> None:
    dew.client("ssm").put_parameter(Name="/a/b", Value="1", Type="String")
    assert ask("ssm", "get_parameter", Name="/a/b")["Parameter"]["Value"] == "1"
    assert ask("ssm", "delete_parameter", Name="/a/b")["Code"] == "AccessDeniedException"


def test_each_table_of_a_batch_is_weighed(ask: Ask) -> None:
    item = {"PutRequest": {"Item": {"id": {"S": "2"}}}}
    assert "Code" not in ask("dynamodb", "batch_write_item", RequestItems={"notes": [item]})
    answer = ask("dynamodb", "batch_write_item", RequestItems={"notes": [item], "others": [item]})
    assert answer["Message"] == sentence("dynamodb:BatchWriteItem", f"{TABLE}/others")


def test_what_needs_no_permission_needs_none(ask: Ask) -> None:
    answer = ask("cognito-idp", "initiate_auth", AuthFlow="USER_PASSWORD_AUTH", ClientId="x" * 26)
    assert answer["Code"] in ("ResourceNotFoundException", "InvalidParameterException")


def test_a_policy_that_is_added_counts_at_once(ask: Ask, dew: Dew) -> None:
    assert ask("dynamodb", "describe_table", TableName="notes")["Code"] == "AccessDeniedException"
    statement = {"Effect": "Allow", "Action": "dynamodb:Describe*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam, role = dew.client("iam"), "guarded-dev-us-east-1-lambdaRole"
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=json.dumps(document))
    assert ask("dynamodb", "describe_table", TableName="notes")["Table"]["TableName"] == "notes"
    iam.delete_role_policy(RoleName=role, PolicyName="more")
    assert ask("dynamodb", "describe_table", TableName="notes")["Code"] == "AccessDeniedException"


def test_another_secret_or_no_session_is_refused(ask: Ask) -> None:
    wrong = ask("sts", "get_caller_identity", credentials={"aws_secret_access_key": "x"})
    assert (wrong["Code"], wrong["Status"]) == ("SignatureDoesNotMatch", 403)
    lost = ask("dynamodb", "list_tables", credentials={"aws_session_token": None})
    message = "The security token included in the request is invalid."
    assert (lost["Code"], lost["Status"], lost["Message"]) == ("UnrecognizedClientException", 400, message)


def test_a_role_that_trusts_the_caller_can_be_assumed(ask: Ask, dew: Dew) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}
    iam = dew.client("iam")
    for name, statement in (
        ("trusting", trust),
        ("strange", {**trust, "Principal": {"Service": "ec2.amazonaws.com"}}),
    ):
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    allowed = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="trusting", PolicyName="tables", PolicyDocument=policy)

    refused = ask(
        "sts", "assume_role", RoleArn="arn:aws:iam::000000000000:role/strange", RoleSessionName="me"
    )
    assert refused["Code"] == "AccessDenied"
    narrow = json.dumps({"Statement": [{**allowed, "Action": "dynamodb:ListTables"}]})
    answer = ask(
        "sts",
        "assume_role",
        RoleArn="arn:aws:iam::000000000000:role/trusting",
        RoleSessionName="me",
        Policy=narrow,
    )
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/trusting/me"
    held = {
        "aws_access_key_id": answer["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": answer["Credentials"]["SecretAccessKey"],
        "aws_session_token": answer["Credentials"]["SessionToken"],
    }
    assert ask("sts", "get_caller_identity", credentials=held)["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert ask("dynamodb", "list_tables", credentials=held)["TableNames"] == ["notes"]
    refused = ask("dynamodb", "describe_table", TableName="notes", credentials=held)
    assert refused["Message"].endswith("because no session policy allows the dynamodb:DescribeTable action")


def test_conditions_of_a_trust_policy_decide(ask: Ask, dew: Dew) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}
    once = {**trust, "Condition": {"StringEquals": {"sts:ExternalId": "partner"}}}
    never = {**trust, "Effect": "Deny", "Condition": {"StringEquals": {"sts:RoleSessionName": "banned"}}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [once, never]})
    dew.client("iam").create_role(RoleName="partners", AssumeRolePolicyDocument=document)

    def assumed(name: str, **given: str) -> dict[str, Any]:
        role = "arn:aws:iam::000000000000:role/partners"
        return ask("sts", "assume_role", RoleArn=role, RoleSessionName=name, **given)

    assert "Credentials" in assumed("me", ExternalId="partner")
    assert assumed("me")["Code"] == assumed("me", ExternalId="other")["Code"] == "AccessDenied"
    assert assumed("banned", ExternalId="partner")["Code"] == "AccessDenied"


def test_sessions_of_one_name_have_each_their_own_policy(ask: Ask, dew: Dew) -> None:
    role, trust = "arn:aws:iam::000000000000:role/shared", {"Effect": "Allow", "Action": "sts:AssumeRole"}
    document = {"Statement": [{**trust, "Principal": {"AWS": ROLE}}]}
    allowed = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    iam = dew.client("iam")
    iam.create_role(RoleName="shared", AssumeRolePolicyDocument=json.dumps(document))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="shared", PolicyName="tables", PolicyDocument=policy)

    def listed(**narrowed: str) -> dict[str, Any]:
        answer = ask("sts", "assume_role", RoleArn=role, RoleSessionName="same", **narrowed)
        given = answer["Credentials"]
        held = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return ask("dynamodb", "list_tables", credentials=held)

    assert listed()["TableNames"] == ["notes"]
    other = json.dumps({"Statement": [{**allowed, "Action": "dynamodb:GetItem"}]})
    assert listed(Policy=other)["Code"] == "AccessDeniedException"
    assert listed()["TableNames"] == ["notes"]


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("events", "list_archives", "events:ListArchives"),
        ("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms"),
    ],
)
def test_what_moto_adds_to_a_service_of_ours_is_weighed_too(
    ask: Ask, service: str, operation: str, action: str
) -> None:
    answer = ask(service, operation)
    assert answer.get("Code") in ("AccessDenied", "AccessDeniedException"), answer
    assert action in answer["Message"]


def test_the_developer_may_do_everything(dew: Dew) -> None:
    assert dew.client("dynamodb").list_tables()["TableNames"] == ["notes"]
    assert dew.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"


def test_iam_knows_the_roles_of_stacks_with_all_their_policies(dew: Dew) -> None:
    iam, role = dew.client("iam"), ROLE.rpartition("/")[2]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["AmazonSSMReadOnlyAccess"]
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["guarded-dev-lambda"]


@pytest.mark.parametrize("key", ["public/a", "private/a"])
def test_a_url_that_a_function_signs_may_what_its_role_may(ask: Ask, dew: Dew, key: str) -> None:
    s3 = dew.client("s3")
    s3.create_bucket(Bucket="open-3")
    s3.put_object(Bucket="open-3", Key=key, Body=b"x")
    url = str(ask("s3", "presign", Method="get_object", Params={"Bucket": "open-3", "Key": key}))
    answer = httpx.get(url)
    if key.startswith("public/"):
        assert (answer.status_code, answer.text) == (200, "x")
    else:
        assert (answer.status_code, "AccessDenied" in answer.text) == (403, True)
