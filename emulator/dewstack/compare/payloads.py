"""One request as both payload formats of HTTP APIs, by the gateway's own event builders, and what is where in each."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from dewstack.apigateway.http_api.payload_v1 import PayloadV1
from dewstack.apigateway.http_api.payload_v2 import PayloadV2
from dewstack.compare.mapping import Pair, pairs
from dewstack.compare.seen import Seen
from dewstack.shim.events import Asked

Path = tuple[str, ...]
CONTEXT = "requestContext"
IDENTITY, HTTP = (CONTEXT, "identity"), (CONTEXT, "http")
SAME = ("requestId", "accountId", "apiId", "domainName", "domainPrefix", "stage")
MOVED: tuple[tuple[Path | None, Path | None, str], ...] = (
    (("version",), ("version",), "how a function can tell which it got"),
    (("httpMethod",), (*HTTP, "method"), "moved into requestContext.http"),
    (("resource",), ("routeKey",), "the route: its path in 1.0, method and path in 2.0"),
    (("path",), ("rawPath",), "1.0 as it was sent, 2.0 decoded, for all that it is called raw"),
    (None, ("rawQueryString",), "only 2.0 has the query as it was sent"),
    (("queryStringParameters",), ("queryStringParameters",), "of several, 1.0 has the last, 2.0 all, with commas"),
    (("multiValueQueryStringParameters",), ("queryStringParameters",), "2.0 has no lists: values are joined by commas"),
    (("pathParameters",), ("pathParameters",), "null in 1.0 where there are none, absent in 2.0"),
    (("headers",), ("headers",), "names in Title-Case in 1.0, lower case in 2.0; of several values 1.0 has the last"),
    (("multiValueHeaders",), ("headers",), "2.0 has no lists: values are joined by commas"),
    (("multiValueHeaders", "Cookie"), ("cookies",), "a header in 1.0, a list of its own in 2.0"),
    (("body",), ("body",), "null in 1.0 where there is none, absent in 2.0"),
    (("isBase64Encoded",), ("isBase64Encoded",), ""),
    (("stageVariables",), ("stageVariables",), "null in 1.0 where there are none, absent in 2.0"),
    ((CONTEXT, "authorizer"), (CONTEXT, "authorizer"), "2.0 says of which kind: jwt, lambda or iam"),
    ((*IDENTITY, "sourceIp"), (*HTTP, "sourceIp"), "moved from identity to http"),
    ((*IDENTITY, "userAgent"), (*HTTP, "userAgent"), "moved from identity to http"),
    ((CONTEXT, "protocol"), (*HTTP, "protocol"), "moved into http"),
    ((CONTEXT, "path"), (*HTTP, "path"), "moved into http"),
    ((CONTEXT, "requestTime"), (CONTEXT, "time"), "another name"),
    ((CONTEXT, "requestTimeEpoch"), (CONTEXT, "timeEpoch"), "another name"),
    ((CONTEXT, "resourcePath"), (CONTEXT, "routeKey"), "the route again: its path in 1.0, its key in 2.0"),
    ((CONTEXT, "resourceId"), (CONTEXT, "routeKey"), "another name"),
    ((CONTEXT, "extendedRequestId"), (CONTEXT, "requestId"), "the same id twice in 1.0"),
    *(((CONTEXT, name),) * 2 + ("",) for name in SAME),
)  # fmt: skip
"""Where 1.0 has something, where 2.0 does, and what is to say of it."""


class Moved(Struct, frozen=True):
    """What is at `v1` in format 1.0 and at `v2` in 2.0 (null where there is no such place), and whether it is equal."""

    v1: Path | None
    v2: Path | None
    v1_value: Any
    v2_value: Any
    same: bool
    note: str


class Payloads(Struct, frozen=True):
    """The request as either format, with the same id and time, and where each has what Flask has."""

    v1: Mapping[str, Any]
    v2: Mapping[str, Any]
    v1_mapping: list[Pair]
    v2_mapping: list[Pair]
    moved: list[Moved]


def payloads_of(asked: Any, seen: Seen) -> Payloads | None:
    """Both formats of what a route of an HTTP API was asked; None where no event was made, and of a REST API."""
    if not isinstance(asked, Asked):
        return None
    made = [
        msgspec.json.decode(form(asked.constants).event(asked.exchange, asked.parameters, asked.identity))
        for form in (PayloadV1, PayloadV2)
    ]
    first, second = made
    moved = (_moved(first, second, *each) for each in MOVED)
    mapped = pairs(first, seen), pairs(second, seen)
    return Payloads(first, second, *mapped, [each for each in moved if each is not None])


def _moved(first: Any, second: Any, v1: Path | None, v2: Path | None, note: str) -> Moved | None:
    one, other = _at(first, v1), _at(second, v2)
    if one is None and other is None:
        return None
    same = v1 == v2 and one == other
    return Moved(v1, v2, one, other, same, "" if same else note)


def _at(event: Any, path: Path | None) -> Any:
    """What is there, or None."""
    for step in path or ():
        event = event.get(step) if isinstance(event, dict) else None
    return event if path else None
