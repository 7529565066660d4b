"""A small service in a directory of its own, and `dew` run on it as a shell would."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAP = """\
service: shop
provider:
  name: aws
  runtime: python3.11
functions:
  hello:
    handler: hello.handler
    events:
      - httpApi: GET /hello
  fail:
    handler: hello.fail
resources:
  Resources:
    UserPool:
      Type: AWS::Cognito::UserPool
      Properties:
        UserPoolName: shop
        UsernameAttributes: [email]
        AutoVerifiedAttributes: [email]
    UserPoolClient:
      Type: AWS::Cognito::UserPoolClient
      Properties:
        UserPoolId: !Ref UserPool
        ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
  Outputs:
    ClientId:
      Value: !Ref UserPoolClient
"""
HANDLER = """\
def handler(event, context):
    print("hello was called")
    return "hello"


def fail(event, context):
    raise ValueError("on purpose")
"""
FREE_PORTS = ("--port=0", "--aws-port=0", "--frontend-port=0")


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with a map in it."""

    directory: Path

    @classmethod
    def make(cls, directory: Path) -> "Project":
        """Write the service into `directory`."""
        directory.mkdir(parents=True, exist_ok=True)
        project = cls(directory)
        project.write("serverless.yml", MAP)
        project.write("hello.py", HANDLER)
        return project

    def write(self, name: str, content: str) -> None:
        """Save a file as editors do: whole, by renaming."""
        draft = self.directory / f"{name}~"
        draft.write_text(content)
        draft.replace(self.directory / name)

    def start(
        self, *arguments: str, stdin: int = subprocess.DEVNULL, **variables: str
    ) -> "subprocess.Popen[str]":
        """Start `dew` in a session of its own."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "dewstack.cli", *arguments],
            cwd=self.directory,
            env={**os.environ, **variables},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def dew(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run `dew` to its end."""
        process = self.start(*arguments, **variables)
        output, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def told(self, *arguments: str) -> Any:
        """What `dew ARGUMENTS --json` prints."""
        done = self.dew(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def up(self, *arguments: str) -> dict[str, Any]:
        """Start in the background, on free ports, and wait; where everything is."""
        run: dict[str, Any] = self.told("up", "--detach", "--wait", *FREE_PORTS, *arguments)
        return run

    def processes(self) -> list[str]:
        """The command lines of all processes whose working directory is here."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                here = (process / "cwd").resolve()
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if here == self.directory.resolve() and command:
                found.append(command)
        return found


def get(url: str) -> tuple[int, str]:
    """Status and body of a GET."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
