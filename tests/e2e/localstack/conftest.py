"""LocalStack with dewstack inside: the one that DEW_E2E_ENDPOINT names, the reference service deployed to it."""

import io
import json
import os
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from tests.e2e.service.remote import ENDPOINT, Remote

T = TypeVar("T")
PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="session")
def remote() -> Remote:
    """What `tox -e localstack` and `tox -e compose` have started. Fails where nothing has been."""
    endpoint = os.environ.get(ENDPOINT)
    assert endpoint, f"{ENDPOINT} names no endpoint: run these tests by tox -e localstack, or tox -e compose"
    return Remote(endpoint)


@dataclass(frozen=True, slots=True)
class Workbench:
    """What tests make things with. Names are new in each run."""

    remote: Remote

    def name(self) -> str:
        """Something that nothing is called yet."""
        return f"t{uuid.uuid4().hex[:12]}"

    def role(self) -> str:
        """A role for functions, that lets them do everything."""
        iam, name = self.remote.client("iam"), self.name()
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
        return str(role["Role"]["Arn"])

    def function(self, source: str, **more: Any) -> str:
        """A function of this Python source, whose handler is `handler`; its ARN."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", source)
        made = self.remote.client("lambda").create_function(
            FunctionName=self.name(),
            Runtime="python3.13",
            Handler="app.handler",
            Role=self.role(),
            Code={"ZipFile": packed.getvalue()},
            Timeout=20,
            **more,
        )
        return str(made["FunctionArn"])

    def permit(self, function: str, principal: str) -> None:
        """Let a service invoke a function."""
        self.remote.client("lambda").add_permission(
            FunctionName=function,
            StatementId=self.name(),
            Action="lambda:InvokeFunction",
            Principal=principal,
        )

    def eventually(self, look: Callable[[], T | None]) -> T:
        """What `look` finds in the end. Fails after PATIENCE_SECONDS."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"nothing came in {PATIENCE_SECONDS} s")

    def recorder(self) -> tuple[str, str]:
        """A function that puts its events into a bucket: its ARN, and the bucket's name."""
        bucket = self.name()
        self.remote.client("s3").create_bucket(Bucket=bucket)
        source = (
            "import json, os, boto3\n"
            "def handler(event, context):\n"
            "    bucket, body = os.environ['BUCKET'], json.dumps(event).encode()\n"
            "    boto3.client('s3').put_object(Bucket=bucket, Key=context.aws_request_id, Body=body)\n"
        )
        return self.function(source, Environment={"Variables": {"BUCKET": bucket}}), bucket

    def seen(self, bucket: str) -> dict[str, Any]:
        """The first event that a recorder has put into its bucket, when it has."""
        s3 = self.remote.client("s3")

        def look() -> dict[str, Any] | None:
            for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
                event: dict[str, Any] = json.load(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"])
                return event
            return None

        return self.eventually(look)


@pytest.fixture
def bench(remote: Remote) -> Workbench:
    """Tools."""
    return Workbench(remote)
