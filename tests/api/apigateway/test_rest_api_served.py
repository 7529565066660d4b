"""A map with a REST API behind a user pool, from sign-up to the function that reads the claims."""

import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.testing import start

MAP = """
service: served
provider:
  name: aws
  runtime: python3.11
functions:
  me:
    handler: app.me
    events:
      - http:
          path: me
          method: get
          cors: true
          authorizer: {name: pool, type: COGNITO_USER_POOLS, arn: !GetAtt UserPool.Arn}
      - http:
          path: scoped
          method: get
          authorizer:
            name: pool
            type: COGNITO_USER_POOLS
            arn: !GetAtt UserPool.Arn
            scopes: [aws.cognito.signin.user.admin]
resources:
  Resources:
    UserPool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: served, AutoVerifiedAttributes: [email]}}
    UserPoolClient:
      Type: AWS::Cognito::UserPoolClient
      Properties: {UserPoolId: !Ref UserPool, ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]}
    Unauthorized:
      Type: AWS::ApiGateway::GatewayResponse
      Properties:
        RestApiId: !Ref ApiGatewayRestApi
        ResponseType: DEFAULT_4XX
        ResponseParameters: {gatewayresponse.header.Access-Control-Allow-Origin: "'*'"}
"""
HANDLER = """
import json
def me(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"]["claims"])}
"""


def tokens(dew: Any) -> dict[str, str]:
    """What a new user gets at sign-in."""
    [pool] = dew.call("cognito-idp", "ListUserPools", {"MaxResults": 10})["UserPools"]
    clients = dew.call("cognito-idp", "ListUserPoolClients", {"UserPoolId": pool["Id"], "MaxResults": 10})
    client = {"ClientId": clients["UserPoolClients"][0]["ClientId"]}
    who = {"Username": "ann", "Password": "Passw0rd!"}
    attributes = [{"Name": "email", "Value": "ann@example.com"}]
    dew.call("cognito-idp", "SignUp", client | who | {"UserAttributes": attributes})
    code = dew.mail("ann@example.com")[-1].code
    dew.call("cognito-idp", "ConfirmSignUp", client | {"Username": "ann", "ConfirmationCode": code})
    parameters = {"USERNAME": "ann", "PASSWORD": "Passw0rd!"}
    flow = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    result: dict[str, str] = dew.call("cognito-idp", "InitiateAuth", client | flow)["AuthenticationResult"]
    return result


@pytest.mark.parametrize("issuer", ["aws", "local"])
def test_the_tokens_of_a_pool_open_its_methods(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "serverless.yml").write_text(textwrap.dedent(MAP))
    (tmp_path / "app.py").write_text(HANDLER)
    with start(tmp_path, issuer=issuer) as dew:
        given = tokens(dew)
        url = f"{dew.url}/dev"

        def get(path: str, token: str | None) -> httpx.Response:
            return httpx.get(url + path, headers={"Authorization": token} if token else {})

        claims = get("/me", given["IdToken"]).json()
        assert (claims["email"], claims["token_use"], claims["email_verified"]) == (
            "ann@example.com",
            "id",
            "true",
        )
        assert claims["exp"].endswith(str(2000 + int(claims["exp"][-2:])))
        assert get("/scoped", f"Bearer {given['AccessToken']}").json()["token_use"] == "access"
        for path, token in (
            ("/me", given["AccessToken"]),
            ("/scoped", given["IdToken"]),
            ("/me", None),
            ("/me", "x"),
        ):
            refused = get(path, token)
            assert (refused.status_code, refused.json()) == (401, {"message": "Unauthorized"})
            assert refused.headers["Access-Control-Allow-Origin"] == "*"
        dew.clock.advance(3601)
        expired = get("/me", given["IdToken"])
        assert (expired.status_code, expired.json()) == (401, {"message": "The incoming token has expired"})
        preflight = httpx.options(f"{url}/me", headers={"Origin": "http://a.example"})
        assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
