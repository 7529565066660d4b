"""The path of a handshake, of a message and of a farewell through a WebSocket API.

A compiled API is made once from what the control plane holds, and again when that changes; connections stay, and
what they send next goes through the new one.
"""

import asyncio
import base64
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from dewstack.apigateway.reading import host_name
from dewstack.apigateway.responses import CONTENT_TYPE_JSON, Dates, header_value
from dewstack.apigateway.throttle import TokenBucket
from dewstack.apigateway.websocket_api import refusals
from dewstack.apigateway.websocket_api.connections import Connection, Connections, new_id
from dewstack.apigateway.websocket_api.exchange import Exchange, StageFacts
from dewstack.apigateway.websocket_api.frames import GOING_AWAY, WebSocket
from dewstack.apigateway.websocket_api.integrations import Answer, CompiledIntegration
from dewstack.apigateway.websocket_api.refusals import Refusal, Refused
from dewstack.apigateway.websocket_api.selection import Selection, decoded, member
from dewstack.clock import Clock
from dewstack.http import Request, Response, json_response

if TYPE_CHECKING:
    from dewstack.apigateway.access_logs import AccessLog, OpenStream

log = logging.getLogger(__name__)

ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server proves with that it read the client's key (RFC 6455)."""
IDLE_SECONDS = 600.0
LIFE_SECONDS = 7200.0
RESERVED = frozenset({"$connect", "$default", "$disconnect"})
FORBIDDEN_TYPE = (b"x-amzn-ErrorType", b"ForbiddenException")


class Gate(Protocol):
    """Who may connect."""

    async def authorize(self, exchange: Exchange) -> dict[str, Any] | None:
        """What the events of the connection say of its authorizer. Raises Refused."""


class Check(Protocol):
    """What a route asks of an event besides: parameters, a model."""

    def check(self, exchange: Exchange) -> None:
        """Raises Refused."""


class CompiledRoute(Struct, frozen=True):
    """A route with all that it leads to. `answers`: what its integration says goes to the client."""

    integration: CompiledIntegration | None
    answers: bool
    gate: Gate | None
    bucket: TokenBucket | None
    checks: tuple[Check, ...] = ()


class CompiledStage(Struct, frozen=True):
    """A stage, and the routes that it serves."""

    facts: StageFacts
    owner: tuple[str, str, str]
    selection: Selection
    routes: Mapping[str, CompiledRoute]
    log: "AccessLog | None" = None

    def note(self, exchange: Exchange, status: int, refusal: Refusal | None = None) -> None:
        """Write the line of what has happened on a connection, if the stage keeps a log of it."""
        if self.log is None:
            return
        message = refusal.message if refusal else None
        error = {"message": message, "messageString": json.dumps(message)} if refusal else None
        context = {**exchange.request_context(), "status": status, "error": error}
        self.log.write(context, exchange.time)

    def route_key(self, body: str) -> str:
        """Which route a message is for: `$default` unless there is one of the key that it names."""
        document = decoded(body)
        key = self.selection.of(lambda name: member(document, name.removeprefix("request.body")))
        return key if key in self.routes and key not in RESERVED else "$default"


class Parts(Struct, frozen=True):
    """What WebSocket APIs work with. `current` gives an API as it is served now; `manage` answers requests by
    which backends talk to clients (`/@connections/ID`)."""

    clock: Clock
    dates: Dates
    connections: Connections
    current: Callable[[str], Awaitable[Any]]
    manage: Callable[[Request], Awaitable[Response]] | None
    open_stream: "OpenStream | None" = None
    """Opens a stream of logs, for stages that keep one."""


class CompiledWebsocketApi:
    """An API, ready to serve."""

    def __init__(self, stages: Mapping[str, CompiledStage], parts: Parts, enabled: bool) -> None:
        self._stages = stages
        self._parts = parts
        self._enabled = enabled

    def stage(self, name: str) -> CompiledStage | None:
        """The stage of this name, or None."""
        return self._stages.get(name)

    async def execute(self, request: Request, mapped: tuple[str, str] | None = None) -> Response:
        """The answer to a handshake, or to a request about a connection (`/stage/@connections/id`). At a custom domain
        name, its stage and the path after it are `mapped`."""
        if mapped is None:
            name, _, rest = request.raw_path.removeprefix("/").partition("/")
        else:
            name, rest = mapped[0], mapped[1].removeprefix("/")
        stage = self._stages.get(unquote(name)) if self._enabled or mapped else None
        if stage is None:
            return _forbidden()
        if rest.startswith("@connections/") and self._parts.manage is not None:
            return await self._manage(stage, request, rest.removeprefix("@connections/"))
        if rest:
            return _forbidden()
        if (request.header("upgrade") or "").lower() != "websocket":
            return _forbidden()
        key = request.header("sec-websocket-key")
        if request.method != "GET" or not key or request.header("sec-websocket-version") != "13":
            upgrade = (b"Sec-WebSocket-Version", b"13")
            return json_response(400, {"message": "Bad Request"}, upgrade)
        domain = host_name(request.header("host") or "") if mapped else stage.facts.domain_name
        return await self._connect(stage, request, key, domain)

    async def _manage(self, stage: CompiledStage, request: Request, name: str) -> Response:
        """Let a backend ask about a client of this stage; those of others are gone, as far as it can tell."""
        connection = self._parts.connections.find(unquote(name))
        if connection is not None and (connection.owner, connection.stage) != (
            stage.owner,
            stage.facts.stage,
        ):
            return Response(410, b"{}", [CONTENT_TYPE_JSON, (b"x-amzn-ErrorType", b"GoneException")])
        assert self._parts.manage is not None
        sent = request.sent_path or request.raw_path
        return await self._parts.manage(replace(request, raw_path=f"/@connections/{name}", sent_path=sent))

    async def _connect(self, stage: CompiledStage, request: Request, key: str, domain: str) -> Response:
        """Throttle, authorize, integrate; then switch protocols."""
        identity = {"sourceIp": request.source_ip}
        if agent := request.header("user-agent"):
            identity = {"userAgent": agent, **identity}
        parts = self._parts
        connected_at = parts.clock.time()
        connection = Connection(new_id(), stage.owner, stage.facts.stage, connected_at, identity, domain)
        exchange = Exchange(stage.facts, connection, parts.dates, "CONNECT", request=request)
        answer = Answer()
        route = stage.routes.get("$connect")
        try:
            if route is not None:
                _throttle(route)
                if route.gate is not None:
                    connection.authorizer = await route.gate.authorize(exchange)
                answer = await _integrate(route, exchange)
        except Refused as refused:
            response = refusals.response(refused.refusal, exchange)
            stage.note(exchange, response.status, refused.refusal)
            return response
        connected = 200 <= answer.status <= 299
        stage.note(exchange, answer.status)
        if not connected:
            return Response(answer.status, answer.body if route and route.answers else b"")
        return _switched(key, answer, Conversation(connection, parts).socket)


class Conversation:
    """What is said on a connection, from its handshake to its end."""

    def __init__(self, connection: Connection, parts: Parts) -> None:
        self._connection = connection
        self._parts = parts
        self._watch: asyncio.Task[None] | None = None
        self.socket = connection.socket = WebSocket(self._begin, self._take, self._end)

    def _begin(self) -> None:
        self._parts.connections.add(self._connection)
        self._watch = asyncio.create_task(self._expire())

    async def _expire(self) -> None:
        """Hang up after ten minutes without a message, or two hours."""
        connection, clock = self._connection, self._parts.clock
        while True:
            end = min(connection.last_active_at + IDLE_SECONDS, connection.connected_at + LIFE_SECONDS)
            if clock.time() >= end:
                self.socket.close(GOING_AWAY, "Going away")
                return
            await clock.wait_until(end)

    async def _stage(self) -> CompiledStage | None:
        """The stage as it is served now; None when it is gone."""
        api = await self._parts.current(self._connection.owner[2])
        return api.stage(self._connection.stage) if isinstance(api, CompiledWebsocketApi) else None

    async def _take(self, body: str) -> None:
        """A message has come."""
        connection = self._connection
        connection.last_active_at = self._parts.clock.time()
        stage = await self._stage()
        if stage is None:
            self.socket.close(GOING_AWAY, "Going away")
            return
        more = {"messageId": new_id()}
        exchange = Exchange(stage.facts, connection, self._parts.dates, "MESSAGE", body=body, more=more)
        exchange.route_key = stage.route_key(body)
        route = stage.routes.get(exchange.route_key)
        try:
            if route is None:
                raise Refused(refusals.FORBIDDEN)
            _throttle(route)
            answer = await _integrate(route, exchange)
            status, refusal, reply = answer.status, None, answer.body if route.answers else b""
        except Refused as refused:
            refusal = refused.refusal
        except Exception:
            log.exception("a message to route %s failed", exchange.route_key)
            refusal = refusals.INTERNAL_SERVER_ERROR
        if refusal is not None:
            status, reply = refusal.status, refusals.frame(refusal, exchange)
        stage.note(exchange, status, refusal)
        if reply:
            connection.send(reply, self._parts.clock.time())

    async def _end(self, code: int, reason: str) -> None:
        """The connection is over; whoever wants to know is told, as well as may be."""
        self._parts.connections.remove(self._connection)
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        stage = await self._stage()
        route = stage.routes.get("$disconnect") if stage else None
        if stage is None or route is None:
            return
        more = {"disconnectStatusCode": code, "disconnectReason": reason}
        exchange = Exchange(stage.facts, self._connection, self._parts.dates, "DISCONNECT", more=more)
        try:
            stage.note(exchange, (await _integrate(route, exchange)).status)
        except Refused as refused:
            stage.note(exchange, refused.refusal.status, refused.refusal)
            log.warning("$disconnect of API %s: %s", stage.facts.api_id, refused.refusal.message)


def _throttle(route: CompiledRoute) -> None:
    if route.bucket is not None and not route.bucket.take():
        raise Refused(refusals.TOO_MANY_REQUESTS)


async def _integrate(route: CompiledRoute, exchange: Exchange) -> Answer:
    for check in route.checks:
        check.check(exchange)
    if route.integration is None:
        raise Refused(refusals.INTERNAL_SERVER_ERROR)
    return await route.integration.answer(exchange)


def _switched(key: str, answer: Answer, socket: WebSocket) -> Response:
    """101, with the subprotocol that the function chose."""
    proof = base64.b64encode(hashlib.sha1(key.encode("latin-1") + ACCEPT, usedforsecurity=False).digest())
    headers = [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", proof)]
    chosen = answer.headers.get("sec-websocket-protocol")
    if chosen:
        headers.append((b"Sec-WebSocket-Protocol", header_value(chosen)))
    return Response(101, b"", headers, upgrade=socket)


def _forbidden() -> Response:
    return Response(403, b'{"message":"Forbidden"}', [CONTENT_TYPE_JSON, FORBIDDEN_TYPE])
