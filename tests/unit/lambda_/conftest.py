"""A Lambda service on a loop of its own, with functions written to a directory."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.lambda_ import LambdaService
from dewstack.store import Store


class Stream:
    """A log stream that is read at the end."""

    def __init__(self, lines: list[Any]) -> None:
        self._lines = lines

    def append(self, timestamp_ms: int, message: str | Callable[[], str]) -> None:
        self._lines.append(message)


class Lambda:
    """What a test does with Lambda: write code, create functions, invoke them, read the log."""

    def __init__(self, runner: asyncio.Runner, directory: Path, config: Config) -> None:
        self.directory = directory
        self._runner = runner
        self._lines: list[Any] = []

        async def make() -> LambdaService:
            return LambdaService(Store(), Clock(), config, lambda function, stream: Stream(self._lines))

        self.service = runner.run(make())

    def write(self, name: str, source: str) -> Path:
        path = self.directory / name
        path.write_text(source)
        return path

    def create(self, name: str, handler: str, **settings: Any) -> dict[str, Any]:
        params = {
            "FunctionName": name,
            "Handler": handler,
            "Runtime": "python3.11",
            "Role": "arn:aws:iam::000000000000:role/test",
            "Code": {"S3Bucket": "hot-reload", "S3Key": str(self.directory)},
            **settings,
        }
        return self.call("CreateFunction", **params)

    def function(self, source: str, **settings: Any) -> str:
        """Create the function `f` of module `f`, whose handler is `handler`."""
        self.write("f.py", source)
        self.create("f", "f.handler", **settings)
        return "f"

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        handler = self.service.operations[operation]

        async def work() -> dict[str, Any]:
            if asyncio.iscoroutinefunction(handler):
                answer = await handler(Caller(), params)
            else:
                answer = handler(Caller(), params)
            return dict(answer)

        return self._runner.run(work())

    def invoke(self, name: str, event: Any = None, **params: Any) -> dict[str, Any]:
        """The answer of Invoke with its payload decoded, and `Tail` as text when it was asked for."""
        answer = self.call("Invoke", FunctionName=name, Payload=json.dumps(event).encode(), **params)
        answer["Payload"] = json.loads(answer["Payload"]) if answer.get("Payload") else None
        if "LogResult" in answer:
            answer["Tail"] = b64decode(answer["LogResult"]).decode()
        return answer

    def invoke_together(self, name: str, count: int) -> list[Any]:
        """The payloads of `count` invocations at the same time."""
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"

        async def work() -> list[Any]:
            outcomes = await asyncio.gather(*(self.service.invoke(arn, b"{}") for _ in range(count)))
            return [json.loads(outcome.payload) for outcome in outcomes]

        return self._runner.run(work())

    def environments(self, name: str) -> list[Any]:
        return [
            environment
            for pool in self.service.invoker.pools
            if pool.function.name == name
            for environment in pool.environments
        ]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run until `condition` holds; fail after ten seconds."""

        async def work() -> None:
            async with asyncio.timeout(10):
                while not condition():
                    await asyncio.sleep(0.005)

        self._runner.run(work())

    @property
    def log(self) -> list[str]:
        return [line if isinstance(line, str) else line() for line in self._lines]


async def settle() -> None:
    """Let connections that were just being accepted be closed: that takes the loop a few rounds."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def make_lambda(tmp_path: Path) -> Iterator[Callable[..., Lambda]]:
    """Makes a Lambda service with its own settings."""
    made: list[Lambda] = []
    code = tmp_path / "code"
    code.mkdir()
    with asyncio.Runner() as runner:

        def make(**settings: Any) -> Lambda:
            made.append(Lambda(runner, code, Config(state_dir=tmp_path / "state", **settings)))
            return made[-1]

        yield make
        for one in made:
            one.service.close()
        runner.run(settle())


@pytest.fixture
def functions(make_lambda: Callable[..., Lambda]) -> Lambda:
    """A Lambda service."""
    return make_lambda()
