"""What Flask sees of a request, and how it and its environ are taken from a record."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import flask
from msgspec import Struct
from werkzeug.test import EnvironBuilder

from dewstack.shim.events import HEADER_LINES, Request


class Seen(Struct, frozen=True):
    """What a view finds in `flask.request`."""

    code: str
    """The view that would be what the route is; empty where no route was found."""
    rule: str
    method: str
    path: str
    view_args: Mapping[str, Any]
    args: Mapping[str, list[str]]
    headers: list[tuple[str, str]]
    cookies: Mapping[str, str]
    form: Mapping[str, list[str]]
    json: Any
    data: str


def look() -> dict[str, Any]:
    """What a view would find now."""
    request = flask.request
    assert isinstance(request, Request)
    data = request.get_data(as_text=True)  # first: reading a form takes the bytes away
    return {
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


def environ_of(request: Mapping[str, Any], event: Any) -> dict[str, Any]:
    """A recorded request as a WSGI server hands it over."""
    path, _, query = str(request["url"]).partition("?")
    body = str(request["body"] or "")
    content = base64.b64decode(body) if request["base64"] else body.encode()
    lines = [(str(name), str(value)) for name, value in request["headers"]]
    builder = EnvironBuilder("/", method=request["method"], query_string=query, headers=lines, data=content)
    environ = builder.get_environ()
    context = event.get("requestContext") or {} if isinstance(event, dict) else {}
    source = (context.get("http") or context.get("identity") or {}).get("sourceIp") or "127.0.0.1"
    environ |= {
        "PATH_INFO": unquote(path, "latin-1"),
        "RAW_URI": request["url"],
        "REQUEST_URI": request["url"],
        "REMOTE_ADDR": source,
        HEADER_LINES: lines,
    }
    return environ


def response_of(status: int, headers: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """A response as a record has it."""
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    return {"status": status, "headers": [list(line) for line in headers], "body": text, "base64": encoded}
