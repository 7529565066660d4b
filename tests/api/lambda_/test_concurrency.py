"""Provisioned and reserved concurrency through boto3, with real environments."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

TELLS = """
import os
KIND = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
def handler(event, context):
    return [KIND, context.function_version]
"""
ENDS = """
import os
def handler(event, context):
    os._exit(1)
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def client(dew: Dew) -> Any:
    """boto3's client of Lambda."""
    return dew.client("lambda")


def create(client: Any, directory: Path, name: str, source: str = TELLS) -> None:
    """A function with a version, 1, whose code is `source`."""
    (directory / "f.py").write_text(source)
    client.create_function(
        FunctionName=name,
        Handler="f.handler",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/test",
        Code={"S3Bucket": "hot-reload", "S3Key": str(directory)},
        Publish=True,
    )


def until(probe: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.01)


def ended(client: Any, name: str, qualifier: str, status: str = "READY") -> dict[str, Any]:
    """The configuration, when it has come to `status`."""
    told: dict[str, Any] = {}

    def is_so() -> bool:
        told.update(client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier))
        return bool(told["Status"] == status)

    until(is_so)
    return told


def answer(client: Any, name: str) -> Any:
    return json.load(client.invoke(FunctionName=name)["Payload"])


def refused(code: str, text: str, call: Any, **params: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert (caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]) == (code, text)


def test_provisioned_environments_are_initialized_before_there_is_an_event(
    client: Any, tmp_path: Path
) -> None:
    create(client, tmp_path, "ready")
    where = {"FunctionName": "ready", "Qualifier": "1"}
    put = client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=2)
    assert put["Status"] == "IN_PROGRESS"
    told = ended(client, "ready", "1")
    assert told["RequestedProvisionedConcurrentExecutions"] == 2
    assert told["AvailableProvisionedConcurrentExecutions"] == 2
    assert answer(client, "ready:1") == ["provisioned-concurrency", "1"]
    client.delete_provisioned_concurrency_config(**where)
    until(lambda: answer(client, "ready:1") == ["on-demand", "1"])


def test_an_alias_takes_what_is_provisioned_along_to_another_version(client: Any, tmp_path: Path) -> None:
    create(client, tmp_path, "moving")
    where = {"FunctionName": "moving", "Name": "live"}
    client.create_alias(**where, FunctionVersion="1")
    client.put_provisioned_concurrency_config(
        FunctionName="moving", Qualifier="live", ProvisionedConcurrentExecutions=1
    )
    ended(client, "moving", "live")
    assert answer(client, "moving:live") == ["provisioned-concurrency", "1"]
    client.update_function_configuration(FunctionName="moving", Description="second")
    client.publish_version(FunctionName="moving")
    client.update_alias(**where, FunctionVersion="2")
    ended(client, "moving", "live")
    assert answer(client, "moving:live") == ["provisioned-concurrency", "2"]
    refused(
        "ResourceConflictException",
        "Version is pointed by a Provisioned Concurrency alias",
        client.put_provisioned_concurrency_config,
        FunctionName="moving",
        Qualifier="2",
        ProvisionedConcurrentExecutions=1,
    )


def test_one_that_ends_is_replaced_and_one_that_cannot_begin_is_told(client: Any, tmp_path: Path) -> None:
    create(client, tmp_path, "ends", ENDS)
    config = {"Qualifier": "1", "ProvisionedConcurrentExecutions": 1}
    client.put_provisioned_concurrency_config(FunctionName="ends", **config)
    ended(client, "ends", "1")
    client.invoke(FunctionName="ends:1")
    ended(client, "ends", "1")
    create(client, tmp_path, "fails", "raise ValueError('never')")
    client.put_provisioned_concurrency_config(FunctionName="fails", **config)
    told = ended(client, "fails", "1", "FAILED")
    assert told["StatusReason"].startswith("FUNCTION_ERROR_INIT_FAILURE")


def test_what_is_reserved_is_taken_from_the_account(client: Any, tmp_path: Path) -> None:
    create(client, tmp_path, "reserving")

    def unreserved() -> int:
        return int(client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])

    before = unreserved()
    reserve = client.put_function_concurrency
    reserve(FunctionName="reserving", ReservedConcurrentExecutions=3)
    assert unreserved() == before - 3
    refused(
        "InvalidParameterValueException",
        "Specified ReservedConcurrentExecutions for function decreases account's"
        " UnreservedConcurrentExecution below its minimum value of [100].",
        reserve,
        FunctionName="reserving",
        ReservedConcurrentExecutions=950,
    )
    refused(
        "InvalidParameterValueException",
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for"
        " function",
        client.put_provisioned_concurrency_config,
        FunctionName="reserving",
        Qualifier="1",
        ProvisionedConcurrentExecutions=4,
    )


def test_what_is_provisioned_is_there_again_after_a_restart(tmp_path: Path) -> None:
    with start(state_dir=tmp_path / "state") as dew:
        create(dew.client("lambda"), tmp_path, "again")
        dew.client("lambda").put_provisioned_concurrency_config(
            FunctionName="again", Qualifier="1", ProvisionedConcurrentExecutions=1
        )
    with start(state_dir=tmp_path / "state") as dew:
        ended(dew.client("lambda"), "again", "1")
        assert answer(dew.client("lambda"), "again:1") == ["provisioned-concurrency", "1"]
