"""Two JSON documents, field by field, and why what differs does so; ids and times are expected to."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

ABSENT = "(absent)"
REASONS = {
    re.compile(pattern): reason
    for pattern, reason in {
        r"(?:requestContext\.)?(?:requestId|extendedRequestId)": (
            "Every request gets an id of its own: the two are two requests."
        ),
        r"(?:requestContext\.)?(?:time|timeEpoch|requestTime|requestTimeEpoch)": (
            "It is when the request came, and Flask got it after the gateway."
        ),
        r"(?:(?:multiValueH|h)eaders\.)(?i:x-amzn-trace-id)(?:\[\d+\])?": (
            "X-Ray's trace id is new for each request."
        ),
        r"headers\.(?i:apigw-requestid|x-amzn-requestid|x-amz-apigw-id)(?:\[\d+\])?": (
            "The gateway names each request in its response, by an id of its own."
        ),
        r"headers\.(?i:date|connection|server)(?:\[\d+\])?": (
            "The server that holds the connection writes it, neither Flask nor the gateway."
        ),
    }.items()
}
"""Fields that every request has anew, by what their path looks like."""


class Difference(Struct, frozen=True):
    """A field, and what each side has for it; `(absent)` where it has none. Without a `reason` it is a fault."""

    field: str
    flask: Any
    gateway: Any
    reason: str = ""


def differences(flask: Any, gateway: Any, reason: str = "") -> list[Difference]:
    """What differs between two documents; `reason` is why they may differ at all, where they may."""
    left, right = dict(fields(flask, "")), dict(fields(gateway, ""))
    return [
        Difference(field, left.get(field, ABSENT), right.get(field, ABSENT), _reason(field) or reason)
        for field in sorted(left.keys() | right.keys())
        if left.get(field, ABSENT) != right.get(field, ABSENT)
    ]


def _reason(field: str) -> str:
    return next((reason for pattern, reason in REASONS.items() if pattern.fullmatch(field)), "")


def fields(document: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each leaf with its path; an empty object or list is one."""
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from fields(value, f"{path}.{name}" if path else str(name))
    elif isinstance(document, list) and document:
        for index, value in enumerate(document):
            yield from fields(value, f"{path}[{index}]")
    else:
        yield path, document
