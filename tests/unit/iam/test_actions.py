"""Which permissions a call needs."""

from typing import Any

import pytest

from dewstack.config import Caller
from dewstack.http import Request
from dewstack.iam.actions import Asked, asked

HERE = "us-east-1:000000000000"


def needed(
    service: str, operation: str, params: dict[str, Any], *, signing_name: str = ""
) -> list[tuple[str, str]]:
    def arn_of(service: str, name: str, caller: Caller) -> str | None:
        return {"known": f"arn:aws:{service}:{HERE}:secret:known-Xy12Zz"}.get(name)

    call = Asked(
        service,
        operation,
        params,
        Caller(),
        Request("POST", "/", "", [], b""),
        signing_name or service,
        arn_of,
    )
    return [(ask.action, ask.resource) for ask in asked(call)]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{HERE}:{resource}"


@pytest.mark.parametrize(
    ("service", "operation", "params", "wanted"),
    [
        ("dynamodb", "PutItem", {"TableName": "t"}, [("dynamodb:PutItem", arn("dynamodb", "table/t"))]),
        (
            "dynamodb",
            "Query",
            {"TableName": "t", "IndexName": "i"},
            [("dynamodb:Query", arn("dynamodb", "table/t/index/i"))],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "a"}},
                    {"Delete": {"TableName": "b"}},
                    {"Put": {"TableName": "a"}},
                ]
            },
            [
                ("dynamodb:PutItem", arn("dynamodb", "table/a")),
                ("dynamodb:DeleteItem", arn("dynamodb", "table/b")),
            ],
        ),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": 'select * from "notes"."byDay" where x=1'},
            [("dynamodb:PartiQLSelect", arn("dynamodb", "table/notes/index/byDay"))],
        ),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": "INSERT INTO notes value {'id': '1'}"},
            [("dynamodb:PartiQLInsert", arn("dynamodb", "table/notes"))],
        ),
        ("dynamodb", "ListTables", {}, [("dynamodb:ListTables", arn("dynamodb", "table/*"))]),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://localhost:4566/111111111111/jobs"},
            [("sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:jobs")],
        ),
        ("sqs", "CreateQueue", {"QueueName": "jobs"}, [("sqs:CreateQueue", arn("sqs", "jobs"))]),
        (
            "sns",
            "Unsubscribe",
            {"SubscriptionArn": arn("sns", "news:1234")},
            [("sns:Unsubscribe", arn("sns", "news"))],
        ),
        ("sns", "Publish", {"PhoneNumber": "+100"}, [("sns:Publish", arn("sns", "*"))]),
        ("lambda", "Invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", arn("lambda", "function:f"))]),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            [("lambda:InvokeFunction", arn("lambda", "function:f:live"))],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "000000000000:function:f"},
            [("lambda:InvokeFunction", arn("lambda", "function:f"))],
        ),
        ("ssm", "GetParameter", {"Name": "/a/b"}, [("ssm:GetParameter", arn("ssm", "parameter/a/b"))]),
        (
            "ssm",
            "GetParameters",
            {"Names": ["a", "/b"]},
            [
                ("ssm:GetParameters", arn("ssm", "parameter/a")),
                ("ssm:GetParameters", arn("ssm", "parameter/b")),
            ],
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": "known"},
            [("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:known-Xy12Zz"))],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{"Detail": "{}"}, {"EventBusName": "own"}]},
            [
                ("events:PutEvents", arn("events", "event-bus/default")),
                ("events:PutEvents", arn("events", "event-bus/own")),
            ],
        ),
        ("kinesis", "PutRecord", {"StreamName": "s"}, [("kinesis:PutRecord", arn("kinesis", "stream/s"))]),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [("logs:PutLogEvents", arn("logs", "log-group:/g:log-stream:s"))],
        ),
        (
            "cognito-idp",
            "AdminGetUser",
            {"UserPoolId": "us-east-1_1"},
            [("cognito-idp:AdminGetUser", arn("cognito-idp", "userpool/us-east-1_1"))],
        ),
        (
            "sesv2",
            "SendEmail",
            {"FromEmailAddress": "Ann <ann@example.com>", "Content": {"Simple": {}}},
            [("ses:SendEmail", arn("ses", "identity/ann@example.com"))],
        ),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": arn("states", "stateMachine:m")},
            [("states:StartExecution", arn("states", "stateMachine:m"))],
        ),
        ("sts", "GetCallerIdentity", {}, []),
        (
            "wafv2",
            "GetWebACLForResource",
            {"ResourceArn": arn("wafv2", "x"), "OtherArn": arn("s3", "y")},
            [("wafv2:GetWebACLForResource", arn("wafv2", "x"))],
        ),
    ],
)
def test_operations(
    service: str, operation: str, params: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    assert needed(service, operation, params) == wanted


BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/k/1"


@pytest.mark.parametrize(
    ("method", "path", "query", "wanted"),
    [
        ("GET", "/", "", [("s3:ListAllMyBuckets", "arn:aws:s3:::*")]),
        ("PUT", "/b", "", [("s3:CreateBucket", BUCKET)]),
        ("GET", "/b", "list-type=2&prefix=x", [("s3:ListBucket", BUCKET)]),
        ("HEAD", "/b", "", [("s3:ListBucket", BUCKET)]),
        ("GET", "/b", "versions", [("s3:ListBucketVersions", BUCKET)]),
        ("GET", "/b", "location", [("s3:GetBucketLocation", BUCKET)]),
        ("PUT", "/b", "cors", [("s3:PutBucketCORS", BUCKET)]),
        ("DELETE", "/b", "lifecycle", [("s3:PutLifecycleConfiguration", BUCKET)]),
        ("DELETE", "/b", "policy", [("s3:DeleteBucketPolicy", BUCKET)]),
        ("GET", "/b/k/1", "", [("s3:GetObject", OBJECT)]),
        ("HEAD", "/b/k/1", "", [("s3:GetObject", OBJECT)]),
        ("GET", "/b/k%2F1", "versionId=3", [("s3:GetObjectVersion", OBJECT)]),
        ("PUT", "/b/k/1", "partNumber=1&uploadId=2", [("s3:PutObject", OBJECT)]),
        ("POST", "/b/k/1", "uploads", [("s3:PutObject", OBJECT)]),
        ("DELETE", "/b/k/1", "uploadId=2", [("s3:AbortMultipartUpload", OBJECT)]),
        ("DELETE", "/b/k/1", "", [("s3:DeleteObject", OBJECT)]),
        ("PUT", "/b/k/1", "tagging", [("s3:PutObjectTagging", OBJECT)]),
        ("DELETE", "/b/k/1", "tagging", [("s3:DeleteObjectTagging", OBJECT)]),
    ],
)
def test_s3(method: str, path: str, query: str, wanted: list[tuple[str, str]]) -> None:
    request = Request(method, path, query, [(b"Host", b"localhost:4566")], b"")
    found = asked(Asked("s3", "", {}, Caller(), request))
    assert [(ask.action, ask.resource) for ask in found] == wanted


def test_s3_copies_deletes_and_hosts() -> None:
    copy = Request(
        "PUT", "/k/1", "", [(b"Host", b"b.s3.localhost"), (b"x-amz-copy-source", b"/o/k%20x")], b""
    )
    found = asked(Asked("s3", "", {}, Caller(), copy))
    assert [(one.action, one.resource) for one in found] == [
        ("s3:PutObject", OBJECT),
        ("s3:GetObject", "arn:aws:s3:::o/k x"),
    ]
    many = Request("POST", "/b", "delete", [], b"<Delete><Object><Key>k/1</Key></Object></Delete>")
    assert [(one.action, one.resource) for one in asked(Asked("s3", "", {}, Caller(), many))] == [
        ("s3:DeleteObject", OBJECT)
    ]
    (listing,) = asked(
        Asked("s3", "", {}, Caller(), Request("GET", "/b", "list-type=2&prefix=a%2F", [], b""))
    )
    assert listing.keys == {"s3:prefix": "a/"}


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        ("abc.execute-api.localhost:4566", "/dev/@connections/x%3D"),
        ("localhost:4566", "/_aws/execute-api/abc/dev/@connections/x%3D"),
        ("localhost:4566", "/execute-api/abc/dev/@connections/x%3D"),
    ],
)
def test_connections_of_websocket_apis(host: str, sent: str) -> None:
    request = Request("POST", "/@connections/x%3D", "", [(b"Host", host.encode())], b"", sent_path=sent)
    (ask,) = asked(Asked("apigatewaymanagementapi", "PostToConnection", {}, Caller(), request, "execute-api"))
    assert ask.action == "execute-api:ManageConnections"
    assert ask.resource == arn("execute-api", "abc/dev/POST/@connections/x%3D")


def test_api_gateways_own_resources_are_paths() -> None:
    request = Request("PATCH", "/restapis/abc", "", [], b"")
    (ask,) = asked(Asked("apigateway", "UpdateRestApi", {}, Caller(), request))
    assert (ask.action, ask.resource) == ("apigateway:PATCH", "arn:aws:apigateway:us-east-1::/restapis/abc")


def test_a_form_names_its_object() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nup/1\r\n--x--\r\n'
    found = asked(Asked("s3", "", {}, Caller(), Request("POST", "/b", "", [], body)))
    assert [(one.action, one.resource) for one in found] == [("s3:PutObject", "arn:aws:s3:::b/up/1")]
