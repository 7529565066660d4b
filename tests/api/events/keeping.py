"""A function that keeps what it is invoked with, and a way to wait for it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from dewstack.testing import Dew

T = TypeVar("T")
KEEPS = """
import json, os
def handler(event, context):
    with open(os.environ["SEEN"], "a") as file:
        file.write(json.dumps(event) + "\\n")
"""


class Keeper:
    """A function that keeps the events it is invoked with."""

    def __init__(self, dew: Dew, directory: Path, name: str, principal: str = "") -> None:
        code = directory / "code"
        code.mkdir(exist_ok=True)
        (code / "f.py").write_text(KEEPS)
        self._seen = directory / "seen"
        client = dew.client("lambda")
        self.arn = client.create_function(
            FunctionName=name,
            Handler="f.handler",
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/test",
            Code={"S3Bucket": "hot-reload", "S3Key": str(code)},
            Environment={"Variables": {"SEEN": str(self._seen)}},
        )["FunctionArn"]
        if principal:
            client.add_permission(
                FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal=principal
            )

    @property
    def events(self) -> list[Any]:
        text = self._seen.read_text() if self._seen.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def until(probe: Callable[[], T], seconds: float = 20) -> T:
    """What `probe` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.01)
    return found
