"""`--target localstack`: the same steps through boto3, against an endpoint that speaks AWS."""

from pathlib import Path
from zlib import crc32

import pytest

from dewstack.deploy.target import Call

from .conftest import MAP, Dew

FAILING = """
resources:
  Resources:
    Broken:
      Type: AWS::Lambda::EventSourceMapping
      Properties: {FunctionName: no-such-function, EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:none'}
"""


@pytest.fixture
def arguments(endpoint: str, dew: Dew, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The options of one test, with a stage of its own."""
    stage = crc32(request.node.name.encode())
    return ("--target", "localstack", "--endpoint", endpoint, "--stage", f"t{stage}", "--json")


def test_a_map_is_made_changed_and_removed(dew: Dew, project: Path, arguments: tuple[str, ...]) -> None:
    made = dew("deploy", *arguments).told
    assert made["created"] and made["target"] == "localstack" and made["account"] == "000000000000"
    assert made["outputs"]["HttpApiUrl"].startswith("https://")
    assert {each["action"] for each in made["changes"]} == {"Add"}
    assert dew("outputs", *arguments).told == made["outputs"]
    assert dew("outputs", "HttpApiUrl", *arguments).told == made["outputs"]["HttpApiUrl"]

    again = dew("deploy", *arguments).told
    assert not again["created"] and again["changes"] == []
    assert dew("diff", *arguments, "--exit-code").code == 0

    (project / "serverless.yml").write_text(MAP + "    timeout: 20\n")
    diff = dew("diff", *arguments).told
    changed = {(each["action"], each["logical_id"].partition("Version")[0]) for each in diff["changes"]}
    assert ("Modify", "OtherLambdaFunction") in changed
    assert dew("diff", *arguments, "--exit-code").code == 1
    assert dew("deploy", *arguments).told["changes"] == diff["changes"]

    assert dew("remove", *arguments, "--yes").told["removed"] is True
    assert dew("remove", *arguments, "--yes").told["removed"] is False
    assert "is not deployed" in dew("outputs", *arguments).error


def test_code_is_used_in_place(
    dew: Dew, project: Path, arguments: tuple[str, ...], at_endpoint: Call
) -> None:
    dew("deploy", *arguments)
    name = f"shop-{arguments[5]}-hello"
    assert at_endpoint("lambda", "Invoke", {"FunctionName": name})["Payload"].read() == b'"hello"'


def test_a_first_deployment_that_fails_leaves_nothing(
    dew: Dew, project: Path, arguments: tuple[str, ...], at_endpoint: Call
) -> None:
    (project / "serverless.yml").write_text(MAP + FAILING)
    error = dew("deploy", *arguments).error
    assert "Broken (AWS::Lambda::EventSourceMapping): Function not found" in error
    assert "what had been made was removed again" in error
    stacks = at_endpoint("cloudformation", "DescribeStacks", {})["Stacks"]
    assert f"shop-{arguments[5]}" not in {stack["StackName"] for stack in stacks}


def test_an_update_that_fails_leaves_all_as_it_was(
    dew: Dew, project: Path, arguments: tuple[str, ...]
) -> None:
    before = dew("deploy", *arguments).told["outputs"]
    (project / "serverless.yml").write_text(MAP + FAILING)
    assert "everything is again as it was before" in dew("deploy", *arguments).error
    assert dew("outputs", *arguments).told == before
    (project / "serverless.yml").write_text(MAP)
    assert dew("deploy", *arguments).told["created"] is False


def test_what_people_put_in_is_not_dropped_without_a_word(
    dew: Dew, project: Path, arguments: tuple[str, ...]
) -> None:
    pool = "\nresources:\n  Resources:\n    POOL: {Type: AWS::Cognito::UserPool}\n"
    (project / "serverless.yml").write_text(MAP + pool)
    dew("deploy", *arguments)
    (project / "serverless.yml").write_text(MAP + pool.replace("POOL", "OTHER"))
    error = dew("deploy", *arguments).error
    assert "This would drop POOL (AWS::Cognito::UserPool) with all that is in it" in error
    assert "--yes" in error
    assert dew("deploy", *arguments, "--yes").told["created"] is False


def test_a_removal_is_asked_for(dew: Dew, arguments: tuple[str, ...]) -> None:
    dew("deploy", *arguments)
    assert "Remove shop-" in dew("remove", *arguments).error
    assert dew("outputs", *arguments).code == 0


def test_events_and_outputs_are_told_to_people(dew: Dew, arguments: tuple[str, ...]) -> None:
    plain = arguments[:-1]
    ran = dew("deploy", *plain)
    assert ran.code == 0
    assert "CREATE_COMPLETE        HelloLambdaFunction" in ran.errors
    assert "HttpApiUrl" in ran.output and " made in " in ran.output
    assert "unchanged" in dew("deploy", *plain).output


def test_a_bucket_that_is_there_tells_the_function(
    dew: Dew, project: Path, arguments: tuple[str, ...], at_endpoint: Call
) -> None:
    event = "    events: [{s3: {bucket: uploads, existing: true, rules: [{prefix: in/}]}}]\n"
    (project / "serverless.yml").write_text(MAP + event)
    assert "there is no bucket 'uploads' here, so nothing invokes other" in dew("deploy", *arguments).error
    at_endpoint("s3", "CreateBucket", {"Bucket": "uploads"})
    topic = {
        "Id": "mine",
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q",
        "Events": ["s3:ObjectRemoved:*"],
    }
    bucket = {"Bucket": "uploads"}
    mine = {"QueueConfigurations": [topic]}
    at_endpoint("sqs", "CreateQueue", {"QueueName": "q"})
    at_endpoint("s3", "PutBucketNotificationConfiguration", {**bucket, "NotificationConfiguration": mine})

    dew("deploy", *arguments)
    told = at_endpoint("s3", "GetBucketNotificationConfiguration", bucket)
    [configuration] = told["LambdaFunctionConfigurations"]
    assert configuration["LambdaFunctionArn"].endswith(f":function:shop-{arguments[5]}-other")
    assert configuration["Filter"]["Key"]["FilterRules"][0]["Value"] == "in/"
    assert [each["Id"] for each in told["QueueConfigurations"]] == ["mine"]
    policy = at_endpoint("lambda", "GetPolicy", {"FunctionName": f"shop-{arguments[5]}-other"})["Policy"]
    assert '"s3.amazonaws.com"' in policy and "arn:aws:s3:::uploads" in policy

    assert dew("deploy", *arguments).told["changes"] == []
    dew("remove", *arguments, "--yes")
    left = at_endpoint("s3", "GetBucketNotificationConfiguration", bucket)
    assert "LambdaFunctionConfigurations" not in left and len(left["QueueConfigurations"]) == 1


def test_zips_and_layers_are_uploaded_by_their_content(
    dew: Dew, project: Path, arguments: tuple[str, ...], at_endpoint: Call
) -> None:
    (project / "shared/python").mkdir(parents=True)
    (project / "shared/python/own.py").write_text("VALUE = 1\n")
    (project / "other.py").write_text("import own\n\n\ndef handler(event, context):\n    return own.VALUE\n")
    layered = "    layers: [!Ref OwnLambdaLayer]\nlayers: {own: {path: shared}}\n"
    (project / "serverless.yml").write_text(MAP + layered)

    def answer() -> bytes:
        called = at_endpoint("lambda", "Invoke", {"FunctionName": f"shop-{arguments[5]}-other"})
        content: bytes = called["Payload"].read()
        return content

    assert len(dew("deploy", *arguments, "--zips").told["uploaded"]) == 3
    assert answer() == b"1"
    (project / "shared/python/own.py").write_text("VALUE = 2\n")
    changed = dew("deploy", *arguments, "--zips").told
    [key] = changed["uploaded"]
    assert "/code/own-" in key and answer() == b"2"
    assert "HelloLambdaFunction" not in {each["logical_id"] for each in changed["changes"]}
    assert dew("remove", *arguments, "--yes").told["removed"] is True
