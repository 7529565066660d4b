"""The reference service where it has been deployed to: the variables of the environment say where that is.

DEW_E2E_ENDPOINT is the AWS endpoint (`http://127.0.0.1:4567`), DEW_E2E_FLASK the Flask shim, if one runs there, and
FRONTEND_ORIGIN the page that the service was deployed for. Without the first, each run has an emulator of its own.
"""

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import httpx

from dewstack.shim.endpoint import CLOCK_FRESH_SECONDS
from dewstack.testing import Dew, start

ENDPOINT = "DEW_E2E_ENDPOINT"
FLASK = "DEW_E2E_FLASK"
STACK = "dewstack-dev"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that Cognito sent."""

    code: str | None


class RemoteClock:
    """The time at the endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}/_dew/clock"

    def advance(self, seconds: float) -> None:
        """Move it on, for everybody: the Flask shim asks for it once a second."""
        httpx.post(self._url, json={"advance": seconds}).raise_for_status()
        time.sleep(CLOCK_FRESH_SECONDS)


class Remote:
    """A deployment, as tests use it; the same names as an emulator's."""

    def __init__(self, endpoint: str) -> None:
        self.aws_url = endpoint
        self.clock = RemoteClock(endpoint)
        self.flask_url = os.environ.get(FLASK)
        self.frontend_url = os.environ.get("FRONTEND_ORIGIN", "http://127.0.0.1:8000")

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs, by key."""
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    @property
    def url(self) -> str:
        """The HTTP API."""
        return f"{self.aws_url}/_aws/execute-api/{self.outputs['HttpApiId']}"

    @property
    def rest_url(self) -> str:
        """The REST API, without its stage."""
        found = re.match(r"https://([a-z0-9]+)\.", self.outputs["ServiceEndpoint"])
        assert found is not None
        return f"{self.aws_url}/_aws/execute-api/{found[1]}"

    def client(self, service: str) -> Any:
        """A boto3 client for the endpoint."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.aws_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def mail(self, to: str) -> list[Mail]:
        """The messages to an address, oldest first."""
        answer = httpx.get(f"{self.aws_url}/_dew/mail?to={quote(to)}").raise_for_status()
        return [Mail(each.get("code")) for each in json.loads(answer.text)["messages"]]


World = Dew | Remote


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """The deployment that the environment names, or else an emulator for nobody else."""
    endpoint = os.environ.get(ENDPOINT)
    if endpoint:
        yield Remote(endpoint)
        return
    with start(directory) as dew:
        yield dew
