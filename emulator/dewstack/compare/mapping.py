"""Which expression of Flask's stands for which field of the event, for one request."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from dewstack.compare.seen import Seen

SAME = object()
"""What Flask has is what the event has."""


LOGGED_IN = "what @login_required would have found"


class Pair(Struct, frozen=True):
    """`request.args["x"]` and `event["queryStringParameters"]["x"]`; `path` leads to the latter, and `part` is what of
    a request it is. `flask_value` and `value` are what each has; `note` says what is otherwise, where something is."""

    part: str
    flask: str
    event: str
    path: tuple[str | int, ...]
    flask_value: Any
    value: Any
    note: str = ""


class _Reader:
    """Walks over one event."""

    def __init__(self, event: Mapping[str, Any], seen: Seen) -> None:
        self._event = event
        self._seen = seen

    def newer(self) -> Iterator[Pair]:
        """What format 2.0 has."""
        seen, context = self._seen, ("requestContext", "http")
        yield from self._found("route", "request.method", (*context, "method"))
        yield from self._found("route", "request.url_rule", ("routeKey",), seen.rule, "with the method here")
        note = "with the stage, unless that is $default"
        yield from self._found("route", "request.path", ("rawPath",), seen.path, note)
        query = self._event.get("rawQueryString") or None
        if query is not None:
            yield from self._found(
                "query", "request.query_string", ("rawQueryString",), note="bytes in Flask"
            )
        for name, value in (self._event.get("queryStringParameters") or {}).items():
            values = seen.args.get(name, [value])
            note = "several values are one text here, with commas" if len(values) > 1 else ""
            path = ("queryStringParameters", name)
            if len(values) > 1:
                yield from self._found("query", f"request.args.getlist({_quoted(name)})", path, values, note)
            yield from self._found("query", f"request.args[{_quoted(name)}]", path, values[0], note)
        for index, cookie in enumerate(self._event.get("cookies") or ()):
            name = str(cookie).partition("=")[0]
            flask, note = f"request.cookies[{_quoted(name)}]", "as name=value here"
            yield from self._found("cookies", flask, ("cookies", index), seen.cookies.get(name), note)
        yield from self._common((*context, "sourceIp"), (*context, "userAgent"))

    def older(self) -> Iterator[Pair]:
        """What format 1.0 has, and REST APIs."""
        seen = self._seen
        yield from self._found("route", "request.method", ("httpMethod",))
        note = "without the method here"
        yield from self._found("route", "request.url_rule", ("resource",), seen.rule, note)
        yield from self._found("route", "request.path", ("path",), seen.path)
        for name, values in (self._event.get("multiValueQueryStringParameters") or {}).items():
            where = ("multiValueQueryStringParameters", name)
            yield from self._found("query", f"request.args.getlist({_quoted(name)})", where)
            note = "the last value here, the first one in Flask" if len(values) > 1 else ""
            path = ("queryStringParameters", name)
            first = seen.args.get(name, values)[0]
            yield from self._found("query", f"request.args[{_quoted(name)}]", path, first, note)
        line = next((name for name in self._event.get("headers") or {} if name.lower() == "cookie"), None)
        for name, value in seen.cookies.items() if line else ():
            flask, note = f"request.cookies[{_quoted(name)}]", "all cookies are one text here"
            yield from self._found("cookies", flask, ("headers", str(line)), value, note)
        identity = ("requestContext", "identity")
        yield from self._common((*identity, "sourceIp"), (*identity, "userAgent"))

    def _common(self, source: tuple[str, ...], agent: tuple[str, ...]) -> Iterator[Pair]:
        event, seen = self._event, self._seen
        for name in event.get("pathParameters") or {}:
            flask = f"request.view_args[{_quoted(_argument(name, seen))}]"
            value = seen.view_args.get(_argument(name, seen), SAME)
            yield from self._found("path", flask, ("pathParameters", name), value)
        for name in event.get("headers") or {}:
            yield from self._found("headers", f"request.headers[{_quoted(name)}]", ("headers", name))
        yield from self._body()
        yield from self._found("caller", "request.remote_addr", source)
        yield from self._found("caller", "request.user_agent.string", agent)
        yield from self._caller()

    def _caller(self) -> Iterator[Pair]:
        """What the authorizer found out. A token's claims are an object; format 2.0 says first of which kind it is."""
        at: tuple[str, ...] = ("requestContext", "authorizer")
        found = (self._event.get("requestContext") or {}).get("authorizer") or {}
        if self._event.get("version") == "2.0":
            at, found = next((((*at, kind), facts or {}) for kind, facts in found.items()), (at, {}))
        for name, fact in found.items():
            claims = fact if name == "claims" and isinstance(fact, dict) else {}
            for claim in claims:
                flask = f"g.claims[{_quoted(claim)}]"
                yield from self._found("caller", flask, (*at, name, claim), note=LOGGED_IN)
            if not claims:
                yield from self._found("caller", f"g.{name}", (*at, name), note=LOGGED_IN)

    def _body(self) -> Iterator[Pair]:
        event, seen = self._event, self._seen
        encoded = "base64 here: isBase64Encoded is true" if event.get("isBase64Encoded") else ""
        yield from self._found("body", "request.get_data(as_text=True)", ("body",), seen.data, encoded)
        if seen.json is not None:
            note = "text here: json.loads(event['body'])"
            yield from self._found("body", "request.get_json()", ("body",), seen.json, note)
        for name, values in seen.form.items():
            note = f"{encoded or 'text here'}, to be read by parse_qs"
            yield from self._found("body", f"request.form[{_quoted(name)}]", ("body",), values[0], note)

    def _found(
        self, part: str, flask: str, path: tuple[str | int, ...], flask_value: Any = SAME, note: str = ""
    ) -> Iterator[Pair]:
        """The pair, if the event has the field."""
        value: Any = self._event
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return
        if value is not None:
            expression = "event" + "".join(f"[{_quoted(step)}]" for step in path)
            left = value if flask_value is SAME else flask_value
            yield Pair(part, flask, expression, path, left, value, note)


def pairs(event: Mapping[str, Any], seen: Seen) -> list[Pair]:
    """Every pair that this event has. Both payload formats, and REST APIs'."""
    reader = _Reader(event, seen)
    return list(reader.newer() if event.get("version") == "2.0" else reader.older())


def _argument(name: str, seen: Seen) -> str:
    """A path parameter as the view's argument is called: a name that Python takes."""
    spelled = re.sub("[^0-9A-Za-z]", "_", name)
    fits = (each for each in seen.view_args if each == name or each.partition("_")[2] == spelled)
    return next(fits, name)


def _quoted(part: str | int) -> str:
    return json.dumps(part, ensure_ascii=False)
