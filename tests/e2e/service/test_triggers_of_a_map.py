"""`cognitoUserPool` events of a map: what docs/triggers.md shows, pools made elsewhere, saved triggers."""

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.service import MapError, load
from dewstack.testing import Dew, start
from tests.e2e.cli.service import Project
from tests.trigger_world import PASSWORD, claims_of

DOCUMENT = Path(__file__).parents[3] / "docs/triggers.md"
BLOCK = re.compile(r"^```\w+ (?P<file>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def write_example(directory: Path) -> None:
    for block in BLOCK.finditer(DOCUMENT.read_text()):
        (directory / block["file"]).write_text(block["text"])


@pytest.fixture
def documented(tmp_path: Path) -> Iterator[Dew]:
    write_example(tmp_path)
    with start(tmp_path) as dew:
        yield dew


def sign_up(dew: Any, name: str, email: str, client_id: str) -> None:
    dew.sign_up(
        ClientId=client_id,
        Username=name,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": email}],
    )


def test_the_documented_example(documented: Dew) -> None:
    api, client_id = documented.client("cognito-idp"), documented.outputs["ClientId"]
    with pytest.raises(ClientError) as refused:
        sign_up(api, "eve", "eve@elsewhere.test", client_id)
    said = "PreSignUp failed with error only people of example.com may sign up."
    assert refused.value.response["Error"]["Message"] == said and said in DOCUMENT.read_text()
    sign_up(api, "ada", "ada@example.com", client_id)
    message = documented.mail("ada@example.com")[-1]
    assert (message.subject, message.body) == ("Welcome", f"Your code is {message.code}")
    api.confirm_sign_up(ClientId=client_id, Username="ada", ConfirmationCode=message.code)
    tokens = api.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    assert claims_of(tokens["IdToken"])["plan"] == "free"


EXISTING = """
service: attached
provider: {name: aws, runtime: python3.12}
functions:
  gate:
    handler: gate.handler
    events:
      - cognitoUserPool: {pool: made-before, trigger: PreSignUp, existing: true}
  lost:
    handler: gate.handler
    events:
      - cognitoUserPool: {pool: nowhere, trigger: PreSignUp, existing: true}
"""
POOL = """
service: made
provider: {name: aws}
resources:
  Resources:
    Pool:
      Type: AWS::Cognito::UserPool
      Properties: {UserPoolName: made-before, AutoVerifiedAttributes: [email]}
    Web:
      Type: AWS::Cognito::UserPoolClient
      Properties: {UserPoolId: !Ref Pool}
"""


def test_a_pool_made_elsewhere_asks_the_functions_of_the_map(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "state"
    for name, text in (("pool", POOL), ("functions", EXISTING)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "serverless.yml").write_text(text)
    (tmp_path / "functions/gate.py").write_text("def handler(event, context): raise ValueError('closed')")
    with start(tmp_path / "pool", state_dir=state):
        pass
    with caplog.at_level(logging.WARNING), start(tmp_path / "functions", state_dir=state) as dew:
        assert "there is no user pool 'nowhere' here" in caplog.text
        api = dew.client("cognito-idp")
        (pool,) = api.list_user_pools(MaxResults=60)["UserPools"]
        (client,) = api.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
        with pytest.raises(ClientError, match="PreSignUp failed with error closed"):
            sign_up(api, "ada", "ada@example.com", client["ClientId"])
        kept = api.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
        assert kept["AutoVerifiedAttributes"] == ["email"]
    with start(tmp_path / "functions", state_dir=state) as again:
        assert again.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]


def test_a_sender_needs_a_key(tmp_path: Path) -> None:
    text = EXISTING.replace("trigger: PreSignUp", "trigger: CustomEmailSender")
    (tmp_path / "serverless.yml").write_text(text)
    (tmp_path / "gate.py").touch()
    with pytest.raises(MapError, match="missing key 'kmsKeyId'"):
        load(tmp_path, options={}, environ={})


def test_a_saved_trigger_answers_the_next_event(tmp_path: Path) -> None:
    project = Project(tmp_path / "triggers")
    project.directory.mkdir()
    write_example(project.directory)
    urls = project.up()
    try:
        import boto3

        api = boto3.client(
            "cognito-idp",
            endpoint_url=urls["aws_url"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        (pool,) = api.list_user_pools(MaxResults=60)["UserPools"]
        (client,) = api.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]

        def answer(name: str) -> str:
            try:
                sign_up(api, name, "eve@elsewhere.test", client["ClientId"])
            except ClientError as error:
                return str(error.response["Error"]["Message"])
            return "signed up"

        assert "only people of example.com" in answer("eve")
        source = (project.directory / "triggers.py").read_text()
        project.write("triggers.py", source.replace("only people of", "nobody but people of"))
        deadline = time.monotonic() + 15
        while "nobody but people of" not in (said := answer("eve")) and time.monotonic() < deadline:
            pass
        assert "nobody but people of" in said
        api.close()
    finally:
        project.dew("down")
