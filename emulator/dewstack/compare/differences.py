"""Two JSON documents, field by field; ids and times are expected to differ."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

ABSENT = "(absent)"
EXPECTED = re.compile(
    r"(?:requestContext\.)?(?:requestId|extendedRequestId|time|timeEpoch|requestTime|requestTimeEpoch)"
    r"|(?:multiValueH|h)eaders\.(?i:x-amzn-trace-id)(?:\[0\])?"
    r"|headers\.(?i:apigw-requestid|x-amzn-requestid|x-amz-apigw-id|x-amzn-trace-id|date|connection|server)(?:\[\d+\])?"
)
"""Fields that every request has anew."""


class Difference(Struct, frozen=True):
    """A field, and what each side has for it; `(absent)` where it has none."""

    field: str
    flask: Any
    gateway: Any


def differences(flask: Any, gateway: Any) -> list[Difference]:
    """What differs between two documents, but for ids and times."""
    left, right = dict(_fields(flask, "")), dict(_fields(gateway, ""))
    return [
        Difference(field, left.get(field, ABSENT), right.get(field, ABSENT))
        for field in sorted(left.keys() | right.keys())
        if left.get(field, ABSENT) != right.get(field, ABSENT) and not EXPECTED.fullmatch(field)
    ]


def _fields(document: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each leaf with its path; an empty object or list is one."""
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from _fields(value, f"{path}.{name}" if path else str(name))
    elif isinstance(document, list) and document:
        for index, value in enumerate(document):
            yield from _fields(value, f"{path}[{index}]")
    else:
        yield path, document
