"""The role in whose name API Gateway writes logs, where a deployment sees to it."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.deploy.log_role import ROLE_NAME, set_up_log_role
from dewstack.deploy.target import Call
from dewstack.errors import AwsError
from dewstack.service import Service, load

OWN = "arn:aws:iam::000000000000:role/own"


class Account:
    """An account's calls: those to IAM and API Gateway go to the emulator, all are kept."""

    def __init__(self, call: Call, refusals: int = 0) -> None:
        self.call, self.refusals = call, refusals
        self.asked: list[str] = []

    def __call__(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(operation)
        if operation == "UpdateAccount" and self.refusals:
            self.refusals -= 1
            raise NotYetKnown("The role ARN does not have required permissions configured.")
        return self.call(service, operation, params)


class NotYetKnown(AwsError):
    code = "BadRequestException"
    status = 400


@pytest.fixture
def call(at_endpoint: Call) -> Call:
    """The emulator, whose account has no role yet."""
    nothing = {"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}
    at_endpoint("apigateway", "UpdateAccount", {"patchOperations": [nothing]})
    return at_endpoint


def mapped(directory: Path, logs: str) -> Service:
    text = f"service: logs\nprovider:\n  name: aws\n  logs: {logs}\n"
    (directory / "serverless.yml").write_text(text)
    return load(directory, options={}, environ={})


def role_of(call: Call) -> str:
    return str(call("apigateway", "GetAccount", {}).get("cloudwatchRoleArn") or "")


@pytest.mark.parametrize("logs", ["{restApi: true}", "{websocket: {level: ERROR}}"])
def test_the_frameworks_role_is_made_once_and_named(tmp_path: Path, call: Call, logs: str) -> None:
    service, account = mapped(tmp_path, logs), Account(call)
    set_up_log_role(account, service)
    assert role_of(call).endswith(f":role/{ROLE_NAME}")
    attached = call("iam", "ListAttachedRolePolicies", {"RoleName": ROLE_NAME})["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AmazonAPIGatewayPushToCloudWatchLogs"]
    account.asked.clear()
    set_up_log_role(account, service)
    assert account.asked == ["GetAccount"]


def test_a_role_that_the_map_names_takes_the_place_of_another(tmp_path: Path, call: Call) -> None:
    set_up_log_role(call, mapped(tmp_path, "{restApi: true}"))
    set_up_log_role(call, mapped(tmp_path, f"{{restApi: {{role: '{OWN}'}}}}"))
    assert role_of(call) == OWN
    set_up_log_role(call, mapped(tmp_path, "{restApi: true}"))
    assert role_of(call) == OWN


@pytest.mark.parametrize(
    "logs",
    [
        "{httpApi: true}",
        "{restApi: false}",
        "{restApi: {accessLogging: false, executionLogging: false}}",
        "{restApi: {roleManagedExternally: true}}",
    ],
)
def test_nobody_is_asked_where_there_is_nothing_to_do(tmp_path: Path, call: Call, logs: str) -> None:
    account = Account(call)
    set_up_log_role(account, mapped(tmp_path, logs))
    assert account.asked == []


def test_a_role_that_is_not_known_everywhere_yet_is_waited_for(tmp_path: Path, call: Call) -> None:
    waited: list[float] = []
    set_up_log_role(Account(call, refusals=2), mapped(tmp_path, "{restApi: true}"), waited.append)
    assert len(waited) == 2 and role_of(call).endswith(ROLE_NAME)


def test_a_role_that_is_never_known_is_said(tmp_path: Path, call: Call) -> None:
    with pytest.raises(NotYetKnown, match="required permissions"):
        set_up_log_role(Account(call, refusals=99), mapped(tmp_path, "{restApi: true}"), lambda seconds: None)
