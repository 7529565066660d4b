"""Sends requests, byte for byte as they are meant, and makes an answer into fields that can be compared."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from .default_set import ORIGIN
from .places import Place
from .probes import Probe
from .rules import Fields, Normaliser

ANSWER_SECONDS = 40.0
"""Longer than a gateway waits for a function."""
_CONNECTIONS = {"http": HTTPConnection, "https": HTTPSConnection}


class Answer(Struct, frozen=True):
    """What came back; of what didn't, `failed` says why."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    failed: str = ""


def send_all(
    places: Sequence[Place], probes: Sequence[Probe], tokens: Sequence[Mapping[str, str]]
) -> list[list[Answer]]:
    """The answers of each place, in the order of the requests. `tokens` are each place's own, by credentials."""

    def ask(place: Place, own: Mapping[str, str]) -> list[Answer]:
        return [_send(place, probe, own) for probe in probes]

    with ThreadPoolExecutor(max(1, len(places))) as pool:
        return list(pool.map(ask, places, tokens))


def _send(place: Place, probe: Probe, tokens: Mapping[str, str]) -> Answer:
    url = urlsplit(place.apis[probe.api])
    assert url.hostname is not None
    headers = {name: place.origin if value == ORIGIN else value for name, value in probe.headers}
    if probe.credentials:
        headers["Authorization"] = f"Bearer {tokens.get(probe.credentials, '')}"
    connection = _CONNECTIONS[url.scheme](url.hostname, url.port, timeout=ANSWER_SECONDS)
    try:
        with suppress(
            BrokenPipeError, ConnectionResetError
        ):  # refused before all was sent: the answer says why
            connection.request(probe.method, url.path + probe.path, probe.body or None, headers)
        return _read(connection.getresponse())
    except (OSError, HTTPException) as error:
        return Answer(failed=type(error).__name__)
    finally:
        connection.close()


def _read(response: HTTPResponse) -> Answer:
    return Answer(response.status, tuple(response.getheaders()), response.read())


def fields_of(answer: Answer, normaliser: Normaliser) -> Fields:
    """The answer field by field: `status`, `header …`, `body…` by its path where it is JSON."""
    if answer.failed:
        return {"failed": answer.failed}
    text = answer.body.decode("utf-8", "backslashreplace")
    body = normaliser.value(_parsed(text))
    same_bytes = body == _parsed(text)
    fields: Fields = {"status": answer.status}
    for name, value in normaliser.headers(answer.headers, with_length=same_bytes).items():
        fields[f"header {name}"] = value
    return fields | flat("body", body)


def _parsed(text: str) -> Any:
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
        if isinstance(document, dict | list):
            return document
    return text


def flat(path: str, value: Any) -> Fields:
    """A JSON document as its leaves by their paths: `body.items[0].name`."""
    if isinstance(value, dict) and value:
        parts = [(f"{path}.{key}" if path else key, each) for key, each in value.items()]
    elif isinstance(value, list) and value:
        parts = [(f"{path}[{index}]", each) for index, each in enumerate(value)]
    else:
        return {path: value}
    leaves: Fields = {}
    for name, each in parts:
        leaves |= flat(name, each)
    return leaves
