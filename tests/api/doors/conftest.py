"""An emulator with a small map: an HTTP API, a user pool, a front end."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from dewstack.testing import start

MAP = """
service: doors
provider:
  name: aws
  runtime: python3.11
functions:
  echo:
    handler: app.echo
    events: [{httpApi: '*'}]
resources:
  Resources:
    UserPool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: doors, AutoVerifiedAttributes: [email]}}
    UserPoolClient:
      Type: AWS::Cognito::UserPoolClient
      Properties: {UserPoolId: !Ref UserPool, ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]}
"""
HANDLER = """
import json
def echo(event, context):
    print("echo", event["rawPath"])
    length = len(event.get("body") or "")
    return {"statusCode": 200, "body": json.dumps({"path": event["rawPath"], "length": length})}
"""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    directory = tmp_path_factory.mktemp("doors")
    (directory / "serverless.yml").write_text(textwrap.dedent(MAP))
    (directory / "app.py").write_text(HANDLER)
    frontend: Path = directory / "stack/frontend"
    (frontend / "deep").mkdir(parents=True)
    (frontend / "index.html").write_text("<h1>page</h1>")
    (frontend / "app.js").write_text("let a = 1;")
    (frontend / "deep/index.html").write_text("deep")
    (frontend / "link").symlink_to(directory / "serverless.yml")
    with start(directory) as running:
        yield running
