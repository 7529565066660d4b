"""What handlers write into tables, buckets, parameters and secrets is there again after a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from dewstack.deploy.stack import remove_stack
from dewstack.testing import Dew, start
from tests.api.others.one_of_each import deploy, template

pytestmark = pytest.mark.xdist_group("moto")  # which is loaded once, and slowly

KEYS = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
TYPES = [{"AttributeName": "id", "AttributeType": "B"}, {"AttributeName": "at", "AttributeType": "N"}]


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"id": {"B": b"\xff%d" % number}, "at": {"N": str(number)}, **more}


def items(dew: Dew, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dew.client("dynamodb").scan(TableName=table)["Items"]
    return sorted(found, key=lambda each: float(each.get("at", {"N": "0"})["N"]))


def fill(dew: Dew) -> None:
    """Make a table, a bucket and values by hand, and write, change and delete in every way there is."""
    dynamodb, s3, ssm = dew.client("dynamodb"), dew.client("s3"), dew.client("ssm")
    dynamodb.create_table(
        TableName="notes",
        KeySchema=KEYS,
        AttributeDefinitions=TYPES,
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    for number in range(4):
        dynamodb.put_item(TableName="notes", Item=item(number, text={"S": "new"}))
    key = {"id": item(1)["id"], "at": {"N": "1"}}
    dynamodb.update_item(
        TableName="notes",
        Key=key,
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"L": [{"NS": ["1", "2"]}]}},
    )
    dynamodb.delete_item(TableName="notes", Key={"id": item(0)["id"], "at": {"N": "0"}})
    requests = [{"PutRequest": {"Item": item(5)}}, {"DeleteRequest": {"Key": item(2)}}]
    dynamodb.batch_write_item(RequestItems={"notes": requests})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "notes", "Item": item(6)}}])
    dynamodb.create_table(
        TableName="words",
        KeySchema=KEYS[:1],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for word in ("one", "two"):
        dynamodb.put_item(TableName="words", Item={"id": {"S": word}})
    dynamodb.execute_statement(Statement="DELETE FROM \"words\" WHERE id = 'one'")
    s3.create_bucket(Bucket="by-hand", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(
        Bucket="by-hand",
        Key="a b/ü.txt",
        Body=b"\x00one",
        ContentType="text/x",
        Metadata={"m": "1"},
        Tagging="t=1",
    )
    for name in ("gone", "gone&too", "gone-alone"):
        s3.put_object(Bucket="by-hand", Key=name, Body=b"")
    s3.copy_object(Bucket="by-hand", Key="copy", CopySource={"Bucket": "by-hand", "Key": "a b/ü.txt"})
    s3.delete_objects(Bucket="by-hand", Delete={"Objects": [{"Key": "gone"}, {"Key": "gone&too"}]})
    s3.delete_object(Bucket="by-hand", Key="gone-alone")
    upload = {"Bucket": "by-hand", "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    tag = s3.upload_part(**upload, PartNumber=1, Body=b"part")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    ssm.put_parameter(Name="/mine", Value="kept", Type="SecureString")
    ssm.put_parameter(Name="/gone", Value="x", Type="String")
    ssm.delete_parameters(Names=["/gone"])
    dew.client("secretsmanager").create_secret(Name="mine", SecretString="first")
    dew.client("secretsmanager").put_secret_value(SecretId="mine", SecretString="second")


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dew, dict[str, str], dict[str, Any]]]:
    """An emulator after a restart, a stack's outputs, and what was told before it."""
    state = tmp_path_factory.mktemp("kept")
    with start(state_dir=state) as first:
        outputs = deploy(first, template())
        first.client("dynamodb").put_item(TableName=outputs["Table"], Item={"id": {"S": "kept"}})
        first.client("s3").put_object(Bucket=outputs["Bucket"], Key="kept", Body=b"in the map's own")
        fill(first)
        secrets = first.client("secretsmanager")
        told = {
            "arn": secrets.describe_secret(SecretId="mine")["ARN"],
            "generated": secrets.get_secret_value(SecretId=outputs["Secret"])["SecretString"],
        }
    with start(state_dir=state) as second:
        yield second, outputs, told


def test_items(again: tuple[Dew, dict[str, str], dict[str, Any]]) -> None:
    dew, outputs, _ = again
    assert items(dew, outputs["Table"]) == [{"id": {"S": "kept"}}]
    changed = item(1, text={"S": "new"}, n={"L": [{"NS": ["1", "2"]}]})
    assert items(dew, "notes") == [changed, item(3, text={"S": "new"}), item(5), item(6)]
    assert items(dew, "words") == [{"id": {"S": "two"}}]


def test_what_is_put_back_is_not_in_a_stream(again: tuple[Dew, dict[str, str], dict[str, Any]]) -> None:
    dew = again[0]
    streams = dew.client("dynamodbstreams")
    arn = dew.client("dynamodb").describe_table(TableName="notes")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    position = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    assert streams.get_records(ShardIterator=position["ShardIterator"])["Records"] == []


def test_objects(again: tuple[Dew, dict[str, str], dict[str, Any]]) -> None:
    dew, outputs, _ = again
    s3 = dew.client("s3")
    assert s3.get_object(Bucket=outputs["Bucket"], Key="kept")["Body"].read() == b"in the map's own"
    assert s3.get_bucket_location(Bucket="by-hand")["LocationConstraint"] == "eu-west-1"
    listed = [each["Key"] for each in s3.list_objects_v2(Bucket="by-hand")["Contents"]]
    assert listed == ["a b/ü.txt", "copy", "parts"]
    found = s3.get_object(Bucket="by-hand", Key="a b/ü.txt")
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (
        b"\x00one",
        "text/x",
        {"m": "1"},
    )
    tags = s3.get_object_tagging(Bucket="by-hand", Key="a b/ü.txt")["TagSet"]
    assert tags == [{"Key": "t", "Value": "1"}]
    assert s3.get_object(Bucket="by-hand", Key="parts")["Body"].read() == b"part"


def test_values(again: tuple[Dew, dict[str, str], dict[str, Any]]) -> None:
    dew, outputs, told = again
    ssm, secrets = dew.client("ssm"), dew.client("secretsmanager")
    assert ssm.get_parameter(Name="/mine", WithDecryption=True)["Parameter"]["Value"] == "kept"
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/gone")
    assert secrets.get_secret_value(SecretId=told["arn"])["SecretString"] == "second"
    assert secrets.get_secret_value(SecretId=outputs["Secret"])["SecretString"] == told["generated"]


def test_what_is_removed_stays_away(tmp_path: Path) -> None:
    with start(state_dir=tmp_path) as first:
        outputs = deploy(first, template())
        first.client("dynamodb").put_item(TableName=outputs["Table"], Item={"id": {"S": "kept"}})
    with start(state_dir=tmp_path) as second:
        assert remove_stack(second.call, "demo")
    with start(state_dir=tmp_path) as third:
        assert third.client("dynamodb").list_tables()["TableNames"] == []
        third.client("dynamodb").create_table(
            TableName="notes", KeySchema=KEYS, AttributeDefinitions=TYPES, BillingMode="PAY_PER_REQUEST"
        )
        assert httpx.post(f"{third.aws_url}/_dew/reset", timeout=60).status_code == 200
    with start(state_dir=tmp_path) as fourth:
        assert fourth.client("dynamodb").list_tables()["TableNames"] == []
    assert (tmp_path / "data.db").stat().st_mode & 0o777 == 0o600
