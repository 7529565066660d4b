"""The `events` of functions: a builder for each kind."""

import re
from collections.abc import Callable
from typing import Any

from .http_events import build_http_event
from .model import Event, HttpApiEvent, OtherEvent, RouteAuthorizer, ScheduleEvent, WebsocketEvent
from .problems import KeyPath, did_you_mean
from .reading import Reading, mapping, sequence, text

METHODS = ("ANY", "GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE")
CUSTOM_SENDERS = ("CustomSMSSender", "CustomEmailSender")
"""Triggers of user pools that deliver codes."""
_ROUTE = re.compile(rf"({'|'.join(METHODS)}) (/\S*)$", re.IGNORECASE)
ROUTE_FORM = f"write 'METHOD /path' with one of {', '.join(METHODS)}, or '*'"


def build_event(reading: Reading, kind: str, value: Any, path: KeyPath) -> Event | None:
    """The event at `path`; None when it is broken (and reported)."""
    build = _BUILDERS.get(kind)
    if build is None:
        at = reading.at(*path)
        function = path[1]
        message = f"the event '{kind}' of function '{function}' isn't emulated yet; it will not fire"
        reading.report.add(at, path, message, reading.loss_severity)
        return OtherEvent(kind, value, at)
    return build(reading, value, path)


def _http_api(reading: Reading, value: Any, path: KeyPath) -> HttpApiEvent | None:
    at, index = reading.at(*path), int(path[3])
    if isinstance(value, str):
        if value == "*":
            return HttpApiEvent("ANY", "*", at, index)
        match = _ROUTE.match(value)
        if not match:
            reading.problem(path, f"'{value}' isn't a route: {ROUTE_FORM}")
            return None
        return HttpApiEvent(match[1].upper(), match[2], at, index)
    entry = mapping(value)
    route_path, method = text(entry.get("path")), text(entry.get("method"))
    if route_path is None:
        return None
    authorizer = _route_authorizer(entry.get("authorizer"))
    if route_path == "*":
        if method and method != "*":
            reading.problem((*path, "method"), "the path '*' takes every method; leave 'method' out")
        return HttpApiEvent("ANY", "*", at, index, authorizer)
    if method is None:
        reading.problem(path, f"missing key 'method': one of {', '.join(METHODS)}")
        return None
    method = "ANY" if method == "*" else method.upper()
    if method not in METHODS or not route_path.startswith("/"):
        return None
    return HttpApiEvent(method, route_path, at, index, authorizer)


def _route_authorizer(value: Any) -> RouteAuthorizer | None:
    if isinstance(value, str):
        return RouteAuthorizer(name=value)
    if not isinstance(value, dict):
        return None
    scopes = sequence(value.get("scopes")) if value.get("scopes") else None
    return RouteAuthorizer(text(value.get("name")), value.get("id"), text(value.get("type")), scopes)


def _schedule(reading: Reading, value: Any, path: KeyPath) -> ScheduleEvent | None:
    at = reading.at(*path)
    if isinstance(value, str):
        return ScheduleEvent((value,), at)
    entry = mapping(value)
    rates = sequence(entry.get("rate"))
    if len(rates) > 1 and entry.get("name"):
        reading.problem((*path, "name"), "a schedule with more than one rate can't have a name")
    return ScheduleEvent(rates, at, entry.get("enabled") is not False, entry) if rates else None


def _plain(reading: Reading, value: Any, path: KeyPath) -> OtherEvent:
    """An event that the schema has checked."""
    return OtherEvent(str(path[4]), value, reading.at(*path))


def _websocket(reading: Reading, value: Any, path: KeyPath) -> WebsocketEvent | None:
    at = reading.at(*path)
    if isinstance(value, str):
        return WebsocketEvent(value, at)
    entry = mapping(value)
    route = text(entry.get("route"))
    if route is None:
        return None
    authorizer = entry.get("authorizer")
    if isinstance(authorizer, str):
        authorizer = {"arn": authorizer} if ":" in authorizer else {"name": authorizer}
    name = mapping(authorizer).get("name")
    functions = mapping(reading.settings.get("functions"))
    if name and "arn" not in mapping(authorizer) and name not in functions:
        reading.problem(
            (*path, "authorizer"), f"there is no function '{name}'{did_you_mean(name, functions)}"
        )
        return None
    return WebsocketEvent(route, at, text(entry.get("routeResponseSelectionExpression")), authorizer or None)


def _user_pool(reading: Reading, value: Any, path: KeyPath) -> OtherEvent | None:
    entry = mapping(value)
    trigger = text(entry.get("trigger"))
    if text(entry.get("pool")) is None or trigger is None:
        return None
    if trigger in CUSTOM_SENDERS and not entry.get("kmsKeyId"):
        reading.problem(path, f"missing key 'kmsKeyId': {trigger} gets its codes encrypted under a KMS key")
        return None
    return OtherEvent("cognitoUserPool", entry, reading.at(*path))


_BUILDERS: dict[str, Callable[[Reading, Any, KeyPath], Event | None]] = {
    "http": build_http_event,
    "cognitoUserPool": _user_pool,
    "httpApi": _http_api,
    "schedule": _schedule,
    "cloudwatchEvent": _plain,
    "cloudwatchLog": _plain,
    "eventBridge": _plain,
    "s3": _plain,
    "sns": _plain,
    "sqs": _plain,
    "stream": _plain,
    "websocket": _websocket,
}


COMPILED_EVENTS = tuple(_BUILDERS)
"""The kinds of events that a template is made of."""
