"""The loop's sockets: uvicorn in front of doors, one door a port.

A door takes a `Request` whose body has been read and gives a `Response`. Bodies are bounded in size and time;
nobody who connects can make us wait or remember without end.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import uvicorn

from dewstack.errors import UserError
from dewstack.http import Request, Response, json_response

Door = Callable[[Request], Awaitable[Response]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_SECONDS = 60.0
MAX_BODY_BYTES = 80 * 1024 * 1024
"""The largest body any door takes: a function's zip in base64. What is over it is read and thrown away."""

logger = logging.getLogger("dewstack.server")


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

    def __init__(self, doors: Mapping[socket.socket, Door]) -> None:
        self._sockets = list(doors)
        self._doors = {listener.getsockname()[1]: door for listener, door in doors.items()}
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)

    async def start(self) -> None:
        """Begin to accept."""
        await self._server.startup(sockets=self._sockets)

    async def stop(self) -> None:
        """Accept no more, let what is under way finish for up to two seconds, and close."""
        for connection in list(self._server.server_state.connections):
            connection.shutdown()
        await self._server.shutdown(sockets=self._sockets)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _send(send, _TIMED_OUT)
            return
        client = scope["client"]
        request = Request(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            scope["headers"],
            body,
            client[0] if client else "",
            "HTTP/" + scope["http_version"],
        )
        try:
            response = await self._doors[scope["server"][1]](request)
        except Exception:
            logger.exception("%s %s failed", request.method, request.raw_path)
            response = json_response(500, {"message": "Internal Server Error"})
        if response.stream is None:
            await _send(send, response)
        else:
            await _stream(receive, send, response)


_TIMED_OUT = Response(408, b'{"message":"Request Timeout"}', [(b"Connection", b"close")])


async def _body(receive: Receive) -> bytes | None:
    """The request's body, cut off after MAX_BODY_BYTES + 1; None when it does not arrive in time."""
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    chunks, size = [message["body"]], len(message["body"])
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while message.get("more_body"):
                message = await receive()
                chunk = message.get("body", b"")
                if size <= MAX_BODY_BYTES:
                    chunks.append(chunk)
                size += len(chunk)
    except TimeoutError:
        return None
    return b"".join(chunks)[: MAX_BODY_BYTES + 1]


async def _send(send: Send, response: Response) -> None:
    headers = response.headers
    if not any(name == b"Content-Length" or name.lower() == b"content-length" for name, _ in headers):
        headers = [*headers, (b"Content-Length", str(len(response.body)).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _stream(receive: Receive, send: Send, response: Response) -> None:
    """Send chunks as they come, until they end or the client has gone."""

    async def pump() -> None:
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        assert response.stream is not None
        async for chunk in response.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = {asyncio.ensure_future(pump()), asyncio.ensure_future(gone())}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
