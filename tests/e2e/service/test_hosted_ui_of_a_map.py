"""What docs/hosted-ui.md shows: the map of a pool with a hosted UI, and the commands that use it."""

import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dewstack.testing import Dew, start

DOCUMENT = Path(__file__).parents[3] / "docs/hosted-ui.md"
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CALLBACK = "http://localhost:5173/callback"
PASSWORD = "Correct-Horse-1"
HEAD = """
service: shop
provider: {name: aws, runtime: python3.12}
functions: {}
"""
REST = """
    UserPool:
      Type: AWS::Cognito::UserPool
      Properties: {UsernameAttributes: [email], AutoVerifiedAttributes: [email]}
    Shop:
      Type: AWS::Cognito::UserPoolResourceServer
      Properties:
        UserPoolId: !Ref UserPool
        Identifier: shop
        Name: shop
        Scopes: [{ScopeName: read, ScopeDescription: see}]
    Machine:
      Type: AWS::Cognito::UserPoolClient
      DependsOn: Shop
      Properties:
        UserPoolId: !Ref UserPool
        GenerateSecret: true
        AllowedOAuthFlowsUserPoolClient: true
        AllowedOAuthFlows: [client_credentials]
        AllowedOAuthScopes: [shop/read]
  Outputs:
    PoolId: {Value: !Ref UserPool}
    ClientId: {Value: !Ref WebClient}
    MachineId: {Value: !Ref Machine}
"""


def blocks(language: str) -> list[str]:
    return [each["text"] for each in BLOCK.finditer(DOCUMENT.read_text()) if each["language"] == language]


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    directory = tmp_path_factory.mktemp("shop")
    (directory / "serverless.yml").write_text(HEAD + blocks("yaml")[0].rstrip() + REST)
    with start(directory) as dew:
        yield dew


def printed(dew: Dew, command: str, **variables: str) -> Any:
    """What a documented command prints, here."""
    command = command.replace("http://localhost:4566", dew.aws_url)
    environment = {**dew.environ, "PATH": "/usr/local/bin:/usr/bin:/bin", **variables}
    done = subprocess.run(
        ["sh", "-euc", command], env=environment, capture_output=True, text=True, timeout=30, check=True
    )
    return json.loads(done.stdout)


def submitted(browser: httpx.Client, page: httpx.Response, **fields: str) -> httpx.Response:
    form = re.search(r'(?s)<form method="post" action="([^"]+)">(.*?)</form>', page.text)
    assert form, page.text
    hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]))
    sent = {name: html.unescape(value) for name, value in hidden.items()} | fields
    return browser.post(html.unescape(form[1]), data=sent)


def test_the_documented_way_from_a_browser_to_tokens(documented: Dew) -> None:
    discovery, exchange, _ = [text for text in blocks("sh") if text.startswith("curl")]
    pool, client = documented.outputs["PoolId"], documented.outputs["ClientId"]
    found = printed(documented, discovery, POOL_ID=pool)
    assert found["token_endpoint"] == f"{documented.aws_url}/oauth2/token"
    query = {
        "client_id": client,
        "response_type": "code",
        "scope": "openid email",
        "redirect_uri": CALLBACK,
    }
    with httpx.Client(base_url=documented.aws_url) as browser:
        page = browser.get("/signup", params=query)
        address = {"username": "lin@example.com", "password": PASSWORD, "password_again": PASSWORD}
        asked = submitted(browser, page, **address)
        back = submitted(browser, asked, code=documented.mail("lin@example.com")[-1].code)
    assert back.status_code == 302 and back.headers["location"].startswith(f"{CALLBACK}?code=")
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    tokens = printed(documented, exchange, CLIENT_ID=client, CODE=code)
    assert set(tokens) == {"id_token", "access_token", "refresh_token", "expires_in", "token_type"}


def test_the_documented_way_for_machines(documented: Dew) -> None:
    [command] = [text for text in blocks("sh") if "client_credentials" in text]
    pool, machine = documented.outputs["PoolId"], documented.outputs["MachineId"]
    described = documented.client("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=machine)
    secret = described["UserPoolClient"]["ClientSecret"]
    assert "access_token" in printed(documented, command, CLIENT_ID=machine, CLIENT_SECRET=secret)


def test_the_domain_of_the_map_is_a_host(documented: Dew) -> None:
    port = urlsplit(documented.aws_url).port
    query = {
        "client_id": documented.outputs["ClientId"],
        "response_type": "code",
        "redirect_uri": CALLBACK,
    }
    answer = httpx.get(
        f"{documented.aws_url}/oauth2/authorize",
        params=query,
        headers={"Host": f"my-app.auth.localhost:{port}"},
    )
    assert answer.status_code == 302 and answer.headers["location"].startswith("/login?")
