"""`--target aws`, everything but AWS: two steps, zips by their content, and moto's CloudFormation as second opinion."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dewstack.deploy.target import Call

from .conftest import MAP, Dew

Arguments = tuple[str, ...]
TAKEN = """
resources:
  Resources:
    Taken:
      Type: AWS::IAM::Role
      Properties: {RoleName: taken, AssumeRolePolicyDocument: {Statement: []}}
"""


@pytest.fixture
def arguments(moto: str, at_moto: Call, dew: Dew) -> Iterator[Arguments]:
    """The options of one test; what it leaves is removed."""
    options = ("--target", "aws", "--endpoint", moto, "--json")
    yield options
    dew("remove", *options, "--yes")


def objects(call: Call) -> list[str]:
    """The keys in the deployment bucket."""
    [bucket] = call("s3", "ListBuckets", {})["Buckets"]
    listed = call("s3", "ListObjectsV2", {"Bucket": bucket["Name"]})
    return [each["Key"] for each in listed.get("Contents", ())]


def versions(call: Call, name: str) -> list[str]:
    """The published versions of a function."""
    listed = call("lambda", "ListVersionsByFunction", {"FunctionName": name})["Versions"]
    return [each["Version"] for each in listed if each["Version"] != "$LATEST"]


def change_sets(call: Call) -> list[str]:
    """The names of the stack's change sets."""
    listed = call("cloudformation", "ListChangeSets", {"StackName": "shop-dev"})["Summaries"]
    return [each["ChangeSetName"] for each in listed]


def test_the_bucket_comes_first_and_code_by_its_content(
    dew: Dew, project: Path, arguments: Arguments, at_moto: Call
) -> None:
    made = dew("deploy", *arguments, "--yes").told
    assert made["account"] == "123456789012" and made["created"]
    uploaded = [key.rpartition("/")[2].partition("-")[0] for key in made["uploaded"]]
    assert sorted(uploaded) == ["hello", "other"]
    [hello] = [key for key in objects(at_moto) if "/code/hello-" in key]
    [bucket] = at_moto("s3", "ListBuckets", {})["Buckets"]
    content = at_moto("s3", "GetObject", {"Bucket": bucket["Name"], "Key": hello})["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["hello.py"]
    assert versions(at_moto, "shop-dev-hello") == ["1"]

    again = dew("deploy", *arguments, "--yes").told
    assert (again["changes"], again["uploaded"]) == ([], [])

    (project / "other.py").write_text("def handler(event, context):\n    return 'other'\n")
    changed = dew("deploy", *arguments, "--yes").told
    assert [key.rpartition("/")[2].partition("-")[0] for key in changed["uploaded"]] == ["other"]
    assert {each["logical_id"].partition("Version")[0] for each in changed["changes"]} == {
        "OtherLambdaFunction",
        "OtherLambda",
    }
    assert versions(at_moto, "shop-dev-hello") == ["1"]
    assert len(objects(at_moto)) == 3


def test_the_stack_has_its_stage_as_tag_and_what_the_map_says(
    dew: Dew, project: Path, arguments: Arguments, at_moto: Call
) -> None:
    settings = "  runtime: python3.11\n  stackTags: {team: blue}\n  notificationArns: ['arn:aws:sns:us-east-1:1:t']\n"
    (project / "serverless.yml").write_text(MAP.replace("  runtime: python3.11\n", settings))
    dew("deploy", *arguments, "--yes")
    [stack] = at_moto("cloudformation", "DescribeStacks", {"StackName": "shop-dev"})["Stacks"]
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {"STAGE": "dev", "team": "blue"}


def test_removing_empties_the_bucket_first(dew: Dew, arguments: Arguments, at_moto: Call) -> None:
    dew("deploy", *arguments, "--yes")
    assert dew("remove", *arguments, "--yes").told["removed"] is True
    assert at_moto("s3", "ListBuckets", {})["Buckets"] == []
    assert at_moto("lambda", "ListFunctions", {})["Functions"] == []


def test_somebody_has_to_agree(dew: Dew, arguments: Arguments, at_moto: Call) -> None:
    error = dew("deploy", *arguments).error
    assert "account 123456789012, region us-east-1" in error and "--yes" in error
    assert at_moto("s3", "ListBuckets", {})["Buckets"] == []


def test_a_dry_run_packs_and_makes_nothing(
    dew: Dew, project: Path, arguments: Arguments, at_moto: Call
) -> None:
    plan = dew("deploy", *arguments, "--dry-run").told
    assert {each["action"] for each in plan["changes"]} == {"Add"}
    assert all(Path(package["path"]).is_file() for package in plan["packages"])
    assert at_moto("s3", "ListBuckets", {})["Buckets"] == []
    dew("deploy", *arguments, "--yes")
    before = (objects(at_moto), change_sets(at_moto))
    (project / "other.py").write_text("def handler(event, context):\n    return 'dry'\n")
    assert dew("deploy", *arguments, "--dry-run").told["changes"]
    assert (objects(at_moto), change_sets(at_moto)) == before


def test_a_name_in_use_is_said_and_the_bucket_taken_along(
    dew: Dew, project: Path, arguments: Arguments, at_moto: Call
) -> None:
    at_moto("iam", "CreateRole", {"RoleName": "taken", "AssumeRolePolicyDocument": "{}"})
    (project / "serverless.yml").write_text(MAP + TAKEN)
    error = dew("deploy", *arguments, "--yes").error
    assert "taken already exists" in error and "give it another name in the map" in error
    assert at_moto("s3", "ListBuckets", {})["Buckets"] == []
    assert at_moto("cloudformation", "DescribeStacks", {})["Stacks"] == []


def test_a_bucket_of_ones_own_is_used(dew: Dew, project: Path, arguments: Arguments, at_moto: Call) -> None:
    named = "  runtime: python3.11\n  deploymentBucket: {name: mine, serverSideEncryption: AES256}\n"
    (project / "serverless.yml").write_text(MAP.replace("  runtime: python3.11\n", named))
    assert "there is no bucket mine to upload to" in dew("deploy", *arguments, "--yes").error
    at_moto("s3", "CreateBucket", {"Bucket": "mine"})
    at_moto("s3", "PutObject", {"Bucket": "mine", "Key": "others", "Body": b"x"})
    dew("deploy", *arguments, "--yes")
    assert len(objects(at_moto)) == 3
    dew("remove", *arguments, "--yes")
    assert objects(at_moto) == ["others"]
    at_moto("s3", "DeleteObject", {"Bucket": "mine", "Key": "others"})
    at_moto("s3", "DeleteBucket", {"Bucket": "mine"})


def test_a_template_that_is_too_large_to_send_goes_by_the_bucket(
    dew: Dew, project: Path, arguments: Arguments, at_moto: Call
) -> None:
    many = "".join(f"  f{i}:\n    handler: hello.handler\n    name: f{i}\n" for i in range(90))
    (project / "serverless.yml").write_text(MAP.replace("  individually: true\n", "  patterns: []\n") + many)
    made = dew("deploy", *arguments, "--yes").told
    assert len(made["changes"]) > 200
    assert any(key.endswith("compiled-cloudformation-template.json") for key in objects(at_moto))
    assert dew("deploy", *arguments, "--yes").told["changes"] == []
