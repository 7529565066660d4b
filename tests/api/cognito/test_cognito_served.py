"""User pools over real sockets, as SDKs, JWT libraries and a restarted emulator see them."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config as BotoConfig
from joserfc import jwt
from joserfc.jwk import KeySet

from dewstack.app import Emulator
from dewstack.config import Config

NAME, PASSWORD = "ada@example.com", "Correct-Horse-1"


@contextmanager
def running(state_dir: Path | None = None) -> Iterator[Emulator]:
    """An emulator on free ports, on a loop of its own."""
    emulator = Emulator(Config(aws_port=0, service_port=0, frontend_port=0, state_dir=state_dir))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)

    wait(emulator.start())
    try:
        yield emulator
    finally:
        wait(emulator.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def client(emulator: Emulator, *, signed: bool) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} if signed else {}
    config = BotoConfig(retries={"max_attempts": 0}, **({} if signed else {"signature_version": UNSIGNED}))
    return boto3.client(
        "cognito-idp", endpoint_url=emulator.urls.aws, region_name="us-east-1", config=config, **keys
    )


def fetched(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def signed_in(emulator: Emulator) -> tuple[str, str, dict[str, str]]:
    """A pool, its client, and the tokens of a user who signed up without any credentials."""
    admin, anyone = client(emulator, signed=True), client(emulator, signed=False)
    pool = admin.create_user_pool(
        PoolName="people", UsernameAttributes=["email"], AutoVerifiedAttributes=["email"]
    )["UserPool"]["Id"]
    app = admin.create_user_pool_client(
        UserPoolId=pool,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    anyone.sign_up(ClientId=app, Username=NAME, Password=PASSWORD)
    code = fetched(f"{emulator.urls.aws}/_dew/mail?to={NAME}")["messages"][-1]["code"]
    anyone.confirm_sign_up(ClientId=app, Username=NAME, ConfirmationCode=code)
    result = anyone.initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": NAME, "PASSWORD": PASSWORD},
    )
    return pool, app, result["AuthenticationResult"]


def test_tokens_verify_with_the_keys_that_discovery_names():
    with running() as emulator:
        pool, _, tokens = signed_in(emulator)
        document = fetched(f"{emulator.urls.aws}/{pool}/.well-known/openid-configuration")
        keys = KeySet.import_key_set(fetched(document["jwks_uri"]))
        for name in ("IdToken", "AccessToken"):
            token = jwt.decode(tokens[name], keys, algorithms=["RS256"])
            assert token.claims["iss"] == document["issuer"]


def test_users_keys_and_tokens_survive_a_restart(tmp_path):
    with running(tmp_path) as emulator:
        _, app, tokens = signed_in(emulator)
    with running(tmp_path) as emulator:
        anyone = client(emulator, signed=False)
        assert anyone.get_user(AccessToken=tokens["AccessToken"])["Username"]
        refreshed = anyone.initiate_auth(
            ClientId=app,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )
        assert refreshed["AuthenticationResult"]["AccessToken"]
        assert len(fetched(f"{emulator.urls.aws}/_dew/mail")["messages"]) == 1
