"""Mapping templates: what `$input`, `$context`, `$stageVariables` and `$util` are, and what a rendering overrides."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import msgspec

from dewstack.apigateway.json_path import BadPath, find
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.rendering import Overrides
from dewstack.apigateway.rest_api.velocity import Missing, Object, Template, TemplateError
from dewstack.apigateway.rest_api.velocity.values import bounded, from_json, text, to_json

ESCAPED = re.compile(r"""[\x00-\x1f"'/\\\x7f-\U0010ffff]""")
ESCAPES: Mapping[str, str] = {
    "\b": r"\b",
    "\t": r"\t",
    "\n": r"\n",
    "\f": r"\f",
    "\r": r"\r",
    '"': r"\"",
    "'": r"\'",
    "/": r"\/",
    "\\": r"\\",
}
NOTHING = Missing()
OVERRIDES = ("requestOverride", "responseOverride")
"""What of `$context` a template may write to."""


class VelocityTemplate:
    """A template in Velocity. Raises TemplateError where it cannot be read."""

    def __init__(self, source: str) -> None:
        self._template = Template(source)

    def render(self, exchange: Exchange, body: str) -> tuple[str, Overrides]:
        """What it makes of a body, and what it overrides. Raises TemplateError."""
        context = _without_nulls(exchange.request_context())
        override: dict[str, Any] = {"header": {}, "status": 0}
        context["responseOverride"] = override
        changed: dict[str, Any] = {"header": {}, "path": {}, "querystring": {}}
        context["requestOverride"] = changed
        names = {
            "context": _Lenient(context),
            "input": _input(exchange, body),
            "stageVariables": _Lenient(exchange.stage.variables),
            "util": UTIL,
        }
        written = self._template.render(names)
        status, headers = override.get("status"), override.get("header")
        return written, Overrides(
            status if type(status) is int and 200 <= status <= 599 else None,
            _texts(headers),
            {place: _texts(values) for place, values in changed.items() if values},
        )


def _texts(values: Any) -> dict[str, str]:
    """The members of a map as text; nothing of what isn't one."""
    return {name: text(value) for name, value in values.items()} if isinstance(values, dict) else {}


class _Lenient(dict[str, Any]):
    """A map whose missing members are empty texts instead of their own spelling: `$context`, `$stageVariables`."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        super().__init__(
            (name, _Lenient(value) if isinstance(value, dict) and name not in OVERRIDES else value)
            for name, value in members.items()
        )

    def get(self, name: Any, default: Any = NOTHING) -> Any:
        """The member, or nothing."""
        return super().get(name, default)


def _without_nulls(value: Mapping[str, Any]) -> dict[str, Any]:
    """`$context` of a request; what an event has as null is empty in a template."""
    return {
        name: _without_nulls(held) if isinstance(held, Mapping) else "" if held is None else held
        for name, held in value.items()
    }


def _input(exchange: Exchange, body: str) -> Object:
    """`$input`: the body, read as JSON where a template asks for a part of it, and the request's parameters."""
    parameters = {
        "path": dict(exchange.parameters or {}),
        "querystring": {name: values[-1] for name, values in exchange.query.items()},
        "header": exchange.headers(),
    }
    decoded: list[Any] = []

    def document() -> Any:
        if not decoded:
            decoded.append(_document(body))
        return decoded[0]

    def params(name: str | None = None) -> Any:
        if name is None:
            return parameters
        return next((held[name] for held in parameters.values() if name in held), "")

    def path(expression: str) -> Any:
        found = _found(document(), text(expression))
        return "" if found is None else found

    return Object(
        {
            "body": lambda: body or "{}",
            "json": lambda expression: to_json(path(expression)),
            "params": params,
            "path": path,
        },
        {"body": body or "{}", "params": parameters},
    )


def _document(body: str) -> Any:
    """The JSON of a body; one that isn't JSON is a text, an empty one an empty object."""
    if not body:
        return {}
    try:
        return from_json(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError):
        return body


def _found(value: Any, path: str) -> Any:
    try:
        return from_json(find(value, path))
    except BadPath as error:
        raise TemplateError(str(error)) from None


def escape_java_script(value: Any) -> str:
    """A text as it may stand in a JavaScript string; unlike in JSON, a single quote is escaped too."""
    written = "" if value is None else text(value)
    return bounded(ESCAPED.sub(_escape, written))


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    known = ESCAPES.get(character)
    if known:
        return known
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))


def _parse_json(value: Any) -> Any:
    try:
        return from_json(msgspec.json.decode(text(value)))
    except (msgspec.DecodeError, RecursionError) as error:
        raise TemplateError(f"$util.parseJson: {error}") from None


def _base64_decode(value: Any) -> str:
    try:
        return base64.b64decode(text(value), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise TemplateError(f"$util.base64Decode: {error}") from None


UTIL_METHODS: Mapping[str, Callable[..., Any]] = {
    "base64Decode": _base64_decode,
    "base64Encode": lambda value: base64.b64encode(text(value).encode()).decode(),
    "escapeJavaScript": escape_java_script,
    "parseJson": _parse_json,
    "urlDecode": lambda value: unquote_plus(text(value)),
    "urlEncode": lambda value: quote_plus(text(value), safe="*-._"),
}
UTIL = Object(UTIL_METHODS, {})
