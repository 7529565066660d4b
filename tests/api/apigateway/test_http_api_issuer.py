"""A map that names its pool's issuer as AWS does, and tokens that name AWS or this emulator."""

import textwrap
from pathlib import Path

import httpx
import pytest

from dewstack.testing import start
from tests.e2e.clients.people import Pool

MAP = """
service: served
provider:
  name: aws
  runtime: python3.11
  httpApi:
    authorizers:
      users:
        type: jwt
        identitySource: $request.header.Authorization
        issuerUrl: !Sub https://cognito-idp.${AWS::Region}.amazonaws.com/${UserPool}
        audience: [!Ref UserPoolClient]
functions:
  me:
    handler: app.me
    events:
      - httpApi: {path: /me, method: get, authorizer: {name: users}}
resources:
  Resources:
    UserPool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: served}}
    UserPoolClient:
      Type: AWS::Cognito::UserPoolClient
      Properties: {UserPoolId: !Ref UserPool, ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]}
  Outputs:
    Pool: {Value: !Ref UserPool}
    Client: {Value: !Ref UserPoolClient}
"""


@pytest.mark.parametrize("issuer", ["aws", "local"])
def test_the_tokens_of_a_pool_open_its_routes(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "serverless.yml").write_text(textwrap.dedent(MAP))
    (tmp_path / "app.py").write_text(
        "def me(event, context): return event['requestContext']['authorizer']['jwt']['claims']['iss']"
    )
    with start(tmp_path, issuer=issuer) as dew:

        def get(token: str) -> httpx.Response:
            return httpx.get(f"{dew.url}/me", headers={"Authorization": f"Bearer {token}"})

        pool = Pool.of(dew, dew.outputs["Pool"])
        own = pool.tokens(dew.outputs["Client"], pool.user())["IdToken"]
        expected = {
            "aws": f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}",
            "local": f"http://localhost:{dew.aws_url.rpartition(':')[2]}/{pool.id}",
        }
        assert (get(own).status_code, get(own).text) == (200, expected[issuer])
        other = Pool.made(dew)
        stranger = other.tokens(other.client().id, other.user())["IdToken"]
        assert get(stranger).status_code == 401
