"""A recorded request, as Flask would have seen it: the shim gets the same bytes, and the same answer of the function.

Handlers don't run a second time: what the function has answered is in the record. Lambda authorizers do, if the map
has any: what they say is not.
"""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import flask
import msgspec
from msgspec import Struct
from werkzeug.test import EnvironBuilder, run_wsgi_app

from dewstack.compare.differences import Difference, differences
from dewstack.compare.mapping import Pair, pairs
from dewstack.errors import UserError
from dewstack.service.views import view_code
from dewstack.shim.app import make_app
from dewstack.shim.embedded import Found
from dewstack.shim.events import HEADER_LINES, Request
from dewstack.shim.functions import Functions, Result


class Seen(Struct, frozen=True):
    """What a view finds in `flask.request`."""

    code: str
    method: str
    path: str
    view_args: Mapping[str, Any]
    args: Mapping[str, list[str]]
    headers: list[tuple[str, str]]
    cookies: Mapping[str, str]
    form: Mapping[str, list[str]]
    json: Any
    data: str


class Compared(Struct, frozen=True):
    """One request from both sides. `response` is the function's, the same for both; the other two are the clients'."""

    summary: Mapping[str, Any]
    request: Mapping[str, Any]
    flask: Seen | None
    event: Any
    flask_event: Any
    identity: Any
    response: Any
    flask_response: Mapping[str, Any]
    http_response: Mapping[str, Any]
    mapping: list[Pair]
    event_differences: list[Difference]
    response_differences: list[Difference]

    @property
    def same(self) -> bool:
        """Whether nothing differs but ids and times."""
        return not self.event_differences and not self.response_differences


class _Recorded(Functions):
    """Functions that answer what was recorded, and note what they were asked."""

    answer: Result | None = None
    event: bytes | None = None

    def call(self, arn: str, event: bytes, seconds: float) -> Result:
        """The recorded answer."""
        self.event = event
        return self.answer or Result(b"null")

    async def invoke(self, arn: str, event: bytes) -> Result:
        """An authorizer's, which decides anew."""
        import asyncio

        return await asyncio.to_thread(super().call, arn, event, 30.0)


class Comparison:
    """Compares requests of the service that was `found`. Not safe for several threads at once."""

    def __init__(self, found: Found) -> None:
        service = found.service
        names = {function.name for function in service.functions.values()}
        directory = service.directory.resolve()
        self._functions = _Recorded(directory, found.url, service.region, invoked=names)
        self._app = make_app(found, self._functions)
        self._app.before_request(self._look)
        self._seen: dict[str, Any] = {}

    def compare(self, detail: Mapping[str, Any]) -> Compared:
        """A request as `GET /_dew/invocation` tells it. Raises UserError for one that can't be compared."""
        summary, request = detail["summary"], detail["request"]
        if request is None or summary["kind"] not in ("http", "rest"):
            raise UserError(
                f"{summary['id']} is no request to an HTTP or REST API: there is nothing to compare."
            )
        if detail.get("cut"):
            raise UserError(f"{summary['id']} is too large to be recorded whole.")
        environ = _environ(request, detail["event"])
        self._functions.event = None
        self._functions.answer = _answer(detail)
        chunks, status, headers = run_wsgi_app(self._app.wsgi_app, environ, buffered=True)
        seen = Seen(code=_code(summary, detail), **self._seen)
        told = msgspec.json.decode(self._functions.event) if self._functions.event else None
        ours = _response(int(status.split(" ")[0]), list(headers), b"".join(chunks))
        return Compared(
            summary,
            request,
            seen,
            detail["event"],
            told,
            detail["identity"],
            detail["response"],
            ours,
            detail["http_response"],
            pairs(detail["event"], seen.view_args) if isinstance(detail["event"], dict) else [],
            differences(told, detail["event"]),
            differences(_flat(ours), _flat(detail["http_response"])),
        )

    def _look(self) -> None:
        """Note what a view would find."""
        request = flask.request
        assert isinstance(request, Request)
        data = request.get_data(as_text=True)  # first: reading a form takes the bytes away
        self._seen = {
            "method": request.method,
            "path": request.path,
            "view_args": dict(request.view_args or {}),
            "args": request.args.to_dict(flat=False),
            "headers": list(request.header_lines),
            "cookies": dict(request.cookies),
            "form": request.form.to_dict(flat=False),
            "json": request.get_json(silent=True),
            "data": data,
        }


def _environ(request: Mapping[str, Any], event: Any) -> dict[str, Any]:
    """The request as a WSGI server hands it over."""
    path, _, query = str(request["url"]).partition("?")
    body = str(request["body"] or "")
    content = base64.b64decode(body) if request["base64"] else body.encode()
    lines = [(str(name), str(value)) for name, value in request["headers"]]
    builder = EnvironBuilder(
        unquote(path), method=request["method"], query_string=query, headers=lines, data=content
    )
    environ = builder.get_environ()
    context = event.get("requestContext") or {} if isinstance(event, dict) else {}
    source = (context.get("http") or context.get("identity") or {}).get("sourceIp") or "127.0.0.1"
    environ |= {
        "RAW_URI": request["url"],
        "REQUEST_URI": request["url"],
        "REMOTE_ADDR": source,
        HEADER_LINES: lines,
    }
    return environ


def _answer(detail: Mapping[str, Any]) -> Result | None:
    """What the function has answered, if the request came to it."""
    if detail.get("function_arn") is None:
        return None
    failed = bool(detail["summary"]["error"]) and (detail["http_response"] or {}).get("status", 0) >= 500
    return Result(msgspec.json.encode(detail["response"]), "Unhandled" if failed else None)


def _code(summary: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
    """The view that would be what the route is."""
    route = summary["route"] or f"{summary['method']} {summary['path']}"
    method, _, path = route.partition(" ")
    function = (summary["function"] or "view").rpartition("-")[2]
    event = detail["event"] if isinstance(detail["event"], dict) else {}
    guarded = detail["identity"] is not None
    return view_code(method, path or str(summary["path"]), function, event, guarded=guarded)


def _response(status: int, headers: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    return {"status": status, "headers": [list(line) for line in headers], "body": text, "base64": encoded}


def _flat(response: Mapping[str, Any]) -> dict[str, Any]:
    """A response with its headers by lower-case name, for comparing."""
    headers: dict[str, list[str]] = {}
    for name, value in response["headers"]:
        headers.setdefault(str(name).lower(), []).append(str(value))
    return {"status": response["status"], "headers": headers, "body": response["body"]}
