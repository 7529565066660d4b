"""The clients that are connected now, found by their ids, whichever API they are connected to."""

import asyncio
import base64
import binascii
import os
from collections.abc import Callable
from typing import Any

from dewstack.apigateway.websocket_api.frames import GOING_AWAY, NORMAL, WebSocket

CLOSED_NORMALLY = "Connection Closed Normally"


def new_id() -> str:
    """The id of a connection, a request or a message: eleven bytes in base64, `e9_XfcZ0PHcCJbw=`."""
    return base64.urlsafe_b64encode(os.urandom(11)).decode()


def is_id(text: str) -> bool:
    """Whether it looks like one."""
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == 11
    except (binascii.Error, ValueError):
        return False


class Connection:
    """One client of one stage. Times in seconds since the epoch."""

    def __init__(
        self,
        connection_id: str,
        owner: tuple[str, str, str],
        stage: str,
        connected_at: float,
        identity: dict[str, str],
        domain_name: str,
    ) -> None:
        self.id = connection_id
        self.owner = owner
        """Account, region and API."""
        self.stage = stage
        self.domain_name = domain_name
        """Where the client has connected."""
        self.connected_at = connected_at
        self.last_active_at = connected_at
        self.identity = identity
        """`sourceIp`, and `userAgent` where the client sent one."""
        self.authorizer: dict[str, Any] | None = None
        self.socket: WebSocket | None = None

    @property
    def open(self) -> bool:
        """Whether messages go to and fro."""
        return self.socket is not None and self.socket.open

    def send(self, message: bytes, now: float) -> bool:
        """Send a message. False where the client is gone, or reads too slowly."""
        if self.socket is None or not self.socket.send(message):
            return False
        self.last_active_at = now
        return True

    def disconnect(self) -> None:
        """Hang up, as DeleteConnection does."""
        if self.socket is not None:
            self.socket.close(NORMAL, CLOSED_NORMALLY)


class Connections:
    """All of them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Connection] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def find(self, connection_id: str) -> Connection | None:
        """The connection with this id, if it is open."""
        return self._by_id.get(connection_id)

    def add(self, connection: Connection) -> None:
        """A client has come. Call it on the loop."""
        self._loop = asyncio.get_running_loop()
        self._by_id[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """It has gone."""
        self._by_id.pop(connection.id, None)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_id)

    def close_soon(self, which: Callable[[Connection], bool]) -> None:
        """Hang up on those that are meant, because what they are connected to is gone. From any thread."""
        if self._loop is not None and self._by_id:
            self._loop.call_soon_threadsafe(self._close, which)

    def _close(self, which: Callable[[Connection], bool]) -> None:
        for connection in [each for each in self._by_id.values() if which(each)]:
            if connection.socket is not None:
                connection.socket.close(GOING_AWAY, "Going away")
