"""An API Gateway on its own: in memory, with plain functions where AWS Lambda would be."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from dewstack.apigateway import ApiGateway
from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.http import Request, Response
from dewstack.store import Store

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:hello"
HOST = "abcdefghij.execute-api.us-east-1.amazonaws.com"


@dataclass(slots=True)
class Result:
    """What Lambda answers."""

    payload: bytes
    function_error: str | None = None


def echo(event: dict[str, Any]) -> Any:
    """A function that answers with its event."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}


@dataclass
class Gateway:
    """An HTTP API and its client. `function` stands for all functions, `jwks` for the pools of this
    process."""

    runner: asyncio.Runner
    clock: Clock = field(default_factory=Clock)
    store: Store = field(default_factory=Store)
    function: Callable[[dict[str, Any]], Any] = echo
    invoke: Callable[[str, bytes], Awaitable[Result]] | None = None
    jwks: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoked: list[str] = field(default_factory=list)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    api_id: str = ""

    def __post_init__(self) -> None:
        self.config = Config()
        self.api = ApiGateway(self.store, self.clock, self.config, self._invoke, self._keys, send=self._send)

    async def _invoke(self, function: str, event: bytes) -> Result:
        self.invoked.append(function)
        if self.invoke:
            return await self.invoke(function, event)
        output = self.function(json.loads(event))
        if isinstance(output, Result):
            return output
        return Result(output if isinstance(output, bytes) else json.dumps(output).encode())

    async def _send(self, function: str, event: bytes) -> None:
        self.sent.append((function, event))

    async def _keys(self, issuer: str) -> dict[str, Any] | None:
        return self.jwks.get(issuer)

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation as boto3 would; `ApiId` is this API's unless given."""
        if self.api_id and operation != "CreateApi":
            params = {"ApiId": self.api_id} | params
        output = self.api.operations["apigatewayv2"][operation](self.config.caller, params)
        assert isinstance(output, dict)
        return output

    def create(
        self, *route_keys: str, version: str = "2.0", stage: str = "$default", **api: Any
    ) -> "Gateway":
        """Create the API with an AutoDeploy stage and routes that lead to the function."""
        self.api_id = self.call("CreateApi", Name="test", ProtocolType="HTTP", **api)["ApiId"]
        self.call("CreateStage", StageName=stage, AutoDeploy=True)
        target = self.integration(version) if route_keys else ""
        for route_key in route_keys:
            self.call("CreateRoute", RouteKey=route_key, Target=target)
        return self

    def integration(self, version: str = "2.0", uri: str = FUNCTION, **others: Any) -> str:
        """Create an integration; its name as a route's target."""
        created = self.call(
            "CreateIntegration",
            IntegrationType="AWS_PROXY",
            IntegrationUri=uri,
            PayloadFormatVersion=version,
            **others,
        )
        return f"integrations/{created['IntegrationId']}"

    def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> Response:
        """Send a request; `path` may have a query."""
        path, _, query = path.partition("?")
        lines = list(headers.items() if isinstance(headers, dict) else headers or [])
        if not any(name.lower() == "host" for name, _ in lines):
            lines.insert(0, ("Host", HOST))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
        return self.runner.run(self.api.execute(self.api_id, Request(method, path, query, raw, body)))

    def get(self, path: str, **headers: str) -> Response:
        """GET with headers, underscores in their names standing for dashes."""
        return self.request("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def event(self, method: str, path: str, **others: Any) -> dict[str, Any]:
        """The event that a request becomes."""
        response = self.request(method, path, **others)
        assert response.status == 200, response
        event = json.loads(response.body)
        assert isinstance(event, dict)
        return event


def header(response: Response, name: str) -> list[str]:
    """All values of a response's header, by its exact name."""
    return [value.decode() for key, value in response.headers if key.decode() == name]
