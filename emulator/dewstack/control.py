"""The control API at `/_dew/`: what the console and `dew` use, and tests may use. JSON throughout.

A web page elsewhere must neither steer the emulator nor read what it tells: every request needs a loopback Host
(against DNS rebinding) and must not come from a foreign Origin, or from a foreign page in any other way than by a link.
"""

import base64
import datetime
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from dewstack.errors import AwsError
from dewstack.http import Request, Response, json_response

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
Pages = Callable[[Request], Response | None]
"""The console: a page, or None for what is not one."""
Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]


class ControlApi:
    """The endpoints, by method and path, and who may call them."""

    def __init__(
        self, endpoints: Mapping[tuple[str, str], Endpoint], call: Endpoint, pages: Pages | None
    ) -> None:
        self._endpoints = dict(endpoints)
        self._call = call
        self._pages = pages

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """Answer requests to a path with what a service has for it."""
        self._endpoints[method, path] = endpoint

    def add_all(self, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        """The same for many, by method and path; the AwsErrors that they raise are told."""
        self._endpoints |= {key: refusing(endpoint) for key, endpoint in endpoints.items()}

    async def __call__(self, request: Request) -> Response:
        """Answer one request below `/_dew/`."""
        visited = request.method == "GET" and request.header("sec-fetch-mode") == "navigate"
        foreign = request.header("sec-fetch-site") == "cross-site" and not visited
        if foreign or not _loopback(request.header("host") or "", request.header("origin")):
            return json_response(403, _error("Forbidden", "The control API answers only to this machine."))
        page = self._pages(request) if self._pages else None
        if page is not None:
            return page
        path = request.raw_path.removeprefix("/_dew/")
        query = dict(parse_qsl(request.query))
        if request.method == "POST" and path.startswith("call/"):
            return await self._call(request, query)
        endpoint = self._endpoints.get((request.method, path))
        if endpoint is None:
            known = ", ".join(f"{method} /_dew/{name}" for method, name in sorted(self._endpoints))
            return json_response(
                404, _error("NotFound", f"{request.method} /_dew/{path} is not one of: {known}")
            )
        return await endpoint(request, query)


def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object; empty when there is none. Raises AwsError for anything else."""
    try:
        document = msgspec.json.decode(request.body or b"{}")
    except msgspec.DecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRequest("the body is not a JSON object")
    return document


class BadRequest(AwsError):
    """A control request that cannot be understood."""

    code = "BadRequest"
    status = 400


def answer(document: Any) -> Response:
    """200 with a document that may hold bytes (base64), times (ISO 8601) and Structs."""
    body = msgspec.json.encode(plain(document))
    return Response(200, body, [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store")])


def refusal(error: AwsError) -> Response:
    """An AWS error as the control API tells it."""
    return json_response(error.status, _error(error.code, error.message))


def refusing(
    endpoint: Endpoint,
) -> Endpoint:
    """The endpoint, with AWS's errors told as the control API tells them."""

    @functools.wraps(endpoint)
    async def guarded(request: Request, query: dict[str, str]) -> Response:
        try:
            return await endpoint(request, query)
        except AwsError as error:
            return refusal(error)
        except (KeyError, TypeError, msgspec.MsgspecError) as error:
            return refusal(BadRequest(f"the parameters are not those of the operation: {error!r}"))

    return guarded


def ndjson(events: AsyncGenerator[Any, None]) -> Response:
    """A line of JSON for every event, as it comes."""

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(events) as source:
            async for event in source:
                yield msgspec.json.encode(plain(event)) + b"\n"

    return Response(200, b"", [(b"Content-Type", b"application/x-ndjson")], lines())


def plain(value: Any) -> Any:
    """A value as JSON can say it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return plain(msgspec.structs.asdict(value))
    return value


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _loopback(host: str, origin: str | None) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        page = None if origin is None else urlsplit(origin).hostname or ""
    except ValueError:  # a bracket without its other half
        return False
    return name in LOOPBACK and (page is None or page in LOOPBACK)
