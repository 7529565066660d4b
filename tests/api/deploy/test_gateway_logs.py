"""Stages with logs need a role of the account's, which a deployment to AWS sees to."""

from pathlib import Path

import pytest

from dewstack.deploy import AWS, Call
from dewstack.deploy.gateway_logs import ROLE, ensure_role, wants_logs
from dewstack.service import Service, load

from .conftest import HANDLER, MAP


def service(directory: Path, logs: str) -> Service:
    (directory / "hello.py").write_text(HANDLER)
    (directory / "other.py").write_text(HANDLER)
    text = MAP.replace("  runtime: python3.11\n", f"  runtime: python3.11\n  logs: {logs}\n")
    (directory / "serverless.yml").write_text(text)
    return load(directory, options={}, environ={})


@pytest.mark.parametrize(
    ("logs", "wanted"),
    [
        ("{restApi: true}", True),
        ("{websocket: {level: INFO}}", True),
        ("{restApi: {roleManagedExternally: true}}", False),
        ("{restApi: false, httpApi: true}", False),
    ],
)
def test_what_needs_a_role(tmp_path: Path, logs: str, wanted: bool) -> None:
    assert wants_logs(service(tmp_path, logs)) is wanted


def test_an_account_without_a_role_gets_one_once(tmp_path: Path, at_endpoint: Call) -> None:
    said: list[str] = []
    shop = service(tmp_path, "{restApi: true}")
    ensure_role(at_endpoint, shop, AWS, said.append)
    arn = at_endpoint("apigateway", "GetAccount", {})["cloudwatchRoleArn"]
    assert arn.endswith(f":role/{ROLE}") and len(said) == 1
    policies = at_endpoint("iam", "ListAttachedRolePolicies", {"RoleName": ROLE})["AttachedPolicies"]
    assert [each["PolicyName"] for each in policies] == ["AmazonAPIGatewayPushToCloudWatchLogs"]
    ensure_role(at_endpoint, shop, AWS, said.append)
    assert len(said) == 1

    own = "arn:aws:iam::000000000000:role/own"
    ensure_role(at_endpoint, service(tmp_path, f"{{restApi: {{role: '{own}'}}}}"), AWS, said.append)
    assert at_endpoint("apigateway", "GetAccount", {})["cloudwatchRoleArn"] == own
