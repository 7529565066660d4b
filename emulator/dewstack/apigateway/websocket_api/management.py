"""`apigatewaymanagementapi`: what a backend says to a client that is connected (`@connections`)."""

from typing import Any

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.websocket_api.connections import Connection, Connections, is_id
from dewstack.apigateway.websocket_api.frames import MESSAGE_LIMIT
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.wire import operation


class GoneException(AwsError):
    """The client isn't connected any more, or never was."""

    code = "GoneException"
    status = 410


class LimitExceededException(AwsError):
    """The client leaves too much unread."""

    code = "LimitExceededException"
    status = 429


class PayloadTooLargeException(AwsError):
    """A message of more than 128 KB."""

    code = "PayloadTooLargeException"
    status = 413


class ConnectionOperations:
    """PostToConnection, GetConnection, DeleteConnection. They run on the loop, where the connections are."""

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    @operation("PostToConnection")
    async def post_to_connection(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Send `Data` to a client. Raises GoneException, PayloadTooLargeException, LimitExceededException,
        BadRequestException."""
        connection = self._connection(params)
        data = params.get("Data") or b""
        message = data.encode() if isinstance(data, str) else bytes(data)
        if len(message) > MESSAGE_LIMIT:
            raise PayloadTooLargeException("Message too long")
        if not connection.send(message, self._clock.time()):
            if connection.open:
                raise LimitExceededException("The client leaves too much unread")
            raise GoneException
        return {}

    @operation("GetConnection")
    async def get_connection(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Since when a client is connected, who it is, and when it was last heard of. Raises GoneException,
        BadRequestException."""
        connection = self._connection(params)
        identity = connection.identity
        return {
            "ConnectedAt": connection.connected_at,
            "Identity": {
                "SourceIp": identity["sourceIp"],
                "UserAgent": identity.get("userAgent", ""),
            },
            "LastActiveAt": connection.last_active_at,
        }

    @operation("DeleteConnection")
    async def delete_connection(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Disconnect a client. Raises GoneException, BadRequestException."""
        connection = self._connection(params)
        connection.disconnect()
        return {}

    def _connection(self, params: dict[str, Any]) -> Connection:
        name = str(params.get("ConnectionId") or "")
        connection = self._connections.find(name)
        if connection is not None and connection.open:
            return connection
        if not is_id(name):
            raise BadRequestException(f"Invalid connectionId: {name}")
        raise GoneException
