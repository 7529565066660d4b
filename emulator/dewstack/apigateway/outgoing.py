"""Requests to addresses elsewhere, from worker threads, within bounds of time and size: what HTTP integrations make."""

import ssl
import threading
import time
from concurrent.futures import Future
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from msgspec import Struct

from dewstack.apigateway.responses import header_value

SIZE_LIMIT = 10 * 1024 * 1024
OF_A_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
"""What this side says of its own connection."""
NOT_SENT_ON = frozenset({"accept-encoding", "host", "x-forwarded-port", "x-forwarded-proto"})
NOT_SENT_BACK = frozenset({"content-encoding", "keep-alive", "proxy-connection", "transfer-encoding", "via"})


class Outgoing(Struct, frozen=True):
    """A request to the endpoint."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    verified: bool = True
    """Whether the endpoint's certificate has to be good."""


class Incoming(Struct, frozen=True):
    """What the endpoint answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def _unverified() -> ssl.SSLContext:
    """What an integration with `insecureSkipVerification` asks for."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def started(request: Outgoing, timeout: float) -> Future[Incoming]:
    """The answer to come, from a thread of its own: an endpoint that is slow holds up nothing else, not even the
    emulator's own work that it may be waiting for."""
    answer: Future[Incoming] = Future()
    answer.set_running_or_notify_cancel()

    def ask() -> None:
        try:
            answer.set_result(_exchange(request, timeout))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name=f"to {urlsplit(request.url).netloc}", daemon=True).start()
    return answer


def _exchange(request: Outgoing, timeout: float) -> Incoming:
    """Ask and read, in `timeout` seconds. Raises OSError, HTTPException, ValueError."""
    deadline = time.monotonic() + timeout
    connection, answer = connected(request, timeout)
    try:
        chunks, size = [], 0
        while chunk := answer.read1(65_536):
            chunks.append(chunk)
            size += len(chunk)
            if size > SIZE_LIMIT:
                raise ValueError("the answer is larger than 10 MB")
            if time.monotonic() > deadline:
                raise TimeoutError
        return Incoming(answer.status, answer.getheaders(), b"".join(chunks))
    finally:
        connection.close()


def connected(request: Outgoing, timeout: float) -> tuple[HTTPConnection, HTTPResponse]:
    """Ask, and read the head of the answer. The caller closes. Raises OSError, HTTPException, ValueError."""
    parts = urlsplit(request.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http(s) URL")
    if parts.scheme == "http":
        connection = HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    else:
        context = None if request.verified else _unverified()
        connection = HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            name: header_value(value).decode("latin-1")
            for name, value in request.headers.items()
            if name.lower() not in OF_A_CONNECTION
        }
        connection.request(request.method, target, request.body or None, headers)
        return connection, connection.getresponse()
    except BaseException:
        connection.close()
        raise
