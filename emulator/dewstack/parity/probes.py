"""A request that is sent to every target, and files of them: one JSON document a line."""

import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.errors import UserError

APIS = ("http", "rest")
CREDENTIALS = ("", "access", "id")
_KEYS = frozenset(("name", "api", "method", "path", "headers", "body", "as"))


class Probe(Struct, frozen=True):
    """One request, the same for each target."""

    name: str
    """As the report names it, and as known differences refer to it."""
    api: str
    """`http` or `rest`: which of the map's APIs."""
    method: str
    path: str
    """With its query; a REST API's begins with the stage."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    credentials: str = ""
    """Which token goes along, of the user made for it: `access`, `id`, or none."""


def read_probes(path: Path) -> tuple[Probe, ...]:
    """The requests in a file of JSON lines: `path`, and where they aren't the usual `name`, `api`, `method`,
    `headers`, `body` (a string, or JSON) and `as` (`access` or `id`). Raises UserError with file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read: {error}") from error
    return tuple(_probe(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip())


def _probe(line: str, where: str) -> Probe:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where}: broken JSON: {error}", hint='such as {"path": "/items"}') from error
    document = document if isinstance(document, dict) else {}
    unknown = sorted(set(document) - _KEYS)
    if unknown:
        raise UserError(f"{where}: unknown key {unknown[0]!r}", hint=f"known are {', '.join(sorted(_KEYS))}")
    target = document.get("path")
    if not isinstance(target, str) or not target.startswith("/"):
        raise UserError(f"{where}: 'path' has to begin with a slash")
    api, credentials = document.get("api", "http"), document.get("as", "")
    for key, value, known in (("api", api, APIS), ("as", credentials, CREDENTIALS)):
        if value not in known:
            raise UserError(f"{where}: {key!r} is {' or '.join(filter(None, known))}, not {value!r}")
    headers = document.get("headers", {})
    if not isinstance(headers, dict):
        raise UserError(f"{where}: 'headers' has to be an object")
    method = str(document.get("method", "GET")).upper()
    return Probe(
        name=str(document.get("name") or f"{api} {method} {target}"),
        api=api,
        method=method,
        path=target,
        headers=tuple((str(name), str(value)) for name, value in headers.items()),
        body=_body(document.get("body")),
        credentials=credentials,
    )


def _body(value: Any) -> bytes:
    if value is None:
        return b""
    return (value if isinstance(value, str) else json.dumps(value)).encode()
