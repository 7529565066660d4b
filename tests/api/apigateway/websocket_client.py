"""A WebSocket API on a socket of its own: API Gateway in memory, plain functions where AWS Lambda would be."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.asyncio.client import ClientConnection, connect

from dewstack.access import Authorize
from dewstack.apigateway import ApiGateway
from dewstack.apigateway.guards import Guards
from dewstack.clock import Clock
from dewstack.cloudformation.responses import Responses
from dewstack.config import Config
from dewstack.frontdoor import AwsDoor
from dewstack.server import HttpServer, bind
from dewstack.store import Store
from dewstack.wire.api import AwsApi
from tests.api.apigateway.http_api_client import FUNCTION, Result

DOMAIN = "execute-api.us-east-1.amazonaws.com"
Function = Callable[[dict[str, Any]], Any]


def accept(event: dict[str, Any]) -> Any:
    """A function that says yes, and answers a message with its event."""
    return {"statusCode": 200, "body": json.dumps(event) if "body" in event else ""}


@dataclass
class Desk:
    """The API, its functions (`functions` by name, else `function`), and what they were told (`events`)."""

    clock: Clock = field(default_factory=Clock)
    store: Store = field(default_factory=Store)
    function: Function = accept
    functions: dict[str, Function] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    api_id: str = ""
    port: int = 0
    stop: Callable[[], Awaitable[None]] = field(init=False)

    def __post_init__(self) -> None:
        self.config = Config()
        self.aws = AwsApi(self.config)
        self.gateway = ApiGateway(
            self.store,
            self.clock,
            self.config,
            self._invoke,
            self._keys,
            forward=self.aws.handle,
            guards=Guards(self._authorize),
        )
        for name, operations in self.gateway.operations.items():
            self.aws.register(name, operations)

    def guard(self, authorize: Authorize) -> None:
        """Let this decide on signed requests."""
        self._decide = authorize

    async def _authorize(self, *what: Any, **more: Any) -> Any:
        return await self._decide(*what, **more)

    async def _invoke(self, arn: str, event: bytes) -> Result:
        told = json.loads(event)
        self.events.append(told)
        output = self.functions.get(arn.rpartition(":")[2], self.function)(told)
        if isinstance(output, Awaitable):
            output = await output
        return output if isinstance(output, Result) else Result(json.dumps(output).encode())

    async def _keys(self, issuer: str) -> dict[str, Any] | None:
        return None

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation of apigatewayv2 as boto3 would; `ApiId` is this API's unless given."""
        if self.api_id and operation != "CreateApi":
            params = {"ApiId": self.api_id} | params
        return await self.aws.call("apigatewayv2", operation, params, self.config.caller)

    async def create(self, *route_keys: str, **api: Any) -> None:
        """An API whose routes lead to the function, at the stage `dev`, which is always up to date."""
        given = {"RouteSelectionExpression": "$request.body.action"} | api
        made = await self.call("CreateApi", Name="chat", ProtocolType="WEBSOCKET", **given)
        self.api_id = made["ApiId"]
        await self.call("CreateStage", StageName="dev", AutoDeploy=True)
        for key in route_keys:
            await self.route(key)

    async def route(self, key: str, *, two_way: bool = False, **params: Any) -> str:
        """A route to the function; with `two_way` what it answers goes to the client."""
        if "Target" not in params:
            made = await self.call("CreateIntegration", IntegrationType="AWS_PROXY", IntegrationUri=FUNCTION)
            params["Target"] = f"integrations/{made['IntegrationId']}"
        route_id = (await self.call("CreateRoute", RouteKey=key, **params))["RouteId"]
        if two_way:
            await self.call("CreateRouteResponse", RouteId=route_id, RouteResponseKey="$default")
        return str(route_id)

    def connect(self, path: str = "/dev", **options: Any) -> connect:
        """A client's connection, at the API's host."""
        options["additional_headers"] = options.pop("headers", {})
        address: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "proxy": None}
        return connect(f"ws://{self.api_id}.{DOMAIN}{path}", **address, **options)

    def told(self, event_type: str) -> list[dict[str, Any]]:
        """The events of this type so far."""
        return [event for event in self.events if event["requestContext"]["eventType"] == event_type]

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds, for at most five seconds."""
        async with asyncio.timeout(5):
            while not (found := holds()):
                await asyncio.sleep(0.005)
        return found

    async def manage(
        self,
        method: str,
        connection_id: str,
        body: bytes = b"",
        *,
        path: str | None = None,
        host: str | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """A signed request of a backend: status, headers in lower case, body."""
        where = path or f"/dev/@connections/{connection_id.replace('=', '%3D')}"
        request = AWSRequest(method, f"http://{host or f'{self.api_id}.{DOMAIN}'}{where}", data=body)
        SigV4Auth(Credentials("test", "test"), "execute-api", "us-east-1").add_auth(request)
        head = {"Host": host or f"{self.api_id}.{DOMAIN}", **dict(request.headers.items())}
        head["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"{method} {where} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode() + body)
            raw = await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()
        top, _, content = raw.partition(b"\r\n\r\n")
        status, *rest = top.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
        return int(status.split()[1]), headers, content


@asynccontextmanager
async def desk(*route_keys: str, **api: Any) -> AsyncIterator[Desk]:
    """An API that is served, until the block ends."""
    here = Desk()
    listener = bind("127.0.0.1", 0)
    here.port = listener.getsockname()[1]

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nothing of this is here")

    pools: Any = nothing
    door = AwsDoor(here.gateway, here.aws, pools, nothing, pools, Responses(Config()))
    server = HttpServer({listener: door})
    here.stop = server.stop
    await server.start()
    try:
        await here.create(*route_keys, **api)
        yield here
    finally:
        await server.stop()
        here.aws.close()
        here.store.close()


def play(scene: Callable[[Desk], Coroutine[Any, Any, None]], *route_keys: str, **api: Any) -> None:
    """Play a scene with an API, on a loop of its own, which nothing may outlive."""

    async def main() -> None:
        before = asyncio.all_tasks()
        async with asyncio.timeout(20), desk(*route_keys, **api) as here:
            await scene(here)
        left = {task for task in asyncio.all_tasks() - before if not task.done()}
        assert not left, left

    asyncio.run(main())


async def received(client: ClientConnection) -> Any:
    """The next message, as JSON."""
    return json.loads(await asyncio.wait_for(client.recv(), 5))
