"""Parameter mappings: `'literal'`, `method.request.header.name`, `context.identity.sourceIp` and their like.

Each expression is read once, when the API is compiled, into a function of the request and of what the integration
answered. What isn't there maps to nothing.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct, field

from dewstack.apigateway.reading import printable
from dewstack.apigateway.rest_api.exchange import Exchange


class Answer(Struct, frozen=True):
    """What an integration answered: `selector` is what selects an integration response for it, a status or the
    message that a function failed with. `headers` by lower-case name."""

    selector: str = ""
    body: bytes = b""
    headers: Mapping[str, list[str]] = field(default_factory=dict)


Expression = Callable[[Exchange, Answer], str | None]


class NotAnExpression(ValueError):
    """Text that isn't a mapping expression."""


@lru_cache(maxsize=4096)
def expression(text: str) -> Expression:
    """The function that `text` means. Raises NotAnExpression."""
    if len(text) >= 2 and text[0] == text[-1] == "'":
        literal = text[1:-1]
        return lambda exchange, answer: literal
    for prefix, read in SOURCES.items():
        if text == prefix.rstrip(".") and prefix in WHOLE:
            return read("")
        if text.startswith(prefix) and len(text) > len(prefix):
            return read(text[len(prefix) :])
    raise NotAnExpression(
        f"{text!r} is not a mapping expression: it is a literal in single quotes, or begins with"
        f" {', '.join(sorted(SOURCES))}"
    )


def _header(name: str) -> Expression:
    lower = name.lower()
    return lambda exchange, answer: exchange.header(lower)


def _multi_value_header(name: str) -> Expression:
    lower = name.lower()
    return lambda exchange, answer: _joined(exchange.lines_of(lower))


def _query(name: str) -> Expression:
    return lambda exchange, answer: exchange.query.get(name, (None,))[-1]


def _multi_value_query(name: str) -> Expression:
    return lambda exchange, answer: _joined(exchange.query.get(name))


def _path(name: str) -> Expression:
    return lambda exchange, answer: (exchange.parameters or {}).get(name)


def _stage_variable(name: str) -> Expression:
    return lambda exchange, answer: exchange.stage.variables.get(name)


def _context(name: str) -> Expression:
    path = name.split(".")
    return lambda exchange, answer: text_of(walk(exchange.request_context(), path))


def _body(name: str) -> Expression:
    path = _json_path(name)
    return lambda exchange, answer: _from_body(exchange.request.body, path)


def _answer_header(name: str) -> Expression:
    lower = name.lower()
    return lambda exchange, answer: answer.headers.get(lower, (None,))[-1]


def _answer_multi_value_header(name: str) -> Expression:
    lower = name.lower()
    return lambda exchange, answer: _joined(answer.headers.get(lower))


def _answer_body(name: str) -> Expression:
    path = _json_path(name)
    return lambda exchange, answer: _from_body(answer.body, path)


SOURCES: Mapping[str, Callable[[str], Expression]] = {
    "method.request.header.": _header,
    "method.request.multivalueheader.": _multi_value_header,
    "method.request.querystring.": _query,
    "method.request.multivaluequerystring.": _multi_value_query,
    "method.request.path.": _path,
    "method.request.body.": _body,
    "integration.response.header.": _answer_header,
    "integration.response.multivalueheader.": _answer_multi_value_header,
    "integration.response.body.": _answer_body,
    "context.": _context,
    "stageVariables.": _stage_variable,
}
WHOLE = frozenset({"method.request.body.", "integration.response.body."})
"""Where the name may be left out."""


def _joined(values: list[str] | None) -> str | None:
    return ",".join(values) if values else None


def _json_path(name: str) -> list[str]:
    """`a.b[0]` or `$.a.b` as the keys to follow."""
    keys = name.removeprefix("$").lstrip(".").replace("[", ".").replace("]", "").split(".")
    return [key.strip("'\"") for key in keys if key]


def _from_body(body: bytes, path: list[str]) -> str | None:
    if not path:
        return printable(body.decode("latin-1")) if body else None
    try:
        return text_of(walk(msgspec.json.decode(body), path))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def walk(value: Any, path: list[str]) -> Any:
    """What is found at `path` in a value of objects and lists, or None."""
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 9:
            value = value[int(key)] if int(key) < len(value) else None
        else:
            return None
    return value


def text_of(value: Any) -> str | None:
    """A value as the text that a header or a template has of it; None stays None."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
