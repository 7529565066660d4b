"""Functions and events that the schema lets pass, and that nothing can be made of."""

from collections.abc import Callable

import pytest

from dewstack.service import Service

Problems = Callable[..., list[str]]
Loader = Callable[..., Service]

DURABLE = "f: {handler: index.handler, runtime: nodejs24.x, durableConfig: {executionTimeout: %s}%s}"
EVENT = "f: {handler: index.handler, runtime: nodejs20.x, events: [{%s}]}"
KEY = "arn:aws:kms:us-east-1:123456789012:key"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
EFS = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/a@sha256:" + "a" * 64


def plain(settings: str) -> str:
    return f"f: {{handler: index.handler, runtime: nodejs20.x, {settings}}}"


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        (
            plain("provisionedConcurrency: 1, snapStart: true"),
            "f.snapStart: doesn't go with provisionedConcurrency",
        ),
        (plain("durableConfig: {executionTimeout: 60}"), "f.durableConfig: isn't for the runtime nodejs20.x"),
        (DURABLE % (60, ", destinations: {onFailure: f}"), "f.destinations: a durable function has none"),
        (DURABLE % (60, ", maximumRetryAttempts: 0"), "f.maximumRetryAttempts: isn't for durable functions"),
        (
            DURABLE % (901, f", events: [{{sqs: '{QUEUE}'}}]"),
            "f.durableConfig: queues and streams wait for 900",
        ),
        (DURABLE % (60, ", snapStart: true"), "f.snapStart: isn't for durable functions with the runtime"),
        (
            DURABLE.replace("nodejs24.x", "java21") % (60, ", snapStart: true, ephemeralStorageSize: 1024"),
            "f.snapStart: takes an ephemeralStorageSize of 512 at most",
        ),
        (
            plain(f"fileSystemConfig: {{arn: '{EFS}', localMountPath: /mnt/a}}"),
            "f.fileSystemConfig: needs a network",
        ),
        (f"f: {{image: {{uri: '{IMAGE}', name: box}}}}", "f.image: has both 'uri' and 'name'"),
        ("f: {image: {command: [a]}}", "f.image: needs a 'uri' or a 'name'"),
        (plain("destinations: {onFailure: g}"), "f.destinations: there is no function 'g'"),
        (
            plain("destinations: {onFailure: 'arn:aws:iam::123456789012:role/a'}"),
            "f.destinations: 'arn:aws:iam",
        ),
        (
            plain("destinations: {onFailure: g}")
            + "\n  g: {handler: index.handler, runtime: nodejs20.x, condition: C}",
            "f.destinations: 'g' may not be there; give this function the condition 'C' too",
        ),
        (
            EVENT % "cloudwatchLog: /x}, {cloudwatchLog: /x}, {cloudwatchLog: {logGroup: /x}",
            "a log group has at most 2",
        ),
        (
            EVENT % "s3: {bucket: {Ref: B}}",
            "events[0].s3: a bucket that the map doesn't name exists elsewhere",
        ),
        (EVENT % "s3: {bucket: Not_A_Bucket}", "events[0].s3: 'Not_A_Bucket' is no name for a bucket"),
        (
            EVENT % "s3: {bucket: one, existing: true}}, {s3: {bucket: two, existing: true}",
            "events[1].s3.bucket: a function has events of one existing bucket at most",
        ),
        (
            EVENT % "schedule: {method: scheduler, rate: rate(1 hour), inputPath: $.x}",
            "events[0].schedule.inputPath: is only for 'method: eventBus'",
        ),
        (
            EVENT % "schedule: {rate: rate(1 hour), timezone: UTC}",
            "events[0].schedule.timezone: is only for 'method: scheduler'",
        ),
        (
            EVENT % "cloudwatchEvent: {event: {source: [x]}, input: {a: 1}, inputPath: $.x}",
            "events[0].cloudwatchEvent.inputPath: doesn't go with input",
        ),
        (
            EVENT
            % "eventBridge: {schedule: rate(1 day), inputPath: $.x, inputTransformer: {inputTemplate: '{}'}}",
            "events[0].eventBridge.inputTransformer: doesn't go with inputPath",
        ),
        (EVENT % "sns: {arn: {Ref: T}}", "events[0].sns: missing key 'topicName'"),
        (
            EVENT
            % "stream: {arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/x', startingPosition: AT_TIMESTAMP}",
            "events[0].stream: missing key 'startingPositionTimestamp'",
        ),
        (
            EVENT % "cognitoUserPool: {pool: A, trigger: PreSignUp, existing: true}}, "
            "{cognitoUserPool: {pool: B, trigger: PreSignUp, existing: true}",
            "events[1].cognitoUserPool.pool: a function has events of one existing user pool at most",
        ),
        (
            EVENT % f"cognitoUserPool: {{pool: A, trigger: CustomEmailSender, kmsKeyId: '{KEY}/a'}}}}, "
            f"{{cognitoUserPool: {{pool: A, trigger: CustomSMSSender, kmsKeyId: '{KEY}/b'}}",
            "events[1].cognitoUserPool.kmsKeyId: the user pool 'A' has another key already",
        ),
    ],
)
def test_what_nothing_can_be_made_of_is_located(problems_of: Problems, functions: str, message: str) -> None:
    found = problems_of(f"functions:\n  {functions}\n")
    assert [problem for problem in found if message in problem and problem.startswith("serverless.yml:")], (
        found
    )
