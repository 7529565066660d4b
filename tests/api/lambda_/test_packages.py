"""Where code comes from and where it can be had: buckets, archives, URLs."""

import base64
import hashlib
import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

pytest.importorskip("moto", reason="needs the extra aws")

ROLE = "arn:aws:iam::000000000000:role/test"
SETTINGS = {"Handler": "f.handler", "Runtime": "python3.11", "Role": ROLE}


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map, with a bucket."""
    with start() as running:
        running.client("s3").create_bucket(Bucket="code")
        yield running


@pytest.fixture(scope="module")
def client(dew: Dew) -> Any:
    """boto3's client of Lambda."""
    return dew.client("lambda")


def zipped(**sources: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in sources.items():
            archive.writestr(name.replace("__", "/") + ".py", source)
    return buffer.getvalue()


def returning(value: str) -> bytes:
    return zipped(f=f"def handler(event, context): return {value!r}")


def answer(client: Any, name: str) -> Any:
    return json.load(client.invoke(FunctionName=name)["Payload"])


def refusal(call: Any, **params: Any) -> dict[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error: dict[str, str] = caught.value.response["Error"]
    return error


def downloaded(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return bytes(response.read())


def test_code_comes_from_a_bucket_and_can_be_downloaded(dew: Dew, client: Any) -> None:
    archive = returning("from S3")
    dew.client("s3").put_object(Bucket="code", Key="f.zip", Body=archive)
    code = {"S3Bucket": "code", "S3Key": "f.zip"}
    made = client.create_function(FunctionName="stored", Code=code, **SETTINGS)
    assert made["CodeSize"] == len(archive)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(archive).digest()).decode()
    assert answer(client, "stored") == "from S3"
    location = client.get_function(FunctionName="stored")["Code"]["Location"]
    assert downloaded(location) == archive
    with pytest.raises(urllib.error.HTTPError, match="403"):
        downloaded(location.replace("place=", "place=%2Fetc%2Fpasswd&other="))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        downloaded(location.replace("signature=", "signature=%C3%A9"))


def test_a_version_of_an_object_is_meant_where_it_is_named(dew: Dew, client: Any) -> None:
    s3 = dew.client("s3")
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="versioned", Key="f.zip", Body=returning("first"))["VersionId"]
    s3.put_object(Bucket="versioned", Key="f.zip", Body=returning("second"))
    code = {"S3Bucket": "versioned", "S3Key": "f.zip"}
    client.create_function(FunctionName="newest", Code=code, **SETTINGS)
    assert answer(client, "newest") == "second"
    client.update_function_code(FunctionName="newest", **code, S3ObjectVersion=first)
    assert answer(client, "newest") == "first"


def test_what_is_not_in_the_bucket_is_told_in_awss_words(client: Any) -> None:
    def create(**code: str) -> dict[str, str]:
        return refusal(client.create_function, FunctionName="none", Code=code, **SETTINGS)

    assert create(S3Bucket="code", S3Key="none.zip") == {
        "Code": "InvalidParameterValueException",
        "Message": "Error occurred while GetObject. S3 Error Code: NoSuchKey."
        " S3 Error Message: The specified key does not exist.",
    }
    assert "S3 Error Code: NoSuchBucket." in create(S3Bucket="nowhere", S3Key="f.zip")["Message"]


def test_a_layers_content_comes_from_a_bucket_too(dew: Dew, client: Any) -> None:
    archive = zipped(python__shared="NAME = 'layered'")
    dew.client("s3").put_object(Bucket="code", Key="layer.zip", Body=archive)
    content = {"S3Bucket": "code", "S3Key": "layer.zip"}
    layer = client.publish_layer_version(LayerName="shared", Content=content)
    assert downloaded(layer["Content"]["Location"]) == archive
    code = {"ZipFile": zipped(f="import shared\ndef handler(e, c): return shared.NAME")}
    client.create_function(FunctionName="uses", Code=code, Layers=[layer["LayerVersionArn"]], **SETTINGS)
    assert answer(client, "uses") == "layered"


def test_a_directory_that_is_used_in_place_is_downloaded_as_it_is_now(client: Any, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def handler(event, context): return 1")
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    client.create_function(FunctionName="live", Code=code, **SETTINGS)
    (tmp_path / "g.py").write_text("")
    archive = downloaded(client.get_function(FunctionName="live")["Code"]["Location"])
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == ["f.py", "g.py"]


def test_a_dry_run_tells_what_would_be_and_publish_makes_a_version(client: Any) -> None:
    made = client.create_function(FunctionName="dry", Code={"ZipFile": returning("old")}, **SETTINGS)
    new = {"FunctionName": "dry", "ZipFile": returning("new")}
    would = client.update_function_code(**new, DryRun=True)
    assert would["CodeSha256"] != made["CodeSha256"]
    assert client.get_function_configuration(FunctionName="dry")["CodeSha256"] == made["CodeSha256"]
    assert answer(client, "dry") == "old"
    published = client.update_function_code(**new, Publish=True)
    assert (published["Version"], answer(client, "dry:1")) == ("1", "new")


def test_an_archive_over_50_mb_is_refused(client: Any) -> None:
    code = {"ZipFile": bytes(52_428_801)}
    assert refusal(client.create_function, FunctionName="large", Code=code, **SETTINGS) == {
        "Code": "RequestEntityTooLargeException",
        "Message": "Request must be smaller than 69905067 bytes for the CreateFunction operation",
    }
