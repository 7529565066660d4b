"""A user pool whose triggers are real functions: each notes the events it gets, and does what its test wrote."""

import base64
import itertools
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.cognito import Message
from dewstack.testing import Dew

PASSWORD = "Correct-Horse-1"
ROLE = "arn:aws:iam::000000000000:role/test"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
HANDLER = """
import json, os, time
import boto3

def handler(event, context):
    with open(os.environ["EVENTS"], "a") as events:
        events.write(json.dumps(event) + "\\n")
    source, request, response = event["triggerSource"], event["request"], event["response"]
"""


class TriggerWorld:
    """Makes pools with triggers, and uses them as boto3 does."""

    def __init__(self, dew: Dew, directory: Path) -> None:
        self.dew = dew
        self.api: Any = dew.client("cognito-idp")
        self.functions: Any = dew.client("lambda")
        self._directory = directory
        self._numbers = itertools.count(1)
        self.pool = ""
        self.client = ""
        self._events = directory / "none"

    def function(self, body: str, **settings: Any) -> str:
        """A function that notes its event, runs `body` (an indented block) and returns the event: its ARN."""
        name = f"{self._directory.name}-{next(self._numbers)}"
        source = HANDLER + textwrap.indent(textwrap.dedent(body), "    ") + "\n    return event\n"
        code = self._directory / f"code-{name}"
        code.mkdir()
        (code / "f.py").write_text(source)
        made = self.functions.create_function(
            FunctionName=name,
            Handler="f.handler",
            Runtime="python3.12",
            Role=ROLE,
            Code={"S3Bucket": "hot-reload", "S3Key": str(code)},
            Environment={"Variables": {"EVENTS": str(self._events)}},
            **{"Timeout": 30, **settings},
        )
        return str(made["FunctionArn"])

    def permit(self, arn: str, source_arn: str) -> None:
        """Let a pool invoke a function."""
        self.functions.add_permission(
            FunctionName=arn,
            StatementId=f"cognito-{next(self._numbers)}",
            Action="lambda:InvokeFunction",
            Principal="cognito-idp.amazonaws.com",
            SourceArn=source_arn,
        )

    def make(
        self, body: str = "", *triggers: str, permitted: bool = True, config: Any = None, **settings: Any
    ) -> str:
        """A pool, with a client, whose `triggers` are one function; the events noted are its alone."""
        self._events = self._directory / f"events-{next(self._numbers)}.jsonl"
        self._events.touch()
        arn = self.function(body)
        lambda_config = {**dict.fromkeys(triggers, arn), **(config(arn) if config else {})}
        settings = {"AutoVerifiedAttributes": ["email"], **settings}
        made = self.api.create_user_pool(PoolName="people", LambdaConfig=lambda_config, **settings)
        self.pool = made["UserPool"]["Id"]
        if permitted:
            self.permit(arn, made["UserPool"]["Arn"])
        self.client = self.make_client()
        return arn

    def make_client(self, **settings: Any) -> str:
        settings = {"ExplicitAuthFlows": FLOWS, **settings}
        made = self.api.create_user_pool_client(UserPoolId=self.pool, ClientName="web", **settings)
        return str(made["UserPoolClient"]["ClientId"])

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the functions of the pool were asked, oldest first."""
        return [json.loads(line) for line in self._events.read_text().splitlines()]

    @property
    def sources(self) -> list[str]:
        return [event["triggerSource"] for event in self.events]

    @property
    def event(self) -> dict[str, Any]:
        """The one event."""
        (event,) = self.events
        return event

    def sign_up(self, name: str, email: str = "", **params: Any) -> dict[str, Any]:
        attributes = [{"Name": "email", "Value": email}] if email else []
        answer: dict[str, Any] = self.api.sign_up(
            ClientId=self.client, Username=name, Password=PASSWORD, UserAttributes=attributes, **params
        )
        return answer

    def mail(self, to: str) -> Message:
        return self.dew.mail(to)[-1]

    def sign_in(self, name: str, password: str = PASSWORD, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
            **params,
        )
        return answer

    def add(self, name: str, email: str = "") -> None:
        """A confirmed user, made without a trigger that could refuse it."""
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self.api.admin_create_user(
            UserPoolId=self.pool,
            Username=name,
            MessageAction="SUPPRESS",
            UserAttributes=attributes if email else [],
        )
        self.api.admin_set_user_password(
            UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=True
        )

    def user(self, name: str) -> tuple[str, dict[str, str]]:
        """Status and attributes."""
        found = self.api.admin_get_user(UserPoolId=self.pool, Username=name)
        return found["UserStatus"], {entry["Name"]: entry["Value"] for entry in found["UserAttributes"]}

    def missing(self, name: str) -> bool:
        return not self.api.list_users(UserPoolId=self.pool, Filter=f'username = "{name}"')["Users"]


def refused(call: Any, *args: Any, **params: Any) -> tuple[str, str]:
    """Code and message of the error that a call is answered with."""
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def claims_of(token: str) -> dict[str, Any]:
    """A token's payload, not verified."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims
