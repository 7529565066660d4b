"""An AWS API whose handlers answer what a test wants, served over a real socket for real clients."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
import uvicorn
from botocore import UNSIGNED
from botocore.config import Config as BotoConfig

from dewstack.config import Caller, Config
from dewstack.http import Request
from dewstack.wire import AwsApi


@dataclass
class Served:
    """A served AwsApi. `calls` are the (operation, caller, params) that its handlers saw."""

    api: AwsApi
    url: str = ""
    calls: list[tuple[str, Caller, dict[str, Any]]] = field(default_factory=list)

    def answer(self, service: str, operation: str, output: Any) -> None:
        """Let `operation` return `output`, or raise it."""

        def handler(caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
            self.calls.append((operation, caller, params))
            if isinstance(output, Exception):
                raise output
            return output

        self.api.register(service, {operation: handler})

    @property
    def params(self) -> dict[str, Any]:
        """What the last call was given."""
        return self.calls[-1][2]

    def client(
        self, service: str, *, signed: bool = True, key: str = "test", region: str = "eu-central-1"
    ) -> Any:
        """A boto3 client without retries."""
        config = BotoConfig(
            retries={"max_attempts": 0}, **({} if signed else {"signature_version": UNSIGNED})
        )
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key="test",
            config=config,
        )


def _application(api: AwsApi) -> Callable[..., Any]:
    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path, query = scope["raw_path"].decode(), scope["query_string"].decode()
        response = await api.handle(Request(scope["method"], path, query, list(scope["headers"]), body))
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})

    return application


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        pass


@pytest.fixture
def served() -> Iterator[Served]:
    """An empty AwsApi on a free port."""
    served = Served(AwsApi(Config()))
    server = _Server(
        uvicorn.Config(_application(served.api), port=0, lifespan="off", log_level="warning", ws="none")
    )
    started = threading.Event()

    async def serve() -> None:
        task = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0)
        started.set()
        await task

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    served.url = f"http://127.0.0.1:{port}"
    yield served
    server.should_exit = True
    thread.join(10)
    served.api.close()
