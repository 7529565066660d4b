"""The record of what ran, for the console and the commands: lists, details, replays, exports, and what happens now."""

import base64
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from dewstack.apigateway import ApiGateway
from dewstack.config import Caller
from dewstack.control import BadRequest, answer, body_of
from dewstack.errors import AwsError
from dewstack.http import Headers, Request, Response
from dewstack.ids import uuid4
from dewstack.lambda_.environment import State
from dewstack.lambda_.invoker import Invoker
from dewstack.recording import Filter, Recorder
from dewstack.recording.exporting import as_event, as_pytest
from dewstack.recording.live import Live, Look
from dewstack.recording.shelf import STATUS

Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]
Call = Callable[[str, str, dict[str, Any], Caller], Awaitable[dict[str, Any]]]
MOST = 1000
"""Rows of one answer."""
EXPORTS = {"event": as_event, "pytest": as_pytest}


class Host(Protocol):
    """The emulator, as it is seen here."""

    @property
    def caller(self) -> Caller:
        """Who it is to the AWS APIs."""


class NotRecorded(AwsError):
    """There is no such row."""

    code = "NotFound"
    status = 404


class Recordings:
    """The endpoints. `looks` are what the stream tells of besides, by the names of its events; `serve` answers a
    request to the service."""

    def __init__(
        self,
        host: Host,
        recorder: Recorder | None,
        gateway: ApiGateway,
        invoker: Invoker,
        call: Call,
        looks: dict[str, Look],
        serve: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._serve = serve
        self._host = host
        self._recorder = recorder
        self._gateway = gateway
        self._invoker = invoker
        self._call = call
        self._looks = {"environments": self._environments, **looks}

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {
            ("GET", "invocations"): self._list,
            ("GET", "invocation"): self._detail,
            ("POST", "invocations/replay"): self._replay,
            ("POST", "invocations/send"): self._send_new,
            ("GET", "invocations/export"): self._export,
            ("POST", "invocations/clear"): self._clear,
            ("GET", "environments"): self._tell_environments,
            ("GET", "stream"): self._stream,
        }

    def _record(self) -> Recorder:
        if self._recorder is None:
            raise BadRequest("nothing is recorded: the emulator was started with --no-record")
        return self._recorder

    async def _list(self, request: Request, query: dict[str, str]) -> Response:
        recorder = self._record()
        status = query.get("status", "")
        if status and status not in STATUS:
            raise BadRequest(f"status is one of {', '.join(STATUS)}, not {status!r}")
        wanted = Filter(
            function=query.get("function", ""),
            route=query.get("route", ""),
            status=status,
            text=query.get("q", ""),
            before=_number(query, "before"),
            after=_number(query, "after"),
        )
        limit = max(1, min(_number(query, "limit") or 100, MOST))
        (rows, following), total = await recorder.read(
            lambda shelf: (shelf.newest(wanted, limit), shelf.count)
        )
        told = {"invocations": rows, "next": following, "total": total, "dropped": recorder.dropped}
        return answer(told)

    async def _row(self, number: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
        if number is None:
            raise BadRequest("which one? expected id=NUMBER")
        found: tuple[dict[str, Any], dict[str, Any]] | None
        found = await self._record().read(lambda shelf: shelf.get(number))
        if found is None:
            raise NotRecorded(f"no request or invocation {number} is recorded (any more)")
        return found

    async def _detail(self, request: Request, query: dict[str, str]) -> Response:
        return answer(await self.told(_number(query, "id")))

    async def told(self, number: int | None) -> dict[str, Any]:
        """A row's detail, and what its function has printed meanwhile, as far as that is in the log still."""
        summary, detail = await self._row(number)
        return {"summary": summary, **detail, "logs": await self._logs(summary, detail)}

    async def _logs(self, summary: dict[str, Any], detail: dict[str, Any]) -> list[str]:
        if not detail.get("log_stream"):
            return []
        took = (summary["duration_ms"] or 0) + (summary["init_ms"] or 0)
        params = {
            "logGroupName": detail["log_group"],
            "logStreamName": detail["log_stream"],
            "startTime": int(summary["at"] * 1000 - took) - 1000,
            "endTime": int(summary["at"] * 1000) + 1000,
            "startFromHead": True,
        }
        owner = Caller(detail["function_arn"].split(":")[4], detail["function_arn"].split(":")[3])
        try:
            events = (await self._call("logs", "GetLogEvents", params, owner))["events"]
        except AwsError:
            return []
        return _between([str(event["message"]).rstrip("\n") for event in events], summary["request_id"])

    async def _replay(self, request: Request, query: dict[str, str]) -> Response:
        """Do it again, as it was or with another event or request; what came of it."""
        recorder, body = self._record(), body_of(request)
        number = body.get("id")
        summary, detail = await self._row(number if isinstance(number, int) else None)
        if "event" not in body and detail["request"] is not None:
            response = await self._send(summary, detail, body.get("request"))
            ids = await recorder.flush()
            again = ids.get(id(response))
        else:
            event = body.get("event", detail["event"])
            request_id = uuid4()
            if not detail.get("function_arn"):
                raise BadRequest("that request has reached no function: replay it without an event")
            arn, content = detail["function_arn"], msgspec.json.encode(event)
            await self._invoker.invoke(arn, content, request_id=request_id)
            again = await recorder.read(lambda shelf: shelf.find(request_id))
        if again is None:
            raise NotRecorded("it was done again, and is not recorded: too much else runs")
        return answer(await self.told(again))

    async def _send_new(self, request: Request, query: dict[str, str]) -> Response:
        """Send a request to the service, by this one's Host where it has none; what came of it."""
        return answer(await self.send(body_of(request), request.header("host")))

    async def send(self, body: dict[str, Any], host: str | None) -> dict[str, Any]:
        """Send a request (method, path, headers, body, and base64 where the body is that) to the service; what came of
        it. Raises AwsError."""
        recorder = self._record()
        headers = _headers(body.get("headers") or [])
        if not any(name.lower() == b"host" for name, _ in headers):
            headers.append((b"Host", (host or "localhost").encode("latin-1")))
        path, _, asked = str(body.get("path") or "/").partition("?")
        sent = Request(str(body.get("method") or "GET"), path, asked, headers, _content(body))
        response = await self._serve(sent)
        number = (await recorder.flush()).get(id(response))
        if number is None:
            text = response.body.decode("utf-8", "replace")
            raise NotRecorded(f"no API of the map was reached: {response.status} {text}")
        return await self.told(number)

    async def _send(self, summary: dict[str, Any], detail: dict[str, Any], changed: Any) -> Response:
        """A recorded request once more, with what is changed of it."""
        given = detail["request"] | (changed if isinstance(changed, dict) else {})
        if given["base64"] or detail["cut"]:
            raise BadRequest("its body is not kept as text, or not whole: it can't be sent again")
        url = str(given.get("path") or given["url"])
        path, _, query = url.partition("?")
        if path == detail["request"]["url"].partition("?")[0]:
            path = detail["own_path"]
        headers = _headers(given["headers"])
        body = str(given.get("body") or "").encode()
        sent = Request(str(given["method"]), path, query, headers, body)
        return await self._gateway.execute(summary["api"], sent)

    async def _export(self, request: Request, query: dict[str, str]) -> Response:
        kind = query.get("as", "event")
        if kind not in EXPORTS:
            raise BadRequest(f"as is one of {', '.join(EXPORTS)}, not {kind!r}")
        text = EXPORTS[kind](*await self._row(_number(query, "id")))
        return Response(200, text.encode(), [(b"Content-Type", b"text/plain; charset=utf-8")])

    async def _clear(self, request: Request, query: dict[str, str]) -> Response:
        recorder = self._record()
        await recorder.read(lambda shelf: shelf.clear())
        recorder.dropped = 0
        return answer({})

    async def _tell_environments(self, request: Request, query: dict[str, str]) -> Response:
        return answer(self._environments())

    def _environments(self) -> dict[str, Any]:
        """Every pool with its environments."""
        now, monotonic = time.time(), time.monotonic()
        return {
            "functions": [
                {
                    "function": pool.function.name,
                    "arn": pool.function.qualified_arn,
                    "memory_mb": pool.function.memory_size,
                    "waiting": pool.in_flight - sum(each.state is State.BUSY for each in pool.environments),
                    "environments": [
                        {
                            "id": each.log_stream,
                            "state": each.state.value.lower(),
                            "cold_start_ms": round(each.cold_start_ms, 1),
                            "since": round(now - (monotonic - each.last_used), 1),
                            "served": each.served,
                            "rss_mb": each.process.sample_memory(),
                        }
                        for each in sorted(pool.environments, key=lambda one: one.log_stream)
                    ],
                }
                for pool in self._invoker.pools
            ]
        }

    async def _stream(self, request: Request, query: dict[str, str]) -> Response:
        said = request.header("last-event-id") or query.get("after") or ""
        last = int(said) if said.isdecimal() else None
        headers = [(b"Content-Type", b"text/event-stream"), (b"Cache-Control", b"no-store")]
        return Response(200, b"", headers, Live(self._record(), self._looks).events(last))


def _headers(lines: Any) -> Headers:
    """Headers as a request has them. Raises BadRequest."""
    try:
        return [(str(name).encode("latin-1"), str(value).encode("latin-1")) for name, value in lines]
    except (TypeError, ValueError) as error:
        raise BadRequest(f"headers are a list of names and values: {error}") from error


def _content(body: dict[str, Any]) -> bytes:
    """A request's body as bytes. Raises BadRequest."""
    text = str(body.get("body") or "")
    try:
        return base64.b64decode(text, validate=True) if body.get("base64") else text.encode()
    except ValueError as error:
        raise BadRequest(f"body is not base64, and base64 is true: {error}") from error


def _number(query: dict[str, str], name: str) -> int | None:
    """A number of the query. Raises BadRequest."""
    value = query.get(name)
    if value is None or value == "":
        return None
    if not value.isdecimal() or len(value) > 15:
        raise BadRequest(f"{name} is a number, not {value!r}")
    return int(value)


def _between(lines: list[str], request_id: str) -> list[str]:
    """The lines of one invocation, from START to REPORT."""
    first = next((at for at, line in enumerate(lines) if line.startswith("START") and request_id in line), 0)
    for at in range(first, len(lines)):
        if lines[at].startswith("REPORT") and request_id in lines[at]:
            return lines[first : at + 1]
    return lines[first:]
