"""Lambda through boto3 and its wire format: layers, images, concurrency, versions."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

ROLE = "arn:aws:iam::000000000000:role/test"


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def client(dew: Dew) -> Any:
    """boto3's client of Lambda."""
    return dew.client("lambda")


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in files.items():
            archive.writestr(name.replace("__", "/") + ".py", source)
    return buffer.getvalue()


def create(client: Any, name: str, source: str, **settings: Any) -> dict[str, Any]:
    created: dict[str, Any] = client.create_function(
        FunctionName=name,
        Handler="f.handler",
        Runtime="python3.11",
        Role=ROLE,
        Code={"ZipFile": zipped(f=source)},
        **settings,
    )
    return created


def refused(code: str, call: Any, **params: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    response: dict[str, Any] = caught.value.response
    assert response["Error"]["Code"] == code
    return response


def test_a_layer_is_published_found_and_used(client: Any) -> None:
    layer = client.publish_layer_version(
        LayerName="shared",
        Description="what all share",
        Content={"ZipFile": zipped(python__shared="NAME = 'from the layer'")},
        CompatibleRuntimes=["python3.11"],
        CompatibleArchitectures=["x86_64"],
    )
    arn = layer["LayerVersionArn"]
    assert (layer["Version"], layer["LayerArn"]) == (1, arn.removesuffix(":1"))
    found = client.get_layer_version(LayerName="shared", VersionNumber=1)
    assert found["Content"]["CodeSha256"] == layer["Content"]["CodeSha256"]
    assert client.get_layer_version_by_arn(Arn=arn)["Description"] == "what all share"
    (listed,) = client.list_layers(CompatibleRuntime="python3.11")["Layers"]
    assert listed["LatestMatchingVersion"]["LayerVersionArn"] == arn
    assert client.list_layer_versions(LayerName=layer["LayerArn"])["LayerVersions"][0]["Version"] == 1

    made = create(client, "layered", "import shared\ndef handler(e, c): return shared.NAME", Layers=[arn])
    assert made["Layers"][0]["Arn"] == arn
    answer = client.invoke(FunctionName="layered")
    assert json.load(answer["Payload"]) == "from the layer"


def test_a_layers_version_has_a_policy(client: Any) -> None:
    client.publish_layer_version(LayerName="open", Content={"ZipFile": zipped(x="")})
    version = {"LayerName": "open", "VersionNumber": 1}
    statement = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "123456789012"}
    client.add_layer_version_permission(**version, **statement)
    policy = json.loads(client.get_layer_version_policy(**version)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    client.remove_layer_version_permission(**version, StatementId="s")
    refused("ResourceNotFoundException", client.get_layer_version_policy, **version)
    client.delete_layer_version(**version)
    refused("ResourceNotFoundException", client.get_layer_version, **version)


def test_a_container_image_is_kept_and_fails_when_it_is_called(client: Any) -> None:
    uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/shop:1"
    made = client.create_function(
        FunctionName="image", Role=ROLE, PackageType="Image", Code={"ImageUri": uri}
    )
    assert (made["PackageType"], "Runtime" in made) == ("Image", False)
    assert client.get_function(FunctionName="image")["Code"]["ImageUri"] == uri
    answer = client.invoke(FunctionName="image")
    assert answer["FunctionError"] == "Unhandled"
    assert "Container images are not run" in json.load(answer["Payload"])["errorMessage"]


def test_throttling_is_a_429_that_says_why(dew: Dew) -> None:
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "lambda",
        dew.region,
        endpoint_url=dew.aws_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    create(client, "reserved", "def handler(e, c): return 1")
    client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=0)
    response = refused("TooManyRequestsException", client.invoke, FunctionName="reserved")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    client.delete_function_concurrency(FunctionName="reserved")
    assert client.invoke(FunctionName="reserved")["StatusCode"] == 200
    client.close()


def test_an_alias_shares_events_among_versions_and_holds_them(client: Any) -> None:
    create(client, "shared", "def handler(e, c): return c.function_version", Publish=True)
    client.update_function_configuration(FunctionName="shared", Description="second")
    client.publish_version(FunctionName="shared")
    client.create_alias(
        FunctionName="shared",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    answer = client.invoke(FunctionName="shared", Qualifier="live")
    assert (answer["ExecutedVersion"], json.load(answer["Payload"])) == ("2", "2")
    refused("ResourceConflictException", client.delete_function, FunctionName="shared", Qualifier="2")
    refused("InvalidParameterValueException", client.update_function_configuration, FunctionName="shared:1")


def test_a_runtime_that_cannot_run_here_can_be_deployed(client: Any) -> None:
    client.create_function(
        FunctionName="dotnet", Handler="a.B", Runtime="dotnet8", Role=ROLE, Code={"ZipFile": zipped(x="")}
    )
    answer = client.invoke(FunctionName="dotnet", LogType="Tail")
    assert "dotnet8 is not emulated by dewstack" in json.load(answer["Payload"])["errorMessage"]


def test_a_new_function_is_pending_and_active_when_it_is_asked_for(client: Any) -> None:
    made = create(client, "states", "def handler(e, c): return 1")
    assert (made["State"], made["StateReasonCode"], "LastUpdateStatus" in made) == (
        "Pending",
        "Creating",
        False,
    )
    client.get_waiter("function_active_v2").wait(FunctionName="states")
    changed = client.update_function_configuration(FunctionName="states", Description="new")
    assert (changed["State"], changed["LastUpdateStatus"]) == ("Active", "InProgress")
    client.get_waiter("function_updated_v2").wait(FunctionName="states")
    client.publish_version(FunctionName="states")
    client.get_waiter("published_version_active").wait(FunctionName="states", Qualifier="1")


def test_what_is_for_another_revision_is_refused(client: Any) -> None:
    old = create(client, "revised", "def handler(e, c): return 1")["RevisionId"]
    new = client.update_function_configuration(FunctionName="revised", RevisionId=old)["RevisionId"]
    refused("PreconditionFailedException", client.publish_version, FunctionName="revised", RevisionId=old)
    permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    refused(
        "PreconditionFailedException",
        client.add_permission,
        FunctionName="revised",
        RevisionId=old,
        **permission,
    )
    client.publish_version(FunctionName="revised", RevisionId=new)
    alias = {"FunctionName": "revised", "Name": "live"}
    first = client.create_alias(**alias, FunctionVersion="1")["RevisionId"]
    client.update_alias(**alias, Description="changed", RevisionId=first)
    refused("PreconditionFailedException", client.update_alias, **alias, RevisionId=first)
