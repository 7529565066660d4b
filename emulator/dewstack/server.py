"""The loop's sockets: uvicorn in front of doors, one door a port; TLS where a port has a context for it."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Mapping
from functools import partial
from typing import Any

import uvicorn

from dewstack.connection import Connection, Door
from dewstack.errors import UserError
from dewstack.http import Dates

STOP_SECONDS = 2
HANDSHAKE_SECONDS = 10.0


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UserError when the port is taken, naming it; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, asyncio's own loop sets TCP_NODELAY as uvloop does; without it a kept connection
    # waits 40 ms for each answer (Nagle's algorithm and delayed acknowledgements).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise UserError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            hint="stop what uses the port, or choose another one: see dew up --help",
        ) from error
    listener.setblocking(False)
    return listener


class HttpServer:
    """Serves every socket with its door."""

    def __init__(
        self,
        doors: Mapping[socket.socket, Door],
        secure: Mapping[socket.socket, ssl.SSLContext] | None = None,
    ) -> None:
        self._doors = doors
        self._secure = secure or {}
        self._servers: list[asyncio.Server] = []
        self._config = uvicorn.Config(
            _no_app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=75,
        )
        self._config.load()
        self._state = uvicorn.server.ServerState()
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)

    async def start(self) -> None:
        """Begin to accept."""
        loop, dates = asyncio.get_running_loop(), Dates()
        for listener, door in self._doors.items():
            settings: dict[str, Any] = {"config": self._config, "server_state": self._state, "app_state": {}}
            make = partial(Connection, door, dates, _loop=loop, **settings)
            context = self._secure.get(listener)
            seconds = None if context is None else HANDSHAKE_SECONDS
            self._servers.append(
                await loop.create_server(
                    make, sock=listener, backlog=2048, ssl=context, ssl_handshake_timeout=seconds
                )
            )

    async def stop(self) -> None:
        """Accept no more, let what is under way finish for up to two seconds, and close."""
        for server in self._servers:
            server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            _, late = await asyncio.wait(self._state.tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for connection in list(self._state.connections):
            connection.transport.close()
        await asyncio.sleep(0)


async def _no_app(scope: object, receive: object, send: object) -> None:
    """uvicorn wants an application; each Connection has its door instead."""
