"""The AWS CLI, as it is installed from its own package, against the reference service.

It has an environment of its own (requirements/peers.txt).
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dewstack.testing import Dew, start
from tests.e2e.clients.peer import aws_cli

pytestmark = [pytest.mark.clients, pytest.mark.xdist_group("aws-cli")]

Aws = Callable[..., Any]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """The reference service."""
    with start(ROOT) as running:
        yield running


@pytest.fixture(scope="module")
def program() -> Path:
    """The CLI, installed."""
    return aws_cli()


@pytest.fixture
def run(dew: Dew, program: Path, tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the CLI with an empty home; `signed=False` takes its credentials away."""

    def run_cli(*arguments: str, signed: bool = True) -> "subprocess.CompletedProcess[str]":
        environment = {**dew.environ, "HOME": str(tmp_path), "PATH": os.environ["PATH"], "AWS_PAGER": ""}
        if not signed:
            del environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
        return subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, timeout=60
        )

    return run_cli


@pytest.fixture
def aws(run: Callable[..., "subprocess.CompletedProcess[str]"]) -> Aws:
    """What the CLI prints, as JSON."""

    def parsed(*arguments: str, signed: bool = True) -> Any:
        done = run(*arguments, signed=signed)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return parsed


def test_a_user_signs_up_confirms_and_logs_in_without_credentials(dew: Dew, aws: Aws) -> None:
    email, password = "cli@example.com", "Correct-Horse-1"
    client = ["--client-id", dew.outputs["UserPoolClientId"]]
    user = ["--username", email]
    signed_up = aws(
        *["cognito-idp", "sign-up", *client, *user, "--password", password],
        *["--user-attributes", f"Name=email,Value={email}"],
        signed=False,
    )
    assert signed_up["UserConfirmed"] is False
    [message] = dew.mail(email)
    aws("cognito-idp", "confirm-sign-up", *client, *user, "--confirmation-code", message.code, signed=False)
    result = aws(
        *["cognito-idp", "initiate-auth", *client, "--auth-flow", "USER_PASSWORD_AUTH"],
        *["--auth-parameters", f"USERNAME={email},PASSWORD={password}"],
        signed=False,
    )["AuthenticationResult"]
    told = aws("cognito-idp", "get-user", "--access-token", result["AccessToken"], signed=False)
    assert {"Name": "email", "Value": email} in told["UserAttributes"]
    listed = aws("cognito-idp", "list-users", "--user-pool-id", dew.outputs["UserPoolId"])
    assert told["Username"] in [each["Username"] for each in listed["Users"]]


def test_errors_are_those_of_aws(dew: Dew, run: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    parameters = "USERNAME=nobody@example.com,PASSWORD=wrong"
    done = run(
        *["cognito-idp", "initiate-auth", "--client-id", dew.outputs["UserPoolClientId"]],
        *["--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", parameters],
        signed=False,
    )
    assert done.returncode in (254, 255)  # version 2, version 1
    assert "An error occurred (NotAuthorizedException) when calling the InitiateAuth operation" in done.stderr


def test_a_function_is_invoked_and_its_log_read(dew: Dew, aws: Aws, tmp_path: Path) -> None:
    name = dew.service.functions["login"].name
    event = tmp_path / "event.json"
    event.write_text('{"body": "{}"}')
    output = tmp_path / "out.json"
    answer = aws("lambda", "invoke", "--function-name", name, "--payload", f"fileb://{event}", str(output))
    assert answer["StatusCode"] == 200
    assert json.loads(output.read_text())["statusCode"] == 400
    events = aws("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{name}")["events"]
    assert any(event["message"].startswith("REPORT RequestId:") for event in events)


def test_the_stack_and_the_api_are_there_to_see(dew: Dew, aws: Aws) -> None:
    [stack] = aws("cloudformation", "describe-stacks", "--stack-name", dew.service.stack_name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    routes = aws("apigatewayv2", "get-routes", "--api-id", dew.outputs["HttpApiId"])["Items"]
    assert "GET /auth/profile" in [route["RouteKey"] for route in routes]


def test_every_service_is_at_one_address(
    dew: Dew, aws: Aws, run: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    pool = aws("cognito-idp", "create-user-pool", "--pool-name", "users")["UserPool"]["Id"]
    listed = aws("cognito-idp", "list-user-pools", "--max-results", "10")["UserPools"]
    assert pool in [each["Id"] for each in listed]
    aws("logs", "create-log-group", "--log-group-name", "/g")
    groups = aws("logs", "describe-log-groups", "--log-group-name-prefix", "/g")["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/g"]
    assert aws("dynamodb", "list-tables")["TableNames"] == []
    refused = run("logs", "describe-queries")
    assert "API action DescribeQueries of service logs is not emulated by dewstack" in refused.stderr
