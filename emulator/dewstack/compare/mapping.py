"""Which expression of Flask's stands for which field of the event, for one request."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct


class Pair(Struct, frozen=True):
    """`request.args["x"]` and `event["queryStringParameters"]["x"]`; `path` leads to the latter. `note` says what is
    otherwise, where something is."""

    flask: str
    event: str
    path: tuple[str | int, ...]
    value: Any
    note: str = ""


def pairs(event: Mapping[str, Any], view_args: Mapping[str, Any]) -> list[Pair]:
    """Every pair that this event has. Both payload formats, and REST APIs'."""
    return list(_newer(event, view_args) if event.get("version") == "2.0" else _older(event, view_args))


def _newer(event: Mapping[str, Any], view_args: Mapping[str, Any]) -> Iterator[Pair]:
    context = ("requestContext", "http")
    yield from _found(event, "request.method", (*context, "method"))
    yield from _found(event, "request.path", ("rawPath",), "with the stage, unless that is $default")
    yield from _found(event, "request.query_string", ("rawQueryString",), "bytes in Flask")
    yield from _found(event, "request.remote_addr", (*context, "sourceIp"))
    yield from _found(event, "request.user_agent.string", (*context, "userAgent"))
    for name, value in (event.get("queryStringParameters") or {}).items():
        note = "several values are one text here, with commas: request.args.getlist" if "," in value else ""
        yield from _found(event, f"request.args[{_quoted(name)}]", ("queryStringParameters", name), note)
    for index, cookie in enumerate(event.get("cookies") or ()):
        name = str(cookie).partition("=")[0]
        yield from _found(
            event, f"request.cookies[{_quoted(name)}]", ("cookies", index), "as name=value here"
        )
    yield from _common(event, view_args)


def _older(event: Mapping[str, Any], view_args: Mapping[str, Any]) -> Iterator[Pair]:
    yield from _found(event, "request.method", ("httpMethod",))
    yield from _found(event, "request.path", ("path",))
    yield from _found(event, "request.remote_addr", ("requestContext", "identity", "sourceIp"))
    yield from _found(event, "request.user_agent.string", ("requestContext", "identity", "userAgent"))
    for name, values in (event.get("multiValueQueryStringParameters") or {}).items():
        if len(values) > 1:
            where = ("multiValueQueryStringParameters", name)
            yield from _found(event, f"request.args.getlist({_quoted(name)})", where)
        note = "the last value here, the first one in Flask" if len(values) > 1 else ""
        yield from _found(event, f"request.args[{_quoted(name)}]", ("queryStringParameters", name), note)
    yield from _common(event, view_args)


def _common(event: Mapping[str, Any], view_args: Mapping[str, Any]) -> Iterator[Pair]:
    for name in view_args:
        yield from _found(event, f"request.view_args[{_quoted(name)}]", ("pathParameters", name))
    for name in event.get("headers") or {}:
        yield from _found(event, f"request.headers[{_quoted(name)}]", ("headers", name))
    encoded = "base64 here: isBase64Encoded is true" if event.get("isBase64Encoded") else ""
    yield from _found(event, "request.get_data(as_text=True)", ("body",), encoded)
    if _is_json(event):
        yield from _found(event, "request.get_json()", ("body",), "text here: json.loads(event['body'])")
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    for name in authorizer:
        yield from _found(
            event,
            f"g.{name}",
            ("requestContext", "authorizer", name),
            "what @login_required would have found",
        )


def _found(event: Any, flask: str, path: tuple[str | int, ...], note: str = "") -> Iterator[Pair]:
    """The pair, if the event has the field."""
    value = event
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return
    if value is not None:
        yield Pair(flask, "event" + "".join(f"[{_quoted(part)}]" for part in path), path, value, note)


def _quoted(part: str | int) -> str:
    return json.dumps(part, ensure_ascii=False)


def _is_json(event: Mapping[str, Any]) -> bool:
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    return "json" in headers.get("content-type", "") and bool(event.get("body"))
