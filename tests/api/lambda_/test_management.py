"""What is kept and told of functions: code-signing configurations, runtime management, recursion."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import start

PROFILE = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/test/abcdefghij"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """boto3's client of Lambda, with a function `f` that has the version 1."""
    directory: Path = tmp_path_factory.mktemp("code")
    (directory / "f.py").write_text("def handler(event, context): return 1")
    with start() as dew:
        client = dew.client("lambda")
        client.create_function(
            FunctionName="f",
            Handler="f.handler",
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/test",
            Code={"S3Bucket": "hot-reload", "S3Key": str(directory)},
            Publish=True,
        )
        yield client


def refused(code: str, call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


def test_a_code_signing_configuration_is_kept_changed_attached_and_deleted(client: Any) -> None:
    made = client.create_code_signing_config(
        AllowedPublishers={"SigningProfileVersionArns": [PROFILE]}, Description="first"
    )["CodeSigningConfig"]
    arn = made["CodeSigningConfigArn"]
    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    policies = {"UntrustedArtifactOnDeployment": "Enforce"}
    client.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=policies)
    told = client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    assert (told["Description"], told["CodeSigningPolicies"]) == ("first", policies)
    assert [
        each["CodeSigningConfigArn"] for each in client.list_code_signing_configs()["CodeSigningConfigs"]
    ] == [arn]
    assert client.get_function_code_signing_config(FunctionName="f").get("CodeSigningConfigArn") is None
    client.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=arn)
    assert client.get_function_code_signing_config(FunctionName="f")["CodeSigningConfigArn"] == arn
    (user,) = client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"]
    assert user.endswith(":function:f")
    refused("ResourceConflictException", client.delete_code_signing_config, CodeSigningConfigArn=arn)
    client.delete_function_code_signing_config(FunctionName="f")
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    missing = f"The Lambda code signing configuration {arn} can not be found."
    assert (
        refused("ResourceNotFoundException", client.get_code_signing_config, CodeSigningConfigArn=arn)
        == missing
    )
    assert "cannot be found" in refused(
        "CodeSigningConfigNotFoundException",
        client.put_function_code_signing_config,
        FunctionName="f",
        CodeSigningConfigArn=arn,
    )


def test_runtime_management_is_kept_by_version(client: Any) -> None:
    assert client.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"] == "Auto"
    client.put_runtime_management_config(FunctionName="f", Qualifier="1", UpdateRuntimeOn="FunctionUpdate")
    told = client.get_runtime_management_config(FunctionName="f", Qualifier="1")
    assert (told["UpdateRuntimeOn"], told["FunctionArn"].rpartition(":")[2]) == ("FunctionUpdate", "1")
    assert client.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"] == "Auto"
    refused(
        "InvalidParameterValueException",
        client.put_runtime_management_config,
        FunctionName="f",
        UpdateRuntimeOn="Manual",
    )


def test_what_becomes_of_loops_is_kept(client: Any) -> None:
    assert client.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Terminate"
    client.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")
    assert client.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Allow"


def test_an_event_can_be_handed_over_in_the_old_way(client: Any) -> None:
    assert client.invoke_async(FunctionName="f", InvokeArgs=b"{}")["Status"] == 202
