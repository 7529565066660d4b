"""An emulator in the process, and the words in which tests speak to its CloudFormation."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from dewstack.app import Emulator
from dewstack.config import Config

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


class Aws:
    """An emulator on a loop of its own; `call` has the shape that deployment takes."""

    def __init__(self, state_dir: Path | None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        config = Config(aws_port=0, service_port=0, frontend_port=0, state_dir=state_dir)
        self.emulator = Emulator(config)
        self._run(self.emulator.start())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation in the process and wait for its output."""
        return self.emulator.call(service, operation, params)

    def cfn(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation of CloudFormation."""
        return self.call("cloudformation", operation, params)

    def stack(self, name: str = "demo") -> dict[str, Any]:
        """The stack, when nothing of it is in progress any more."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            [stack] = self.cfn("DescribeStacks", StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return dict(stack)
        raise TimeoutError(f"{name} is still in {stack['StackStatus']}")

    def create(self, template: dict[str, Any] | str, name: str = "demo", **params: Any) -> dict[str, Any]:
        """Create a stack and give it when it is done."""
        self.cfn("CreateStack", **self._request(template, name, params))
        return self.stack(name)

    def update(self, template: dict[str, Any] | str, name: str = "demo", **params: Any) -> dict[str, Any]:
        """Update a stack and give it when it is done."""
        self.cfn("UpdateStack", **self._request(template, name, params))
        return self.stack(name)

    def delete(self, name: str = "demo", **params: Any) -> dict[str, Any]:
        """Delete a stack and give what is left of it."""
        identity = self.stack(name)["StackId"]
        self.cfn("DeleteStack", StackName=name, **params)
        return self.stack(identity)

    def outputs(self, stack: dict[str, Any]) -> dict[str, str]:
        """A stack's outputs by key."""
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def resource(self, logical_id: str, name: str = "demo") -> dict[str, Any]:
        """One resource of a stack."""
        params = {"StackName": name, "LogicalResourceId": logical_id}
        return self.cfn("DescribeStackResource", **params)["StackResourceDetail"]  # type: ignore[no-any-return]

    def history(self, name: str = "demo") -> list[tuple[str, str]]:
        """Logical ids and statuses, the oldest first."""
        events = self.cfn("DescribeStackEvents", StackName=name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]

    @staticmethod
    def _request(template: dict[str, Any] | str, name: str, params: dict[str, Any]) -> dict[str, Any]:
        body = template if isinstance(template, str) else json.dumps(template)
        return {"StackName": name, "TemplateBody": body, "Capabilities": CAPABILITIES, **params}

    def close(self) -> None:
        """Stop the emulator and its loop; only once."""
        if self._loop.is_closed():
            return
        self._run(self.emulator.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


@pytest.fixture
def start() -> Iterator[Callable[[Path], Aws]]:
    """Start an emulator whose state is in a directory; more than once for a restart."""
    started: list[Aws] = []

    def start(directory: Path) -> Aws:
        started.append(Aws(directory))
        return started[-1]

    yield start
    for aws in started:
        aws.close()


@pytest.fixture
def aws() -> Iterator[Aws]:
    """An emulator with nothing in it."""
    aws = Aws(None)
    yield aws
    aws.close()
