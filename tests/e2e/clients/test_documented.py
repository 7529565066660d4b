"""The programs of docs/clients.md do what they say."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from dewstack.testing import Dew, start
from tests.e2e.clients.peer import HERE, aws_cli, install_modules
from tests.e2e.clients.people import OAUTH, PASSWORD, AppClient, Pool

pytestmark = pytest.mark.clients

DOCUMENT = HERE.parents[2] / "docs" / "clients.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator that is its pools' issuer."""
    with start(issuer="local") as running:
        yield running


@dataclass(frozen=True)
class Reader:
    """Somebody who copies a program and puts their own pool and client into it."""

    pool: Pool
    client: AppClient

    @property
    def environment(self) -> dict[str, str]:
        """That of the programs."""
        return {**self.pool.dew.environ, "PATH": os.environ["PATH"], "AWS_PAGER": ""}

    def program(self, heading: str, language: str) -> str:
        """The first program in this language below a heading."""
        text = DOCUMENT.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
        [program, *_] = [code for kind, code in BLOCK.findall(text) if kind == language]
        for example, own in (
            ("us-east-1_Example", self.pool.id),
            ("1example23456789", self.client.id),
            ("http://localhost:4566", self.pool.dew.aws_url.replace("127.0.0.1", "localhost")),
        ):
            program = program.replace(example, own)
        return program

    def run(self, *command: str | Path) -> str:
        """What a program prints."""
        done = subprocess.run(
            command, cwd=HERE, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def reading(dew: Dew) -> Reader:
    """A reader whose pool has Ada in it."""
    pool = Pool.made(dew)
    pool.invite("ada", email="ada@example.com", email_verified="true")
    pool.admin.admin_set_user_password(UserPoolId=pool.id, Username="ada", Password=PASSWORD, Permanent=True)
    pool.admin.create_user_pool_domain(UserPoolId=pool.id, Domain="people")
    return Reader(pool, pool.client(**OAUTH))


@pytest.fixture(scope="module")
def reader(dew: Dew) -> Reader:
    """Somebody with the emulator that is its pools' issuer."""
    return reading(dew)


def test_a_verifier_of_cognito_verifies_tokens_of_aws_issuer() -> None:
    install_modules()
    with start() as dew:
        reader = reading(dew)
        token = reader.pool.tokens(reader.client.id, "ada")["AccessToken"]
        program = reader.program("aws-jwt-verify", "js")
        assert reader.run("node", "--input-type=module", "-e", program, token) == "ada access"


@pytest.mark.parametrize("heading", ["Amplify", "amazon-cognito-identity-js"])
def test_javascript_signs_in(reader: Reader, heading: str) -> None:
    install_modules()
    program = reader.program(heading, "js")
    assert reader.run("node", "--input-type=module", "-e", program) == "ada access"


@pytest.mark.parametrize(("heading", "printed"), [("AWS SDKs and the AWS CLI", "ada"), ("pycognito", "True")])
def test_python_signs_in(reader: Reader, heading: str, printed: str) -> None:
    program = reader.program(heading, "python")
    assert reader.run(sys.executable, "-c", program) == printed


def test_the_aws_cli_asks(reader: Reader) -> None:
    lines = reader.program("AWS SDKs and the AWS CLI", "console").splitlines()
    script = "\n".join(line.removeprefix("$ ") for line in lines if line.startswith("$ "))
    script = script.replace("aws cognito", f"{aws_cli()} cognito")
    assert [reader.run("sh", "-euc", script)] == [line for line in lines if not line.startswith("$ ")]


@pytest.mark.parametrize("language", ["js", "python"])
def test_openid_connect_clients_find_the_hosted_ui(reader: Reader, language: str) -> None:
    program = reader.program("OpenID Connect clients and the hosted UI", language)
    if language == "js":
        install_modules()
        url = reader.run("node", "--input-type=module", "-e", program)
    else:
        url = reader.run(sys.executable, "-c", program)
    page = httpx.get(url, follow_redirects=True)
    assert page.status_code == 200 and "<form" in page.text
