"""Selection expressions: what of a message, or of an integration's answer, decides where it goes.

`$request.body.action`, `${request.body.kind}/${request.body.action}`, and texts without variables (`\\$default`).
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

VARIABLE = re.compile(r"\\\$|\$\{([\w$.\[\]-]+)\}|\$([\w$.\[\]-]+)")
STEP = re.compile(r"\.([\w$-]+)|\[(\d+)\]")

Lookup = Callable[[str], Any]
"""The value of a variable (`request.body.action`), or None."""


class Selection:
    """A selection expression. Raises ValueError for a variable whose beginning isn't one of `roots`."""

    def __init__(self, expression: str, roots: tuple[str, ...]) -> None:
        self._parts: list[tuple[str, str]] = []
        at = 0
        for match in VARIABLE.finditer(expression):
            self._parts.append((expression[at : match.start()], match[1] or match[2] or ""))
            if match[0] == "\\$":
                self._parts[-1] = (self._parts[-1][0] + "$", "")
            elif not (match[1] or match[2]).startswith(roots):
                raise ValueError(f"{match[0]} is not one of {', '.join('$' + root for root in roots)}")
            at = match.end()
        self._parts.append((expression[at:], ""))

    def of(self, lookup: Lookup) -> str:
        """What is selected. A variable without a value is empty."""
        written = []
        for literal, name in self._parts:
            written.append(literal)
            if name:
                written.append(text(lookup(name)))
        return "".join(written)


def text(value: Any) -> str:
    """A JSON value as it is compared with keys; what isn't a scalar is its JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def member(document: Any, path: str) -> Any:
    """What a JSON document has at `.action.name[0]`, or None."""
    for match in STEP.finditer(path):
        if match[1] is not None:
            document = document.get(match[1]) if isinstance(document, dict) else None
        else:
            at = int(match[2])
            document = document[at] if isinstance(document, list) and at < len(document) else None
    return document


def decoded(body: str) -> Any:
    """A message as JSON, or None where it isn't JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
