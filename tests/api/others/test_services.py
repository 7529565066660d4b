"""Services that dewstack does not emulate itself answer at the same endpoint, each in its own protocol."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from dewstack.errors import AwsError, NotEmulated, ValidationError
from dewstack.testing import Dew

pytestmark = pytest.mark.xdist_group("moto")  # which is loaded once, and slowly


def table(aws: Dew, name: str) -> Any:
    client = aws.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def client(aws: Dew, service: str, key: str = "test", region: str = "us-east-1") -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.aws_url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="test",
    )


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_dynamodb_keeps_items_with_their_types(aws: Dew) -> None:
    dynamodb = table(aws, "typed")
    item = {"id": {"S": "ü"}, "n": {"N": "1.5"}, "b": {"B": b"\x00\xff"}, "set": {"SS": ["a", "b"]}}
    dynamodb.put_item(TableName="typed", Item=item)
    assert dynamodb.get_item(TableName="typed", Key={"id": {"S": "ü"}})["Item"] == item
    arn = dynamodb.describe_table(TableName="typed")["Table"]["TableArn"]
    assert arn == "arn:aws:dynamodb:us-east-1:000000000000:table/typed"


def test_an_error_comes_with_its_code_and_status(aws: Dew) -> None:
    with pytest.raises(ClientError) as error:
        aws.client("dynamodb").scan(TableName="nowhere")
    assert code(error) == ("ResourceNotFoundException", 400)


def test_accounts_and_regions_are_apart(aws: Dew) -> None:
    table(aws, "mine")
    other = client(aws, "dynamodb", key="111111111111")
    assert "mine" not in other.list_tables()["TableNames"]
    assert "mine" not in client(aws, "dynamodb", region="eu-west-1").list_tables()["TableNames"]
    queue = client(aws, "sqs", key="111111111111", region="eu-west-1")
    url = queue.create_queue(QueueName="theirs")["QueueUrl"]
    attributes = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    assert attributes["QueueArn"] == "arn:aws:sqs:eu-west-1:111111111111:theirs"


def test_a_queue_s_url_leads_back_to_the_address_that_was_asked(aws: Dew) -> None:
    url = aws.client("sqs").create_queue(QueueName="addressed")["QueueUrl"]
    assert url == f"{aws.aws_url}/000000000000/addressed"


def test_a_topic_delivers_to_a_queue(aws: Dew) -> None:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:000000000000:inbox",
        Attributes={"RawMessageDelivery": "true"},
    )
    sns.publish(TopicArn=topic, Message="hello")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"


def test_parameters_and_secrets_are_kept(aws: Dew) -> None:
    ssm, secrets = aws.client("ssm"), aws.client("secretsmanager")
    ssm.put_parameter(Name="/app/key", Value="v", Type="SecureString")
    assert ssm.get_parameter(Name="/app/key", WithDecryption=True)["Parameter"]["Value"] == "v"
    arn = secrets.create_secret(Name="app", SecretString="s")["ARN"]
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "s"


def test_ses_sends_from_a_verified_address_only(aws: Dew) -> None:
    ses = aws.client("ses")
    letter = {
        "Source": "a@example.com",
        "Destination": {"ToAddresses": ["b@example.com"]},
        "Message": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
    }
    with pytest.raises(ClientError) as error:
        ses.send_email(**letter)
    assert code(error)[0] == "MessageRejected"
    ses.verify_email_identity(EmailAddress="a@example.com")
    assert ses.send_email(**letter)["MessageId"]
    identities = aws.client("sesv2").list_email_identities()["EmailIdentities"]
    assert [each["IdentityName"] for each in identities] == ["a@example.com"]


def test_kms_decrypts_what_it_encrypted(aws: Dew) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"\x00secret")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"\x00secret"


def test_kinesis_gives_back_the_bytes_it_was_given(aws: Dew) -> None:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="bytes", ShardCount=1)
    shard = kinesis.put_record(StreamName="bytes", Data=b"\xff\x00", PartitionKey="1")["ShardId"]
    iterator = kinesis.get_shard_iterator(
        StreamName="bytes", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert kinesis.get_records(ShardIterator=iterator)["Records"][0]["Data"] == b"\xff\x00"


@pytest.mark.parametrize(
    ("service", "operation", "member"),
    [
        ("cloudwatch", "list_metrics", "Metrics"),
        ("dynamodbstreams", "list_streams", "Streams"),
        ("ec2", "describe_vpcs", "Vpcs"),
        ("events", "list_rules", "Rules"),
        ("firehose", "list_delivery_streams", "DeliveryStreamNames"),
        ("iam", "list_users", "Users"),
        ("route53", "list_hosted_zones", "HostedZones"),
        ("scheduler", "list_schedules", "Schedules"),
        ("stepfunctions", "list_state_machines", "stateMachines"),
    ],
)
def test_every_protocol_is_spoken(aws: Dew, service: str, operation: str, member: str) -> None:
    answer = getattr(aws.client(service), operation)()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert member in answer


def test_an_operation_that_moto_lacks_is_refused_by_name(aws: Dew) -> None:
    with pytest.raises(ClientError, match="analyze_id of service textract is not emulated") as error:
        aws.client("textract").analyze_id(DocumentPages=[{}])
    assert code(error) == ("NotImplemented", 501)


def test_a_service_that_moto_lacks_is_refused_by_name(aws: Dew) -> None:
    with pytest.raises(ClientError, match="service translate is not emulated") as error:
        aws.client("translate").list_languages()
    assert code(error) == ("NotImplemented", 501)


def test_what_our_own_services_lack_does_not_reach_moto(aws: Dew) -> None:
    with pytest.raises(ClientError, match="DescribeQueries of service logs is not emulated"):
        aws.client("logs").describe_queries()


def test_a_call_in_the_process_gives_boto3_s_shapes(aws: Dew) -> None:
    table(aws, "called").put_item(TableName="called", Item={"id": {"S": "1"}, "b": {"B": b"\xff"}})
    assert aws.call("dynamodb", "Scan", {"TableName": "called"})["Items"] == [
        {"id": {"S": "1"}, "b": {"B": b"\xff"}}
    ]
    aws.call("s3", "CreateBucket", {"Bucket": "called"})
    aws.call("s3", "PutObject", {"Bucket": "called", "Key": "k", "Body": b"\x00\xff"})
    assert aws.call("s3", "GetObject", {"Bucket": "called", "Key": "k"})["Body"] == b"\x00\xff"


def test_a_call_in_the_process_raises_the_service_s_error(aws: Dew) -> None:
    with pytest.raises(AwsError) as error:
        aws.call("s3", "GetObject", {"Bucket": "nowhere", "Key": "k"})
    assert (error.value.code, error.value.status) == ("NoSuchBucket", 404)
    with pytest.raises(ValidationError, match="TableName"):
        aws.call("dynamodb", "Scan", {})
    with pytest.raises(NotEmulated, match="Nothing of service dynamodb"):
        aws.call("dynamodb", "Nothing", {})
    with pytest.raises(NotEmulated, match="nothing"):
        aws.call("nothing", "Nothing", {})


def test_a_region_that_is_younger_than_moto_works(aws: Dew) -> None:
    assert client(aws, "sqs", region="mars-north-1").list_queues().get("QueueUrls", []) == []


@pytest.mark.parametrize("service", ["cognitoidp", "awslambda", "moto_api", "core", "../x"])
def test_no_name_leads_to_moto_s_own_version_of_our_services(aws: Dew, service: str) -> None:
    with pytest.raises(NotEmulated):
        aws.call(service, "ListUserPools", {})
    signed = f"AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, "
    headers = {"Authorization": signed + "SignedHeaders=host, Signature=s", "X-Amz-Date": "20260101T000000Z"}
    assert httpx.post(f"{aws.aws_url}/", headers=headers).status_code in (400, 403, 501)


def test_requests_at_once_lose_nothing(aws: Dew) -> None:
    table(aws, "busy")

    def put(number: int) -> None:
        aws.client("dynamodb").put_item(TableName="busy", Item={"id": {"S": str(number)}})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(80)))
    assert aws.client("dynamodb").scan(TableName="busy")["Count"] == 80
