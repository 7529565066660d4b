"""`GET /_dew/explain?route=…`, `?error=…`, `?last=1`, `?id=…`: routes and errors explained, from what runs here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from dewstack.config import Caller
from dewstack.control import BadRequest, answer
from dewstack.frontdoor import Served
from dewstack.http import Request, Response
from dewstack.recording import Filter, Recorder

Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]
Call = Callable[[str, str, dict[str, Any]], dict[str, Any]]
LOOKED_AT = 100
"""Recorded failures that are looked through for an error."""


class Deployed(Protocol):
    """What the map says of itself."""

    region: str
    routes: list[dict[str, Any]]
    functions: list[dict[str, Any]]
    directory: str


class Urls(Protocol):
    """Where the emulator is reached."""

    @property
    def service(self) -> str: ...


class Host(Protocol):
    """The emulator, as it is seen here."""

    @property
    def deployed(self) -> Deployed:
        """What runs here."""

    @property
    def urls(self) -> Urls:
        """Where it is reached."""

    @property
    def caller(self) -> Caller:
        """Who it is to the AWS APIs."""

    def environments(self) -> dict[str, int]:
        """How many execution environments each function has now, by its name."""

    def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """An AWS operation, from another thread."""


class Door(Protocol):
    """The service's own port."""

    @property
    def apis(self) -> tuple[Served, ...]: ...

    @property
    def websockets(self) -> Served | None: ...


class Place(Struct, frozen=True):
    """Where things are on this machine."""

    call: Call
    account_id: str
    region: str
    service_url: str
    directory: str
    apis: Mapping[str, Served]


class Explanations:
    """The endpoint. What it explains with is loaded when somebody asks."""

    def __init__(self, host: Host, recorder: Recorder | None, door: Door) -> None:
        self._host = host
        self._recorder = recorder
        self._door = door

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {("GET", "explain"): self._explain}

    async def _explain(self, request: Request, query: dict[str, str]) -> Response:
        ways = [way for way in _WAYS if query.get(way)]
        if len(ways) != 1:
            raise BadRequest("what is to be explained? expected one of route=…, error=…, id=NUMBER, last=1")
        return answer(msgspec.to_builtins(await _WAYS[ways[0]](self, query)))

    async def _route(self, query: dict[str, str]) -> Any:
        return {"routes": await asyncio.to_thread(self.stories, query["route"])}

    def stories(self, asked: str) -> list[Any]:
        """The stories of the routes that are meant. Raises AwsError: UnknownRoute too. For threads."""
        from dewstack.explain import finding, story

        deployed, apis = self._host.deployed, self._apis()
        functions = {each["key"]: each for each in deployed.functions}
        names = {each["name"]: each["key"] for each in deployed.functions}
        routes = [{**each, "function_name": functions[each["function"]]["name"]} for each in deployed.routes]
        bases = {kind: served.base for kind, served in apis.items()}
        caller, counts = self._host.caller, self._host.environments()
        place = Place(
            self._host.call,
            caller.account_id,
            caller.region,
            self._host.urls.service,
            deployed.directory,
            apis,
        )
        told = []
        for each in finding.find(asked, routes, names, bases):
            function = functions[each["function"]]
            try:
                told.append(story.tell(place, each, function, counts.get(function["name"], 0)))
            except LookupError as error:
                raise finding.UnknownRoute(
                    f"{finding.key_of(each)} is in the map, and not deployed"
                ) from error
        return told

    def _apis(self) -> dict[str, Served]:
        """The APIs that are deployed, by their kind."""
        found = {"rest" if served.own_base else "http": served for served in self._door.apis}
        return found | ({"websocket": self._door.websockets} if self._door.websockets else {})

    async def _error(self, query: dict[str, str]) -> Any:
        """What an error means, and the newest request that has met it."""
        from dewstack.explain.errors import explained

        candidates = await asyncio.to_thread(explained, query["error"])
        seen = await self._seen({each.id for each in candidates[:1]})
        return {"error": query["error"], "candidates": candidates, "recorded": seen}

    async def _seen(self, wanted: set[str]) -> Any:
        """The newest recorded failure that one of these errors explains."""
        from dewstack.explain.last import is_said_by

        if self._recorder is None:
            return None
        rows, _ = await self._recorder.read(lambda shelf: shelf.newest(Filter(status="error"), LOOKED_AT))
        for row in rows:
            kept = await self._row(row["id"])
            if kept is not None and await asyncio.to_thread(is_said_by, *kept, wanted):
                return kept[0]
        return None

    async def _last(self, query: dict[str, str]) -> Any:
        recorder = self._record()
        await recorder.flush()
        rows, _ = await recorder.read(lambda shelf: shelf.newest(Filter(status="error"), 1))
        if not rows:
            raise BadRequest("nothing has failed, as far as is recorded")
        return await self._one(rows[0]["id"])

    async def _number(self, query: dict[str, str]) -> Any:
        if not query["id"].isdecimal() or len(query["id"]) > 15:
            raise BadRequest(f"id is a number, not {query['id']!r}")
        return await self._one(int(query["id"]))

    async def _one(self, number: int) -> Any:
        """What is known of a recorded request or invocation that has failed: its error, and its route's story."""
        from dewstack.explain.last import explain_failure

        found = await self._row(number)
        if found is None:
            raise BadRequest(f"no request or invocation {number} is recorded (any more)")
        summary, detail = found
        return await asyncio.to_thread(explain_failure, summary, detail, self.stories)

    async def _row(self, number: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """A row's summary and detail."""
        found: tuple[dict[str, Any], dict[str, Any]] | None
        found = await self._record().read(lambda shelf: shelf.get(number))
        return found

    def _record(self) -> Recorder:
        if self._recorder is None:
            raise BadRequest("nothing is recorded: the emulator was started with --no-record")
        return self._recorder


_WAYS: Mapping[str, Callable[[Explanations, dict[str, str]], Awaitable[Any]]] = {
    "route": Explanations._route,
    "error": Explanations._error,
    "last": Explanations._last,
    "id": Explanations._number,
}
