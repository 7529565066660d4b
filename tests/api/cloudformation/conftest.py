"""The services that a stack's resources are made in, wired as the emulator wires them, without its ports."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dewstack.apigateway import ApiGateway
from dewstack.clock import Clock
from dewstack.cloudformation import CloudFormation
from dewstack.cognito import Cognito
from dewstack.config import Caller, Config
from dewstack.errors import NotEmulated
from dewstack.lambda_ import LambdaService
from dewstack.logs import Logs
from dewstack.store import Store

CALLER = Caller()
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


class Aws:
    """The services on a loop of their own; `call` has the shape that deployment takes."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store = store
        self.config = Config(state_dir=directory)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self._wire())

    def run(self, work: Any) -> Any:
        """Await on the services' loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    async def _wire(self) -> None:
        clock = Clock()
        logs = Logs(clock, self.config)
        self.lambda_ = LambdaService(self.store, clock, self.config, logs.stream)
        self.cognito = Cognito(self.store, clock, self.config)
        gateway = ApiGateway(self.store, clock, self.config, self._unused, lambda issuer: None)
        self.cloudformation = CloudFormation(self.store, clock, self.config, self._call)
        self._services = {
            "lambda": self.lambda_.operations,
            "cognito-idp": self.cognito.operations,
            "apigatewayv2": gateway.operations,
            "logs": logs.operations,
            "cloudformation": self.cloudformation.operations,
        }

    @staticmethod
    async def _unused(*_: Any, **__: Any) -> Any:
        raise NotEmulated("no request reaches these APIs")

    async def _call(
        self, service: str, operation: str, params: dict[str, Any], caller: Any
    ) -> dict[str, Any]:
        handler = self._services[service].get(operation)
        if handler is None:
            raise NotEmulated(f"{service}.{operation}")
        if asyncio.iscoroutinefunction(handler):
            return await handler(caller, params)  # type: ignore[no-any-return]
        return await asyncio.to_thread(handler, caller, params)  # type: ignore[no-any-return]

    def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation and wait for its output."""
        return self.run(self._call(service, operation, params, CALLER))  # type: ignore[no-any-return]

    def cfn(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation of CloudFormation."""
        return self.call("cloudformation", operation, params)

    def stack(self, name: str = "demo") -> dict[str, Any]:
        """The stack, when nothing of it is in progress any more."""
        while True:
            [stack] = self.cfn("DescribeStacks", StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack  # type: ignore[no-any-return]

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
        """Stop the services and their loop."""
        self.run(self.cloudformation.close())
        self._loop.call_soon_threadsafe(self.lambda_.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Store], Aws]]:
    """Start the services over a store; more than once for a restart."""
    started: list[Aws] = []

    def start(store: Store) -> Aws:
        started.append(Aws(store, tmp_path))
        return started[-1]

    yield start
    for aws in started:
        aws.close()


@pytest.fixture
def aws(start: Callable[[Store], Aws]) -> Aws:
    """Fresh services."""
    return start(Store())
