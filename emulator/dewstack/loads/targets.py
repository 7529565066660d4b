"""What a load is put on: a route of the map, or a function, and which request or event is sent."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dewstack.arn import function_arn
from dewstack.config import Caller
from dewstack.control import BadRequest
from dewstack.errors import AwsError
from dewstack.http import Request, Response
from dewstack.lambda_.invoker import Invoker
from dewstack.loads.generator import Send
from dewstack.recording import Filter, Recorder, Shelf

LOOKED_AT = 50
"""Recorded requests of a route among which one that succeeded is looked for."""
VARIABLE = re.compile(r"\{[^}]*\}")
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
KINDS = ("http", "rest")
"""The APIs whose routes take requests."""
Execute = Callable[[str, Request], Awaitable[Response]]
Door = Callable[[Request], Awaitable[Response]]


class Deployed(Protocol):
    """What the map says of itself."""

    routes: list[dict[str, Any]]
    functions: list[dict[str, Any]]


class Host(Protocol):
    """The emulator, as it is seen here."""

    @property
    def deployed(self) -> Deployed:
        """What runs here."""

    @property
    def caller(self) -> Caller:
        """Who it is to the AWS APIs."""


class Target(Struct, frozen=True):
    """What is called. `function` is its name; `route` None where the function is invoked itself."""

    function: str
    memory_mb: int
    send: Send
    route: str | None = None
    key: str | None = None
    """The route as the record names it."""
    kind: str = ""
    repeats: int | None = None
    """The recorded row that is sent again."""


class Targets:
    """Finds what is meant."""

    def __init__(
        self, host: Host, recorder: Recorder, execute: Execute, door: Door, invoker: Invoker
    ) -> None:
        self._host = host
        self._recorder = recorder
        self._execute = execute
        self._door = door
        self._invoker = invoker

    async def find(self, route: object, function: object, event: object) -> Target:
        """A route as `GET /_dew/routes` has it (`POST /login`), or a function's name or key. Raises BadRequest."""
        if (route is None) == (function is None):
            raise BadRequest('expected {"route": "METHOD /path"} or {"function": name}')
        if route is not None:
            return await self._route(str(route))
        return await self._function(str(function), event)

    async def _route(self, wanted: str) -> Target:
        deployed = self._host.deployed
        routes = {
            f"{each['method']} {each['path']}": each for each in deployed.routes if each["api"] in KINDS
        }
        found = routes.get(wanted)
        if found is None:
            raise BadRequest(f"no route {wanted!r}; there are: {', '.join(routes) or 'none'}")
        function = next(each for each in deployed.functions if each["key"] == found["function"])
        path = found["path"]
        if found["api"] == "rest":
            path = re.sub("^/[^/]+", "", path) or "/"
        key = f"{found['method']} {path}"
        repeats, send = await self._again(key, found["api"]) or (None, self._plain(found))
        return Target(function["name"], function["memory_size"], send, wanted, key, found["api"], repeats)

    async def _again(self, key: str, kind: str) -> tuple[int, Send] | None:
        """What sends the latest request to a route once more that was answered well, if there is one."""
        recorder, wanted = self._recorder, Filter(route=key, status="ok")
        rows, _ = await recorder.read(lambda shelf: shelf.newest(wanted, LOOKED_AT))
        for row in rows:
            if row["kind"] != kind:
                continue
            _, detail = await recorder.read(partial(_row, row["id"]))
            given = detail.get("request")
            if detail["cut"] or given is None or given["base64"]:
                continue
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given["headers"]]
            query = given["url"].partition("?")[2]
            request = Request(row["method"], detail["own_path"], query, headers, given["body"].encode())

            async def send(api: str = row["api"], request: Request = request) -> str:
                return str((await self._execute(api, replace(request))).status)

            return row["id"], send
        return None

    def _plain(self, route: dict[str, Any]) -> Send:
        """What sends a request that nobody has sent before: no token, `{}` as a body, `1` for every variable."""
        method = "GET" if route["method"] in ("ANY", "*") else route["method"]
        body = b"{}" if method in WITH_BODY else b""
        headers = [(b"Host", b"127.0.0.1"), (b"Content-Type", b"application/json")]
        request = Request(method, VARIABLE.sub("1", route["path"]), "", headers, body)

        async def send() -> str:
            return str((await self._door(replace(request))).status)

        return send

    async def _function(self, wanted: str, event: object) -> Target:
        functions = self._host.deployed.functions
        named = {name: each for each in functions for name in (each["key"], each["name"])}
        found = named.get(wanted)
        if found is None:
            known = ", ".join(each["key"] for each in functions) or "none"
            raise BadRequest(f"no function {wanted!r}; there are: {known}")
        name, repeats = found["name"], None
        if event is None:
            repeats, event = await self._latest_event(name)
        payload, caller = msgspec.json.encode(event), self._host.caller
        arn = function_arn(caller.region, caller.account_id, name)

        async def send() -> str:
            own = bytes(bytearray(payload))  # the record tells invocations apart by their payload's identity
            try:
                outcome = await self._invoker.invoke(arn, own)
            except AwsError as error:
                return error.code
            return "error" if outcome.function_error else "ok"

        return Target(name, found["memory_size"], send, repeats=repeats)

    async def _latest_event(self, name: str) -> tuple[int | None, object]:
        rows, _ = await self._recorder.read(lambda shelf: shelf.newest(Filter(function=name, status="ok"), 1))
        if not rows:
            return None, {}
        _, detail = await self._recorder.read(partial(_row, rows[0]["id"]))
        return (None, {}) if detail["cut"] else (rows[0]["id"], detail["event"])


def _row(number: int, shelf: Shelf) -> tuple[dict[str, Any], dict[str, Any]]:
    found = shelf.get(number)
    return ({}, {"cut": True}) if found is None else found  # forgotten since it was listed
