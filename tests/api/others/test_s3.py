"""S3: bytes, odd keys, uploads in parts, signed URLs, and buckets in the path as well as in the host."""

import io
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dewstack.testing import Dew

pytestmark = pytest.mark.xdist_group("moto")  # which is loaded once, and slowly

BLOB = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def s3(aws: Dew) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket="files")
    return client


def signing(aws: Dew, version: str, style: str = "path") -> Any:
    return boto3.client(
        "s3",
        endpoint_url=aws.aws_url.replace("127.0.0.1", "localhost") if style == "virtual" else aws.aws_url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(signature_version=version, s3={"addressing_style": style}),
    )


@pytest.mark.parametrize("key", ["plain", "a b/ü%2F+.bin", "deep/er/", "x//y", "q?u=1&e", "~*'()!"])
def test_an_object_comes_back_as_it_went(s3: Any, key: str) -> None:
    s3.put_object(Bucket="files", Key=key, Body=BLOB, Metadata={"x_y": "1"}, ContentType="image/png")
    found = s3.get_object(Bucket="files", Key=key)
    assert (found["Body"].read(), found["Metadata"], found["ContentType"]) == (
        BLOB,
        {"x_y": "1"},
        "image/png",
    )
    assert s3.head_object(Bucket="files", Key=key)["ContentLength"] == len(BLOB)
    assert key in [each["Key"] for each in s3.list_objects_v2(Bucket="files")["Contents"]]


def test_a_range_is_a_part(s3: Any) -> None:
    s3.put_object(Bucket="files", Key="ranged", Body=BLOB)
    found = s3.get_object(Bucket="files", Key="ranged", Range="bytes=10-19")
    assert found["Body"].read() == BLOB[10:20]
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_large_file_goes_up_in_parts(s3: Any) -> None:
    large = BLOB * 40
    s3.upload_fileobj(io.BytesIO(large), "files", "large")
    assert s3.get_object(Bucket="files", Key="large")["Body"].read() == large


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_signed_urls_work_without_credentials(aws: Dew, s3: Any, version: str) -> None:
    target = {"Bucket": "files", "Key": f"signed {version}"}
    signer = signing(aws, version)
    put = signer.generate_presigned_url("put_object", Params=target)
    assert httpx.put(put, content=BLOB).status_code == 200
    assert httpx.get(signer.generate_presigned_url("get_object", Params=target)).content == BLOB


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_uploads(aws: Dew, s3: Any, version: str) -> None:
    form = signing(aws, version).generate_presigned_post("files", f"posted-{version}")
    answer = httpx.post(form["url"], data=form["fields"], files={"file": b"\x00form"})
    assert answer.status_code == 204
    assert s3.get_object(Bucket="files", Key=f"posted-{version}")["Body"].read() == b"\x00form"


def test_the_bucket_may_be_in_the_host(aws: Dew, s3: Any) -> None:
    s3.put_object(Bucket="files", Key="hosted", Body=b"here")
    signed = signing(aws, "s3v4", "virtual").generate_presigned_url(
        "get_object", Params={"Bucket": "files", "Key": "hosted"}
    )
    url = urlsplit(signed)
    assert url.netloc.startswith("files.localhost:")
    answer = httpx.get(f"{aws.aws_url}{url.path}?{url.query}", headers={"Host": url.netloc})
    assert answer.content == b"here"


def test_an_unsigned_request_sees_what_is_public(aws: Dew, s3: Any) -> None:
    s3.put_object(Bucket="files", Key="secret", Body=b"secret")
    s3.put_object(Bucket="files", Key="public", Body=b"public", ACL="public-read")
    host = {"Host": "files.s3.us-east-1.amazonaws.com"}
    assert httpx.get(f"{aws.aws_url}/public", headers=host).content == b"public"
    assert httpx.get(f"{aws.aws_url}/secret", headers=host).status_code == 403


def test_an_unsigned_request_changes_nothing_and_tells_other_sites_nothing(aws: Dew, s3: Any) -> None:
    s3.put_object(Bucket="files", Key="kept", Body=b"kept")
    host, page = {"Host": "files.s3.localhost"}, {"Origin": "https://evil.example"}
    doomed = b"<Delete><Object><Key>kept</Key></Object></Delete>"
    answers = [
        httpx.put(f"{aws.aws_url}/new", headers=host, content=b"x"),
        httpx.post(f"{aws.aws_url}/?delete", headers=host | page, content=doomed),
        httpx.get(f"{aws.aws_url}/?list-type=2", headers=host | page),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="files")["Contents"]]
    assert "kept" in keys
    assert "new" not in keys


def test_a_page_of_another_site_may_not_write(aws: Dew, s3: Any) -> None:
    url = signing(aws, "s3v4").generate_presigned_url("put_object", Params={"Bucket": "files", "Key": "evil"})
    answer = httpx.put(url, content=b"x", headers={"Origin": "https://example.com"})
    assert answer.status_code == 403
    own = httpx.put(url, content=b"x", headers={"Origin": "http://127.0.0.1:8000"})
    assert own.status_code == 200
    assert own.headers["access-control-allow-origin"] == "*"


def test_errors_are_s3_s_own(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket="files", Key="nowhere")
    assert error.value.response["Error"]["Code"] == "NoSuchKey"
    with pytest.raises(ClientError) as error:
        s3.delete_bucket(Bucket="files")
    assert error.value.response["Error"]["Code"] == "BucketNotEmpty"
