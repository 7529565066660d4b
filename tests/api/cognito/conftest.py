"""A real boto3 client whose requests go straight into the wire layer and a fresh Cognito, without a socket."""

import asyncio
import base64
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from dewstack.clock import Clock
from dewstack.cognito import Cognito, Message
from dewstack.config import Config
from dewstack.http import Request, Response
from dewstack.store import Store
from dewstack.testing import Dew, start
from dewstack.wire import AwsApi
from dewstack.wire.model import load_model
from tests.conforming import departures
from tests.trigger_world import TriggerWorld

PASSWORD = "Correct-Horse-1"


class StoppedClock(Clock):
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.start = super().time()

    def time(self) -> float:
        return self.start + self.offset


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Door:
    """Where the session's one boto3 client ends; `api` is the test's own."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.api: AwsApi | None = None
        self.clients: dict[str, Any] = {}
        self.model = load_model("cognito-idp")

    def client(self, region: str = "us-east-1") -> Any:
        if region not in self.clients:
            client = boto3.client(
                "cognito-idp",
                endpoint_url="http://localhost:4566",
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=BotoConfig(retries={"max_attempts": 0}),
            )
            client.meta.events.register("before-send.cognito-idp", self.send)
            self.clients[region] = client
        return self.clients[region]

    def send(self, request: Any, **_: Any) -> AWSResponse:
        assert self.api is not None
        url = urlsplit(request.url)
        headers = [
            (str(name).encode(), value if isinstance(value, bytes) else str(value).encode())
            for name, value in request.headers.items()
        ]
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        seen = Request(request.method, url.path, url.query, headers, body)
        answer = self.runner.run(self.api.handle(seen))
        self.check(request.headers["X-Amz-Target"], answer)
        answered = {name.decode(): value.decode() for name, value in answer.headers}
        return AWSResponse(request.url, answer.status, answered, Raw(answer.body))

    def check(self, target: str | bytes, answer: Response) -> None:
        """Every answer has the shape that the model says: boto3 drops unknown members and misses none."""
        name = target.decode() if isinstance(target, bytes) else target
        operation = self.model and self.model.operation(name.rpartition(".")[2])
        if answer.status == 200 and operation and operation.output:
            assert not list(departures(operation.output, json.loads(answer.body or b"{}"))), answer.body


@dataclass
class World:
    """One Cognito, its clock, and what tests do with it again and again."""

    door: Door
    clock: Clock
    store: Store
    cognito: Cognito
    pool: str = ""
    client: str = ""
    api: Any = None
    password: str = PASSWORD

    def make_pool(self, **settings: Any) -> str:
        """A pool that verifies e-mail addresses, with a client for password sign-in; both become the current."""
        settings = {"AutoVerifiedAttributes": ["email"], **settings}
        self.pool = self.api.create_user_pool(PoolName="people", **settings)["UserPool"]["Id"]
        self.client = self.make_client()["ClientId"]
        return self.pool

    def make_client(self, **settings: Any) -> dict[str, Any]:
        flows = [
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ]
        settings = {"ExplicitAuthFlows": flows, **settings}
        made = self.api.create_user_pool_client(UserPoolId=self.pool, ClientName="web", **settings)
        return made["UserPoolClient"]

    def sign_up(self, name: str, email: str | None = None, **attributes: str) -> dict[str, Any]:
        if email:
            attributes["email"] = email
        return self.api.sign_up(
            ClientId=self.client,
            Username=name,
            Password=self.password,
            UserAttributes=[{"Name": key.replace("__", ":"), "Value": v} for key, v in attributes.items()],
        )

    def mail(self, to: str | None = None) -> Message:
        """The last message."""
        return self.cognito.mailbox.messages(to)[-1]

    def confirmed(self, name: str, email: str | None = None, **attributes: str) -> str:
        """A user who has signed up and confirmed: their sub."""
        answer = self.sign_up(name, email, **attributes)
        if "CodeDeliveryDetails" in answer:
            self.api.confirm_sign_up(ClientId=self.client, Username=name, ConfirmationCode=self.mail().code)
        else:
            self.api.admin_confirm_sign_up(UserPoolId=self.pool, Username=name)
        return answer["UserSub"]

    def sign_in(self, name: str, password: str | None = None, **parameters: str) -> dict[str, Any]:
        """The whole answer of InitiateAuth with a password."""
        return self.api.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password or self.password, **parameters},
        )

    def tokens(self, name: str, password: str | None = None) -> dict[str, str]:
        return self.sign_in(name, password)["AuthenticationResult"]

    def refresh(self, token: str, **parameters: str) -> dict[str, str]:
        return self.api.initiate_auth(
            ClientId=self.client,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": token, **parameters},
        )["AuthenticationResult"]

    def attributes(self, name: str) -> dict[str, str]:
        user = self.api.admin_get_user(UserPoolId=self.pool, Username=name)
        return {entry["Name"]: entry["Value"] for entry in user["UserAttributes"]}

    def status(self, name: str) -> str:
        return self.api.admin_get_user(UserPoolId=self.pool, Username=name)["UserStatus"]

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """Code and message of the error that an operation answers."""
        with pytest.raises(ClientError) as caught:
            getattr(self.api, operation)(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    def sign_in_refused(self, name: str, password: str | None = None, **parameters: str) -> tuple[str, str]:
        return self.refused(
            "initiate_auth",
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password or self.password, **parameters},
        )

    @staticmethod
    def claims(token: str) -> dict[str, Any]:
        """A token's payload, order kept, not verified."""
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.runner.close()


@pytest.fixture
def world(door: Door) -> Iterator[World]:
    store, clock, config = Store(), StoppedClock(), Config()
    cognito = Cognito(store, clock, config, None)
    api = AwsApi(config)
    api.register("cognito-idp", cognito.operations)
    door.api = api
    yield World(door, clock, store, cognito, api=door.client())
    api.close()
    store.close()


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator whose functions run, on real sockets."""
    with start() as running:
        yield running


@pytest.fixture
def triggers(dew: Dew, tmp_path: Path) -> TriggerWorld:
    """Pools whose triggers are real functions."""
    return TriggerWorld(dew, tmp_path)


@pytest.fixture
def pause() -> threading.Event:
    """Something to wait for that never comes: `pause.wait(seconds)`."""
    return threading.Event()
