"""What people ask to understand: tokens checked from all sides, the configuration with its secrets hidden."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.inspection import HIDDEN, hidden, is_secret
from dewstack.testing import Dew, start

PASSWORD = "Correct-Horse-1"
MAP = """
service: seen
custom: {stripeSecret: sk-live-1, note: plain}
provider:
  name: aws
  runtime: python3.11
  environment: {POOL: !Ref UserPool, API_KEY: k-12345, MODE: fast}
functions:
  echo: {handler: app.echo, memorySize: 512, events: [{httpApi: 'GET /echo'}]}
resources:
  Resources:
    UserPool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: seen}}
    UserPoolClient:
      Type: AWS::Cognito::UserPoolClient
      Properties:
        UserPoolId: !Ref UserPool
        ClientName: web
        ExplicitAuthFlows: [ALLOW_ADMIN_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
  Outputs:
    Pool: {Value: !Ref UserPool}
    Client: {Value: !Ref UserPoolClient}
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    directory: Path = tmp_path_factory.mktemp("seen")
    (directory / "serverless.yml").write_text(textwrap.dedent(MAP))
    (directory / "app.py").write_text("def echo(event, context):\n    return 'ok'\n")
    with start(directory) as running:
        yield running


def sign_in(dew: Dew, name: str) -> dict[str, Any]:
    """The tokens of a new user."""
    pool = {"UserPoolId": dew.outputs["Pool"]}
    dew.call("cognito-idp", "AdminCreateUser", {**pool, "Username": name, "MessageAction": "SUPPRESS"})
    password = {**pool, "Username": name, "Password": PASSWORD, "Permanent": True}
    dew.call("cognito-idp", "AdminSetUserPassword", password)
    flow = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "ClientId": dew.outputs["Client"]}
    answers = {"AuthParameters": {"USERNAME": name, "PASSWORD": PASSWORD}}
    signed_in = dew.call("cognito-idp", "AdminInitiateAuth", {**pool, **flow, **answers})
    result: dict[str, Any] = signed_in["AuthenticationResult"]
    return result


def check(dew: Dew, token: str) -> dict[str, Any]:
    told: dict[str, Any] = httpx.post(f"{dew.aws_url}/_dew/tokens/check", json={"token": token}).json()
    return told


def verdicts(told: dict[str, Any]) -> dict[str, str]:
    return {each["check"]: each["verdict"] for each in told["checks"]}


@pytest.mark.parametrize(("kind", "prefix"), [("AccessToken", ""), ("IdToken", "Bearer ")])
def test_a_good_token_passes_every_check(seen, kind, prefix):
    told = check(seen, prefix + sign_in(seen, f"good-{kind}")[kind])
    assert told["verified"] and set(verdicts(told).values()) == {"passed"}
    assert {"Signature", "Issuer", "Expiry", "Client", "User", "Revocation"} <= verdicts(told).keys()
    assert told["claims"]["sub"] and told["header"]["alg"] == "RS256"


def test_a_changed_token_fails_by_its_signature_alone(seen):
    head, _, signature = sign_in(seen, "changed")["AccessToken"].split(".")
    other = sign_in(seen, "changed-2")["AccessToken"].split(".")[1]
    told = check(seen, f"{head}.{other}.{signature}")
    assert not told["verified"] and "Signature" in told["says"]
    assert [name for name, verdict in verdicts(told).items() if verdict == "failed"] == ["Signature"]


def test_what_was_ended_disabled_or_deleted_is_said(seen):
    token = sign_in(seen, "ended")["AccessToken"]
    who = {"UserPoolId": seen.outputs["Pool"], "Username": "ended"}
    seen.call("cognito-idp", "AdminUserGlobalSignOut", who)
    assert verdicts(check(seen, token))["Revocation"] == "failed"
    seen.call("cognito-idp", "AdminDisableUser", who)
    assert verdicts(check(seen, token))["User"] == "failed"
    seen.call("cognito-idp", "AdminDeleteUser", who)
    told = check(seen, token)
    assert not told["verified"] and verdicts(told)["User"] == "failed" and "Revocation" not in verdicts(told)


def test_a_token_of_another_pool_and_what_is_no_token_are_told_apart(seen):
    foreign = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIiwiZXhwIjo5OTk5OTk5OTk5OX0.AA"
    told = check(seen, foreign)
    assert not told["verified"] and verdicts(told)["Signature"] == "unknown"
    assert verdicts(check(seen, "a.b.c")) == {"Format": "failed"}
    assert "Cognito" in check(seen, sign_in(seen, "refreshing")["RefreshToken"])["says"]
    assert httpx.post(f"{seen.aws_url}/_dew/tokens/check", json={"token": 1}).status_code == 400


def test_an_expired_token_fails_by_its_time(seen):
    token = sign_in(seen, "late")["AccessToken"]
    seen.clock.advance(3661)
    told = check(seen, token)
    assert [name for name, verdict in verdicts(told).items() if verdict == "failed"] == ["Expiry"]
    assert "1 minute ago" in told["says"]


def test_the_configuration_has_its_secrets_hidden_until_they_are_asked_for(seen):
    url = f"{seen.aws_url}/_dew/configuration"
    told, revealed = httpx.get(url).json(), httpx.get(url, params={"reveal": 1}).json()
    [function] = told["functions"]
    assert (function["key"], function["memory_mb"]) == ("echo", 512)
    assert function["environment"] == {"POOL": seen.outputs["Pool"], "API_KEY": None, "MODE": "fast"}
    assert revealed["functions"][0]["environment"]["API_KEY"] == "k-12345"
    assert told["map"]["custom"] == {"stripeSecret": HIDDEN, "note": "plain"}
    assert revealed["map"]["custom"]["stripeSecret"] == "sk-live-1"
    assert told["map"]["provider"]["environment"]["API_KEY"] == HIDDEN
    assert "sk-live-1" not in httpx.get(url).text


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "x", True),
        ("DATABASE_URL", "postgres://ann:secret@db/x", True),
        ("DATABASE_URL", "postgres://db/x", False),
        ("SIGNED", "aB3" + "dE5f" * 6, True),
        ("USER_POOL_CLIENT_ID", "1h57kf5cpq17m0eml12EXAMPLE".lower(), False),
        ("API_KEY", "", False),
        ("TOKEN_SECONDS", 60, False),
    ],
)
def test_what_looks_like_a_secret(name, value, secret):
    assert is_secret(name, value) is secret
    assert hidden([{name: value}]) == [{name: HIDDEN if secret else value}]
