"""`application/vnd.amazon.eventstream`: the messages in which AWS answers piece by piece.

A message is its length, the length of its headers, a checksum of both, the headers, the payload and a checksum of
everything before, all numbers big-endian.
"""

import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from dewstack.wire import documents
from dewstack.wire.model import Shape

CONTENT_TYPE = b"application/vnd.amazon.eventstream"
STRING = 7
OVERHEAD = 16
"""Bytes of a message beside its headers and its payload."""


class Events(Protocol):
    """What an operation with an event stream answers."""

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """Its events, each by its name, with its members as boto3 has them."""

    async def aclose(self) -> None:
        """Nobody reads any more."""


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message."""
    block = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    prelude = struct.pack("!II", OVERHEAD + len(block) + len(payload), len(block))
    body = b"".join((prelude, struct.pack("!I", zlib.crc32(prelude)), block, payload))
    return body + struct.pack("!I", zlib.crc32(body))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", STRING, len(value)) + value


class EncodedEvents:
    """The events of an operation as bytes; `shape` is the model's union of them."""

    def __init__(self, shape: Shape, events: Events) -> None:
        self._shape = shape
        self._events = events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """A message for each event."""
        async for event in self._events:
            for name, members in event.items():
                yield self._encoded(name, members)

    def _encoded(self, name: str, members: dict[str, Any]) -> bytes:
        shape = self._shape.members[name].shape
        kind, payload = "application/json", b""
        blob = next((member for member in shape.members.values() if member.trait("eventpayload")), None)
        if blob is not None:
            kind, payload = "application/octet-stream", bytes(members[blob.name])
        else:
            payload = documents.encode_json(documents.write_members(shape, members))
        headers = {":event-type": name, ":content-type": kind, ":message-type": "event"}
        return message(headers, payload)

    async def aclose(self) -> None:
        """Nobody reads any more."""
        await self._events.aclose()
