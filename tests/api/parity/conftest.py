"""One map on three emulators: twice the same, once with a handler that answers otherwise."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dewstack.cli import run
from dewstack.testing.running import Dew as Emulator
from dewstack.testing.running import start

MAP = """\
service: shop
provider:
  name: aws
  runtime: python3.11
  httpApi:
    cors: {allowedOrigins: ['https://page.example'], allowedMethods: [GET, POST]}
    authorizers:
      users:
        type: jwt
        identitySource: $request.header.Authorization
        issuerUrl: !Sub https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}
        audience: [!Ref Client]
functions:
  item:
    handler: item.handler
    events:
      - httpApi: GET /items/{id}
      - http: {method: GET, path: '/items/{id}', cors: true}
  order:
    handler: order.handler
    events:
      - httpApi: {method: POST, path: /orders, authorizer: {name: users}}
      - http:
          method: POST
          path: /orders
          authorizer: {name: users, type: COGNITO_USER_POOLS, arn: !GetAtt 'Pool.Arn'}
resources:
  Resources:
    Pool:
      Type: AWS::Cognito::UserPool
      Properties:
        UsernameAttributes: [email]
        AutoVerifiedAttributes: [email]
    Client:
      Type: AWS::Cognito::UserPoolClient
      Properties:
        UserPoolId: !Ref Pool
        ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
"""
ITEM = """\
import json, uuid

def handler(event, context):
    told = {"id": event["pathParameters"]["id"], "made": str(uuid.uuid4()), "tags": ["a", "b"]}
    return {"statusCode": 200, "headers": {"x-shop": "one"}, "body": json.dumps(told)}
"""
CHANGED_ITEM = ITEM.replace('"a", "b"', '"a", "c"').replace('"one"', '"two"')
ORDER = """\
import json

def handler(event, context):
    authorizer = event["requestContext"]["authorizer"]
    claims = authorizer.get("claims") or authorizer["jwt"]["claims"]
    return {"statusCode": 201, "body": json.dumps({"by": claims["sub"], "of": claims["iss"]})}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    output: str
    errors: str

    @property
    def error(self) -> str:
        """What it refused, and the next step, as JSON told it."""
        assert self.code == 1, (self.code, self.output, self.errors)
        error = json.loads(self.errors.splitlines()[-1])["error"]
        return f"{error['message']} | {error.get('hint', '')}"

    def told(self, code: int = 0) -> Any:
        """The JSON document that it printed."""
        assert self.code == code, (self.output, self.errors)
        return json.loads(self.output)


@dataclass(frozen=True, slots=True)
class Shops:
    """Where the map is: `directory` is the map's, the others are AWS endpoints by name."""

    directory: Path
    emulators: Mapping[str, Emulator]

    def targets(self, *names: str) -> str:
        """The option `--targets` for emulators of these names."""
        return ",".join(f"embedded={self.emulators[name].aws_url}" for name in names)


def write_map(directory: Path, item: str = ITEM) -> Path:
    """The map and its handlers."""
    directory.mkdir()
    (directory / "serverless.yml").write_text(MAP)
    (directory / "item.py").write_text(item)
    (directory / "order.py").write_text(ORDER)
    return directory


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """`one` and `same` have the same handlers, `changed` hasn't, `empty` has none."""
    root = tmp_path_factory.mktemp("shops")
    same, changed = write_map(root / "same"), write_map(root / "changed", CHANGED_ITEM)
    places = {"one": same, "same": same, "changed": changed, "empty": None}
    with ExitStack() as stack:
        emulators = {name: stack.enter_context(start()) for name in places}
        for name, directory in places.items():
            if directory is not None:
                with chdir(directory):
                    assert run(["deploy", "--endpoint", emulators[name].aws_url, "--json"]) == 0
        yield Shops(same, emulators)


Parity = Callable[..., Ran]


@pytest.fixture
def parity(shops: Shops, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Parity:
    """Run `dew parity` in the map's directory, as a pipe would see it."""
    monkeypatch.chdir(shops.directory)
    for name in ("DEW_STATE_DIR", "DEW_TARGET", "LOCALSTACK_ENDPOINT", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)

    def run_parity(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(["parity", *arguments])
        output, errors = capfd.readouterr()
        return Ran(code, output, errors)

    return run_parity
